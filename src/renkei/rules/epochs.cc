// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/epochs.h"

#include <algorithm>
#include <map>
#include <set>

namespace renkei::rules {
namespace {

using Groups = std::map<std::string, const CountryGroup*, std::less<>>;

void AddBreaks(const Period& period, std::set<Date>& breaks) {
  if (period.from) breaks.insert(*period.from);
  if (period.until) breaks.insert(*period.until + std::chrono::days(1));
}

CountrySet SetOn(Date date, const std::vector<std::string>& members, const Groups& groups) {
  CountrySet set;
  for (const std::string& member : members) {
    if (const auto country = CountryIndex(member)) {
      set.set(*country);
      continue;
    }
    for (const GroupMember& each : groups.find(member)->second->members) {
      if (each.period.Contains(date)) set.set(*CountryIndex(each.country));
    }
  }
  return set;
}

std::vector<uint32_t>* ListOf(Effect effect, RuleLists& lists) {
  switch (effect) {
    case Effect::kNotSubject:
      return &lists.not_subject;
    case Effect::kNoLicence:
      return &lists.no_licence;
    case Effect::kRequire:
      return &lists.require;
    case Effect::kProhibit:
      return &lists.prohibit;
    case Effect::kOnlyExceptions:
      return &lists.only_exceptions;
    case Effect::kReview:
      return &lists.review;
    case Effect::kNote:
      return &lists.note;
    case Effect::kClass:
    case Effect::kException:
    case Effect::kPolicy:
      return nullptr;  // found by the rules that they speak of
  }
  return nullptr;
}

InForce InForceOn(Date date, Jurisdiction jurisdiction, Layer layer, const RuleBook& book) {
  InForce in_force;
  in_force.active.resize(book.rules.size());
  for (uint32_t i = 0; i < book.rules.size(); ++i) {
    const BookRule& rule = book.rules[i];
    const bool in_layer = layer == Layer::kCodified ? rule.said.codified : rule.said.enforced;
    const bool in_time =
        FirstDay(rule.said) <= date && (!rule.said.period.until || date <= *rule.said.period.until);
    if (rule.jurisdiction != jurisdiction || !in_layer || !in_time) continue;
    in_force.active[i] = 1;
    // What contradicts or replaces single requirements is looked up from those.
    const bool aimed = !rule.targets.empty() && (rule.said.effect == Effect::kNoLicence ||
                                                 rule.said.effect == Effect::kReview);
    std::vector<uint32_t>* const list = ListOf(rule.said.effect, in_force.all);
    if (list != nullptr && !aimed) list->push_back(i);
  }
  return in_force;
}

}  // namespace

Date FirstDay(const Rule& rule) {
  return std::max(rule.period.from.value_or(Date{}), rule.comply_from.value_or(Date{}));
}

void FillEpochs(const std::vector<std::vector<std::string>>& sets, RuleBook& book) {
  std::set<Date> breaks = {Date{}};
  Groups groups;
  for (const Pack& pack : book.packs) {
    for (const CountryGroup& group : pack.groups) {
      groups.emplace(group.id, &group);
      for (const GroupMember& member : group.members) AddBreaks(member.period, breaks);
    }
  }
  for (const BookRule& rule : book.rules) {
    AddBreaks({FirstDay(rule.said), rule.said.period.until}, breaks);
  }
  book.epochs.assign(breaks.begin(), breaks.end());
  book.set_count = static_cast<uint32_t>(sets.size());
  for (const Date first : book.epochs) {
    for (const auto& members : sets) book.sets.push_back(SetOn(first, members, groups));
    for (const Jurisdiction jurisdiction : kJurisdictions) {
      for (const Layer layer : kLayers) {
        book.in_forces.push_back(InForceOn(first, jurisdiction, layer, book));
      }
    }
  }
}

}  // namespace renkei::rules
