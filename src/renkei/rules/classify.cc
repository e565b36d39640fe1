// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/classify.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "renkei/rules/assessment.h"
#include "renkei/rules/cells.h"

namespace renkei::rules {
namespace {

constexpr std::string_view kTpp = "ic.tpp", kPd = "ic.pd", kDataCenter = "item.data_center";
constexpr std::string_view kUsClasses[] = {"3A090.a", "3A090.b"};
constexpr std::string_view kJpClass = "jp-6-1-yo";
constexpr std::string_view kNoParagraph = "none", kReview = "review";
constexpr size_t kPointsMax = 4096;  // beyond, everything that is open counts as missing

const BookClass* FindClass(const RuleBook& book, Jurisdiction jurisdiction, std::string_view id) {
  const auto found = book.class_by_id.find({jurisdiction, std::string(id)});
  return found == book.class_by_id.end() ? nullptr : &book.classes[found->second];
}

bool IsInForce(const RuleBook& book, uint32_t epoch, const BookClass* said) {
  return said != nullptr && std::ranges::any_of(said->rules, [&](uint32_t rule) {
           return book.in_force(epoch, said->jurisdiction, Layer::kCodified).active[rule] != 0;
         });
}

// Which of some classes an item has, for every way in which its open facts may turn out.
class Search {
 public:
  Search(const RuleBook& book, const Case& facts, uint32_t epoch, Jurisdiction jurisdiction,
         std::vector<const BookClass*> classes)
      : book_(book),
        facts_(facts),
        epoch_(epoch),
        jurisdiction_(jurisdiction),
        classes_(std::move(classes)) {}

  // Variables come to light as points are looked at; each begins the search anew.
  void Run() {
    while (!Sweep()) {
    }
  }

  // By class, and last whether it may have none.
  std::vector<bool> MayBe() const {
    std::vector<bool> may(classes_.size() + 1);
    for (const size_t result : results_) may[result] = true;
    if (too_many_) may.assign(may.size(), true);
    return may;
  }

  // Two points that differ in this variable alone and lead to different classes.
  std::vector<std::string> Missing() const {
    std::vector<std::string> missing;
    size_t stride = 1;
    for (size_t v = 0; v < variables_.size(); ++v) {
      const size_t count = cells_[v].size();
      bool matters = too_many_;
      for (size_t i = 0; i < results_.size() && !matters; ++i) {
        const size_t first = i - (i / stride % count) * stride;
        matters = results_[i] != results_[first];
      }
      if (matters) missing.push_back(NameOf(variables_[v]));
      stride *= count;
    }
    return missing;
  }

 private:
  std::string NameOf(const Variable& variable) const {
    const bool is_fact = variable.kind == Variable::Kind::kFact;
    return is_fact ? book_.facts[variable.index].said.id : "classes";
  }

  // False when another variable is open.
  bool Sweep() {
    results_.clear();
    size_t points = 1;
    for (const auto& cells : cells_) points *= cells.size();
    too_many_ = points > kPointsMax;
    for (size_t point = 0; point < points && !too_many_; ++point) {
      Case facts = facts_;
      Settled settled;
      size_t rest = point;
      for (size_t v = 0; v < variables_.size(); ++v) {
        Assign(variables_[v], cells_[v][rest % cells_[v].size()], book_, jurisdiction_, facts,
               settled);
        rest /= cells_[v].size();
      }
      Evaluation evaluation(book_, facts, epoch_, jurisdiction_, Layer::kCodified);
      const auto [result, open] = ResultOf(evaluation);
      if (open) {
        variables_.push_back(*open);
        cells_.push_back(CellsOf(*open, book_, facts_, epoch_, jurisdiction_));
        return false;
      }
      results_.push_back(result);
    }
    return true;
  }

  std::pair<size_t, std::optional<Variable>> ResultOf(Evaluation& evaluation) const {
    for (size_t i = 0; i < classes_.size(); ++i) {
      const auto index = static_cast<uint32_t>(classes_[i] - book_.classes.data());
      const Truth truth = evaluation.OfClass(index);
      if (truth == Truth::kYes) return {i, std::nullopt};
      if (truth == Truth::kNo) continue;
      for (const uint32_t rule : classes_[i]->rules) {
        if (const auto open = OpenIn(evaluation, rule)) return {i, open};
      }
      return {i, Variable{.kind = Variable::Kind::kClasses}};
    }
    return {classes_.size(), std::nullopt};
  }

