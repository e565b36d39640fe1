// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/cells.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

namespace renkei::rules {
namespace {

Cell Point(double value) { return {.value = {value, value}}; }

std::vector<Cell> NumberCells(uint32_t fact, const RuleBook& book, const Interval& within) {
  // Where a stretch begins: at t for ">= t" and "< t", just above it for "> t" and "<= t".
  std::set<double> begins;
  for (uint32_t i = 0; i < book.nodes.size(); ++i) {
    const Node& node = book.nodes[i];
    if (node.op != Op::kCompare || book.sources[i].fact != fact) continue;
    const bool above =
        node.comparison == Comparison::kMore || node.comparison == Comparison::kAtMost;
    const double begin = above ? std::nextafter(node.number, kInfinite) : node.number;
    if (begin > within.lo && begin <= within.hi) begins.insert(begin);
  }
  std::vector<Cell> cells;
  double lo = within.lo;
  for (const double begin : begins) {
    cells.push_back({.value = {lo, std::nextafter(begin, -kInfinite)}});
    lo = begin;
  }
  cells.push_back({.value = {lo, within.hi}});
  return cells;
}

std::vector<Cell> CountryCells(uint32_t fact, const RuleBook& book, uint32_t epoch) {
  std::set<uint32_t> sets;
  for (uint32_t i = 0; i < book.nodes.size(); ++i) {
    const Node& node = book.nodes[i];
    if (node.op == Op::kCountry && book.sources[i].fact == fact) sets.insert(node.target);
  }
  std::map<std::vector<bool>, Cell> cells;
  for (uint16_t country = 0; country < kCountries; ++country) {
    std::vector<bool> signature;
    for (const uint32_t set : sets) signature.push_back(book.InSet(epoch, set, country));
    const auto [at, is_new] = cells.emplace(signature, Point(country));
    at->second.countries.push_back(country);
  }
  std::vector<Cell> list;
  for (auto& [signature, cell] : cells) list.push_back(std::move(cell));
  return list;
}

// Words that no condition tells apart stand together, the first for all.
std::vector<Cell> WordCells(uint32_t fact, const RuleBook& book, const Interval& within) {
  std::set<uint64_t> masks;
  for (uint32_t i = 0; i < book.nodes.size(); ++i) {
    const Node& node = book.nodes[i];
    if (node.op == Op::kWord && book.sources[i].fact == fact) masks.insert(node.words);
    const bool has_kinds = node.has_kinds && book.facts[fact].said.id == kItemKind;
    if (has_kinds) masks.insert(book.KindsOf(node));
  }
  std::map<std::vector<bool>, Cell> cells;
  for (auto word = static_cast<int>(within.lo); word <= static_cast<int>(within.hi); ++word) {
    std::vector<bool> signature;
    for (const uint64_t mask : masks) signature.push_back((mask >> word & 1) != 0);
    cells.emplace(signature, Point(word));
  }
  std::vector<Cell> list;
  for (auto& [signature, cell] : cells) list.push_back(std::move(cell));
  return list;
}

std::vector<Cell> ClassCells(const RuleBook& book, const Case& facts, Jurisdiction jurisdiction) {
  std::vector<Cell> cells = {Point(-1)};
  for (uint32_t i = 0; i < book.classes.size(); ++i) {
    const bool open = book.classes[i].jurisdiction == jurisdiction && facts.open_classes[i];
    if (open) cells.push_back(Point(i));
  }
  return cells;
}

const Interval& ValueOf(const Variable& variable, const RuleBook& book, const Case& facts) {
  const uint32_t slot = book.facts[variable.index].slot;
  return variable.party == kNoParty ? facts.facts[slot]
                                    : facts.parties[static_cast<size_t>(variable.party)][slot];
}

std::string TextOfNumber(const Interval& value) {
  const bool from_below = value.lo == -kInfinite, without_end = value.hi == kInfinite;
  if (from_below && without_end) return "any number";
  // The end of a stretch is the number just below where the next begins.
  const std::string end = FormatNumber(std::nextafter(value.hi, kInfinite));
  if (from_below) return "below " + end;
  if (without_end) return FormatNumber(value.lo) + " or more";
  if (value.is_point()) return FormatNumber(value.lo);
  return fmt::format(
      "from {} to {}", FormatNumber(value.lo),
      end.size() < FormatNumber(value.hi).size() ? "below " + end : FormatNumber(value.hi));
}

std::string TextOfCountries(const std::vector<uint16_t>& countries) {
  constexpr size_t kShown = 24;
  std::vector<std::string_view> codes;
  for (const uint16_t country : countries) {
    if (codes.size() < kShown) codes.push_back(CountryCode(country));
  }
  const std::string text = fmt::format("{}", fmt::join(codes, ", "));
  if (countries.size() <= kShown) return text;
  return fmt::format("{} ... ({} countries)", text, countries.size());
}

}  // namespace

std::vector<Cell> CellsOf(const Variable& variable, const RuleBook& book, const Case& facts,
                          uint32_t epoch, Jurisdiction jurisdiction) {
  if (variable.kind == Variable::Kind::kConflict) return {Point(1), Point(0)};
  if (variable.kind == Variable::Kind::kClasses) return ClassCells(book, facts, jurisdiction);
  const Interval& value = ValueOf(variable, book, facts);
  switch (book.facts[variable.index].said.type) {
    case FactType::kTruth:
      return {Point(1), Point(0)};
    case FactType::kNumber:
      return NumberCells(variable.index, book, value);
    case FactType::kCountry:
      return CountryCells(variable.index, book, epoch);
    case FactType::kWord:
      break;
  }
  return WordCells(variable.index, book, value);
}

void Assign(const Variable& variable, const Cell& cell, const RuleBook& book,
            Jurisdiction jurisdiction, Case& facts, Settled& settled) {
  if (variable.kind == Variable::Kind::kConflict) {
    settled[variable.index] = cell.value.lo == 1;
    return;
  }
  if (variable.kind == Variable::Kind::kFact) {
    const uint32_t slot = book.facts[variable.index].slot;
    (variable.party == kNoParty ? facts.facts
                                : facts.parties[static_cast<size_t>(variable.party)])[slot] =
        cell.value;
    return;
  }
  for (uint32_t i = 0; i < book.classes.size(); ++i) {
    if (book.classes[i].jurisdiction != jurisdiction || !facts.open_classes[i]) continue;
    facts.classes.set(i, cell.value.lo == i);
    facts.open_classes.reset(i);
  }
}

std::string TextOf(const Variable& variable, const Cell& cell, const RuleBook& book) {
  if (variable.kind == Variable::Kind::kConflict) {
    return cell.value.lo == 1 ? "it stands" : "it does not stand";
  }
  if (variable.kind == Variable::Kind::kClasses) {
    return cell.value.lo < 0 ? "none" : book.classes[static_cast<size_t>(cell.value.lo)].id;
  }
  const Fact& fact = book.facts[variable.index];
  if (fact.said.type == FactType::kCountry) return TextOfCountries(cell.countries);
  if (fact.said.type == FactType::kNumber) return TextOfNumber(cell.value);
  return FormatFact(fact, cell.value);
}

}  // namespace renkei::rules
