// SPDX-License-Identifier: Apache-2.0
// The rule packs that answer for a charter: those that it names, byte for byte, and on top of them
// the sender's private ones (licences held, letters, internal policy).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/rules/book.h"

namespace renkei::gate {

class RuleShelf {
 public:
  RuleShelf() = default;  // empty: enough for a charter that assesses nothing; else it holds

  // Takes from `packs` those that the charter names and those that are private; others are not
  // for this charter and stay out.
  //   NOT_FOUND         a pack that the charter names is not among them, or not of these bytes
  //   INVALID_ARGUMENT  the packs do not fit together
  static StatusOr<RuleShelf> Make(const charter::ExportRules& rules,
                                  std::vector<rules::Pack> packs);

  // nullptr when empty.
  const rules::RuleBook* book() const { return book_.get(); }
  const std::shared_ptr<const rules::RuleBook>& shared_book() const { return book_; }
  // Holds just the packs that these rules name, beside private ones.
  bool IsFor(const charter::ExportRules& rules) const;
  // SHA-256 of the bytes of each private pack, ascending.
  const std::vector<Digest>& private_packs() const { return private_; }

 private:
  std::shared_ptr<const rules::RuleBook> book_;
  std::map<std::string, Digest> packs_{};
  std::vector<Digest> private_;
};

// What names the packs of a charter all together: SHA-256 over "<id> <sha256>\n" of each, ids
// ascending. Zero without any.
Digest PacksDigest(const charter::ExportRules& rules);

}  // namespace renkei::gate
