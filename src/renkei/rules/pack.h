// SPDX-License-Identifier: Apache-2.0
// A rule pack: law as data, in YAML that a lawyer can read (docs/formats/rule-pack.md). This is
// what one file says; what the names in it mean is settled when packs are put together (book.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"
#include "renkei/rules/civil_date.h"
#include "renkei/rules/condition.h"
#include "renkei/rules/words.h"
#include "renkei/syntax/value.h"

namespace renkei::rules {

inline constexpr std::string_view kPackFormat = "renkei-rules/1";
inline constexpr size_t kPackBytesMax = 4 << 20;
inline constexpr size_t kRulesMax = 4096;  // of one pack, and of a book
inline constexpr size_t kFactsMax = 1024;
inline constexpr size_t kIdBytesMax = 80;

// The law as written, and as the authority says that it applies it. Japan has one layer.
enum class Layer { kCodified, kEnforced };
inline constexpr Layer kLayers[] = {Layer::kCodified, Layer::kEnforced};
std::string_view NameOf(Layer layer);  // "codified", "enforced"

// From its first day to its last; both belong to it. Absent: since or for ever.
struct Period {
  std::optional<Date> from{};
  std::optional<Date> until{};

  bool Contains(Date date) const { return (!from || *from <= date) && (!until || date <= *until); }
};

struct GroupMember {
  std::string country{};
  Period period{};
  std::string cite{};  // of the change; may be empty
};
struct CountryGroup {
  std::string id{};
  std::string cite{};
  std::vector<GroupMember> members{};
  syntax::Position at{};
};

enum class FactType { kTruth, kNumber, kCountry, kWord };
struct FactDeclaration {
  std::string id{};
  FactType type = FactType::kTruth;
  std::vector<std::string> words{};  // of a kWord, at most 64
  std::vector<std::string> of{};     // values of item.kind that it belongs to; empty: all
  std::string unit{};
  Words name{};
  Words ask{};  // how to find it out
  syntax::Position at{};
};

struct Term {
  std::string id{};
  Condition when{};
  std::optional<Words> says{};  // for the tree that explains; else the id stands there
  syntax::Position at{};
};

enum class Effect {
  kNotSubject,  // then: not subject
  kNoLicence,   // then: no licence           with `against`: contradicts just these requirements
  kClass,       // then: class X
  kRequire,     // then: licence              with `control`, `policy`
  kProhibit,    // then: prohibited
  kException,   // then: exception NAME       with `lifts`
  kOnlyExceptions,  // then: only exceptions    with `but` those of these names; shuts the others
  kPolicy,          // then: policy NAME          with `for`: how an application is reviewed
  kReview,  // then: review               a person has to look; with `lifts`: in place of these
  kNote,    // then: note                 said, and changes nothing
};

struct Rule {
  std::string id{};
  std::vector<std::string> cites{};
  Period period{};
  std::optional<Date> comply_from{};  // in force, but nothing has to be done before
  bool codified = true;
  bool enforced = true;
  Condition when{};
  std::optional<Condition> except{};
  std::vector<std::string> except_cites{};
  std::vector<Condition> shown{};  // facts that whoever claims an exception has to show
  Effect effect = Effect::kNote;
  std::string subject{};  // the class, exception or policy; of a requirement its policy
  std::string control{};  // reason for control of a requirement: RS, NS, EL, ...
  std::vector<std::string> targets{};  // ids: what it lifts, contradicts or is a policy for
  std::vector<std::string> but{};      // exceptions that stay open
  int rank = 100;                      // of an exception: the lowest is claimed first
  std::vector<Words> duties{};
  Words says{};
  syntax::Position at{};
};

// A test that travels with the pack: a crossing (crossing.h) and what the answer must be.
struct Trial {
  std::string name{};
  syntax::Value crossing{};
  // "us.codified" and the like -> outcome as Outcome::Text gives it; "leg" -> a control.
  std::vector<std::pair<std::string, std::string>> expect{};
  std::string leg{};
  std::vector<std::string> cites{};    // each must be among the cites, or begin one
  std::vector<std::string> missing{};  // facts that a review must name
  syntax::Position at{};
};

struct NotAssessed {
  std::string id{};
  Words name{};
  std::string cite{};
};

struct Pack {
  std::string id{};
  int version = 1;
  std::optional<Jurisdiction> jurisdiction{};  // none: words, facts and groups alone
  bool is_private = false;
  Words law{};
  Date text_as_of{};
  std::vector<CountryGroup> groups{};
  std::vector<FactDeclaration> facts{};
  std::vector<Term> terms{};
  std::vector<Rule> rules{};
  std::vector<std::vector<std::string>> exclusive{};  // classes of which an item has at most one
  std::vector<std::pair<std::string, syntax::Value>> models{};  // crossings that trials build upon
  std::vector<Trial> trials{};
  std::vector<NotAssessed> not_assessed{};
  std::string where{};  // the file
  Digest sha256{};      // of its bytes
};

// Reads one file. Errors read "<where>: line L, column C: <what>".
//   INVALID_ARGUMENT    not YAML as syntax/yaml.h has it, or not a pack
//   RESOURCE_EXHAUSTED  longer than kPackBytesMax
StatusOr<Pack> ParsePack(std::string_view yaml, const std::string& where);

}  // namespace renkei::rules
