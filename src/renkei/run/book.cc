// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/book.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "renkei/base/check.h"
#include "renkei/crypto/hash.h"
#include "renkei/run/book_state.h"
#include "renkei/run/rules.h"
#include "renkei/run/run_fold.h"

namespace renkei::run {
namespace {

Status OutOfOrder(uint64_t index, uint64_t size) {
  return Error(Code::kOutOfRange, "entry {} is not next: the book has {}", index, size);
}

Status Corrupt(uint64_t index, const Status& why) {
  return Error(Code::kDataLoss, "ledger entry {} may not stand there: {}", index, Message(why));
}

// Entry 0: the charter, signed by its parties and by the coordinator that it names. `charter` is
// what was verified.
Decision CheckAdoption(ByteSpan envelope, const StatusOr<charter::Charter>& charter) {
  if (!charter.ok()) {
    const bool expired = charter.status().code() == Code::kFailedPrecondition;
    return Refuse(expired ? "charter-expired" : "charter-not-valid", Message(charter.status()));
  }
  if (!record::SignedBy(envelope, charter->coordinator.key)) return Refuse("signature-false");
  return {};
}

Decision CheckAuthor(const std::optional<Author>& author, const record::Entry& entry,
                     ByteSpan envelope, Signatures signatures) {
  if (!author) return Refuse("author-unknown", entry.key_id);
  if (signatures == Signatures::kCheck && !record::SignedBy(envelope, author->key)) {
    return Refuse("signature-false", author->name);
  }
  return {};
}

void FoldSubmission(BookState& state, const Accepted& accepted, const record::RunSubmitted& entry) {
  auto spec = ParseSpec(entry.spec, "run spec");
  RK_CHECK(spec.ok());
  const auto early =
      std::ranges::find(state.early, entry.determination, &EarlyDetermination::index);
  RK_CHECK(early != state.early.end());
  // A hold that officers approved stands as they said.
  const Standing owner_go =
      state.holds.ApprovedAs(early->index).value_or(StandingOf(early->index, early->determined));
  RunState run;
  run.run = entry.run;
  run.spec_toml = entry.spec;
  run.spec = *std::move(spec);
  run.spec_sha256 = crypto::Sha256(AsBytes(entry.spec));
  run.owner = entry.party;
  run.index = accepted.index;
  run.phase = state.charter->runs.approvals == 0 ? Phase::kStarting : Phase::kSubmitted;
  run.since = accepted.time;
  run.approvals_needed = state.charter->runs.approvals;
  run.coordinator = CoordinatorOf(*state.charter);
  run.owner_holder = early->determined.from;
  run.owner_go = owner_go;
  for (const record::Holder& holder : CandidatesOf(state, run.spec, owner_go)) {
    Candidate& candidate = run.candidates[holder.site];
    candidate.holder = holder;
    candidate.weight_max = state.sites.at(holder.site).enrolled.weight_max;
  }
  run.suspended = SuspendedIn(run, state.suspensions);
  std::erase_if(state.early, [&](const EarlyDetermination& determination) {
    return determination.determined.run == entry.run;
  });
  state.runs.emplace(entry.run, std::move(run));
}

void FoldEarly(BookState& state, const Accepted& accepted, const record::Determined& entry) {
  state.early.push_back({.index = accepted.index,
                         .envelope = Bytes(accepted.envelope.begin(), accepted.envelope.end()),
                         .determined = entry});
  if (state.early.size() > kEarlyDeterminationsMax) state.early.pop_front();
}

void FoldDeletion(BookState& state, const record::BlobsDeleted& entry, uint64_t index) {
  state.last_deletion = index;
  const auto gone = [&](const BlobId& blob) {
    return std::ranges::binary_search(entry.blobs, blob);
  };
  for (auto& [id, run] : state.runs) {
    if (gone(run.spec.model)) run.model_deleted = index;
    for (RoundRecord& round : run.rounds) {
      if (gone(round.output)) round.deleted = index;
    }
  }
  if (entry.party.empty()) {
    state.runs.at(entry.run).collected = entry.remaining == 0;
  } else {
    state.left.at(entry.party).remaining = entry.remaining;
  }
}

// How the officers of a party decide. True when the entry was one of these.
bool FoldOfficers(BookState& state, const Accepted& accepted) {
  const auto settle = [&](uint64_t determination) {
    const HoldState& hold = state.holds.held.at(determination);
    const auto run = state.runs.find(hold.run);
    if (run == state.runs.end()) return;
    SettleHold(run->second, hold, state.holds.ApprovedAs(determination));
  };
  if (const auto* approved = std::get_if<record::CrossingApproved>(&accepted.record)) {
    const uint32_t threshold = state.charter->FindParty(approved->party)->threshold;
    if (FoldApproval(state.holds, accepted.index, accepted.key_id, *approved, threshold)) {
      settle(approved->determination);
    }
    return true;
  }
  if (const auto* denied = std::get_if<record::CrossingDenied>(&accepted.record)) {
    FoldDenial(state.holds, accepted.index, *denied);
    settle(denied->determination);
    return true;
  }
  if (const auto* licence = std::get_if<record::LicenceRecorded>(&accepted.record)) {
    FoldLicence(state.holds, *licence);
    return true;
  }
  return std::holds_alternative<record::FactsOpened>(accepted.record);
}

void FoldAdoption(BookState& state, const Accepted& accepted, charter::Charter charter) {
  state.adoption = Bytes(accepted.envelope.begin(), accepted.envelope.end());
  state.charter_envelope = std::get<record::CharterAdopted>(accepted.record).envelope;
  state.charter = std::move(charter);
}

void FoldAccepted(BookState& state, Accepted accepted) {
  if (std::holds_alternative<record::Refused>(accepted.record)) return;
  if (FoldSuspension(state.suspensions, accepted.record)) {
    for (auto& [id, run] : state.runs) run.suspended = SuspendedIn(run, state.suspensions);
    return;
  }
  if (FoldOfficers(state, accepted)) return;
  if (const auto* left = std::get_if<record::PartyLeft>(&accepted.record)) {
    state.left[left->party] = {.index = accepted.index, .remaining = std::nullopt};
    return FoldDeparture(state.runs, *state.charter, state.left, left->party, accepted.time);
  }
  if (const auto* deleted = std::get_if<record::BlobsDeleted>(&accepted.record)) {
    return FoldDeletion(state, *deleted, accepted.index);
  }
  if (const auto* enrolled = std::get_if<record::SiteEnrolled>(&accepted.record)) {
    state.tokens.insert(enrolled->token_id);
    state.site_keys[enrolled->key.KeyId()] = enrolled->site;
    state.sites[enrolled->site] = {
        .index = accepted.index,
        .envelope = Bytes(accepted.envelope.begin(), accepted.envelope.end()),
        .enrolled = *enrolled};
    return;
  }
  if (const auto* submitted = std::get_if<record::RunSubmitted>(&accepted.record)) {
    return FoldSubmission(state, accepted, *submitted);
  }
  const auto* determined = std::get_if<record::Determined>(&accepted.record);
  if (determined != nullptr && determined->verdict == record::Verdict::kHold) {
    accepted.hold_until = FoldHold(state.holds, accepted.index, *determined, accepted.time,
                                   state.charter->export_rules.hold_hours);
  }
  const RunId* about = RunOf(accepted.record);
  if (about == nullptr) return;  // Of the ledger itself.
  const auto run = state.runs.find(*about);
  if (run != state.runs.end()) return Fold(run->second, accepted);
  FoldEarly(state, accepted, std::get<record::Determined>(accepted.record));
}

}  // namespace

const RunId* RunOf(const record::Record& record) {
  return std::visit(
      [](const auto& entry) -> const RunId* {
        if constexpr (requires { entry.run; }) {
          return entry.run.empty() ? nullptr : &entry.run;
        } else {
          return nullptr;
        }
      },
      record);
}

Decision Book::Check(ByteSpan envelope, Instant now) const {
  const auto entry = record::Open(envelope);
  if (!entry.ok()) return Refuse("not-an-entry", Message(entry.status()));
  return Check(*entry, envelope, now);
}

Decision Book::Check(const record::Entry& entry, ByteSpan envelope, Instant now) const {
  const Instant at = record::AtOf(entry.record);
  if (at > now + kClockSkewMax) {
    return Refuse("clock-ahead",
                  fmt::format("{}, {} s ahead of the clock here, {}", FormatInstant(at),
                              (at - now).count() / 1000, FormatInstant(now)));
  }
  const auto* adopted = std::get_if<record::CharterAdopted>(&entry.record);
  if (!state_.charter) {
    if (adopted == nullptr) return Refuse("charter-missing");
    Decision decision = CheckAdoption(envelope, charter::Verify(adopted->envelope, at));
    if (!decision.ok()) return decision;
    return CheckAdoption(envelope, charter::Verify(adopted->envelope, now));
  }
  const std::optional<Author> author = FindAuthor(entry.key_id);
  if (Decision no = CheckAuthor(author, entry, envelope, Signatures::kCheck); !no.ok()) return no;
  if (now >= state_.charter->expires) {
    return Refuse("charter-expired", FormatInstant(state_.charter->expires));
  }
  // By its own time, as every reader will judge it, and by ours: an old `at` revives nothing.
  Decision decision = CheckRecord(state_, *author, entry.record, at);
  return decision.ok() ? CheckRecord(state_, *author, entry.record, now) : decision;
}

Status Book::Apply(uint64_t index, ByteSpan envelope, Signatures signatures) {
  if (index != state_.size) return OutOfOrder(index, state_.size);
  const auto entry = record::Open(envelope);
  if (!entry.ok()) return Corrupt(index, entry.status());
  return Apply(index, *entry, envelope, signatures);
}

Status Book::Apply(uint64_t index, const record::Entry& entry, ByteSpan envelope,
                   Signatures signatures) {
  if (index != state_.size) return OutOfOrder(index, state_.size);
  const Instant at = record::AtOf(entry.record);
  const Accepted accepted{.index = index,
                          .envelope = envelope,
                          .time = std::max(state_.last, at),
                          .key_id = entry.key_id,
                          .record = entry.record};
  if (!state_.charter) {
    const auto* adopted = std::get_if<record::CharterAdopted>(&entry.record);
    if (adopted == nullptr) return Corrupt(index, Refuse("charter-missing").ToStatus());
    auto charter = charter::Verify(adopted->envelope, at);
    const Decision decision = CheckAdoption(envelope, charter);
    if (!decision.ok()) return Corrupt(index, decision.ToStatus());
    FoldAdoption(state_, accepted, *std::move(charter));
  } else {
    const std::optional<Author> author = FindAuthor(entry.key_id);
    Decision decision = CheckAuthor(author, entry, envelope, signatures);
    if (decision.ok()) decision = CheckRecord(state_, *author, entry.record, at);
    if (!decision.ok()) return Corrupt(index, decision.ToStatus());
    FoldAccepted(state_, accepted);
  }
  state_.last = accepted.time;
  ++state_.size;
  return Ok();
}

const charter::Charter* Book::charter() const {
  return state_.charter ? &*state_.charter : nullptr;
}

const SiteState* Book::FindSite(const SiteId& site) const {
  const auto found = state_.sites.find(site);
  return found == state_.sites.end() ? nullptr : &found->second;
}

const RunState* Book::FindRun(const RunId& run) const {
  const auto found = state_.runs.find(run);
  return found == state_.runs.end() ? nullptr : &found->second;
}

std::optional<Author> Book::FindAuthor(std::string_view key_id) const {
  if (!state_.charter) return std::nullopt;
  const charter::Charter& charter = *state_.charter;
  if (charter.coordinator.key.KeyId() == key_id) {
    return Author{.kind = AuthorKind::kCoordinator,
                  .party = charter.coordinator.party,
                  .name = charter.coordinator.site.text(),
                  .roles = {},
                  .key = charter.coordinator.key};
  }
  const charter::Party* party = nullptr;
  if (const charter::Person* person = charter.FindPersonByKeyId(key_id, &party)) {
    return Author{.kind = AuthorKind::kPerson,
                  .party = party->id,
                  .name = person->id.text(),
                  .roles = person->roles,
                  .key = person->key};
  }
  const auto site = state_.site_keys.find(std::string(key_id));
  if (site == state_.site_keys.end()) return std::nullopt;
  const record::SiteEnrolled& enrolled = state_.sites.at(site->second).enrolled;
  return Author{.kind = AuthorKind::kSite,
                .party = enrolled.party,
                .name = enrolled.site.text(),
                .roles = {},
                .key = enrolled.key};
}

record::Holder Book::CoordinatorHolder() const {
  RK_CHECK(state_.charter.has_value());
  return CoordinatorOf(*state_.charter);
}

Bytes Book::Snapshot() const { return DumpState(state_); }

StatusOr<Book> Book::Restore(ByteSpan snapshot) {
  Book book;
  RK_ASSIGN_OR_RETURN(book.state_, ParseState(snapshot));
  return book;
}

}  // namespace renkei::run
