// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/book.h"

#include <algorithm>

namespace renkei::rules {

uint32_t RuleBook::EpochOf(Date date) const {
  const auto after = std::ranges::upper_bound(epochs, date);
  return after == epochs.begin() ? 0 : static_cast<uint32_t>(after - epochs.begin() - 1);
}

const syntax::Value* RuleBook::FindModel(std::string_view id) const {
  for (const Pack& pack : packs) {
    for (const auto& [name, model] : pack.models) {
      if (name == id) return &model;
    }
  }
  return nullptr;
}

}  // namespace renkei::rules
