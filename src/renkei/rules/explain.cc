// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/explain.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "renkei/base/bytes.h"

namespace renkei::rules {
namespace {

using StepKind = ProofStep::Kind;
using syntax::Value;

// What the lines around the rules' own sentences say.
struct Phrases {
  std::string_view yes, no, unknown, missing, if_so, duties, not_assessed, as_of, aid, others,
      unclaimed, conflict, classes, stands, falls, on_days;
};
constexpr Phrases kEnglish = {
    .yes = "yes",
    .no = "no",
    .unknown = "not known",
    .missing = "Missing",
    .if_so = "if",
    .duties = "To do first",
    .not_assessed = "Not assessed",
    .as_of = "Text as of",
    .aid = "A compliance aid, not legal advice.",
    .others = "{} further requirements were looked at; none applies",
    .unclaimed = "{} is not open",
    .conflict = "two valid rules contradict each other",
    .classes = "the classification of the item",
    .stands = "{} stands",
    .falls = "{} does not stand",
    .on_days = "It may be either day there, and they differ",
};
constexpr Phrases kJapanese = {
    .yes = "はい",
    .no = "いいえ",
    .unknown = "不明",
    .missing = "不足している事実",
    .if_so = "次の場合",
    .duties = "事前に必要なこと",
    .not_assessed = "評価していないもの",
    .as_of = "条文の時点",
    .aid = "法令遵守の補助であり、法的助言ではありません。",
    .others = "ほか{}件の規定を確認したが、該当なし",
    .unclaimed = "{}は使えない",
    .conflict = "有効な二つの規定が互いに矛盾している",
    .classes = "品目の該非判定",
    .stands = "{}が適用される",
    .falls = "{}が適用されない",
    .on_days = "現地ではどちらの日でもあり得て、結論が異なる",
};

const Phrases& In(Language language) {
  return language == Language::kEnglish ? kEnglish : kJapanese;
}

class Writer {
 public:
  Writer(const RuleBook& book, const Case& facts, const Answer& answer, Language language)
      : book_(book), case_(facts), answer_(answer), language_(language), say_(In(language)) {}

  std::string StepText(const ProofStep& step) const {
    switch (step.kind) {
      case StepKind::kRule: {
        const Rule& rule = book_.rules[step.index].said;
        return fmt::format("{}{} [{}]", Mark(step.truth), rule.says.In(language_),
                           fmt::join(rule.cites, "; "));
      }
      case StepKind::kUnclaimed: {
        const Rule& rule = book_.rules[step.index].said;
        return fmt::format("{} [{}]", fmt::format(fmt::runtime(say_.unclaimed), rule.subject),
                           fmt::join(rule.cites, "; "));
      }
      case StepKind::kTerm: {
        const BookTerm& term = book_.terms[step.index];
        return fmt::format("{}{}: {}", PartyText(step.party),
                           term.says ? term.says->In(language_) : term.id, TruthText(step.truth));
      }
      case StepKind::kClass:
        return fmt::format("{}: {}", book_.classes[step.index].id, TruthText(step.truth));
      case StepKind::kFact:
        return FactText(step);
      case StepKind::kOthers:
        break;
    }
    return fmt::format(fmt::runtime(say_.others), step.index);
  }

  std::string VariableText(const Variable& variable) const {
    if (variable.kind == Variable::Kind::kConflict) {
      const BookRule& rule = book_.rules[variable.index];
      std::vector<std::string> cites = rule.said.cites;
      for (const uint32_t denial : rule.denied_by) {
        for (const std::string& cite : book_.rules[denial].said.cites) cites.push_back(cite);
      }
      return fmt::format("{} [{}]", say_.conflict, fmt::join(cites, "; "));
    }
    if (variable.kind == Variable::Kind::kClasses) return std::string(say_.classes);
    const FactDeclaration& said = book_.facts[variable.index].said;
    return fmt::format("{}{} ({}): {}", PartyText(variable.party), said.name.In(language_), said.id,
                       said.ask.In(language_));
  }

  std::string BranchText(const Variable& variable, const Branch& branch) const {
    std::vector<std::string> outcomes;
    for (const Outcome& outcome : branch.outcomes) {
      outcomes.push_back(outcome.Text(answer_.jurisdiction));
    }
    std::string value = TextOf(variable, branch.cell, book_);
    if (variable.kind == Variable::Kind::kConflict) {
      const bool stands = branch.cell.value.lo == 1;
      value = fmt::format(fmt::runtime(stands ? say_.stands : say_.falls),
                          book_.rules[variable.index].said.cites[0]);
    }
    return fmt::format("{} → {}", value, fmt::join(outcomes, " / "));
  }

