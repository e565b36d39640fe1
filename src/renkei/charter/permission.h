// SPDX-License-Identifier: Apache-2.0
// What the charter says of one crossing. Silence is a no; a prohibition wins over a permit.
#pragma once

#include <string>
#include <vector>

#include "renkei/base/ids.h"
#include "renkei/charter/charter.h"

namespace renkei::charter {

struct Question {
  std::string item;                   // model update metrics
  std::vector<std::string> purposes;  // all of them
  PartyId from;
  PartyId to;
  std::string classification_us;
  std::string classification_jp;
};

struct Answer {
  bool permitted = false;
  // charter-permits | charter-prohibits | charter-silent | party-unknown
  std::string code;
  // The table that says so, counted from 1, and its line in the TOML:
  // "charter [[permit]] 1 (line 40)"; of a silence "charter [[permit]]".
  std::string cite;
};

// Permitted when one [[permit]] covers the item, every purpose, both parties and both
// classifications, and no [[prohibit]] touches the item, any purpose, both parties and both
// classifications. What the question leaves empty is covered by no permit and touched by every
// prohibition. From a party to itself the same rules hold.
Answer Permits(const Charter& charter, const Question& question);

}  // namespace renkei::charter
