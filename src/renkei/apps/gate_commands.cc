// SPDX-License-Identifier: Apache-2.0
// renkei gate check | when | classify: crossings and chips, decided by the rule packs.
#include <cmath>
#include <memory>
#include <utility>

#include "renkei/apps/connection.h"
#include "renkei/apps/pack_files.h"
#include "renkei/apps/rule_commands.h"
#include "renkei/gate/ask_rules.h"
#include "renkei/rules/classify.h"
#include "renkei/rules/explain.h"
#include "renkei/rules/judgement.h"
#include "renkei/rules/timeline.h"
#include "renkei/syntax/csv.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr uint64_t kCrossingBytesMax = 1 << 20;

struct Question {
  std::shared_ptr<const rules::RuleBook> book;
  rules::Profile profile;
  rules::Case facts;
};

// The packs that a charter names, and its policy.
Status TakeCharter(Disk& disk, const GateOptions& options, Question& question) {
  RK_ASSIGN_OR_RETURN(const charter::Charter charter,
                      LoadCharter(disk, options.charter_file, MakeSystemClock()->Now()));
  const charter::ExportRules& rules = charter.export_rules;
  if (!rules.IsAssessed()) {
    return Error(Code::kFailedPrecondition,
                 "{}: its [export] binding is none: no rule packs decide under this charter",
                 options.charter_file);
  }
  std::vector<std::string> places = options.packs;
  places.insert(places.end(), options.more.begin(), options.more.end());
  RK_ASSIGN_OR_RETURN(const gate::RuleShelf shelf, LoadRules(disk, rules, places, ""));
  question.book = shelf.shared_book();
  question.profile = gate::ProfileOf(rules);
  return Ok();
}

StatusOr<rules::RuleBook> LoadBook(Disk& disk, const GateOptions& options) {
  std::vector<std::string> places = options.packs;
  if (places.empty()) places = {ShippedPacksDir()};
  places.insert(places.end(), options.more.begin(), options.more.end());
  RK_ASSIGN_OR_RETURN(auto packs, ReadPacks(disk, places));
  return rules::Compile(std::move(packs));
}

StatusOr<Question> Load(const GateOptions& options) {
  const auto disk = MakeRealDisk();
  Question question;
  if (options.charter_file.empty()) {
    RK_ASSIGN_OR_RETURN(question.profile, rules::ParseBinding(options.binding));
    question.profile.text_age_days_max = options.text_days;
    RK_ASSIGN_OR_RETURN(rules::RuleBook book, LoadBook(*disk, options));
    question.book = std::make_shared<const rules::RuleBook>(std::move(book));
  } else {
    RK_RETURN_IF_ERROR(TakeCharter(*disk, options, question));
  }
  RK_ASSIGN_OR_RETURN(const std::string text, ReadText(*disk, options.file, kCrossingBytesMax));
  RK_ASSIGN_OR_RETURN(question.facts, rules::ParseCaseText(text, options.file, *question.book));
  return question;
}

rules::Language LanguageOf(const GateOptions& options) {
  return options.language == "ja" ? rules::Language::kJapanese : rules::Language::kEnglish;
}

Exit ExitFor(rules::Call call) {
  return call == rules::Call::kGo     ? Exit::kOk
         : call == rules::Call::kHold ? Exit::kWaiting
                                      : Exit::kRefused;
}

StatusOr<Exit> Check(const GateOptions& options, const Console& console) {
  RK_ASSIGN_OR_RETURN(const Question question, Load(options));
  const rules::Language language = LanguageOf(options);
  const rules::RuleBook& book = *question.book;
  const rules::Decision decision = rules::Decide(book, question.facts);
  const rules::Date day = question.facts.DatesIn(rules::Jurisdiction::kUs).back();
  const rules::Judgement judgement = rules::Judge(book, decision, question.profile, day);
  if (console.for_people()) {
    std::string text = fmt::format("{}\n", rules::NameOf(judgement.call));
    for (const rules::Words& reason : judgement.reasons) {
      text += fmt::format("  {}\n", reason.In(language));
    }
    console.Text(text + rules::Explain(book, question.facts, decision, language));
    return ExitFor(judgement.call);
  }
  Value json = Value::Object();
  json.Set("verdict", rules::NameOf(judgement.call));
  Value& reasons = json.Set("reasons", Value::Array());
  for (const rules::Words& reason : judgement.reasons) reasons.Push(reason.In(language));
  const Value said = rules::ToJson(book, question.facts, decision, language);
  for (const auto& [key, value] : said.members()) json.Set(key, value);
  console.Object(json);
  return ExitFor(judgement.call);
}

