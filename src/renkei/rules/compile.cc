// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <utility>

#include "renkei/base/check.h"
#include "renkei/rules/book.h"
#include "renkei/rules/epochs.h"
#include "renkei/rules/rule_index.h"
#include "renkei/syntax/fields.h"

namespace renkei::rules {
namespace {

using Kind = Condition::Kind;

// Where a condition stands: what errors name, and what its names mean.
struct Place {
  std::string where;  // "file: rules: 3A090.a"
  Jurisdiction jurisdiction = Jurisdiction::kUs;
  bool of_party = false;  // inside "any party"
};

Status Refuse(const Place& place, const syntax::Position& at, std::string_view what) {
  return Error(Code::kInvalidArgument, "{}: {}{}", place.where, syntax::PositionText(at), what);
}

class Compiler {
 public:
  explicit Compiler(std::vector<Pack> packs) {
    std::ranges::sort(packs, {}, &Pack::id);
    book_.packs = std::move(packs);
  }

  StatusOr<RuleBook> Compile() {
    RK_RETURN_IF_ERROR(CheckPacks());
    RK_RETURN_IF_ERROR(TakeFacts());
    RK_RETURN_IF_ERROR(TakeGroupsAndTerms());
    RK_RETURN_IF_ERROR(TakeRules());
    for (uint32_t i = 0; i < book_.terms.size(); ++i) RK_RETURN_IF_ERROR(LinkTerm(i));
    for (uint32_t i = 0; i < book_.rules.size(); ++i) RK_RETURN_IF_ERROR(LinkRule(i));
    RK_RETURN_IF_ERROR(CheckLoops());
    if (book_.classes.size() > kBookClassesMax) {
      return Error(Code::kResourceExhausted, "{} classes, at most {}", book_.classes.size(),
                   kBookClassesMax);
    }
    FillEpochs(sets_, book_);
    IndexByKind(book_);
    IndexClasses(book_);
    IndexLayers(book_);
    IndexOrder(book_);
    return std::move(book_);
  }

 private:
  Status CheckPacks() const {
    for (size_t i = 1; i < book_.packs.size(); ++i) {
      if (book_.packs[i - 1].id != book_.packs[i].id) continue;
      return Error(Code::kInvalidArgument, "{}: the pack {} was read from {} already; give one",
                   book_.packs[i].where, book_.packs[i].id, book_.packs[i - 1].where);
    }
    return Ok();
  }

  Status TakeFacts() {
    for (const Pack& pack : book_.packs) {
      for (const FactDeclaration& said : pack.facts) {
        const Place place{.where = pack.where + ": facts: " + said.id};
        Fact fact{.said = said, .of_party = said.id.starts_with(kPartyPrefix)};
        fact.slot = fact.of_party ? book_.party_slots++ : book_.slots++;
        const size_t last = said.type == FactType::kWord      ? said.words.size() - 1
                            : said.type == FactType::kCountry ? kCountries - 1
                                                              : 1;
        if (said.type != FactType::kNumber) fact.unknown = {0, static_cast<double>(last)};
        const auto index = static_cast<uint32_t>(book_.facts.size());
        if (!book_.fact_by_id.emplace(said.id, index).second) {
          return Refuse(place, said.at, "a second fact of this name");
        }
        book_.facts.push_back(std::move(fact));
      }
    }
    if (book_.facts.size() > kFactsMax) {
      return Error(Code::kResourceExhausted, "{} facts, at most {}", book_.facts.size(), kFactsMax);
    }
    const auto kind = book_.fact_by_id.find(kItemKind);
    if (kind == book_.fact_by_id.end() || book_.facts[kind->second].said.type != FactType::kWord) {
      return Error(Code::kInvalidArgument, "no pack declares the fact {} as a word", kItemKind);
    }
    book_.kind_slot = book_.facts[kind->second].slot;
    book_.kinds_by_slot[0].resize(book_.slots, ~uint64_t{0});
    book_.kinds_by_slot[1].resize(book_.party_slots, ~uint64_t{0});
    for (Fact& fact : book_.facts) {
      if (fact.said.of.empty()) continue;
      const Place place{.where = "facts: " + fact.said.id};
      RK_ASSIGN_OR_RETURN(fact.kinds,
                          WordMask(book_.facts[kind->second], fact.said.of, place, fact.said.at));
      book_.kinds_by_slot[fact.of_party ? 1 : 0][fact.slot] = fact.kinds;
    }
    return Ok();
  }