  const RuleBook& book_;
  const Case& facts_;
  const uint32_t epoch_;
  const Jurisdiction jurisdiction_;
  const std::vector<const BookClass*> classes_;
  std::vector<Variable> variables_;
  std::vector<std::vector<Cell>> cells_;
  std::vector<size_t> results_;  // by point, the first variable fastest
  bool too_many_ = false;
};

void AddOnce(const std::vector<std::string>& from, std::vector<std::string>& to) {
  for (const std::string& each : from) {
    if (std::ranges::count(to, each) == 0) to.push_back(each);
  }
}

void AddCites(const RuleBook& book, uint32_t epoch, const BookClass& said,
              std::vector<std::string>& to) {
  const InForce& in_force = book.in_force(epoch, said.jurisdiction, Layer::kCodified);
  for (const uint32_t rule : said.rules) {
    if (in_force.active[rule] != 0) AddOnce(book.rules[rule].said.cites, to);
  }
}

syntax::Value ToJson(const Interval& interval) {
  const auto end = [](double number) {
    return std::isfinite(number) ? syntax::Value(number) : syntax::Value();
  };
  syntax::Value pair = syntax::Value::Array();
  pair.Push(end(interval.lo));
  pair.Push(end(interval.hi));
  return pair;
}

}  // namespace

StatusOr<ChipClassifier> ChipClassifier::Make(const RuleBook& book, Date date) {
  for (const std::string_view fact : {kTpp, kPd, kDataCenter}) {
    if (book.fact_by_id.contains(fact)) continue;
    return Error(Code::kFailedPrecondition, "no rule pack has the fact {}", fact);
  }
  const uint32_t epoch = book.EpochOf(date);
  for (const std::string_view id : kUsClasses) {
    if (IsInForce(book, epoch, FindClass(book, Jurisdiction::kUs, id))) continue;
    return Error(Code::kFailedPrecondition, "no rule pack says what {} is on {}", id,
                 FormatDate(date));
  }
  syntax::Value part = syntax::Value::Object();
  part.Set("on", FormatDate(date));
  if (book.FindModel("clean") != nullptr) part.Set("like", "clean");
  RK_ASSIGN_OR_RETURN(Case chip, ParseCase(part, "chip", book, true));
  const Fact& kind = book.facts[book.fact_by_id.find(kItemKind)->second];
  const auto ic = ParseFact(kind, "ic");
  if (!ic.ok()) return Error(Code::kFailedPrecondition, "no rule pack has items of kind ic");
  chip.facts[kind.slot] = *ic;
  return ChipClassifier(book, std::move(chip), epoch);
}

Classification ChipClassifier::Classify(const Chip& chip) const {
  Classification made{
      .name = chip.name, .tpp = TppOf(chip), .pd = PdOf(chip), .certainty = chip.certainty};
  Case facts = clean_;
  const auto set = [&](std::string_view id, const Interval& value) {
    facts.facts[book_.facts[book_.fact_by_id.find(id)->second].slot] = value;
  };
  set(kTpp, made.tpp);
  set(kPd, made.pd);
  const double market = chip.data_center.value_or(false) ? 1 : 0;
  set(kDataCenter, chip.data_center ? Interval{market, market} : Interval{0, 1});

  std::vector<const BookClass*> classes;
  for (const std::string_view id : kUsClasses) {
    classes.push_back(FindClass(book_, Jurisdiction::kUs, id));
  }
  Search us(book_, facts, epoch_, Jurisdiction::kUs, classes);
  us.Run();
  const std::vector<bool> may = us.MayBe();
  const bool is_none = std::ranges::count(may, true) == 1 && may.back();
  for (size_t i = 0; i < classes.size(); ++i) {
    if (may[i]) made.possible.push_back(classes[i]->id);
    if (may[i] || is_none) AddCites(book_, epoch_, *classes[i], made.cites);
  }
  if (may.back()) made.possible.emplace_back(kNoParagraph);
  made.paragraph = made.possible.size() == 1 ? made.possible[0] : std::string(kReview);
  made.missing = us.Missing();

  const BookClass* japan = FindClass(book_, Jurisdiction::kJp, kJpClass);
  if (!IsInForce(book_, epoch_, japan)) return made;
  Search jp(book_, facts, epoch_, Jurisdiction::kJp, {japan});
  jp.Run();
  const std::vector<bool> listed = jp.MayBe();
  made.japan_listed = listed[0] && listed[1] ? Truth::kUnknown
                      : listed[0]            ? Truth::kYes
                                             : Truth::kNo;
  if (listed[0]) AddCites(book_, epoch_, *japan, made.cites);
  AddOnce(jp.Missing(), made.missing);
  return made;
}

syntax::Value ToJson(const Classification& classification) {
  const Truth japan = classification.japan_listed;
  syntax::Value json = syntax::Value::Object();
  json.Set("name", classification.name);
  const bool exact = classification.tpp.is_point();
  json.Set("tpp", exact ? syntax::Value(classification.tpp.lo) : ToJson(classification.tpp));
  json.Set("pd", ToJson(classification.pd));
  json.Set("paragraph", classification.paragraph);
  json.Set("possible", classification.possible);
  json.Set("japan_listed", japan == Truth::kYes ? "yes" : japan == Truth::kNo ? "no" : "unknown");
  json.Set("missing", classification.missing);
  json.Set("cites", classification.cites);
  json.Set("certainty", classification.certainty);
  return json;
}

}  // namespace renkei::rules
