// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/book_state.h"

#include <concepts>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "renkei/crypto/hash.h"
#include "renkei/run/rules.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/value.h"

namespace renkei::run {
namespace {

using syntax::Value;

constexpr std::string_view kFormat = "renkei-book/4";

// Each Describe names the members of one struct, in order, to a Writer or a Reader.
template <class Archive>
void Describe(Archive& archive, record::Holder& holder) {
  archive("party", holder.party);
  archive("site", holder.site);
  archive("country", holder.country);
}

template <class Archive>
void Describe(Archive& archive, Standing& standing) {
  archive("index", standing.index);
  archive("from", standing.from);
  archive("recipients", standing.recipients);
  archive("valid_until", standing.valid_until);
  archive("uses_max", standing.uses_max);
  archive("uses", standing.uses);
  archive("operations", standing.operations);
}

template <class Archive>
void Describe(Archive& archive, Held& held) {
  archive("index", held.index);
  archive("until", held.until);
}

template <class Archive>
void Describe(Archive& archive, Approval& approval) {
  archive("scope", approval.scope);
  archive("until", approval.until);
  archive("uses", approval.uses);
  archive("licence", approval.licence);
  archive("quantity", approval.quantity);
}

template <class Archive>
void Describe(Archive& archive, HoldState& hold) {
  archive("item", hold.item);
  archive("run", hold.run);
  archive("from", hold.from);
  archive("recipients", hold.recipients);
  archive("blob", hold.blob);
  archive("since", hold.since);
  archive("until", hold.until);
  archive("uses_max", hold.uses_max);
  archive("operations", hold.operations);
  archive("approvals", hold.approvals);
  archive("approved", hold.approved);
  archive("denied", hold.denied);
}

template <class Archive>
void Describe(Archive& archive, LicenceState& licence) {
  archive("unit", licence.unit);
  archive("quantity", licence.quantity);
  archive("taken", licence.taken);
  archive("until", licence.until);
}

template <class Archive>
void Describe(Archive& archive, Cited& cited) {
  archive("standing", cited.standing);
  archive("first_round", cited.first_round);
}

template <class Archive>
void Describe(Archive& archive, Candidate& candidate) {
  archive("holder", candidate.holder);
  archive("weight_max", candidate.weight_max);
  archive("update", candidate.update);
  archive("metrics", candidate.metrics);
  archive("update_held", candidate.update_held);
  archive("metrics_held", candidate.metrics_held);
  archive("refused", candidate.refused);
  archive("out", candidate.out);
}

template <class Archive>
void Describe(Archive& archive, Contribution& contribution) {
  archive("index", contribution.index);
  archive("manifest_sha256", contribution.manifest_sha256);
  archive("update", contribution.update);
  archive("examples", contribution.examples);
  archive("determination", contribution.determination);
}

template <class Archive>
void Describe(Archive& archive, Score& score) {
  archive("examples", score.examples);
  archive("metrics", score.metrics);
}

template <class Archive>
void Describe(Archive& archive, RoundRecord& round) {
  archive("round", round.round);
  archive("output", round.output);
  archive("deleted", round.deleted);
  archive("mean", round.mean);
  archive("sites", round.sites);
}

template <class Archive>
void Describe(Archive& archive, record::Counted& counted) {
  archive("site", counted.site);
  archive("entry", counted.entry);
  archive("weight", counted.weight);
}

template <class Archive>
void Describe(Archive& archive, record::NotCounted& not_counted) {
  archive("site", not_counted.site);
  archive("code", not_counted.code);
}

template <class Archive>
void Describe(Archive& archive, RoundState& round) {
  archive("round", round.round);
  archive("index", round.index);
  archive("base", round.base);
  archive("participants", round.participants);
  archive("recipients", round.recipients);
  archive("operations", round.operations);
  archive("opened", round.opened);
  archive("deadline", round.deadline);
  archive("contributed", round.contributed);
  archive("declined", round.declined);
  archive("counted", round.counted);
  archive("not_counted", round.not_counted);
  archive("closed", round.closed);
  archive("output", round.output);
  archive("reduced", round.reduced);
  archive("evaluated", round.evaluated);
  archive("not_evaluating", round.not_evaluating);
  archive("last_word", round.last_word);
}

template <class Archive>
void Describe(Archive& archive, RunState& run) {
  archive("spec", run.spec_toml);
  archive("owner", run.owner);
  archive("index", run.index);
  archive("phase", run.phase);
  archive("since", run.since);
  archive("approvals_needed", run.approvals_needed);
  archive("approved", run.approved);
  archive("stop_asked", run.stop_asked);
  archive("paused_by", run.paused_by);
  archive("resumed", run.resumed);
  archive("coordinator", run.coordinator);
  archive("owner_holder", run.owner_holder);
  archive("owner_go", run.owner_go);
  archive("coordinator_go", run.coordinator_go);
  archive("coordinator_held", run.coordinator_held);
  archive("coordinator_denied", run.coordinator_denied);
  archive("candidates", run.candidates);
  archive("current", run.current);
  archive("rounds", run.rounds);
  archive("lineage", run.lineage);
  archive("operations", run.operations);
  archive("outcome", run.outcome);
  archive("code", run.code);
  archive("model", run.model);
  archive("released", run.released);
  archive("release_goes", run.release_goes);
  archive("must_fail", run.must_fail);
  archive("collected", run.collected);
  archive("model_deleted", run.model_deleted);
}

template <class Archive>
void Describe(Archive& archive, Departure& departure) {
  archive("index", departure.index);
  archive("remaining", departure.remaining);
}

// Sites and early determinations are their entries; what those say is read from them again.
struct KeptEntry {
  uint64_t index = 0;
  Bytes envelope;
};

template <class Archive>
void Describe(Archive& archive, KeptEntry& entry) {
  archive("index", entry.index);
  archive("envelope", entry.envelope);
}

struct KeptBook {
  std::string format;
  uint64_t size = 0;
  Instant last{};
  Bytes adoption;
  std::vector<KeptEntry> sites;
  std::set<std::string> tokens;
  std::set<PartyId> suspended_parties;
  std::set<SiteId> suspended_sites;
  Holds holds;
  Departures left;
  uint64_t last_deletion = 0;
  std::vector<KeptEntry> early;
  std::map<RunId, RunState> runs;
};

template <class Archive>
void Describe(Archive& archive, KeptBook& book) {
  archive("format", book.format);
  archive("size", book.size);
  archive("last", book.last);
  archive("adoption", book.adoption);
  archive("sites", book.sites);
  archive("tokens", book.tokens);
  archive("suspended_parties", book.suspended_parties);
  archive("suspended_sites", book.suspended_sites);
  archive("holds", book.holds.held);
  archive("licences", book.holds.licences);
  archive("left", book.left);
  archive("last_deletion", book.last_deletion);
  archive("early", book.early);
  archive("runs", book.runs);
}

// Stands for an archive in Described.
struct Probe {
  template <class T>
  void operator()(std::string_view key, T& value);
};

template <class T>
concept Described = requires(Probe& probe, T& value) {
  Describe(probe, value);
};

template <class T>
concept Named = requires(const T& value) {
  { value.text() } -> std::convertible_to<std::string>;
  T::Parse(std::string_view());
};

class Writer {
 public:
  template <class T>
  void operator()(std::string_view key, T& value) {
    members_.emplace_back(std::string(key), Of(value));
  }
  Value Take() && { return Value::FromUnique(std::move(members_)); }

