// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/trial_run.h"

#include <algorithm>
#include <optional>

#include "renkei/rules/decide.h"

namespace renkei::rules {
namespace {

struct Asked {
  std::string_view key;
  Jurisdiction jurisdiction;
  Layer layer;
};
constexpr Asked kAsked[] = {{"us.codified", Jurisdiction::kUs, Layer::kCodified},
                            {"us.enforced", Jurisdiction::kUs, Layer::kEnforced},
                            {"jp", Jurisdiction::kJp, Layer::kCodified}};

class Runner {
 public:
  explicit Runner(const RuleBook& book) : book_(book), held_(book.rules.size()) {}

  Status Run(const Pack& pack, const Trial& trial) {
    const std::string where = pack.where + ": tests: " + trial.name;
    RK_ASSIGN_OR_RETURN(const Case facts, ParseCase(trial.crossing, where, book_, true));
    ++report_.trials;
    std::vector<std::string> cites, missing;
    for (const auto& [key, expected] : trial.expect) {
      const auto* asked = std::ranges::find(kAsked, key, &Asked::key);
      const Date date = facts.DatesIn(asked->jurisdiction).front();
      const Answer answer = DecideOn(book_, facts, asked->jurisdiction, asked->layer, date);
      NoteHeld(facts, *asked, date);
      const std::string given = OutcomeText(answer, trial.leg);
      if (given != expected) Fail(where, fmt::format("{}: {}, expected {}", key, given, expected));
      for (const std::string& cite : CitesOf(book_, answer)) cites.push_back(cite);
      for (const Missing& each : answer.missing) {
        const bool is_fact = each.variable.kind == Variable::Kind::kFact;
        missing.push_back(is_fact ? book_.facts[each.variable.index].said.id : "classes");
      }
    }
    for (const std::string& cite : trial.cites) {
      const bool cited = std::ranges::any_of(
          cites, [&](const std::string& each) { return each.find(cite) != std::string::npos; });
      if (!cited) Fail(where, fmt::format("{} is not cited, but {}", cite, fmt::join(cites, "; ")));
    }
    for (const std::string& fact : trial.missing) {
      if (std::ranges::count(missing, fact) > 0) continue;
      Fail(where, fmt::format("{} is not missing, but {}", fact, fmt::join(missing, ", ")));
    }
    return Ok();
  }

  bool has_failed() const { return !report_.failures.empty(); }

  TrialReport Finish() {
    for (uint32_t i = 0; i < book_.rules.size(); ++i) {
      if (!held_[i]) report_.untested.push_back(book_.rules[i].said.id);
    }
    return std::move(report_);
  }

 private:
  void Fail(const std::string& where, const std::string& what) {
    report_.failures.push_back(where + ": " + what);
  }

  static std::string OutcomeText(const Answer& answer, const std::string& leg) {
    if (leg.empty()) return answer.outcome.Text(answer.jurisdiction);
    for (const Leg& each : answer.legs) {
      if (each.control == leg) return each.outcome.Text(answer.jurisdiction);
    }
    return Outcome{}.Text(answer.jurisdiction);
  }

  void NoteHeld(const Case& facts, const Asked& asked, Date date) {
    Evaluation evaluation(book_, facts, book_.EpochOf(date), asked.jurisdiction, asked.layer);
    for (uint32_t i = 0; i < book_.rules.size(); ++i) {
      if (evaluation.OfRule(i) == Truth::kYes && evaluation.IsShown(i)) held_[i] = true;
    }
  }

  const RuleBook& book_;
  std::vector<bool> held_;
  TrialReport report_;
};

}  // namespace

StatusOr<TrialReport> RunTrials(const RuleBook& book, bool stop_at_failure) {
  Runner runner(book);
  for (const Pack& pack : book.packs) {
    for (const Trial& trial : pack.trials) {
      RK_RETURN_IF_ERROR(runner.Run(pack, trial));
      if (stop_at_failure && runner.has_failed()) return runner.Finish();
    }
  }
  return runner.Finish();
}

}  // namespace renkei::rules
