// SPDX-License-Identifier: Apache-2.0
#include "renkei/gate/rule_shelf.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "renkei/crypto/hash.h"

namespace renkei::gate {

StatusOr<RuleShelf> RuleShelf::Make(const charter::ExportRules& rules,
                                    std::vector<rules::Pack> packs) {
  RuleShelf shelf;
  std::set<std::string> other_bytes;
  std::vector<rules::Pack> taken;
  for (rules::Pack& pack : packs) {
    const auto named = rules.packs.find(pack.id);
    if (named == rules.packs.end()) {
      if (!pack.is_private) continue;
      shelf.private_.push_back(pack.sha256);
    } else if (named->second != pack.sha256) {
      other_bytes.insert(pack.id);
      continue;
    } else if (!shelf.packs_.emplace(pack.id, pack.sha256).second) {
      continue;  // Found in two places, the same bytes.
    }
    taken.push_back(std::move(pack));
  }
  for (const auto& [id, sha256] : rules.packs) {
    if (shelf.packs_.contains(id)) continue;
    return Error(Code::kNotFound,
                 "rule pack {} of the charter (sha256 {}) is not here{}; give the directory that "
                 "holds it with --packs, or amend the charter",
                 id, sha256.hex(),
                 other_bytes.contains(id) ? ", only one of this name with other bytes" : "");
  }
  std::ranges::sort(shelf.private_);
  if (taken.empty()) return shelf;
  RK_ASSIGN_OR_RETURN(rules::RuleBook book, rules::Compile(std::move(taken)));
  shelf.book_ = std::make_shared<const rules::RuleBook>(std::move(book));
  return shelf;
}

bool RuleShelf::IsFor(const charter::ExportRules& rules) const { return packs_ == rules.packs; }

Digest PacksDigest(const charter::ExportRules& rules) {
  if (rules.packs.empty()) return {};
  std::string text;
  for (const auto& [id, sha256] : rules.packs) text += fmt::format("{} {}\n", id, sha256.hex());
  return crypto::Sha256(AsBytes(text));
}

}  // namespace renkei::gate
