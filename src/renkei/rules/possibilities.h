// SPDX-License-Identifier: Apache-2.0
// What an undecided case may turn out to be: a tree that splits on one unknown after the other
// until every leaf is settled.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "renkei/rules/decide.h"

namespace renkei::rules {

class Possibilities {
 public:
  Possibilities(const RuleBook& book, Case facts, uint32_t epoch, Jurisdiction jurisdiction,
                Layer layer);

  // The unknowns on which the outcome depends: for each there is some way that all else may be in
  // which its value changes the outcome. Ascending.
  std::vector<Missing> ThatMatter() const;
  // The outcome for each reason for control: a review where leaves differ.
  std::map<std::string, Outcome> Legs() const;

  const Assessment& first() const { return first_; }
  const Proof& ProveFirst() const { return first_proof_; }

 private:
  struct Place {  // a split, or a leaf when it has no children
    Variable variable;
    std::vector<uint32_t> children;  // by cell
    Outcome outcome;
    std::map<std::string, Outcome> legs;
  };
  using Path = std::map<Variable, size_t>;  // the cell of each variable

  uint32_t Grow(Settled& settled);
  // Adds every outcome that is possible under `path`.
  void Collect(uint32_t place, const Path& path, std::vector<Outcome>& outcomes) const;
  // Whether another value of `variable` can change the outcome of some leaf below `place`.
  bool Matters(uint32_t place, Path& path, const Variable& variable) const;

  const RuleBook& book_;
  Case facts_;
  const uint32_t epoch_;
  const Jurisdiction jurisdiction_;
  const Layer layer_;
  std::vector<Place> places_;
  std::map<Variable, std::vector<Cell>> cells_;
  uint32_t root_ = 0;
  size_t leaves_ = 0;
  bool too_many_ = false;
  Assessment first_;
  Proof first_proof_;
};

}  // namespace renkei::rules