  static StatusOr<uint64_t> WordMask(const Fact& fact, const std::vector<std::string>& words,
                                     const Place& place, const syntax::Position& at) {
    uint64_t mask = 0;
    for (const std::string& word : words) {
      const auto found = std::ranges::find(fact.said.words, word);
      if (found == fact.said.words.end()) {
        return Refuse(place, at, fmt::format("'{}' is no word of {}", word, fact.said.id));
      }
      mask |= uint64_t{1} << (found - fact.said.words.begin());
    }
    return mask;
  }

  Status TakeGroupsAndTerms() {
    for (const Pack& pack : book_.packs) {
      for (const CountryGroup& group : pack.groups) {
        const Place place{.where = pack.where + ": groups: " + group.id};
        if (CountryIndex(group.id)) return Refuse(place, group.at, "the code of a country");
        if (!groups_.insert(group.id).second) {
          return Refuse(place, group.at, "a second group of this name");
        }
      }
      for (const Term& term : pack.terms) {
        const Place place{.where = pack.where + ": terms: " + term.id};
        const auto index = static_cast<uint32_t>(book_.terms.size());
        if (!book_.term_by_id.emplace(term.id, index).second) {
          return Refuse(place, term.at, "a second term of this name");
        }
        book_.terms.push_back({.id = term.id, .says = term.says});
        term_sources_.push_back({&term, &pack});
      }
    }
    return Ok();
  }

  Status TakeRules() {
    for (uint32_t p = 0; p < book_.packs.size(); ++p) {
      for (Rule& rule : book_.packs[p].rules) {
        book_.rules.push_back(
            {.said = std::move(rule), .pack = p, .jurisdiction = *book_.packs[p].jurisdiction});
      }
      book_.packs[p].rules.clear();
    }
    if (book_.rules.size() > kRulesMax) {
      return Error(Code::kResourceExhausted, "{} rules, at most {}", book_.rules.size(), kRulesMax);
    }
    std::ranges::sort(book_.rules, {}, [](const BookRule& rule) { return rule.said.id; });
    for (uint32_t i = 0; i < book_.rules.size(); ++i) {
      const BookRule& rule = book_.rules[i];
      if (!book_.rule_by_id.emplace(rule.said.id, i).second) {
        return Refuse(PlaceOf(i), rule.said.at, "a second rule of this name");
      }
      if (rule.said.effect != Effect::kClass) continue;
      book_.classes[ClassOf(rule.jurisdiction, rule.said.subject)].rules.push_back(i);
    }
    return Ok();
  }

  Place PlaceOf(uint32_t rule) const {
    const BookRule& each = book_.rules[rule];
    return {.where = book_.packs[each.pack].where + ": rules: " + each.said.id,
            .jurisdiction = each.jurisdiction};
  }

  uint32_t ClassOf(Jurisdiction jurisdiction, const std::string& id) {
    const auto index = static_cast<uint32_t>(book_.classes.size());
    const auto [at, added] = book_.class_by_id.emplace(std::pair(jurisdiction, id), index);
    if (added) book_.classes.push_back({.id = id, .jurisdiction = jurisdiction});
    return at->second;
  }

  uint32_t Add(const Node& node, const Condition& said, uint32_t fact = kNone) {
    book_.nodes.push_back(node);
    book_.sources.push_back({.said = &said, .fact = fact});
    return static_cast<uint32_t>(book_.nodes.size() - 1);
  }

  uint32_t AddList(Op op, const std::vector<uint32_t>& parts, const Condition& said) {
    const Node node{.op = op,
                    .count = static_cast<uint16_t>(parts.size()),
                    .target = static_cast<uint32_t>(book_.parts.size())};
    book_.parts.insert(book_.parts.end(), parts.begin(), parts.end());
    return Add(node, said);
  }

