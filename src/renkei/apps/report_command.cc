// SPDX-License-Identifier: Apache-2.0
// renkei report: what crossed in a period, from a ledger on this machine.
#include <utility>
#include <vector>

#include "renkei/apps/ledger_reading.h"
#include "renkei/apps/rule_commands.h"
#include "renkei/gate/report.h"

namespace renkei::apps {
namespace {

Status Make(const ReportOptions& options, const Console& console) {
  const auto period = gate::ParsePeriod(options.period);
  if (!period.ok()) return Annotate(period.status(), "--period");
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const auto charter, CharterOfLedger(*disk, options.charter_file));
  run::Book book;
  std::vector<gate::IndexedEntry> entries;
  RK_ASSIGN_OR_RETURN(
      const auto ledger,
      ReadLedger(*disk, options.dir, charter, book, [&](uint64_t index, record::Entry entry) {
        entries.push_back({.index = index, .entry = std::move(entry)});
        return Ok();
      }));
  const gate::Report report = gate::ReportOf(charter, entries, ledger.root, *period);
  const auto language =
      options.language == "ja" ? rules::Language::kJapanese : rules::Language::kEnglish;
  if (console.for_people()) {
    console.Text(gate::TextOf(report, language));
  } else {
    console.Object(gate::ToJson(report, language));
  }
  return Ok();
}

}  // namespace

Exit MakeReport(const ReportOptions& options, const Console& console) {
  const Status made = Make(options, console);
  return made.ok() ? Exit::kOk : ReadingFailed(made);
}

}  // namespace renkei::apps
