// SPDX-License-Identifier: Apache-2.0
#include "renkei/gate/ask_rules.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "renkei/base/check.h"
#include "renkei/record/limits.h"
#include "renkei/rules/explain.h"
#include "renkei/rules/judgement.h"

namespace renkei::gate {
namespace {

using record::Holder;
using record::RuleOutcome;
using syntax::Value;

constexpr std::string_view kLike = "like";
constexpr std::string_view kOperations = "model.operations";
constexpr std::string_view kProjectedOperations = "model.projected_operations";
constexpr size_t kMissingMax = 32;
constexpr size_t kCitesMax = 32;

std::string_view KindOf(std::string_view item) {
  if (item == "model") return "model-weights";
  return item == "ledger" ? "data" : item;
}

// "EAR99" and "not-listed" are no class; several stand apart by spaces.
Value ClassesOf(std::string_view classification, std::string_view none) {
  Value classes = Value::Array();
  for (size_t at = 0; at < classification.size();) {
    const size_t end = std::min(classification.find(' ', at), classification.size());
    const std::string_view word = classification.substr(at, end - at);
    if (!word.empty() && word != none) classes.Push(std::string(word));
    at = end + 1;
  }
  return classes;
}

Value PartyOf(const charter::Charter& charter, const Holder& to) {
  Value party = Value::Object();
  party.Set("name", to.party.text());
  const charter::Party* known = charter.FindParty(to.party);
  RK_CHECK(known != nullptr);
  for (const auto& [id, text] : known->facts) {
    if (id != kLike && id != "located") party.Set(id, syntax::StatedValue(text));
  }
  party.Set("located", to.country);
  return party;
}

// An id that is no class of the book would silently not count.
Status CheckClasses(const rules::RuleBook& book, const Value& classes) {
  for (const rules::Jurisdiction jurisdiction : rules::kJurisdictions) {
    for (const Value& id : classes.Find(rules::NameOf(jurisdiction))->items()) {
      if (!book.class_by_id.contains({jurisdiction, id.text()})) {
        return Error(Code::kInvalidArgument, "no pack knows the class {} of {}", id.text(),
                     rules::NameOf(jurisdiction));
      }
    }
  }
  return Ok();
}

// Operations of this run come on top of those that the model has had.
void AddOperations(const rules::RuleBook& book, double operations, rules::Case& made) {
  const auto done = book.fact_by_id.find(kOperations);
  const auto projected = book.fact_by_id.find(kProjectedOperations);
  if (operations <= 0 || done == book.fact_by_id.end() || projected == book.fact_by_id.end())
    return;
  rules::Interval& before = made.facts[book.facts[done->second].slot];
  if (before == book.facts[done->second].unknown) return;
  before.hi += operations;
  rules::Interval& end = made.facts[book.facts[projected->second].slot];
  if (end == book.facts[projected->second].unknown) return;
  end.lo = std::max(end.lo, before.hi);
  end.hi = std::max(end.hi, before.hi);
}

// The first instant at which some answer may be another: a new day of the rules in Tokyo, where
// it begins first, or a text that becomes too old.
Instant ChangesAfter(const rules::RuleBook& book, const charter::ExportRules& rules, Instant now) {
  constexpr auto kTokyoAhead = std::chrono::hours(9);
  Instant first = Instant::max();
  for (const rules::Date epoch : book.epochs) {
    const Instant begins = Instant(epoch) - kTokyoAhead - kSkew;
    if (begins > now) first = std::min(first, begins);
  }
  const Instant old = Instant(rules::TextAsOf(book) + std::chrono::days(rules.text_days));
  return old > now ? std::min(first, old) : first;
}

std::vector<std::string> MissingOf(const rules::RuleBook& book, const rules::Answer& answer) {
  std::set<std::string> ids;
  for (const rules::Missing& missing : answer.missing) {
    switch (missing.variable.kind) {
      case rules::Variable::Kind::kFact:
        ids.insert(book.facts[missing.variable.index].said.id);
        break;
      case rules::Variable::Kind::kClasses:
        ids.insert("classes");
        break;
      case rules::Variable::Kind::kConflict:
        ids.insert("conflict:" + book.rules[missing.variable.index].said.id);
        break;
    }
  }
  std::vector<std::string> list(ids.begin(), ids.end());
  if (list.size() > kMissingMax) list.resize(kMissingMax);
  return list;
}

// Recipients to whom the same is said stand in one outcome.
void AddOutcome(std::vector<RuleOutcome>& outcomes, RuleOutcome outcome, const std::string& to) {
  for (RuleOutcome& said : outcomes) {
    outcome.to = said.to;
    if (said == outcome) return said.to.push_back(to);
  }
  outcome.to = {to};
  outcomes.push_back(std::move(outcome));
}

// What fits a line of an entry; never half a character.
std::string Cut(std::string text) {
  if (text.size() <= record::kTextBytesMax) return text;
  constexpr std::string_view kMore = "...";
  size_t size = record::kTextBytesMax - kMore.size();
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  text.resize(size);
  return text.append(kMore);
}

Finding FindingFor(const rules::RuleBook& book, const rules::Decision& decision,
                   const rules::Judgement& judgement, const std::string& about) {
  std::vector<std::string> whys;
  for (const rules::Words& reason : judgement.reasons) whys.push_back(reason.en);
  std::string cite = "rule packs";
  for (const rules::Answer& answer : decision.answers) {
    const auto cites = rules::CitesOf(book, answer);
    const bool goes = answer.outcome.kind == rules::OutcomeKind::kNlr ||
                      answer.outcome.kind == rules::OutcomeKind::kNotSubject ||
                      answer.outcome.kind == rules::OutcomeKind::kException;
    if (!goes && !cites.empty()) {
      cite = fmt::format("{}", fmt::join(cites, "; "));
      break;
    }
  }
  const std::string_view code =
      judgement.call == rules::Call::kHold ? "export-rules-hold" : "export-rules-refuse";
  Finding finding = FindingOf(code, about, Cut(std::move(cite)));
  finding.reason.text = Cut(fmt::format("{} ({})", finding.reason.text, fmt::join(whys, "; ")));
  return finding;
}

}  // namespace

rules::Profile ProfileOf(const charter::ExportRules& rules) {
  return {.codified = rules.binding != "enforced",
          .enforced = rules.binding != "codified",
          .text_age_days_max = static_cast<int>(rules.text_days)};
}

StatusOr<rules::Case> CaseOf(const charter::Charter& charter, const rules::RuleBook& book,
                             const Crossing& crossing, const Holder& to, Instant now) {
  Value document = Value::Object();
  document.Set("format", std::string(rules::kCrossingFormat));
  document.Set("at", FormatInstant(now));
  document.Set("skew_s", static_cast<int64_t>(kSkew.count() / 1000));
  Value facts = Value::Object();
  syntax::Stated stated = crossing.private_facts;
  stated.insert(crossing.facts.begin(), crossing.facts.end());
  for (const auto& [id, text] : stated) {
    if (id == kLike) {
      document.Set("like", text);
    } else if (id != kRunOperations) {
      facts.Set(id, syntax::StatedValue(text));
    }
  }
  facts.Set(std::string(rules::kItemKind), std::string(KindOf(crossing.item)));
  facts.Set("origin", crossing.from.country);
  facts.Set("destination", to.country);
  document.Set("facts", std::move(facts));
  Value classes = Value::Object();
  classes.Set("us", ClassesOf(crossing.classification_us, "EAR99"));
  classes.Set("jp", ClassesOf(crossing.classification_jp, "not-listed"));
  RK_RETURN_IF_ERROR(CheckClasses(book, classes));
  document.Set("classes", std::move(classes));
  document.Set("parties", Value::Array()).Push(PartyOf(charter, to));
  RK_ASSIGN_OR_RETURN(rules::Case made, rules::ParseCase(document, "the crossing", book));
  AddOperations(book, OperationsOf(crossing), made);
  return made;
}

RuleAnswers AskRules(const charter::Charter& charter, const RuleShelf& shelf,
                     const Crossing& crossing, Instant now) {
  const charter::ExportRules& rules = charter.export_rules;
  RuleAnswers answers;
  const rules::RuleBook* book = shelf.book();
  if (book == nullptr || !shelf.IsFor(rules)) {
    answers.findings.push_back(FindingOf("rule-packs-missing", "the crossing"));
    return answers;
  }
  answers.text_as_of = rules::FormatDate(rules::TextAsOf(*book));
  answers.changes_at = ChangesAfter(*book, rules, now);
  for (const rules::Pack& pack : book->packs) {
    for (const rules::NotAssessed& each : pack.not_assessed) {
      answers.not_assessed.push_back(each.name.en);
    }
  }
  std::set<std::pair<PartyId, std::string>> seen;
  for (const Holder& to : crossing.recipients) {
    if (charter.FindParty(to.party) == nullptr || !seen.emplace(to.party, to.country).second) {
      continue;
    }
    const std::string about = fmt::format("to {} in {}", to.party, to.country);
    const auto facts = CaseOf(charter, *book, crossing, to, now);
    if (!facts.ok()) {
      Finding finding = FindingOf("facts-not-valid", about);
      finding.reason.text =
          Cut(fmt::format("{} ({})", finding.reason.text, Message(facts.status())));
      answers.findings.push_back(std::move(finding));
      continue;
    }
    const rules::Decision decision = rules::Decide(*book, *facts);
    for (const rules::Answer& answer : decision.answers) {
      auto cites = rules::CitesOf(*book, answer);
      if (cites.size() > kCitesMax) cites.resize(kCitesMax);
      AddOutcome(answers.outcomes,
                 {.jurisdiction = std::string(rules::NameOf(answer.jurisdiction)),
                  .layer = std::string(rules::NameOf(answer.layer)),
                  .on = rules::FormatDate(answer.date),
                  .to = {},
                  .outcome = answer.outcome.Text(answer.jurisdiction),
                  .cites = std::move(cites),
                  .missing = MissingOf(*book, answer)},
                 fmt::format("{}/{}", to.party, to.country));
    }
    const rules::Judgement judgement = rules::Judge(
        *book, decision, ProfileOf(rules), facts->DatesIn(rules::Jurisdiction::kUs).back());
    if (judgement.call != rules::Call::kGo) {
      answers.findings.push_back(FindingFor(*book, decision, judgement, about));
    }
  }
  return answers;
}

}  // namespace renkei::gate