  static Value Of(bool value) { return Value(value); }
  static Value Of(double value) { return Value(value); }
  static Value Of(std::string& value) { return Value(value); }
  static Value Of(Phase value) { return Value(static_cast<int64_t>(value)); }
  static Value Of(Instant value) {
    return Value(static_cast<int64_t>(value.time_since_epoch().count()));
  }
  static Value Of(Bytes& value) { return Value(ToBase64(value)); }
  static Value Of(Digest& value) { return Value(value.hex()); }
  static Value Of(BlobId& value) { return Value(value.Text()); }
  template <std::unsigned_integral T>
  static Value Of(T value) {
    return Value(value);
  }
  template <Named T>
  static Value Of(const T& value) {
    return Value(value.text());
  }
  template <class T>
  static Value Of(std::optional<T>& value) {
    return value ? Of(*value) : Value();
  }
  template <class T>
  static Value Of(std::vector<T>& values) {
    Value array = Value::Array();
    for (T& value : values) array.Push(Of(value));
    return array;
  }
  template <class T>
  static Value Of(const std::set<T>& values) {
    Value array = Value::Array();
    for (T value : values) array.Push(Of(value));
    return array;
  }
  // A list of pairs: keys need not be text.
  template <class K, class V>
  static Value Of(std::map<K, V>& map) {
    Value array = Value::Array();
    for (auto& [key, value] : map) {
      K copy = key;
      Value pair = Value::Array();
      pair.Push(Of(copy));
      pair.Push(Of(value));
      array.Push(std::move(pair));
    }
    return array;
  }
  template <class A, class B>
  static Value Of(std::pair<A, B>& both) {
    Value pair = Value::Array();
    pair.Push(Of(both.first));
    pair.Push(Of(both.second));
    return pair;
  }
  template <Described T>
  static Value Of(T& value) {
    Writer writer;
    Describe(writer, value);
    return std::move(writer).Take();
  }