  Status LinkTerm(uint32_t index) {
    const auto [term, pack] = term_sources_[index];
    // A term that asks about a party may stand inside "any party" alone.
    Place place{.where = pack->where + ": terms: " + term->id,
                .jurisdiction = pack->jurisdiction.value_or(Jurisdiction::kUs),
                .of_party = AsksAboutParty(term->when, 0)};
    book_.terms[index].of_party = place.of_party;
    RK_ASSIGN_OR_RETURN(book_.terms[index].when, Link(term->when, place));
    return Ok();
  }

  bool AsksAboutParty(const Condition& condition, int depth) const {
    if (condition.kind == Kind::kAnyParty || depth > 64) return false;
    if (condition.kind == Kind::kTerm) {
      const auto term = book_.term_by_id.find(condition.name);
      return term != book_.term_by_id.end() &&
             AsksAboutParty(term_sources_[term->second].first->when, depth + 1);
    }
    if (condition.name.starts_with(kPartyPrefix)) return true;
    return std::ranges::any_of(condition.parts,
                               [&](const Condition& part) { return AsksAboutParty(part, depth); });
  }

  Status LinkRule(uint32_t index) {
    const Place place = PlaceOf(index);
    const Rule& said = book_.rules[index].said;
    RK_ASSIGN_OR_RETURN(const uint32_t when, Link(said.when, place));
    book_.rules[index].when = when;
    if (said.except) {
      RK_ASSIGN_OR_RETURN(const uint32_t except, Link(*said.except, place));
      book_.rules[index].except = except;
    }
    for (const Condition& shown : said.shown) {
      RK_ASSIGN_OR_RETURN(const uint32_t node, Link(shown, place));
      book_.rules[index].shown.push_back(node);
    }
    for (const std::string& id : said.targets) {
      const auto target = book_.rule_by_id.find(id);
      if (target == book_.rule_by_id.end()) {
        return Refuse(place, said.at, fmt::format("no rule {}", id));
      }
      RK_RETURN_IF_ERROR(Aim(index, target->second, place));
    }
    if (said.effect != Effect::kOnlyExceptions) return Ok();
    std::vector<bool> shuts(book_.rules.size());
    std::set<std::string, std::less<>> open(said.but.begin(), said.but.end());
    for (uint32_t i = 0; i < book_.rules.size(); ++i) {
      const Rule& other = book_.rules[i].said;
      if (other.effect != Effect::kException || book_.rules[i].jurisdiction != place.jurisdiction) {
        continue;
      }
      // By its name, or by the id of one of several rules of that name. A licence that is held, in
      // a pack of one's own, is no licence exception and stays.
      shuts[i] = !book_.packs[book_.rules[i].pack].is_private && !open.contains(other.subject) &&
                 !open.contains(other.id);
      names_open_.insert(other.subject);
      names_open_.insert(other.id);
    }
    for (const std::string& name : said.but) {
      if (!names_open_.contains(name)) {
        return Refuse(place, said.at, fmt::format("but: no exception {}", name));
      }
    }
    book_.rules[index].shuts = std::move(shuts);
    return Ok();
  }

  Status Aim(uint32_t from, uint32_t to, const Place& place) {
    BookRule& target = book_.rules[to];
    const Rule& said = book_.rules[from].said;
    if (target.said.effect != Effect::kRequire || target.jurisdiction != place.jurisdiction) {
      return Refuse(
          place, said.at,
          fmt::format("{} is no licence requirement of this jurisdiction", target.said.id));
    }
    book_.rules[from].targets.push_back(to);
    std::vector<uint32_t>& list = said.effect == Effect::kPolicy      ? target.policies
                                  : said.effect == Effect::kNoLicence ? target.denied_by
                                                                      : target.lifted_by;
    list.push_back(from);
    return Ok();
  }

  StatusOr<uint32_t> Link(const Condition& said, const Place& place) {
    switch (said.kind) {
      case Kind::kAll:
      case Kind::kAny:
      case Kind::kNot:
      case Kind::kAnyParty:
        return LinkParts(said, place);
      case Kind::kIs:
      case Kind::kCompare:
        return LinkFact(said, place);
      case Kind::kClass:
        return LinkClass(said, place);
      case Kind::kRequirement:
        return LinkRequirement(said, place);
      case Kind::kTerm: {
        const auto term = book_.term_by_id.find(said.name);
        if (term == book_.term_by_id.end()) {
          return Refuse(place, said.at, fmt::format("'{}' is no term", said.name));
        }
        const bool of_party = AsksAboutParty(said, 0);
        if (of_party && !place.of_party) return PartyOutside(said, place);
        return Add({.op = Op::kTerm, .of_party = of_party, .target = term->second}, said);
      }
      case Kind::kRule: {
        const auto rule = book_.rule_by_id.find(said.name);
        if (rule == book_.rule_by_id.end()) {
          return Refuse(place, said.at, fmt::format("no rule {}", said.name));
        }
        return Add({.op = Op::kRule, .target = rule->second}, said);
      }
    }
    RK_CHECK(false);
  }

