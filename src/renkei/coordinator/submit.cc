// SPDX-License-Identifier: Apache-2.0
// An entry comes in: judged, appended, folded, proved. Or refused, and the refusal is an entry.
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "renkei/base/log.h"
#include "renkei/coordinator/access.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/crypto/hash.h"
#include "renkei/gate/determine.h"
#include "renkei/seal/signed_note.h"

namespace renkei::coordinator {
namespace {

struct Subject {
  std::string_view what;
  std::string name;
};

Subject SubjectOf(const record::Record& record) {
  if (const auto* enrolled = std::get_if<record::SiteEnrolled>(&record)) {
    return {.what = "site", .name = enrolled->site.text()};
  }
  const RunId* run = run::RunOf(record);
  const bool crossing = std::holds_alternative<record::Determined>(record);
  const bool about_run = std::holds_alternative<record::RunSubmitted>(record) ||
                         std::holds_alternative<record::RunApproved>(record) ||
                         std::holds_alternative<record::RunStopAsked>(record) ||
                         std::holds_alternative<record::RunPauseAsked>(record) ||
                         std::holds_alternative<record::RunResumeAsked>(record);
  return {.what = crossing    ? "crossing"
                  : about_run ? "run"
                              : "entry",
          .name = run != nullptr ? run->text() : record::KindOf(record)};
}

}  // namespace

StatusOr<run::Submitted> Coordinator::Submit(const identity::PeerId& caller, ByteSpan envelope) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  if (envelope.size() > ledger::kEntryBytesMax) {
    return Error(Code::kInvalidArgument, "{} bytes; an entry has at most {}", envelope.size(),
                 ledger::kEntryBytesMax);
  }
  auto entry = record::Open(envelope);
  if (!entry.ok()) return run::Refuse("not-an-entry", Message(entry.status())).ToStatus();
  const Digest sha256 = crypto::Sha256(envelope);
  uint64_t index = 0;
  {
    const std::scoped_lock lock(append_mutex_);
    const auto recent = recent_.find(sha256);
    if (recent != recent_.end()) {
      index = recent->second;
    } else {
      run::Decision decision = CheckAuthorIsCaller(book_, caller, entry->key_id);
      if (decision.ok()) decision = Judge(*entry, envelope, clock_.Now());
      if (decision.ok()) decision = JudgeJoin(*entry);
      if (!decision.ok()) {
        if (decision.code == Code::kPermissionDenied) RecordRefusal(*entry, decision);
        return decision.ToStatus();
      }
      if (!entries_.Take(entry->key_id, clock_.Monotonic())) {
        return Error(Code::kResourceExhausted,
                     "more than {} entries of one author in a minute; try again later",
                     kEntriesPerMinute);
      }
      RK_ASSIGN_OR_RETURN(index, AppendAccepted(*entry, envelope));
      meter_.Count(entry->record);
    }
  }
  Wake();
  auto submitted = ProveEntry(index);
  if (!submitted.ok()) NoteFailure(submitted.status());
  return submitted;
}

run::Decision Coordinator::Judge(const record::Entry& entry, ByteSpan envelope, Instant now) const {
  run::Decision decision = book_.Check(entry, envelope, now);
  const auto* determined = std::get_if<record::Determined>(&entry.record);
  if (!decision.ok() || determined == nullptr || determined->verdict != record::Verdict::kGo) {
    return decision;
  }
  // A go is not taken on the sender's word: the same gate is asked again. What rests on facts that
  // only the sender knows is its own to answer for; the charter is asked all the same.
  const gate::Crossing crossing = gate::CrossingOf(*determined);
  charter::Charter charter = *book_.charter();
  if (!crossing.commitments.empty()) charter.export_rules.binding = "none";
  const record::Determined again = gate::Determine(charter, options_.rules, crossing, now);
  if (again.verdict != record::Verdict::kGo) {
    return run::Refuse("gate-refuses", gate::Explain(again));
  }
  if (determined->valid_until > again.valid_until + run::kClockSkewMax) {
    return run::Refuse("gate-refuses", "valid for longer than the charter's gate allows");
  }
  return decision;
}

