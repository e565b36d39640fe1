// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/mutation.h"

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "renkei/rules/book.h"
#include "renkei/rules/trial_run.h"

namespace renkei::rules {
namespace {

using Kind = Condition::Kind;

struct Mutation {
  std::string kind;
  std::string what;
  std::function<void(std::vector<Pack>&)> plant;
};

// Where a condition stands, so that it can be found again in a copy of the packs.
using Finder = std::function<Condition&(std::vector<Pack>&)>;
using DateFinder = std::function<std::optional<Date>&(std::vector<Pack>&)>;

class Planner {
 public:
  explicit Planner(const std::vector<Pack>& packs) : packs_(packs) {}

  std::vector<Mutation> Plan() {
    for (size_t p = 0; p < packs_.size(); ++p) {
      for (size_t t = 0; t < packs_[p].terms.size(); ++t) {
        PlanCondition(
            packs_[p].where + ": " + packs_[p].terms[t].id, packs_[p].terms[t].when,
            [p, t](std::vector<Pack>& packs) -> Condition& { return packs[p].terms[t].when; });
      }
      for (size_t r = 0; r < packs_[p].rules.size(); ++r) PlanRule(p, r);
      PlanGroups(p);
    }
    return std::move(mutations_);
  }

 private:
  void PlanRule(size_t p, size_t r) {
    const Rule& rule = packs_[p].rules[r];
    const std::string where = packs_[p].where + ": " + rule.id;
    PlanCondition(where, rule.when, [p, r](std::vector<Pack>& packs) -> Condition& {
      return packs[p].rules[r].when;
    });
    if (rule.except) {
      mutations_.push_back({"exception", where + ": except: removed",
                            [p, r](auto& packs) { packs[p].rules[r].except.reset(); }});
    }
    for (size_t s = 0; s < rule.shown.size(); ++s) {
      mutations_.push_back(
          {"shown", fmt::format("{}: shown: {} removed", where, s + 1), [p, r, s](auto& packs) {
             auto& shown = packs[p].rules[r].shown;
             shown.erase(shown.begin() + static_cast<std::ptrdiff_t>(s));
           }});
    }
    PlanDate(where + ": from", rule.period.from,
             [p, r](auto& packs) -> std::optional<Date>& { return packs[p].rules[r].period.from; });
    PlanDate(where + ": until", rule.period.until, [p, r](auto& packs) -> std::optional<Date>& {
      return packs[p].rules[r].period.until;
    });
    PlanDate(where + ": comply_from", rule.comply_from,
             [p, r](auto& packs) -> std::optional<Date>& { return packs[p].rules[r].comply_from; });
  }

  void PlanGroups(size_t p) {
    for (size_t g = 0; g < packs_[p].groups.size(); ++g) {
      for (size_t m = 0; m < packs_[p].groups[g].members.size(); ++m) {
        const GroupMember& member = packs_[p].groups[g].members[m];
        const std::string where =
            fmt::format("{}: {}: {}", packs_[p].where, packs_[p].groups[g].id, member.country);
        PlanDate(where, member.period.from, [p, g, m](auto& packs) -> std::optional<Date>& {
          return packs[p].groups[g].members[m].period.from;
        });
        PlanDate(where, member.period.until, [p, g, m](auto& packs) -> std::optional<Date>& {
          return packs[p].groups[g].members[m].period.until;
        });
      }
    }
  }

  void PlanDate(const std::string& where, const std::optional<Date>& date, DateFinder find) {
    if (!date) return;
    for (const int days : {-1, 1}) {
      mutations_.push_back(
          {"date", fmt::format("{}: {:+} day", where, days),
           [find, days](auto& packs) { *find(packs) += std::chrono::days(days); }});
    }
  }

  void PlanCondition(const std::string& where, const Condition& condition, const Finder& find) {
    for (size_t i = 0; i < condition.parts.size(); ++i) {
      PlanCondition(where, condition.parts[i], [find, i](std::vector<Pack>& packs) -> Condition& {
        return find(packs).parts[i];
      });
    }
    if (!condition.parts.empty()) return;
    const std::string line =
        condition.at.line == 0 ? "" : fmt::format(" (line {})", condition.at.line);
    const std::string what = fmt::format("{}: {}{}", where, TextOf(condition), line);
    // A list without parts: all of nothing holds, any of nothing does not.
    for (const Kind kind : {Kind::kAll, Kind::kAny}) {
      mutations_.push_back({"condition",
                            what + (kind == Kind::kAll ? " always holds" : " never holds"),
                            [find, kind](auto& packs) { find(packs) = {.kind = kind}; }});
    }
    if (condition.kind != Kind::kCompare) return;
    mutations_.push_back(
        {"threshold", what + ": the number itself on the other side", [find](auto& packs) {
           Comparison& comparison = find(packs).comparison;
           comparison = OtherSide(comparison);
         }});
    for (const double factor : {0.99, 1.01}) {
      mutations_.push_back({"threshold", fmt::format("{}: times {}", what, factor),
                            [find, factor](auto& packs) { find(packs).number *= factor; }});
    }
  }

  static Comparison OtherSide(Comparison comparison) {
    switch (comparison) {
      case Comparison::kLess:
        return Comparison::kAtMost;
      case Comparison::kAtMost:
        return Comparison::kLess;
      case Comparison::kMore:
        return Comparison::kAtLeast;
      case Comparison::kAtLeast:
        break;
    }
    return Comparison::kMore;
  }

  static std::string TextOf(const Condition& condition) {
    if (condition.kind == Kind::kCompare) {
      return fmt::format("{} {} {}", condition.name, NameOf(condition.comparison),
                         condition.number);
    }
    return fmt::format("{} {}", condition.name, fmt::join(condition.values, ", "));
  }

  const std::vector<Pack>& packs_;
  std::vector<Mutation> mutations_;
};

// Whether the tests notice; a pack that no longer compiles, or whose tests break, is noticed too.
bool IsCaught(const std::vector<Pack>& packs, const Mutation& mutation) {
  std::vector<Pack> changed = packs;
  mutation.plant(changed);
  const auto book = Compile(std::move(changed));
  if (!book.ok()) return true;
  const auto report = RunTrials(*book, true);
  return !report.ok() || !report->failures.empty();
}

}  // namespace

StatusOr<MutationReport> PlantMutations(const std::vector<Pack>& packs, int threads) {
  RK_ASSIGN_OR_RETURN(const RuleBook book, Compile(packs));
  RK_ASSIGN_OR_RETURN(const TrialReport unchanged, RunTrials(book));
  if (!unchanged.failures.empty()) {
    return Error(Code::kFailedPrecondition, "a test fails as it is: {}", unchanged.failures[0]);
  }
  const std::vector<Mutation> mutations = Planner(packs).Plan();
  std::vector<char> caught(mutations.size());
  std::atomic<size_t> next{0};
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        for (size_t at = next++; at < mutations.size(); at = next++) {
          caught[at] = IsCaught(packs, mutations[at]) ? 1 : 0;
        }
      });
    }
  }
  MutationReport report;
  for (size_t i = 0; i < mutations.size(); ++i) {
    MutationScore& score = report.by_kind[mutations[i].kind];
    ++score.planted;
    if (caught[i] != 0) {
      ++score.caught;
    } else {
      report.survivors.push_back(mutations[i].what);
    }
  }
  return report;
}

}  // namespace renkei::rules
