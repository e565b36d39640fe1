// SPDX-License-Identifier: Apache-2.0
// renkei pack lint | test | diff | sign | verify.
#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "renkei/apps/connection.h"
#include "renkei/apps/pack_files.h"
#include "renkei/apps/party_files.h"
#include "renkei/apps/rule_commands.h"
#include "renkei/rules/lint.h"
#include "renkei/rules/mutation.h"
#include "renkei/rules/trial_run.h"
#include "renkei/seal/envelope.h"
#include "renkei/seal/statement.h"

namespace renkei::apps {
namespace {

using syntax::Value;

std::vector<std::string> PlacesOf(const PackOptions& options) {
  return options.packs.empty() ? std::vector<std::string>{ShippedPacksDir()} : options.packs;
}

void ShowFindings(const std::vector<std::string>& findings, const Console& console) {
  std::vector<Value> rows;
  for (const std::string& finding : findings) {
    rows.push_back(Value::Object());
    rows.back().Set("finding", finding);
  }
  if (!rows.empty() || !console.for_people()) console.Rows(rows);
}

StatusOr<Exit> Lint(const PackOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(auto packs, ReadPacks(*disk, PlacesOf(options)));
  RK_ASSIGN_OR_RETURN(const rules::RuleBook book, rules::Compile(std::move(packs)));
  RK_ASSIGN_OR_RETURN(const auto findings, rules::Lint(book));
  ShowFindings(findings, console);
  if (findings.empty()) {
    Console::Note(
        fmt::format("{} rules in {} packs: nothing found", book.rules.size(), book.packs.size()));
  }
  return findings.empty() ? Exit::kOk : Exit::kFailed;
}

StatusOr<Exit> Mutate(const std::vector<rules::Pack>& packs, const Console& console) {
  const int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  RK_ASSIGN_OR_RETURN(const auto report, rules::PlantMutations(packs, threads));
  std::vector<Value> rows;
  for (const auto& [kind, score] : report.by_kind) {
    rows.push_back(Value::Object());
    rows.back().Set("changed", kind);
    rows.back().Set("caught", score.caught);
    rows.back().Set("planted", score.planted);
  }
  console.Rows(rows);
  for (const std::string& survivor : report.survivors) Console::Note("not caught: " + survivor);
  return report.survivors.empty() ? Exit::kOk : Exit::kFailed;
}

StatusOr<Exit> Test(const PackOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(auto packs, ReadPacks(*disk, PlacesOf(options)));
  if (options.mutate) return Mutate(packs, console);
  RK_ASSIGN_OR_RETURN(const rules::RuleBook book, rules::Compile(std::move(packs)));
  RK_ASSIGN_OR_RETURN(const auto report, rules::RunTrials(book));
  ShowFindings(report.failures, console);
  for (const std::string& rule : report.untested) Console::Note("holds in no test: " + rule);
  Console::Note(fmt::format("{} tests, {} failures; {} rules, {} of them hold in no test",
                            report.trials, report.failures.size(), book.rules.size(),
                            report.untested.size()));
  return report.failures.empty() && report.untested.empty() ? Exit::kOk : Exit::kFailed;
}

// What a rule says, in one text, for comparison; where it stands does not count.
std::string TextOf(const rules::Rule& rule) {
  std::string text =
      fmt::format("{} {} {} {} {}", fmt::join(rule.cites, ";"), rule.subject, rule.control,
                  fmt::join(rule.targets, ","), static_cast<int>(rule.effect));
  const auto add_date = [&](const std::optional<rules::Date>& date) {
    text += date ? " " + rules::FormatDate(*date) : " -";
  };
  add_date(rule.period.from);
  add_date(rule.period.until);
  add_date(rule.comply_from);
  const auto add = [&](const auto& self, const rules::Condition& condition) -> void {
    text += fmt::format("({} {} {} {}", static_cast<int>(condition.kind), condition.name,
                        fmt::join(condition.values, ","), condition.number);
    text += rules::NameOf(condition.comparison);
    for (const auto& part : condition.parts) self(self, part);
    text += ")";
  };
  add(add, rule.when);
  if (rule.except) add(add, *rule.except);
  for (const auto& shown : rule.shown) add(add, shown);
  return text + rule.says.en + rule.says.ja;
}

std::map<std::string, std::string> RulesOf(const std::vector<rules::Pack>& packs) {
  std::map<std::string, std::string> rules;
  for (const rules::Pack& pack : packs) {
    for (const rules::Rule& rule : pack.rules) rules[rule.id] = TextOf(rule);
  }
  return rules;
}

StatusOr<Exit> Diff(const PackOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const auto before, ReadPacks(*disk, options.packs));
  RK_ASSIGN_OR_RETURN(const auto after, ReadPacks(*disk, {options.other}));
  const auto old_rules = RulesOf(before), new_rules = RulesOf(after);
  std::vector<Value> rows;
  const auto add = [&](std::string_view change, const std::string& rule) {
    rows.push_back(Value::Object());
    rows.back().Set("change", change);
    rows.back().Set("rule", rule);
  };
  for (const auto& [id, text] : old_rules) {
    const auto other = new_rules.find(id);
    if (other == new_rules.end()) {
      add("removed", id);
    } else if (other->second != text) {
      add("changed", id);
    }
  }
  for (const auto& [id, text] : new_rules) {
    if (!old_rules.contains(id)) add("added", id);
  }
  if (rows.empty()) Console::Note("The rules are the same.");
  if (!rows.empty() || !console.for_people()) console.Rows(rows);
  return Exit::kOk;
}

StatusOr<Exit> Sign(const PackOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const auto key, LoadPersonKey(*disk, options.party_dir, options.person));
  const std::string& dir = options.packs.front();
  RK_ASSIGN_OR_RETURN(Bytes statement, PackStatement(*disk, dir));
  seal::Envelope envelope{.payload_type = std::string(seal::kStatementPayloadType),
                          .payload = std::move(statement),
                          .signatures = {}};
  seal::AddSignature(envelope, key);
  const std::string file = JoinPath(dir, kPackManifestFile);
  RK_RETURN_IF_ERROR(WriteWhole(*disk, file, AsBytes(seal::DumpEnvelope(envelope))));
  Value row = Value::Object();
  row.Set("signed", file);
  row.Set("key", key.public_key().KeyId());
  console.Object(row);
  return Exit::kOk;
}

