// SPDX-License-Identifier: Apache-2.0
#include "renkei/gate/determine.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "renkei/base/check.h"
#include "renkei/charter/permission.h"
#include "renkei/gate/ask_rules.h"
#include "renkei/gate/reasons.h"
#include "renkei/rules/number.h"

namespace renkei::gate {
namespace {

using record::Holder;
using record::Reason;
using record::Verdict;

constexpr std::string_view kItems[] = {"model", "update", "metrics", kLedgerItem};
// Of a charter that leaves export rules to its parties.
constexpr std::string_view kNotAssessed[] = {"US EAR", "Japan FEFA", "restricted-party screening",
                                             "the law of any other country"};

// Collects reasons; the verdict only ever gets worse.
class Findings {
 public:
  void Add(std::string_view code, std::string_view about, std::string_view cite = {}) {
    Add(FindingOf(code, about, cite));
  }
  void Add(Finding finding) {
    verdict_ = std::max(verdict_, finding.verdict);
    reasons_.push_back(std::move(finding.reason));
  }
  Verdict verdict() const { return verdict_; }
  std::vector<Reason> Take() { return std::move(reasons_); }

 private:
  Verdict verdict_ = Verdict::kGo;
  std::vector<Reason> reasons_;
};
static_assert(Verdict::kGo < Verdict::kHold && Verdict::kHold < Verdict::kRefuse);

bool IsCountry(std::string_view text) {
  return text.size() == 2 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string Named(const Holder& holder) {
  return fmt::format("{} in {}", holder.party.empty() ? "?" : holder.party.text(),
                     IsCountry(holder.country) ? holder.country : "?");
}

// Facts about the crossing as a whole without which no recipient can be judged.
bool CheckFacts(const charter::Charter& charter, const Crossing& crossing, Findings& findings) {
  if (std::ranges::find(kItems, crossing.item) == std::end(kItems)) {
    findings.Add("item-unknown", "the crossing");
    return false;
  }
  const std::pair<bool, std::string_view> missing[] = {
      {crossing.run.empty() && crossing.item != kLedgerItem, "run-missing"},
      {crossing.purposes.empty(), "purpose-missing"},
      {crossing.classification_us.empty(), "classification-us-missing"},
      {crossing.classification_jp.empty(), "classification-jp-missing"},
      {crossing.recipients.empty(), "recipients-missing"},
      {crossing.recipients.size() > kRecipientsMax, "recipients-too-many"},
  };
  bool complete = true;
  for (const auto& [is_missing, code] : missing) {
    if (!is_missing) continue;
    findings.Add(code, "the crossing");
    complete = false;
  }
  if (crossing.from.party.empty()) {
    findings.Add("sender-missing", "the crossing");
    return false;
  }
  if (!IsCountry(crossing.from.country)) {
    findings.Add("country-missing", fmt::format("the sender {}", Named(crossing.from)));
    complete = false;
  }
  if (charter.FindParty(crossing.from.party) == nullptr) {
    findings.Add("sender-not-in-charter", Named(crossing.from));
    return false;
  }
  return complete;
}

void JudgeRecipient(const charter::Charter& charter, const Crossing& crossing, const Holder& to,
                    bool facts_complete, Findings& findings) {
  const std::string about = fmt::format("to {}", Named(to));
  if (to.party.empty()) return findings.Add("party-missing", about);
  if (charter.FindParty(to.party) == nullptr)
    return findings.Add("recipient-not-in-charter", about);
  if (!IsCountry(to.country)) return findings.Add("country-missing", about);
  if (!facts_complete) return findings.Add("facts-missing", about);
  // Whoever is a party of the charter sees its ledger.
  if (crossing.item == kLedgerItem) return findings.Add("permitted", about, "charter [[party]]");
  const charter::Answer answer =
      charter::Permits(charter, {.item = crossing.item,
                                 .purposes = crossing.purposes,
                                 .from = crossing.from.party,
                                 .to = to.party,
                                 .classification_us = crossing.classification_us,
                                 .classification_jp = crossing.classification_jp});
  const std::string_view code = answer.permitted                     ? "permitted"
                                : answer.code == "charter-prohibits" ? "prohibited"
                                                                     : "not-permitted";
  findings.Add(code, about, answer.cite);
}

void CheckCharterDates(const charter::Charter& charter, Instant now, Findings& findings) {
  if (now >= charter.expires) {
    const auto age = std::chrono::duration_cast<std::chrono::days>(now - charter.expires);
    findings.Add("charter-expired", fmt::format("the charter, {} days ago", age.count()));
  }
  if (now < charter.created) findings.Add("charter-not-yet-valid", "the charter");
}

std::vector<record::Fact> FactsOf(const syntax::Stated& stated) {
  std::vector<record::Fact> facts;
  for (const auto& [id, value] : stated) facts.push_back({.id = id, .value = value});
  return facts;
}

double OperationsIn(const syntax::Stated& facts) {
  const auto stated = facts.find(std::string(kRunOperations));
  if (stated == facts.end()) return 0;
  return rules::ParseNumber(stated->second).value_or(0);
}

syntax::Stated WithoutOperations(syntax::Stated facts) {
  facts.erase(std::string(kRunOperations));
  return facts;
}

bool IsSubset(const std::vector<std::string>& small, const std::vector<std::string>& large) {
  return std::ranges::all_of(
      small, [&](const std::string& text) { return std::ranges::count(large, text) > 0; });
}

}  // namespace

syntax::Stated FactsFor(const charter::ExportRules& rules, const syntax::Stated& spec,
                        double operations_done) {
  syntax::Stated facts = rules.FactsWith(spec);
  if (operations_done > OperationsIn(facts)) {
    facts[std::string(kRunOperations)] = rules::FormatNumber(operations_done);
  }
  return facts;
}

void AddHeadroom(Crossing& crossing, const syntax::Stated& spec, double operations_done) {
  if (operations_done <= OperationsIn(spec)) return;
  crossing.facts[std::string(kRunOperations)] = rules::FormatNumber(2 * operations_done);
}

double OperationsOf(const Crossing& crossing) { return OperationsIn(crossing.facts); }

Crossing CrossingOf(const record::Determined& determined) {
  Crossing crossing = {.item = determined.item,
                       .run = determined.run,
                       .from = determined.from,
                       .recipients = determined.recipients,
                       .purposes = determined.purposes,
                       .classification_us = determined.classification_us,
                       .classification_jp = determined.classification_jp,
                       .commitments = determined.commitments,
                       .blob = determined.blob};
  for (const record::Fact& fact : determined.facts) crossing.facts[fact.id] = fact.value;
  return crossing;
}

record::Determined Determine(const charter::Charter& charter, const RuleShelf& shelf,
                             const Crossing& crossing, Instant now) {
  Findings findings;
  Findings about_all;
  const bool complete = CheckFacts(charter, crossing, about_all);
  CheckCharterDates(charter, now, about_all);
  if (crossing.recipients.size() <= kRecipientsMax) {
    std::set<std::pair<PartyId, std::string>> seen;
    for (const Holder& to : crossing.recipients) {
      if (!seen.emplace(to.party, to.country).second) continue;
      JudgeRecipient(charter, crossing, to, complete, findings);
    }
  }
  RuleAnswers rules;
  if (charter.export_rules.IsAssessed() && complete && findings.verdict() == Verdict::kGo) {
    rules = AskRules(charter, shelf, crossing, now);
    for (const Finding& finding : rules.findings) findings.Add(finding);
  }
  if (rules.not_assessed.empty()) {
    rules.not_assessed = {std::begin(kNotAssessed), std::end(kNotAssessed)};
  }
  const Verdict verdict = std::max(findings.verdict(), about_all.verdict());
  std::vector<Reason> reasons = findings.Take();
  for (Reason& reason : about_all.Take()) reasons.push_back(std::move(reason));
  RK_CHECK(!reasons.empty());
  return {.item = crossing.item,
          .run = crossing.run,
          .from = crossing.from,
          .recipients = crossing.recipients,
          .purposes = crossing.purposes,
          .classification_us = crossing.classification_us,
          .classification_jp = crossing.classification_jp,
          .facts = FactsOf(crossing.facts),
          .commitments = crossing.commitments,
          .blob = crossing.blob,
          .charter_sha256 = charter.sha256,
          .packs_sha256 = rules.text_as_of.empty() ? Digest{} : PacksDigest(charter.export_rules),
          .valid_until = std::min({charter.expires, Instant(now + kStandingMax), rules.changes_at}),
          .uses_max = static_cast<uint64_t>(charter.runs.rounds_max),
          .verdict = verdict,
          .reasons = std::move(reasons),
          .rules = std::move(rules.outcomes),
          .not_assessed = std::move(rules.not_assessed),
          .text_as_of = rules.text_as_of.empty() ? FormatInstant(charter.created).substr(0, 10)
                                                 : rules.text_as_of,
          .at = now};
}

Status CheckCovers(const record::Determined& determined, const Crossing& crossing,
                   const charter::Charter& charter, Instant now, Hold hold) {
  const auto differs = [](std::string_view what) {
    return Error(Code::kFailedPrecondition,
                 "the standing determination does not cover this crossing: {}; decide anew", what);
  };
  const bool approved = hold == Hold::kApproved && determined.verdict == Verdict::kHold;
  if (determined.verdict != Verdict::kGo && !approved) {
    return differs(fmt::format("its verdict is {}", record::NameOf(determined.verdict)));
  }
  if (determined.charter_sha256 != charter.sha256)
    return differs("it was made under another charter");
  if (determined.packs_sha256 != PacksDigest(charter.export_rules)) {
    return differs("it was made with other rule packs");
  }
  if (now >= determined.valid_until) {
    return differs("it was valid until " + FormatInstant(determined.valid_until));
  }
  if (now + std::chrono::minutes(1) < determined.at) return differs("it was made in the future");
  if (determined.item != crossing.item) return differs("it is for item " + determined.item);
  if (determined.run != crossing.run) return differs("it is for run " + determined.run.text());
  if (determined.from != crossing.from) return differs("it is for another sender");
  if (determined.classification_us != crossing.classification_us ||
      determined.classification_jp != crossing.classification_jp) {
    return differs("the classification is another");
  }
  if (FactsOf(WithoutOperations(CrossingOf(determined).facts)) !=
      FactsOf(WithoutOperations(crossing.facts))) {
    return differs("the facts are others");
  }
  if (OperationsOf(crossing) > OperationsOf(CrossingOf(determined))) {
    return differs("the training has had more operations than were decided on");
  }
  if (determined.commitments != crossing.commitments) return differs("private facts are others");
  if (determined.blob && determined.blob != crossing.blob) {
    return differs("it is for " + determined.blob->Text() + " alone");
  }
  if (crossing.recipients.empty()) return differs("the crossing names no recipient");
  if (!IsSubset(crossing.purposes, determined.purposes) || crossing.purposes.empty()) {
    return differs("the purpose is another");
  }
  for (const Holder& to : crossing.recipients) {
    if (std::ranges::find(determined.recipients, to) == determined.recipients.end()) {
      return differs(fmt::format("{} {} is no recipient", Named(to), to.site));
    }
  }
  return Ok();
}

}  // namespace renkei::gate