  std::string Write() const {
    std::string text =
        fmt::format("{} ({}, {}): {}\n", NameOf(answer_.jurisdiction), NameOf(answer_.layer),
                    FormatDate(answer_.date), answer_.outcome.Text(answer_.jurisdiction));
    if (!answer_.by_date.empty()) text += fmt::format("  {}:\n", say_.on_days);
    for (const auto& [date, outcome] : answer_.by_date) {
      text += fmt::format("    {}: {}\n", FormatDate(date), outcome.Text(answer_.jurisdiction));
    }
    for (const Missing& missing : answer_.missing) {
      text += fmt::format("  {}: {}\n", say_.missing, VariableText(missing.variable));
      for (const Branch& branch : missing.branches) {
        text += fmt::format("    {}\n", BranchText(missing.variable, branch));
      }
    }
    text += Tree();
    for (const Words& duty : DutiesOf(book_, answer_)) {
      text += fmt::format("  {}: {}\n", say_.duties, duty.In(language_));
    }
    return text;
  }

 private:
  static std::string_view Mark(Truth truth) {
    return truth == Truth::kYes ? "" : truth == Truth::kNo ? "✗ " : "? ";
  }

  std::string_view TruthText(Truth truth) const {
    return truth == Truth::kYes ? say_.yes : truth == Truth::kNo ? say_.no : say_.unknown;
  }

  std::string PartyText(int party) const {
    if (party == kNoParty) return "";
    return fmt::format("{}: ", case_.party_names[static_cast<size_t>(party)]);
  }

  std::string FactText(const ProofStep& step) const {
    const NodeSource& source = book_.sources[step.index];
    const Fact& fact = book_.facts[source.fact];
    const Interval& value = fact.of_party
                                ? case_.parties[static_cast<size_t>(step.party)][fact.slot]
                                : case_.facts[fact.slot];
    std::string shown = FormatFact(fact, value);
    if (shown == "unknown") {
      shown = say_.unknown;
    } else if (fact.said.type == FactType::kTruth) {
      shown = shown == "yes" ? say_.yes : say_.no;
    } else if (!fact.said.unit.empty()) {
      shown += " " + fact.said.unit;
    }
    return fmt::format("{}{} = {} ({})", PartyText(fact.of_party ? step.party : kNoParty),
                       fact.said.name.In(language_), shown, AskedText(*source.said, step.truth));
  }

  // The condition as its rule asks it, and whether it is met.
  std::string AskedText(const Condition& said, Truth truth) const {
    const std::string asked =
        said.kind == Condition::Kind::kCompare
            ? fmt::format("{} {}", NameOf(said.comparison), FormatNumber(said.number))
            : fmt::format("{}", fmt::join(said.values, ", "));
    return fmt::format("{}: {}", asked, TruthText(truth));
  }

  std::string Tree() const {
    std::string text;
    const Proof& proof = answer_.proof;
    for (size_t i = 0; i < proof.size(); ++i) {
      text += "  ";
      for (uint8_t depth = 0; depth <= proof[i].depth; ++depth) {
        const bool own = depth == proof[i].depth;
        const bool more = HasMore(i, depth);
        text += own ? (more ? "├─ " : "└─ ") : (more ? "│  " : "   ");
      }
      text += StepText(proof[i]) + "\n";
    }
    return text;
  }

  // Whether another step at `depth` follows before the branch ends.
  bool HasMore(size_t index, uint8_t depth) const {
    for (size_t i = index + 1; i < answer_.proof.size(); ++i) {
      if (answer_.proof[i].depth == depth) return true;
      if (answer_.proof[i].depth < depth) return false;
    }
    return false;
  }