 private:
  Value::Members members_;
};

// Reads what Writer writes: the same members in the same order, or DATA_LOSS.
class Reader {
 public:
  explicit Reader(const Value& object) : object_(object) {}

  template <class T>
  void operator()(std::string_view key, T& value) {
    if (!ok_) return;
    const bool there = object_.kind() == Value::Kind::kObject && next_ < object_.members().size() &&
                       object_.members()[next_].first == key;
    ok_ = there && To(object_.members()[next_].second, value);
    if (!ok_ && where_.empty()) where_ = std::string(key);
    ++next_;
  }
  bool Finished() const { return ok_ && next_ == object_.members().size(); }
  const std::string& where() const { return where_; }

  static bool To(const Value& from, bool& value) {
    if (from.kind() != Value::Kind::kBool) return false;
    value = from.boolean();
    return true;
  }
  static bool To(const Value& from, double& value) {
    if (from.kind() != Value::Kind::kNumber && from.kind() != Value::Kind::kInteger) return false;
    value = from.number();
    return true;
  }
  static bool To(const Value& from, std::string& value) {
    if (from.kind() != Value::Kind::kText) return false;
    value = from.text();
    return true;
  }
  static bool To(const Value& from, Phase& value) {
    uint32_t number = 0;
    if (!To(from, number) || number > static_cast<uint32_t>(Phase::kFinished)) return false;
    value = static_cast<Phase>(number);
    return true;
  }
  static bool To(const Value& from, Instant& value) {
    if (from.kind() != Value::Kind::kInteger) return false;
    value = Instant(Milliseconds(from.integer()));
    return true;
  }
  static bool To(const Value& from, Bytes& value) { return Text(from, value, FromBase64); }
  static bool To(const Value& from, Digest& value) {
    return Text(from, value, Digest::FromHexText);
  }
  static bool To(const Value& from, BlobId& value) { return Text(from, value, BlobId::Parse); }
  template <std::unsigned_integral T>
  static bool To(const Value& from, T& value) {
    if (from.kind() != Value::Kind::kInteger || !std::in_range<T>(from.integer())) return false;
    value = static_cast<T>(from.integer());
    return true;
  }
  template <Named T>
  static bool To(const Value& from, T& value) {
    if (from.kind() == Value::Kind::kText && from.text().empty()) return true;
    return Text(from, value, T::Parse);
  }
  template <class T>
  static bool To(const Value& from, std::optional<T>& value) {
    if (from.kind() == Value::Kind::kNull) return true;
    return To(from, value.emplace());
  }
  template <class T>
  static bool To(const Value& from, std::vector<T>& values) {
    if (from.kind() != Value::Kind::kArray) return false;
    values.reserve(from.items().size());
    for (const Value& item : from.items()) {
      if (!To(item, values.emplace_back())) return false;
    }
    return true;
  }
  template <class T>
  static bool To(const Value& from, std::set<T>& values) {
    std::vector<T> list;
    if (!To(from, list)) return false;
    values.insert(list.begin(), list.end());
    return values.size() == list.size();
  }
  template <class K, class V>
  static bool To(const Value& from, std::map<K, V>& map) {
    if (from.kind() != Value::Kind::kArray) return false;
    for (const Value& pair : from.items()) {
      K key{};
      if (pair.kind() != Value::Kind::kArray || pair.items().size() != 2) return false;
      if (!To(pair.items()[0], key) || map.contains(key)) return false;
      if (!To(pair.items()[1], map[key])) return false;
    }
    return true;
  }
  template <class A, class B>
  static bool To(const Value& from, std::pair<A, B>& both) {
    return from.kind() == Value::Kind::kArray && from.items().size() == 2 &&
           To(from.items()[0], both.first) && To(from.items()[1], both.second);
  }
  template <Described T>
  static bool To(const Value& from, T& value) {
    if (from.kind() != Value::Kind::kObject) return false;
    Reader reader(from);
    Describe(reader, value);
    return reader.Finished();
  }

