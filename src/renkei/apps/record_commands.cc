// SPDX-License-Identifier: Apache-2.0
// renkei gate explain | replay: decisions of a ledger, offline, by whoever holds its charter and
// its rule packs.
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "renkei/apps/ledger_reading.h"
#include "renkei/apps/rule_commands.h"
#include "renkei/gate/ask_rules.h"
#include "renkei/gate/determine.h"
#include "renkei/gate/reasons.h"
#include "renkei/gate/replay.h"
#include "renkei/rules/explain.h"

namespace renkei::apps {
namespace {

using record::Determined;
using rules::Language;
using syntax::Value;

ReadingOptions ReadingOf(const GateOptions& options) {
  return {.dir = options.dir, .charter_file = options.charter_file, .packs = options.packs};
}

Language LanguageOf(const GateOptions& options) {
  return options.language == "ja" ? Language::kJapanese : Language::kEnglish;
}

// A determination of the ledger, and what stands around it.
struct Found {
  charter::Charter charter;
  gate::RuleShelf shelf;
  std::string no_packs;  // why they are not here
  std::optional<Determined> determined;
  std::vector<std::pair<uint64_t, std::string>> about;  // officers' entries, as people see them
};

const uint64_t* AboutOf(const record::Record& record) {
  if (const auto* yes = std::get_if<record::CrossingApproved>(&record)) return &yes->determination;
  if (const auto* no = std::get_if<record::CrossingDenied>(&record)) return &no->determination;
  if (const auto* opened = std::get_if<record::FactsOpened>(&record)) return &opened->determination;
  return nullptr;
}

StatusOr<Found> Find(const GateOptions& options) {
  const auto disk = MakeRealDisk();
  Found found;
  RK_ASSIGN_OR_RETURN(found.charter, CharterOfLedger(*disk, options.charter_file));
  run::Book book;
  RK_ASSIGN_OR_RETURN(
      const auto report,
      ReadLedger(*disk, options.dir, found.charter, book, [&](uint64_t index, record::Entry entry) {
        if (auto* said = std::get_if<Determined>(&entry.record);
            said != nullptr && index == options.entry) {
          found.determined = std::move(*said);
        }
        const uint64_t* about = AboutOf(entry.record);
        if (about != nullptr && *about == options.entry) {
          found.about.emplace_back(index, record::Summary(entry.record));
        }
        return Ok();
      }));
  if (options.entry >= report.size) {
    return Error(Code::kInvalidArgument, "entry {} is not in this ledger of {} entries",
                 options.entry, report.size);
  }
  if (!found.determined) {
    return Error(Code::kInvalidArgument,
                 "entry {} is no crossing.determined; renkei ledger show lists the entries",
                 options.entry);
  }
  auto shelf = RulesBeside(*disk, ReadingOf(options), found.charter.export_rules);
  if (shelf.ok()) {
    found.shelf = *std::move(shelf);
  } else {
    found.no_packs = Message(shelf.status());
  }
  return found;
}

// Why no rule is shown; empty when they are.
std::string WhyNoRules(const Found& found, Language language) {
  const bool en = language == Language::kEnglish;
  const Determined& said = *found.determined;
  if (said.packs_sha256 == Digest{}) {
    return en ? "No rule pack was asked for this decision: this is all of it."
              : "この判定では規則パックに問い合わせていない。以上がすべて。";
  }
  if (said.packs_sha256 != gate::PacksDigest(found.charter.export_rules)) {
    return en ? "Other rule packs answered than the charter names; above is what the entry holds."
              : "憲章が指定するものとは別の規則パックによる判定。上は記録にある内容。";
  }
  if (found.shelf.book() == nullptr) {
    return (en ? "The rule packs that answered are not here; above is what the entry holds. "
               : "判定に用いた規則パックがここにない。上は記録にある内容。") +
           found.no_packs;
  }
  if (!said.commitments.empty()) {
    return en ? "The decision rests on facts or packs that its sender committed to and does not "
                "show: the rules cannot be asked again here; above is what the entry holds."
              : "送り手がコミットメントだけを示し内容を開示していない事実又はパックに基づく判定のた"
                "め、"
                "ここでは規則に再び問い合わせられない。上は記録にある内容。";
  }
  return "";
}

struct Part {
  record::Holder to;
  rules::Case facts;
  rules::Decision decision;
};

StatusOr<std::vector<Part>> PartsOf(const Found& found, const std::string& party) {
  const gate::Crossing crossing = gate::CrossingOf(*found.determined);
  std::vector<Part> parts;
  std::set<std::pair<PartyId, std::string>> seen;
  for (const record::Holder& to : crossing.recipients) {
    if (!party.empty() && to.party.text() != party) continue;
    if (found.charter.FindParty(to.party) == nullptr) continue;
    if (!seen.emplace(to.party, to.country).second) continue;
    Part part{.to = to, .facts = {}, .decision = {}};
    RK_ASSIGN_OR_RETURN(part.facts, gate::CaseOf(found.charter, *found.shelf.book(), crossing, to,
                                                 found.determined->at));
    part.decision = rules::Decide(*found.shelf.book(), part.facts);
    parts.push_back(std::move(part));
  }
  if (!parts.empty() || party.empty()) return parts;
  return Error(Code::kInvalidArgument, "--to: {} is no recipient of entry", party);
}

std::string HeadOf(const record::Holder& to, Language language) {
  return language == Language::kEnglish ? fmt::format("\nTo {} in {}:\n", to.party, to.country)
                                        : fmt::format("\n{}（{}）宛て：\n", to.party, to.country);
}

Value DeterminationJson(const GateOptions& options, const Found& found, Language language) {
  const Determined& said = *found.determined;
  Value json = Value::Object();
  json.Set("entry", options.entry);
  json.Set("verdict", record::NameOf(said.verdict));
  json.Set("verdict_text", gate::NameOf(said.verdict, language));
  Value& reasons = json.Set("reasons", Value::Array());
  for (const record::Reason& reason : said.reasons) {
    Value row = Value::Object();
    row.Set("code", reason.code);
    row.Set("cite", reason.cite);
    row.Set("text", gate::TextIn(reason, language));
    reasons.Push(std::move(row));
  }
  json.Set("explanation", gate::Explain(said, language, found.shelf.book()));
  Value& officers = json.Set("officers", Value::Array());
  for (const auto& [index, summary] : found.about) {
    Value row = Value::Object();
    row.Set("entry", index);
    row.Set("summary", summary);
    officers.Push(std::move(row));
  }
  return json;
}

StatusOr<Exit> ExplainEntry(const GateOptions& options, const Console& console) {
  const Language language = LanguageOf(options);
  RK_ASSIGN_OR_RETURN(const Found found, Find(options));
  const std::string why_none = WhyNoRules(found, language);
  std::vector<Part> parts;
  if (why_none.empty()) {
    RK_ASSIGN_OR_RETURN(parts, PartsOf(found, options.to_party));
  }
  if (console.for_people()) {
    std::string text = gate::Explain(*found.determined, language, found.shelf.book());
    for (const auto& [index, summary] : found.about) {
      text += fmt::format("#{}: {}\n", index, summary);
    }
    for (const Part& part : parts) {
      text += HeadOf(part.to, language) +
              rules::Explain(*found.shelf.book(), part.facts, part.decision, language);
    }
    console.Text(text);
    if (!why_none.empty()) Console::Note(why_none);
    return Exit::kOk;
  }
  Value json = DeterminationJson(options, found, language);
  if (!why_none.empty()) json.Set("no_rules", why_none);
  Value& list = json.Set("recipients", Value::Array());
  for (const Part& part : parts) {
    Value row = Value::Object();
    row.Set("party", part.to.party.text());
    row.Set("country", part.to.country);
    const Value said = rules::ToJson(*found.shelf.book(), part.facts, part.decision, language);
    for (const auto& [key, value] : said.members()) row.Set(key, value);
    list.Push(std::move(row));
  }
  console.Object(json);
  return Exit::kOk;
}

struct Tally {
  std::map<gate::Replayed, uint64_t> replayed;
  uint64_t decisions = 0;
  uint64_t approvals = 0;
  uint64_t denials = 0;
  std::vector<std::pair<uint64_t, std::vector<std::string>>> different;

