// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/satisfy.h"

#include "renkei/rules/assessment.h"
#include "renkei/rules/cells.h"

namespace renkei::rules {
namespace {

class Seeker {
 public:
  Seeker(const RuleBook& book, uint32_t epoch, Jurisdiction jurisdiction, Layer layer,
         const std::vector<uint32_t>& rules, size_t steps_max)
      : book_(book),
        epoch_(epoch),
        jurisdiction_(jurisdiction),
        layer_(layer),
        rules_(rules),
        steps_left_(steps_max),
        case_(EmptyCase(book)) {}

  Search Seek() {
    const Found found = Look();
    Search search{.found = found};
    if (found == Found::kYes) search.example = std::move(case_);
    return search;
  }

 private:
  Found Look() {
    if (steps_left_ == 0) return Found::kGaveUp;
    --steps_left_;
    std::optional<Variable> open;
    {
      Evaluation evaluation(book_, case_, epoch_, jurisdiction_, layer_);
      for (const uint32_t rule : rules_) {
        if (evaluation.OfRule(rule) == Truth::kNo) return Found::kNo;
        if (!open) open = OpenIn(evaluation, rule);
      }
    }
    if (!open) return Found::kYes;
    const Case before = case_;
    Settled settled;
    Found worst = Found::kNo;
    for (const Cell& cell : CellsOf(*open, book_, case_, epoch_, jurisdiction_)) {
      Assign(*open, cell, book_, jurisdiction_, case_, settled);
      const Found found = Look();
      if (found == Found::kYes) return found;
      if (found == Found::kGaveUp) worst = found;
      case_ = before;
    }
    return worst;
  }

  const RuleBook& book_;
  const uint32_t epoch_;
  const Jurisdiction jurisdiction_;
  const Layer layer_;
  const std::vector<uint32_t>& rules_;
  size_t steps_left_;
  Case case_;
};

}  // namespace

Search FindCase(const RuleBook& book, uint32_t epoch, Jurisdiction jurisdiction, Layer layer,
                const std::vector<uint32_t>& rules, size_t steps_max) {
  return Seeker(book, epoch, jurisdiction, layer, rules, steps_max).Seek();
}

}  // namespace renkei::rules
