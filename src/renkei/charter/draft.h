// SPDX-License-Identifier: Apache-2.0
// A first charter from the cards of its parties, with comments for those who have to sign it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"
#include "renkei/charter/party_card.h"

namespace renkei::charter {

struct DraftSpec {
  std::string name;
  std::vector<PartyCard> cards;
  std::vector<std::string> purposes;
  Instant created{};
  Instant expires{};
  uint32_t parties_to_adopt = 0;  // 0: all of them
  uint32_t approvals = 1;
  uint32_t auditors = 0;
  uint64_t weight_max = 1'000'000;
  uint32_t rounds_max = 1000;
  ExportRules export_rules{.binding = "none", .text_days = 365, .hold_hours = 72, .packs = {}};
  std::string classification_us = "EAR99";
  std::string classification_jp = "not-listed";
};

// TOML that Parse accepts; the same spec gives the same text.
//   INVALID_ARGUMENT  no coordinator or several among the cards, a party twice, no purpose, or
//                     whatever Parse refuses
StatusOr<std::string> Draft(const DraftSpec& spec);

}  // namespace renkei::charter
