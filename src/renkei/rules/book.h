// SPDX-License-Identifier: Apache-2.0
// Packs put together and compiled: every name settled, every date sorted into epochs between
// which nothing changes. Immutable; any number of threads may read it. The order of packs, and of
// rules in a pack, makes no difference: rules stand in the order of their ids.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "renkei/base/status.h"
#include "renkei/rules/country.h"
#include "renkei/rules/number.h"
#include "renkei/rules/pack.h"

namespace renkei::rules {

inline constexpr uint32_t kNone = UINT32_MAX;
inline constexpr std::string_view kItemKind = "item.kind";
inline constexpr std::string_view kPartyPrefix = "party.";

// Every fact is a number within bounds: no 0, yes 1; a country or word its index; nothing known:
// from the first to the last.
struct Fact {
  FactDeclaration said{};
  bool of_party = false;
  uint32_t slot = 0;  // among the facts of the crossing, or of a party
  Interval unknown{};
  uint64_t kinds = ~uint64_t{0};  // values of item.kind that have it
};

enum class Op : uint8_t {
  kAll,
  kAny,
  kNot,
  kAnyParty,
  kTrue,
  kFalse,
  kYes,
  kCompare,
  kCountry,
  kWord,
  kClass,
  kTerm,
  kRule
};

// A condition as it is evaluated: small, for there are thousands.
struct Node {
  Op op = Op::kTrue;
  Comparison comparison = Comparison::kLess;
  bool of_party = false;
  bool has_kinds = false;  // the fact belongs to some kinds of items only
  uint16_t slot = 0;       // of the fact
  uint16_t count = 0;      // of parts
  // Its parts: book.parts[target .. target + count). kCountry: a set; kClass, kTerm, kRule: its
  // index.
  uint32_t target = 0;
  uint64_t words = 0;  // kWord: those that it may be; kYes: 1 when it asks for yes
  double number = 0;
};
static_assert(sizeof(Node) == 32);

inline constexpr size_t kBookClassesMax = 256;
using ClassSet = std::bitset<kBookClassesMax>;

// A rule as it is evaluated.
struct RuleCode {
  uint32_t when = kNone;
  uint32_t except = kNone;
  bool has_needs = false;
  ClassSet needs{};  // it does not hold of an item that has none of these
};

// What a node says, for people: where it comes from and which fact it asks for.
struct NodeSource {
  const Condition* said = nullptr;
  uint32_t fact = kNone;
};

struct BookClass {
  std::string id{};
  Jurisdiction jurisdiction = Jurisdiction::kUs;
  std::vector<uint32_t> rules{};  // that give it
};

struct BookTerm {
  std::string id{};
  std::optional<Words> says{};
  uint32_t when = kNone;
  bool of_party = false;  // asks about one party
};

struct BookRule {
  Rule said{};
  uint32_t pack = 0;
  Jurisdiction jurisdiction = Jurisdiction::kUs;
  uint32_t when = kNone;
  uint32_t except = kNone;
  std::vector<uint32_t> shown{};
  std::vector<uint32_t> targets{};    // rules
  std::vector<uint32_t> lifted_by{};  // of a requirement: exceptions and reviews
  std::vector<uint32_t> denied_by{};  // of a requirement: rules that contradict it
  std::vector<uint32_t> about{};      // classes that its condition asks for
  std::vector<uint32_t> policies{};   // of a requirement
  std::vector<bool> shuts{};          // of "only exceptions": by rule
};

// Rules by their effect; those that single requirements are lifted or contradicted by, and the
// rules of classes, are found from there.
struct RuleLists {
  std::vector<uint32_t> not_subject{};
  std::vector<uint32_t> no_licence{};
  std::vector<uint32_t> require{};
  std::vector<uint32_t> prohibit{};
  std::vector<uint32_t> only_exceptions{};
  std::vector<uint32_t> review{};
  std::vector<uint32_t> note{};
};

// What holds on the days of one epoch in one jurisdiction and layer.
struct InForce {
  RuleLists all{};
  std::vector<RuleLists> by_kind{};  // of an item of that kind: those that may hold
  std::vector<uint8_t> active{};     // by rule
};

// Made by Compile and not changed afterwards.
struct RuleBook {
  RuleBook() = default;
  RuleBook(RuleBook&&) = default;  // not copied: nodes point at the conditions of rules and terms
  RuleBook& operator=(RuleBook&&) = default;

  std::vector<Pack> packs{};  // in the order of their ids; their rules stand in `rules`
  std::vector<Fact> facts{};
  std::vector<Node> nodes{};
  std::vector<uint32_t> parts{};           // as they are said
  std::vector<uint32_t> cheapest_first{};  // the same, in the order in which to evaluate them
  std::vector<NodeSource> sources{};       // by node
  std::vector<BookClass> classes{};
  std::vector<BookTerm> terms{};
  std::vector<BookRule> rules{};
  std::vector<RuleCode> codes{};  // by rule
  // Rules, then rules + classes + terms, whose truth may differ between layers.
  std::vector<uint32_t> layered{};
  // By jurisdiction: its classes, and those among them that rules give.
  std::array<ClassSet, 2> classes_of{};
  std::array<std::vector<uint32_t>, 2> given_by_rules{};
  std::map<std::string, uint32_t, std::less<>> fact_by_id{};
  std::map<std::pair<Jurisdiction, std::string>, uint32_t> class_by_id{};
  std::map<std::string, uint32_t, std::less<>> term_by_id{};
  std::map<std::string, uint32_t, std::less<>> rule_by_id{};
  uint32_t slots = 0;        // facts of a crossing
  uint32_t party_slots = 0;  // facts of each party
  // Kinds of items that have the fact, by slot: of the crossing, of a party.
  std::array<std::vector<uint64_t>, 2> kinds_by_slot{};
  uint32_t kind_slot = 0;      // of item.kind
  std::vector<Date> epochs{};  // their first days, ascending
  uint32_t set_count = 0;
  std::vector<CountrySet> sets{};  // [epoch * set_count + set]
  std::vector<InForce> in_forces;  // [(epoch * 2 + jurisdiction) * 2 + layer]

  // What is before the first epoch belongs to it.
  uint32_t EpochOf(Date date) const;
  const InForce& in_force(uint32_t epoch, Jurisdiction jurisdiction, Layer layer) const {
    return in_forces[(epoch * 2 + static_cast<uint32_t>(jurisdiction)) * 2 +
                     static_cast<uint32_t>(layer)];
  }
  uint64_t KindsOf(const Node& node) const {
    return kinds_by_slot[node.of_party ? 1 : 0][node.slot];
  }
  bool InSet(uint32_t epoch, uint32_t set, size_t country) const {
    return sets[epoch * set_count + set][country];
  }
  std::span<const uint32_t> PartsOf(const Node& node) const {
    return {parts.data() + node.target, node.count};
  }
  std::span<const uint32_t> CheapestFirst(const Node& node) const {
    return {cheapest_first.data() + node.target, node.count};
  }
  const syntax::Value* FindModel(std::string_view id) const;
};

//   INVALID_ARGUMENT    a name that nothing has, or two have; a wrong type; a loop; says where
//   RESOURCE_EXHAUSTED  more than kRulesMax rules or kFactsMax facts
StatusOr<RuleBook> Compile(std::vector<Pack> packs);

}  // namespace renkei::rules