// A site that joins sees the ledger: the coordinator, which sends it, asks its gate first.
run::Decision Coordinator::JudgeJoin(const record::Entry& entry) {
  const auto* enrolled = std::get_if<record::SiteEnrolled>(&entry.record);
  if (enrolled == nullptr || !book_.charter()->export_rules.IsAssessed() ||
      book_.FindSite(enrolled->site) != nullptr) {
    return {};
  }
  const gate::Crossing crossing = {.item = std::string(gate::kLedgerItem),
                                   .run = {},
                                   .from = book_.CoordinatorHolder(),
                                   .recipients = {{.party = enrolled->party,
                                                   .site = enrolled->site,
                                                   .country = enrolled->country}},
                                   .purposes = book_.charter()->runs.purposes,
                                   .classification_us = "EAR99",
                                   .classification_jp = "not-listed",
                                   .facts = gate::FactsFor(book_.charter()->export_rules, {}, 0)};
  const Instant now = clock_.Now();
  for (const auto& [index, hold] : book_.holds().held) {
    if (hold.item != crossing.item || hold.recipients != crossing.recipients) continue;
    const auto approved = book_.holds().ApprovedAs(index);
    if (approved && approved->ValidAt(now)) return {};
    if (hold.IsOpenAt(now)) return run::Refuse("join-held", fmt::format("entry {}", index));
  }
  const record::Determined determined =
      gate::Determine(*book_.charter(), options_.rules, crossing, now);
  const auto index = AppendOwn(determined);
  if (!index.ok()) return run::Refuse("join-held", Message(index.status()));
  if (determined.verdict == record::Verdict::kGo) return {};
  if (determined.verdict == record::Verdict::kHold) {
    return run::Refuse("join-held", fmt::format("entry {}: {}", *index, gate::Explain(determined)));
  }
  return run::Refuse("gate-refuses", gate::Explain(determined));
}

StatusOr<uint64_t> Coordinator::AppendAccepted(const record::Entry& entry, ByteSpan envelope) {
  const Milliseconds begun = clock_.Monotonic();
  const auto index = ledger_->Append(envelope);
  if (!index.ok()) {
    // For lack of room nothing is left behind; after any other failure nobody knows.
    if (index.status().code() != Code::kResourceExhausted) broken_ = true;
    NoteFailure(index.status());
    return index.status();
  }
  meter_.CountAppend(clock_.Monotonic() - begun);
  RememberEnvelope(crypto::Sha256(envelope), *index);
  {
    const std::unique_lock lock(state_mutex_);
    health_ = book_.Apply(*index, entry, envelope, run::Signatures::kCheckedBefore);
    RK_RETURN_IF_ERROR(health_);
  }
  grown_.notify_all();
  return *index;
}

void Coordinator::NoteFailure(const Status& status) {
  const std::unique_lock lock(state_mutex_);
  // Everybody tries again, and again: the first failure says it.
  if (health_.ok()) log::Error("ledger.failed", {{"why", Message(status)}});
  health_ = status;
}

StatusOr<uint64_t> Coordinator::AppendOwn(const record::Record& record) {
  RK_ASSIGN_OR_RETURN(const Bytes envelope, record::Seal(record, *options_.key));
  RK_ASSIGN_OR_RETURN(const record::Entry entry, record::Open(envelope));
  const run::Decision decision = book_.Check(entry, envelope, clock_.Now());
  if (!decision.ok()) {
    return Annotate(decision.ToStatus(), "own entry " + record::KindOf(record));
  }
  auto index = AppendAccepted(entry, envelope);
  if (index.ok()) meter_.Count(record);
  return index;
}

void Coordinator::RecordRefusal(const record::Entry& entry, const run::Decision& decision) {
  if (!refusals_.Take(entry.key_id, clock_.Monotonic())) return;
  const Subject subject = SubjectOf(entry.record);
  const auto index = AppendOwn(record::Refused{.what = std::string(subject.what),
                                               .subject = subject.name,
                                               .reasons = {decision.reason},
                                               .at = clock_.Now()});
  if (!index.ok()) log::Warn("refusal.not-recorded", {{"why", Message(index.status())}});
}

void Coordinator::RememberEnvelope(const Digest& sha256, uint64_t index) {
  if (!recent_.emplace(sha256, index).second) return;
  recent_order_.push_back(sha256);
  if (recent_order_.size() > kRecentEnvelopesMax) {
    recent_.erase(recent_order_.front());
    recent_order_.pop_front();
  }
}

StatusOr<run::Submitted> Coordinator::ProveEntry(uint64_t index) const {
  run::Submitted submitted{.index = index, .inclusion = {}, .checkpoint = ""};
  RK_ASSIGN_OR_RETURN(submitted.checkpoint, ledger_->checkpoint());
  RK_ASSIGN_OR_RETURN(const seal::SignedNote note, seal::ParseNote(submitted.checkpoint));
  RK_ASSIGN_OR_RETURN(const seal::Checkpoint checkpoint, seal::ParseCheckpointText(note.text));
  RK_ASSIGN_OR_RETURN(submitted.inclusion, ledger_->ProveInclusion(index, checkpoint.size));
  return submitted;
}

}  // namespace renkei::coordinator