  static Status PartyOutside(const Condition& said, const Place& place) {
    return Refuse(place, said.at,
                  fmt::format("{} asks about a party; put it into {{any party: ...}}", said.name));
  }

  StatusOr<uint32_t> LinkParts(const Condition& said, Place place) {
    const Op op = said.kind == Kind::kAll   ? Op::kAll
                  : said.kind == Kind::kAny ? Op::kAny
                  : said.kind == Kind::kNot ? Op::kNot
                                            : Op::kAnyParty;
    if (said.kind == Kind::kAnyParty) {
      if (place.of_party) return Refuse(place, said.at, "any party inside any party");
      place.of_party = true;
    }
    std::vector<uint32_t> parts;
    for (const Condition& part : said.parts) {
      RK_ASSIGN_OR_RETURN(const uint32_t index, Link(part, place));
      parts.push_back(index);
    }
    return AddList(op, parts, said);
  }

  StatusOr<uint32_t> LinkFact(const Condition& said, const Place& place) {
    const auto found = book_.fact_by_id.find(said.name);
    if (found == book_.fact_by_id.end()) {
      return Refuse(place, said.at, fmt::format("no fact {}", said.name));
    }
    const Fact& fact = book_.facts[found->second];
    if (fact.of_party && !place.of_party) return PartyOutside(said, place);
    Node node{.of_party = fact.of_party,
              .has_kinds = !fact.said.of.empty(),
              .slot = static_cast<uint16_t>(fact.slot)};
    const bool compares = said.kind == Kind::kCompare;
    if (compares != (fact.said.type == FactType::kNumber)) {
      return Refuse(place, said.at,
                    compares ? fmt::format("{} is no number", said.name)
                             : fmt::format("{} is a number; compare it", said.name));
    }
    if (compares) {
      node.op = Op::kCompare;
      node.comparison = said.comparison;
      node.number = said.number;
      return Add(node, said, found->second);
    }
    if (fact.said.type == FactType::kTruth) return LinkTruth(said, place, node);
    if (fact.said.type == FactType::kCountry) {
      node.op = Op::kCountry;
      RK_ASSIGN_OR_RETURN(node.target, SetOf(said, place));
      return Add(node, said, found->second);
    }
    node.op = Op::kWord;
    RK_ASSIGN_OR_RETURN(node.words, WordMask(fact, said.values, place, said.at));
    return Add(node, said, found->second);
  }

  StatusOr<uint32_t> LinkTruth(const Condition& said, const Place& place, Node node) {
    if (said.values.size() != 1 || (said.values[0] != "yes" && said.values[0] != "no")) {
      return Refuse(place, said.at, fmt::format("{} is yes or no", said.name));
    }
    // "is no" is said of an item that the fact belongs to; hence a word of its own.
    node.op = Op::kYes;
    node.words = said.values[0] == "yes" ? 1 : 0;
    return Add(node, said, book_.fact_by_id.find(said.name)->second);
  }

  StatusOr<uint32_t> SetOf(const Condition& said, const Place& place) {
    std::vector<std::string> members = said.values;
    for (const std::string& member : members) {
      if (CountryIndex(member) || groups_.contains(member)) continue;
      return Refuse(place, said.at, fmt::format("'{}' is no country and no group", member));
    }
    std::ranges::sort(members);
    const auto same = std::ranges::find(sets_, members);
    if (same != sets_.end()) return static_cast<uint32_t>(same - sets_.begin());
    sets_.push_back(std::move(members));
    return static_cast<uint32_t>(sets_.size() - 1);
  }