Status When(const GateOptions& options, const Console& console) {
  const auto from = rules::ParseDate(options.from), to = rules::ParseDate(options.to);
  if (!from.ok()) return Annotate(from.status(), "--from");
  if (!to.ok()) return Annotate(to.status(), "--to");
  if (*to < *from) return Error(Code::kInvalidArgument, "--to is before --from");
  RK_ASSIGN_OR_RETURN(const Question question, Load(options));
  std::vector<Value> rows;
  for (const rules::Change& change : rules::ChangesOf(*question.book, question.facts, *from, *to)) {
    Value row = Value::Object();
    row.Set("day", rules::FormatDate(change.day));
    row.Set("jurisdiction", rules::NameOf(change.jurisdiction));
    row.Set("layer", rules::NameOf(change.layer));
    row.Set("before", change.before.Text(change.jurisdiction));
    row.Set("after", change.after.Text(change.jurisdiction));
    row.Set("ends", fmt::format("{}", fmt::join(change.ends, " ")));
    row.Set("begins", fmt::format("{}", fmt::join(change.begins, " ")));
    rows.push_back(std::move(row));
  }
  if (rows.empty()) {
    Console::Note(fmt::format("The answer is the same on every day from {} to {}.", options.from,
                              options.to));
  }
  if (!rows.empty() || !console.for_people()) console.Rows(rows);
  return Ok();
}

std::string TextOf(const rules::Interval& value) {
  const auto end = [](double number) {
    return std::isfinite(number) ? fmt::format("{:.2f}", number) : "?";
  };
  return value.is_point() ? end(value.lo) : fmt::format("{} to {}", end(value.lo), end(value.hi));
}

Status Classify(const GateOptions& options, const Console& console) {
  rules::Date day = rules::DateIn(rules::Jurisdiction::kUs, MakeSystemClock()->Now());
  if (!options.on.empty()) {
    const auto given = rules::ParseDate(options.on);
    if (!given.ok()) return Annotate(given.status(), "--on");
    day = *given;
  }
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const rules::RuleBook book, LoadBook(*disk, options));
  RK_ASSIGN_OR_RETURN(const auto classifier, rules::ChipClassifier::Make(book, day));
  RK_ASSIGN_OR_RETURN(const std::string text, ReadText(*disk, options.csv_file, kCrossingBytesMax));
  const auto table = syntax::ParseCsv(text);
  if (!table.ok()) return Annotate(table.status(), options.csv_file);
  RK_ASSIGN_OR_RETURN(const auto chips, rules::ReadChips(*table, options.csv_file));
  std::vector<Value> rows;
  for (const rules::Chip& chip : chips) {
    const rules::Classification each = classifier.Classify(chip);
    if (!console.for_people()) {
      rows.push_back(rules::ToJson(each));
      continue;
    }
    Value row = Value::Object();
    row.Set("name", each.name);
    row.Set("tpp", TextOf(each.tpp));
    row.Set("pd", TextOf(each.pd));
    row.Set("paragraph", each.paragraph);
    row.Set("japan", each.japan_listed == rules::Truth::kYes  ? "listed"
                     : each.japan_listed == rules::Truth::kNo ? "no"
                                                              : "?");
    row.Set("missing", fmt::format("{}", fmt::join(each.missing, " ")));
    rows.push_back(std::move(row));
  }
  console.Rows(rows);
  Console::Note(fmt::format("On {}, by texts of {}. A compliance aid, not legal advice.",
                            rules::FormatDate(day), rules::FormatDate(rules::TextAsOf(book))));
  return Ok();
}

}  // namespace

Exit GateCheck(const GateOptions& options, const Console& console) {
  const auto exit = Check(options, console);
  return exit.ok() ? *exit : Console::Fail(exit.status());
}

Exit GateWhen(const GateOptions& options, const Console& console) {
  const Status status = When(options, console);
  return status.ok() ? Exit::kOk : Console::Fail(status);
}

Exit GateClassify(const GateOptions& options, const Console& console) {
  const Status status = Classify(options, console);
  return status.ok() ? Exit::kOk : Console::Fail(status);
}

}  // namespace renkei::apps
