// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/possibilities.h"

#include <algorithm>
#include <set>
#include <utility>

namespace renkei::rules {
namespace {

bool Milder(const Outcome& a, const Outcome& b) {
  return std::pair(a.kind, a.names) < std::pair(b.kind, b.names);
}

void AddOnce(const Outcome& outcome, std::vector<Outcome>& outcomes) {
  if (std::ranges::find(outcomes, outcome) == outcomes.end()) outcomes.push_back(outcome);
}

// Countries that lead to the same stand in one branch.
void AddBranch(Branch branch, std::vector<Branch>& branches) {
  for (Branch& other : branches) {
    if (branch.cell.countries.empty() || other.outcomes != branch.outcomes) continue;
    std::vector<uint16_t>& all = other.cell.countries;
    all.insert(all.end(), branch.cell.countries.begin(), branch.cell.countries.end());
    std::ranges::sort(all);
    return;
  }
  branches.push_back(std::move(branch));
}

}  // namespace

Possibilities::Possibilities(const RuleBook& book, Case facts, uint32_t epoch,
                             Jurisdiction jurisdiction, Layer layer)
    : book_(book),
      facts_(std::move(facts)),
      epoch_(epoch),
      jurisdiction_(jurisdiction),
      layer_(layer) {
  Settled settled;
  root_ = Grow(settled);
}

uint32_t Possibilities::Grow(Settled& settled) {
  Evaluation evaluation(book_, facts_, epoch_, jurisdiction_, layer_);
  Assessment assessment = Assess(evaluation, settled);
  const auto index = static_cast<uint32_t>(places_.size());
  places_.emplace_back();
  too_many_ = too_many_ || leaves_ == kLeavesMax;
  if (!assessment.open || too_many_) {
    if (leaves_++ == 0) {
      first_proof_ = Prove(evaluation, assessment);
      first_ = assessment;
    }
    places_[index].outcome = std::move(assessment.outcome);
    places_[index].legs = std::move(assessment.legs);
    return index;
  }
  const Variable variable = *assessment.open;
  auto& cells = cells_[variable];
  if (cells.empty()) cells = CellsOf(variable, book_, facts_, epoch_, jurisdiction_);
  const Case before = facts_;
  const Settled settled_before = settled;
  std::vector<uint32_t> children;
  for (const Cell& cell : cells) {
    Assign(variable, cell, book_, jurisdiction_, facts_, settled);
    children.push_back(Grow(settled));
    facts_ = before;
    settled = settled_before;
  }
  places_[index].variable = variable;
  places_[index].children = std::move(children);
  return index;
}

void Possibilities::Collect(uint32_t index, const Path& path,
                            std::vector<Outcome>& outcomes) const {
  const Place& place = places_[index];
  if (place.children.empty()) return AddOnce(place.outcome, outcomes);
  const auto fixed = path.find(place.variable);
  if (fixed != path.end()) return Collect(place.children[fixed->second], path, outcomes);
  for (const uint32_t child : place.children) Collect(child, path, outcomes);
}

bool Possibilities::Matters(uint32_t index, Path& path, const Variable& variable) const {
  const Place& place = places_[index];
  if (!place.children.empty()) {
    for (size_t cell = 0; cell < place.children.size(); ++cell) {
      path[place.variable] = cell;
      const bool matters = Matters(place.children[cell], path, variable);
      path.erase(place.variable);
      if (matters) return true;
    }
    return false;
  }
  const auto here = path.find(variable);
  if (here == path.end()) return false;
  const size_t own = here->second;
  bool matters = false;
  for (size_t cell = 0; cell < cells_.at(variable).size() && !matters; ++cell) {
    if (cell == own) continue;
    path[variable] = cell;
    std::vector<Outcome> outcomes;
    Collect(root_, path, outcomes);
    matters = outcomes.size() > 1 || outcomes[0] != place.outcome;
  }
  path[variable] = own;
  return matters;
}

std::vector<Missing> Possibilities::ThatMatter() const {
  std::vector<Missing> list;
  for (const auto& [variable, cells] : cells_) {
    Missing missing{.variable = variable};
    Path path;
    if (!too_many_) {
      if (!Matters(root_, path, variable)) continue;
      for (size_t cell = 0; cell < cells.size(); ++cell) {
        Branch branch{.cell = cells[cell]};
        Collect(root_, {{variable, cell}}, branch.outcomes);
        std::ranges::sort(branch.outcomes, Milder);
        AddBranch(std::move(branch), missing.branches);
      }
    }
    list.push_back(std::move(missing));
  }
  return list;
}

std::map<std::string, Outcome> Possibilities::Legs() const {
  std::map<std::string, Outcome> legs;
  std::set<std::string> controls;
  for (const Place& place : places_) {
    for (const auto& [control, outcome] : place.legs) controls.insert(control);
  }
  for (const std::string& control : controls) {
    std::vector<Outcome> outcomes;
    for (const Place& place : places_) {
      if (!place.children.empty()) continue;
      const auto leg = place.legs.find(control);
      AddOnce(leg == place.legs.end() ? Outcome{} : leg->second, outcomes);
    }
    legs[control] = outcomes.size() == 1 ? outcomes[0] : Outcome{.kind = OutcomeKind::kReview};
  }
  return legs;
}

}  // namespace renkei::rules