 private:
  template <class T, class Parse>
  static bool Text(const Value& from, T& value, Parse parse) {
    if (from.kind() != Value::Kind::kText) return false;
    auto parsed = parse(from.text());
    if (!parsed.ok()) return false;
    value = *std::move(parsed);
    return true;
  }

  const Value& object_;
  size_t next_ = 0;
  bool ok_ = true;
  std::string where_;
};

Status Corrupt(std::string_view where) {
  return Error(Code::kDataLoss, "the snapshot cannot be understood at '{}'; fold from zero", where);
}

// The entry as the record of type T.
template <class T>
StatusOr<T> ReadKept(const KeptEntry& kept, std::string_view where) {
  auto entry = record::Open(kept.envelope);
  if (!entry.ok()) return Corrupt(where);
  T* record = std::get_if<T>(&entry->record);
  if (record == nullptr) return Corrupt(where);
  return std::move(*record);
}

Status RestoreRun(const RunId& id, RunState& run) {
  run.run = id;
  auto spec = ParseSpec(run.spec_toml, "run spec");
  if (!spec.ok() || spec->name != id) return Corrupt("spec");
  run.spec = *std::move(spec);
  run.spec_sha256 = crypto::Sha256(AsBytes(run.spec_toml));
  for (const RoundRecord& round : run.rounds) run.scored_values += ScoredValues(round);
  return Ok();
}

}  // namespace

Bytes DumpState(const BookState& state) {
  KeptBook kept{.format = std::string(kFormat),
                .size = state.size,
                .last = state.last,
                .adoption = state.adoption,
                .sites = {},
                .tokens = state.tokens,
                .suspended_parties = state.suspensions.parties,
                .suspended_sites = state.suspensions.sites,
                .holds = state.holds,
                .left = state.left,
                .last_deletion = state.last_deletion,
                .early = {},
                .runs = state.runs};
  for (const auto& [site, site_state] : state.sites) {
    kept.sites.push_back({.index = site_state.index, .envelope = site_state.envelope});
  }
  for (const EarlyDetermination& early : state.early) {
    kept.early.push_back({.index = early.index, .envelope = early.envelope});
  }
  return ToBytes(syntax::DumpJson(Writer::Of(kept)));
}

StatusOr<BookState> ParseState(ByteSpan bytes) {
  const auto parsed = syntax::ParseJson(AsText(bytes), {.size_bytes_max = kSnapshotBytesMax});
  if (!parsed.ok()) return Corrupt(Message(parsed.status()));
  KeptBook kept;
  Reader reader(*parsed);
  Describe(reader, kept);
  if (!reader.Finished() || kept.format != kFormat) return Corrupt(reader.where());
  BookState state;
  state.size = kept.size;
  state.last = kept.last;
  if (kept.size > 0) {
    RK_ASSIGN_OR_RETURN(auto adopted, ReadKept<record::CharterAdopted>(
                                          {.index = 0, .envelope = kept.adoption}, "adoption"));
    auto charter = charter::Verify(adopted.envelope, adopted.at);
    if (!charter.ok()) return Corrupt("adoption");
    state.adoption = std::move(kept.adoption);
    state.charter_envelope = std::move(adopted.envelope);
    state.charter = *std::move(charter);
  }
  for (KeptEntry& entry : kept.sites) {
    RK_ASSIGN_OR_RETURN(auto enrolled, ReadKept<record::SiteEnrolled>(entry, "sites"));
    state.site_keys[enrolled.key.KeyId()] = enrolled.site;
    state.sites[enrolled.site] = {
        .index = entry.index, .envelope = std::move(entry.envelope), .enrolled = enrolled};
  }
  state.tokens = std::move(kept.tokens);
  state.suspensions = {.parties = std::move(kept.suspended_parties),
                       .sites = std::move(kept.suspended_sites)};
  state.holds = std::move(kept.holds);
  state.left = std::move(kept.left);
  state.last_deletion = kept.last_deletion;
  for (KeptEntry& entry : kept.early) {
    RK_ASSIGN_OR_RETURN(auto determined, ReadKept<record::Determined>(entry, "early"));
    state.early.push_back({.index = entry.index,
                           .envelope = std::move(entry.envelope),
                           .determined = std::move(determined)});
  }
  for (auto& [id, run] : kept.runs) {
    RK_RETURN_IF_ERROR(RestoreRun(id, run));
    run.suspended = SuspendedIn(run, state.suspensions);
  }
  state.runs = std::move(kept.runs);
  return state;
}

}  // namespace renkei::run