StatusOr<Exit> Verify(const PackOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const auto charter,
                      LoadCharter(*disk, options.charter_file, MakeSystemClock()->Now()));
  const std::string dir = PlacesOf(options).front();
  RK_ASSIGN_OR_RETURN(const auto keys, CheckPackManifest(*disk, dir));
  RK_ASSIGN_OR_RETURN(const Bytes bytes,
                      ReadWhole(*disk, JoinPath(dir, kPackManifestFile), seal::kEnvelopeBytesMax));
  RK_ASSIGN_OR_RETURN(const auto envelope, seal::ParseEnvelope(bytes));
  std::vector<Value> rows;
  for (const std::string& key : keys) {
    const charter::Party* party = nullptr;
    const charter::Person* person = charter.FindPersonByKeyId(key, &party);
    const bool officer = person != nullptr && person->roles.contains(charter::Role::kOfficer);
    if (!officer || !seal::SignedBy(envelope, person->key)) continue;
    rows.push_back(Value::Object());
    rows.back().Set("party", party->id.text());
    rows.back().Set("officer", person->id.text());
    rows.back().Set("key", key);
  }
  if (rows.empty()) {
    return Error(Code::kUnauthenticated,
                 "{}: no officer of the charter has signed these packs; check them, then: renkei "
                 "pack sign {}",
                 dir, dir);
  }
  console.Rows(rows);
  return Exit::kOk;
}

Exit Run(StatusOr<Exit> (*command)(const PackOptions&, const Console&), const PackOptions& options,
         const Console& console) {
  const auto exit = command(options, console);
  return exit.ok() ? *exit : Console::Fail(exit.status());
}

}  // namespace

Exit PackLint(const PackOptions& options, const Console& console) {
  return Run(Lint, options, console);
}
Exit PackTest(const PackOptions& options, const Console& console) {
  return Run(Test, options, console);
}
Exit PackDiff(const PackOptions& options, const Console& console) {
  return Run(Diff, options, console);
}
Exit PackSign(const PackOptions& options, const Console& console) {
  return Run(Sign, options, console);
}
Exit PackVerify(const PackOptions& options, const Console& console) {
  return Run(Verify, options, console);
}

}  // namespace renkei::apps
