// SPDX-License-Identifier: Apache-2.0
// A ledger on this machine, read offline: a coordinator's, a site's mirror or a person's. Every
// byte, author and transition is verified before anything that was read counts.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "renkei/apps/console.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/gate/rule_shelf.h"
#include "renkei/ledger/verify_directory.h"
#include "renkei/record/record.h"
#include "renkei/run/book.h"

namespace renkei::apps {

// Where a ledger lies, and by which charter and packs it is read.
struct ReadingOptions {
  std::string dir;
  std::string charter_file;
  std::vector<std::string> packs;  // on top of those kept beside the ledger and those shipped
};

// The signed agreement a ledger belongs to. An expired one still proves what happened.
StatusOr<charter::Charter> CharterOfLedger(Disk& disk, const std::string& charter_file);

// Gives each entry to `visit`, in order.
//   DATA_LOSS, NOT_FOUND  the evidence does not verify: kLedger for a command (ReadingFailed)
StatusOr<ledger::VerifyReport> ReadLedger(
    Disk& disk, const std::string& dir, const charter::Charter& charter, run::Book& book,
    const std::function<Status(uint64_t index, record::Entry entry)>& visit);

// The packs that the charter names: from `places`, from a rulepacks directory beside the ledger or
// its parent, and those that came with this program. No private ones: what a pack of the reader's
// own says was not said to the sender. Writes nothing.
//   NOT_FOUND, INVALID_ARGUMENT  a pack is missing or wrong, named
StatusOr<gate::RuleShelf> RulesBeside(Disk& disk, const ReadingOptions& options,
                                      const charter::ExportRules& rules);

// Says why, and with which code a command ends.
Exit ReadingFailed(const Status& status);

}  // namespace renkei::apps