  uint64_t Of(gate::Replayed outcome) const {
    const auto found = replayed.find(outcome);
    return found == replayed.end() ? 0 : found->second;
  }
};

void Count(const charter::Charter& charter, const gate::RuleShelf& shelf, uint64_t index,
           const record::Record& record, Tally& tally) {
  if (std::holds_alternative<record::CrossingApproved>(record)) ++tally.approvals;
  if (std::holds_alternative<record::CrossingDenied>(record)) ++tally.denials;
  const auto* said = std::get_if<Determined>(&record);
  if (said == nullptr) return;
  ++tally.decisions;
  const gate::Replay replay = gate::ReplayOf(charter, shelf, *said);
  ++tally.replayed[replay.outcome];
  if (replay.outcome == gate::Replayed::kDifferent) {
    tally.different.emplace_back(index, replay.fields);
  }
}

void Show(const Tally& tally, const ledger::VerifyReport& report, const Console& console) {
  Value json = Value::Object();
  json.Set("decisions", tally.decisions);
  json.Set("same", tally.Of(gate::Replayed::kSame));
  json.Set("private", tally.Of(gate::Replayed::kPrivate));
  json.Set("packs_missing", tally.Of(gate::Replayed::kPacksMissing));
  json.Set("different", tally.Of(gate::Replayed::kDifferent));
  json.Set("approvals", tally.approvals);
  json.Set("denials", tally.denials);
  json.Set("size", report.size);
  json.Set("root", report.root.hex());
  if (console.for_people()) {
    console.Object(json);
    for (const auto& [index, fields] : tally.different) {
      console.Text(fmt::format("entry {} differs: {}\n", index, fmt::join(fields, ", ")));
    }
    return;
  }
  Value& list = json.Set("differences", Value::Array());
  for (const auto& [index, fields] : tally.different) {
    Value row = Value::Object();
    row.Set("entry", index);
    row.Set("fields", fields);
    list.Push(std::move(row));
  }
  console.Object(json);
}

StatusOr<Exit> ReplayAll(const GateOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const auto charter, CharterOfLedger(*disk, options.charter_file));
  const auto rules = RulesBeside(*disk, ReadingOf(options), charter.export_rules);
  const gate::RuleShelf shelf = rules.ok() ? *rules : gate::RuleShelf();
  run::Book book;
  Tally tally;
  RK_ASSIGN_OR_RETURN(
      const auto report,
      ReadLedger(*disk, options.dir, charter, book, [&](uint64_t index, record::Entry entry) {
        Count(charter, shelf, index, entry.record, tally);
        return Ok();
      }));
  Show(tally, report, console);
  if (!tally.different.empty()) return Exit::kLedger;
  if (tally.Of(gate::Replayed::kPacksMissing) == 0) return Exit::kOk;
  Console::Note(fmt::format("renkei: {} decisions were not asked again: {}",
                            tally.Of(gate::Replayed::kPacksMissing), Message(rules.status())));
  return Exit::kFailed;
}

}  // namespace

Exit GateExplain(const GateOptions& options, const Console& console) {
  const auto exit = ExplainEntry(options, console);
  return exit.ok() ? *exit : ReadingFailed(exit.status());
}

Exit GateReplay(const GateOptions& options, const Console& console) {
  const auto exit = ReplayAll(options, console);
  return exit.ok() ? *exit : ReadingFailed(exit.status());
}

}  // namespace renkei::apps