  const RuleBook& book_;
  const Case& case_;
  const Answer& answer_;
  const Language language_;
  const Phrases& say_;
};

std::string_view NameOf(StepKind kind) {
  constexpr std::string_view kNames[] = {"rule", "term", "class", "fact", "exception", "others"};
  return kNames[static_cast<size_t>(kind)];
}

std::string_view NameOf(Truth truth) {
  return truth == Truth::kYes ? "yes" : truth == Truth::kNo ? "no" : "unknown";
}

std::string IdOf(const ProofStep& step, const RuleBook& book) {
  switch (step.kind) {
    case StepKind::kRule:
    case StepKind::kUnclaimed:
      return book.rules[step.index].said.id;
    case StepKind::kTerm:
      return book.terms[step.index].id;
    case StepKind::kClass:
      return book.classes[step.index].id;
    case StepKind::kFact:
      return book.facts[book.sources[step.index].fact].said.id;
    case StepKind::kOthers:
      break;
  }
  return std::to_string(step.index);
}

std::string IdOf(const Variable& variable, const RuleBook& book) {
  if (variable.kind == Variable::Kind::kConflict) return book.rules[variable.index].said.id;
  if (variable.kind == Variable::Kind::kClasses) return "classes";
  return book.facts[variable.index].said.id;
}

Value MissingToJson(const Missing& missing, const Writer& writer, const RuleBook& book,
                    const Case& facts) {
  Value json = Value::Object();
  json.Set("fact", IdOf(missing.variable, book));
  if (missing.variable.party != kNoParty) {
    json.Set("party", facts.party_names[static_cast<size_t>(missing.variable.party)]);
  }
  json.Set("ask", writer.VariableText(missing.variable));
  Value& branches = json.Set("would_lead_to", Value::Array());
  for (const Branch& branch : missing.branches) {
    branches.Push(writer.BranchText(missing.variable, branch));
  }
  return json;
}

Value AnswerToJson(const RuleBook& book, const Case& facts, const Answer& answer,
                   Language language) {
  const Writer writer(book, facts, answer, language);
  Value json = Value::Object();
  json.Set("jurisdiction", rules::NameOf(answer.jurisdiction));
  json.Set("layer", rules::NameOf(answer.layer));
  json.Set("date", FormatDate(answer.date));
  json.Set("outcome", answer.outcome.Text(answer.jurisdiction));
  json.Set("cites", CitesOf(book, answer));
  Value& legs = json.Set("legs", Value::Object());
  for (const Leg& leg : answer.legs) legs.Set(leg.control, leg.outcome.Text(answer.jurisdiction));
  if (!answer.by_date.empty()) {
    Value& by_date = json.Set("by_date", Value::Object());
    for (const auto& [date, outcome] : answer.by_date) {
      by_date.Set(FormatDate(date), outcome.Text(answer.jurisdiction));
    }
  }
  Value& missing = json.Set("missing", Value::Array());
  for (const Missing& each : answer.missing) {
    missing.Push(MissingToJson(each, writer, book, facts));
  }
  Value& duties = json.Set("duties", Value::Array());
  for (const Words& duty : DutiesOf(book, answer)) duties.Push(duty.In(language));
  Value& proof = json.Set("proof", Value::Array());
  for (const ProofStep& step : answer.proof) {
    Value row = Value::Object();
    row.Set("depth", step.depth);
    row.Set("kind", NameOf(step.kind));
    row.Set("id", IdOf(step, book));
    row.Set("holds", NameOf(step.truth));
    row.Set("text", writer.StepText(step));
    proof.Push(std::move(row));
  }
  return json;
}

}  // namespace

Date TextAsOf(const RuleBook& book) {
  Date oldest = Date::max();
  for (const Pack& pack : book.packs) {
    if (pack.jurisdiction) oldest = std::min(oldest, pack.text_as_of);
  }
  return oldest;
}

std::string Explain(const RuleBook& book, const Case& facts, const Answer& answer,
                    Language language) {
  return Writer(book, facts, answer, language).Write();
}

std::string Explain(const RuleBook& book, const Case& facts, const Decision& decision,
                    Language language) {
  const Phrases& say = In(language);
  std::string text;
  for (const Answer& answer : decision.answers) text += Explain(book, facts, answer, language);
  std::vector<std::string> names;
  for (const Pack& pack : book.packs) {
    for (const NotAssessed& item : pack.not_assessed) names.push_back(item.name.In(language));
  }
  text += fmt::format("{}: {}\n", say.not_assessed, fmt::join(names, "; "));
  text += fmt::format("{} {}. {}\n", say.as_of, FormatDate(TextAsOf(book)), say.aid);
  return text;
}

Value ToJson(const RuleBook& book, const Case& facts, const Decision& decision, Language language) {
  Value json = Value::Object();
  Value& answers = json.Set("answers", Value::Array());
  for (const Answer& answer : decision.answers) {
    answers.Push(AnswerToJson(book, facts, answer, language));
  }
  Value not_assessed = Value::Array();
  Value packs = Value::Array();
  for (const Pack& pack : book.packs) {
    for (const NotAssessed& item : pack.not_assessed) not_assessed.Push(item.name.In(language));
    Value row = Value::Object();
    row.Set("id", pack.id);
    row.Set("version", pack.version);
    row.Set("sha256", ToHex(pack.sha256.bytes));
    row.Set("text_as_of", FormatDate(pack.text_as_of));
    packs.Push(std::move(row));
  }
  json.Set("not_assessed", std::move(not_assessed));
  json.Set("packs", std::move(packs));
  json.Set("text_as_of", FormatDate(TextAsOf(book)));
  json.Set("notice", In(language).aid);
  return json;
}

}  // namespace renkei::rules