  StatusOr<uint32_t> LinkClass(const Condition& said, const Place& place) {
    std::vector<uint32_t> any;
    for (const std::string& id : said.values) {
      any.push_back(Add({.op = Op::kClass, .target = ClassOf(place.jurisdiction, id)}, said));
    }
    return any.size() == 1 ? any[0] : AddList(Op::kAny, any, said);
  }

  // Requirements whose cite begins with the part: "744" has 744.23(a)(3).
  StatusOr<uint32_t> LinkRequirement(const Condition& said, const Place& place) {
    std::vector<uint32_t> any;
    for (const std::string& id : said.but) {
      if (!book_.rule_by_id.contains(id)) {
        return Refuse(place, said.at, fmt::format("but: no rule {}", id));
      }
    }
    for (uint32_t i = 0; i < book_.rules.size(); ++i) {
      const Rule& rule = book_.rules[i].said;
      const bool under = std::ranges::any_of(said.values, [&](const std::string& part) {
        return std::ranges::any_of(
            rule.cites, [&](const std::string& cite) { return cite.starts_with(part + "."); });
      });
      const bool wanted = rule.effect == Effect::kRequire && under &&
                          book_.rules[i].jurisdiction == place.jurisdiction &&
                          std::ranges::count(said.but, rule.id) == 0;
      if (wanted) any.push_back(Add({.op = Op::kRule, .target = i}, said));
    }
    if (any.empty()) return Add({.op = Op::kFalse}, said);
    return AddList(Op::kAny, any, said);
  }

  // Terms, classes and rules that rest on themselves have no value.
  Status CheckLoops() const {
    std::map<std::pair<Op, uint32_t>, bool> done;
    for (uint32_t i = 0; i < book_.rules.size(); ++i) {
      std::vector<std::string> path;
      RK_RETURN_IF_ERROR(Visit({Op::kRule, i}, done, path));
    }
    return Ok();
  }

  using Named = std::pair<Op, uint32_t>;
  Status Visit(Named named, std::map<Named, bool>& done, std::vector<std::string>& path) const {
    const auto [op, index] = named;
    const std::string& id = op == Op::kRule    ? book_.rules[index].said.id
                            : op == Op::kClass ? book_.classes[index].id
                                               : book_.terms[index].id;
    path.push_back(id);
    const auto [at, is_new] = done.emplace(named, false);
    if (!is_new && !at->second) {
      return Error(Code::kInvalidArgument, "a loop: {}",
                   fmt::format("{}", fmt::join(path, " rests on ")));
    }
    if (is_new) {
      std::vector<uint32_t> roots;
      if (op == Op::kTerm) roots = {book_.terms[index].when};
      if (op == Op::kRule) roots = RootsOf(book_.rules[index]);
      if (op == Op::kClass) {
        for (const uint32_t rule : book_.classes[index].rules) {
          RK_RETURN_IF_ERROR(Visit({Op::kRule, rule}, done, path));
        }
      }
      for (const uint32_t root : roots) RK_RETURN_IF_ERROR(VisitNode(root, done, path));
      done[named] = true;
    }
    path.pop_back();
    return Ok();
  }

  static std::vector<uint32_t> RootsOf(const BookRule& rule) {
    std::vector<uint32_t> roots = rule.shown;
    roots.push_back(rule.when);
    if (rule.except != kNone) roots.push_back(rule.except);
    return roots;
  }

  Status VisitNode(uint32_t index, std::map<Named, bool>& done,
                   std::vector<std::string>& path) const {
    const Node& node = book_.nodes[index];
    if (node.op == Op::kTerm || node.op == Op::kClass || node.op == Op::kRule) {
      return Visit({node.op, node.target}, done, path);
    }
    for (const uint32_t part : book_.PartsOf(node)) RK_RETURN_IF_ERROR(VisitNode(part, done, path));
    return Ok();
  }

  RuleBook book_;
  std::set<std::string, std::less<>> groups_;
  std::set<std::string, std::less<>> names_open_;
  std::vector<std::pair<const Term*, const Pack*>> term_sources_;
  std::vector<std::vector<std::string>> sets_;
};

}  // namespace

StatusOr<RuleBook> Compile(std::vector<Pack> packs) { return Compiler(std::move(packs)).Compile(); }

}  // namespace renkei::rules
