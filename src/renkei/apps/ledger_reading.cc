// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/ledger_reading.h"

#include <filesystem>
#include <utility>

#include "renkei/apps/connection.h"
#include "renkei/apps/pack_files.h"

namespace renkei::apps {

StatusOr<charter::Charter> CharterOfLedger(Disk& disk, const std::string& charter_file) {
  if (charter_file.empty()) {
    return Error(Code::kInvalidArgument, "--charter is needed: the signed charter of this ledger");
  }
  return LoadCharter(disk, charter_file, MakeSystemClock()->Now(), charter::Expiry::kIgnored);
}

StatusOr<ledger::VerifyReport> ReadLedger(
    Disk& disk, const std::string& dir, const charter::Charter& charter, run::Book& book,
    const std::function<Status(uint64_t index, record::Entry entry)>& visit) {
  return ledger::VerifyDirectory(disk, dir, charter.LedgerKey(),
                                 [&](uint64_t index, ByteSpan envelope) -> Status {
                                   RK_RETURN_IF_ERROR(book.Apply(index, envelope));
                                   RK_ASSIGN_OR_RETURN(record::Entry entry, record::Open(envelope));
                                   return visit(index, std::move(entry));
                                 });
}

StatusOr<gate::RuleShelf> RulesBeside(Disk& disk, const ReadingOptions& options,
                                      const charter::ExportRules& rules) {
  if (!rules.IsAssessed()) return gate::RuleShelf();
  std::vector<std::string> places = options.packs;
  // <dir>/ledger beside <dir>/rulepacks; of a person <party>/mirror/<charter>.
  const std::filesystem::path ledger =
      std::filesystem::absolute(options.dir + "/.").lexically_normal().parent_path();
  const std::string around[] = {ledger.parent_path() / "rulepacks",
                                ledger.parent_path().parent_path() / "rulepacks",
                                ShippedPacksDir()};
  for (const std::string& place : around) {
    RK_ASSIGN_OR_RETURN(const bool exists, disk.Exists(place));
    if (exists) places.push_back(place);
  }
  RK_ASSIGN_OR_RETURN(auto packs, ReadPacks(disk, places));
  std::erase_if(packs, [](const rules::Pack& pack) { return pack.is_private; });
  return gate::RuleShelf::Make(rules, std::move(packs));
}

Exit ReadingFailed(const Status& status) {
  const Exit exit = Console::Fail(status);
  const bool evidence = status.code() == Code::kDataLoss || status.code() == Code::kNotFound;
  return evidence ? Exit::kLedger : exit;
}

}  // namespace renkei::apps
