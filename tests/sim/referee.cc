// SPDX-License-Identifier: Apache-2.0
#include "referee.h"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "renkei/crypto/hash.h"
#include "renkei/seal/signed_note.h"

namespace renkei::sim {

Referee::Referee(Truth& truth, const charter::Charter& charter)
    : truth_(truth), charter_(charter) {}

void Referee::Object(std::string what) {
  if (objection_.empty()) objection_ = std::move(what);
}

void Referee::Read(uint64_t from, const run::Page& page) {
  for (size_t i = 0; i < page.entries.size(); ++i) {
    const uint64_t index = from + i;
    const Digest digest = crypto::Sha256(page.entries[i]);
    if (index < digests_.size()) {
      if (digests_[index] != digest) Object(fmt::format("entry {} has changed", index));
      continue;
    }
    digests_.push_back(digest);
    range_.Append(crypto::LeafHash(page.entries[i]));
    roots_[range_.size()] = range_.Root();
    const auto told = acknowledged_.find(index);
    if (told != acknowledged_.end() && told->second != digest) {
      Object(fmt::format("entry {} is not what was acknowledged", index));
    }
    Take(index, page.entries[i]);
  }
  Signed(page.checkpoint);
}

void Referee::Acknowledged(uint64_t index, ByteSpan envelope) {
  const Digest digest = crypto::Sha256(envelope);
  acknowledged_.emplace(index, digest);
  if (index < digests_.size() && digests_[index] != digest) {
    Object(fmt::format("entry {} was acknowledged and is another", index));
  }
}

void Referee::Signed(const std::string& checkpoint) {
  if (!notes_.insert(checkpoint).second) return;
  const auto note = seal::OpenCheckpoint(checkpoint, charter_.LedgerKey());
  if (!note.ok()) return Object(fmt::format("a checkpoint: {}", Message(note.status())));
  const auto [before, fresh] = signed_.emplace(note->size, note->root);
  if (!fresh && before->second != note->root) {
    Object(fmt::format("two roots were signed for {} entries", note->size));
  }
  const auto computed = roots_.find(note->size);
  if (computed != roots_.end() && computed->second != note->root) {
    Object(fmt::format("the root signed for {} entries is not theirs", note->size));
  }
}

void Referee::Take(uint64_t index, ByteSpan envelope) {
  // Every site checks the signatures.
  const auto entry = record::Open(envelope);
  const Status folded = entry.ok()
                            ? book_.Apply(index, *entry, envelope, run::Signatures::kCheckedBefore)
                            : entry.status();
  if (!folded.ok()) {
    return Object(fmt::format("entry {}: {}", index, Message(folded)));
  }
  std::visit([&](const auto& record) { Note(index, record); }, entry->record);
}

void Referee::Note(uint64_t, const record::Determined& entry) {
  if (entry.verdict == record::Verdict::kGo) goes_.push_back(entry);
}

void Referee::Note(uint64_t index, const record::Contributed& entry) {
  const Place place{entry.run, entry.round, entry.site};
  if (!made_.emplace(place, Made{.index = index, .entry = entry}).second) {
    Object(fmt::format("{} contributed twice to round {}", entry.site, entry.round));
  }
  made_by_index_[index] = place;
  if (closed_.contains({entry.run, entry.round})) {
    Object(fmt::format("entry {} contributes to a closed round", index));
  }
}

void Referee::Note(uint64_t, const record::RoundOpened& entry) {
  opened_[{entry.run, entry.round}] = entry.at;
}

void Referee::Note(uint64_t index, const record::RoundClosed& entry) {
  if (fine_from_ && opened_[{entry.run, entry.round}] >= *fine_from_ &&
      !entry.not_counted.empty()) {
    const record::NotCounted& one = entry.not_counted.front();
    Object(fmt::format("round {} does not count {} ({}), and nothing was wrong", entry.round,
                       one.site, one.code));
  }
  left_out_ += entry.not_counted.size();
  if (!closed_.emplace(std::pair(entry.run, entry.round), entry).second) {
    Object(fmt::format("entry {}: round {} closed twice", index, entry.round));
  }
  std::set<SiteId> counted_sites;
  for (const record::Counted& counted : entry.counted) {
    const auto made = made_.find({entry.run, entry.round, counted.site});
    if (made == made_.end() || made->second.index != counted.entry ||
        made->second.entry.examples != counted.weight) {
      Object(fmt::format("entry {} counts what {} did not contribute", index, counted.site));
    }
    if (!counted_.insert(counted.entry).second) {
      Object(fmt::format("entry {} is counted twice", counted.entry));
    }
    counted_sites.insert(counted.site);
  }
  for (const auto& [place, made] : made_) {
    const auto& [run, round, site] = place;
    if (run != entry.run || round != entry.round || !receipted_.contains(made.index)) continue;
    if (!counted_sites.contains(site)) {
      Object(fmt::format("{} holds a receipt for entry {}, round {} closed without it", site,
                         made.index, round));
    }
  }
}

void Referee::Note(uint64_t index, const record::RoundReduced& entry) {
  const std::pair round(entry.run, entry.round);
  if (!reduced_.insert(round).second) {
    Object(fmt::format("entry {}: round {} reduced twice", index, entry.round));
  }
  const auto closed = closed_.find(round);
  if (closed == closed_.end()) {
    return Object(fmt::format("entry {}: round {} reduced before its close", index, entry.round));
  }
  std::vector<record::ReduceInput> inputs;
  for (const record::Counted& counted : closed->second.counted) {
    inputs.push_back({.site = counted.site,
                      .update = made_.at({entry.run, entry.round, counted.site}).entry.update,
                      .weight = counted.weight});
  }
  if (inputs != entry.inputs) {
    Object(fmt::format("entry {} sums other inputs than were counted", index));
  }
  const auto mean = truth_.Mean(inputs);
  if (!mean || *mean != entry.output) {
    Object(fmt::format("entry {}: the published mean of round {} is not that of its inputs", index,
                       entry.round));
  }
  ++rounds_reduced_;
}

// By the entries alone: what is open or being reduced, and the models of a run that goes on.
void Referee::Note(uint64_t index, const record::BlobsDeleted& entry) {
  for (const BlobId& blob : entry.blobs) {
    for (const auto& [place, made] : made_) {
      const auto& [run, round, site] = place;
      const bool over =
          reduced_.contains({run, round}) || book_.FindRun(run)->phase == run::Phase::kFinished;
      if (!over && made.entry.update == blob) {
        Object(fmt::format("entry {} deletes the update of {} that round {} needs", index, site,
                           round));
      }
    }
    for (const auto& [name, run] : book_.runs()) {
      const bool over = run.phase == run::Phase::kFinished;
      const bool model = run.spec.model == blob || run.current.base == blob ||
                         std::ranges::any_of(run.rounds, [&](const run::RoundRecord& round) {
                           return round.output == blob;
                         });
      if (over ? run.model == blob : model) {
        Object(fmt::format("entry {} deletes {}, a model of run {}", index, blob.Text(), name));
      }
    }
    deleted_.insert(blob);
  }
}

std::vector<BlobId> Referee::Kept() const {
  std::vector<BlobId> kept;
  const auto keep = [&](const BlobId& blob) {
    if (!deleted_.contains(blob)) kept.push_back(blob);
  };
  for (const auto& [round, entry] : closed_) {
    for (const record::Counted& one : entry.counted) {
      keep(made_.at({entry.run, entry.round, one.site}).entry.update);
    }
  }
  for (const auto& [name, run] : book_.runs()) {
    keep(run.spec.model);
    for (const run::RoundRecord& round : run.rounds) keep(round.output);
  }
  return kept;
}

bool Referee::MayGo(const record::Holder& from, const std::string& item, const RunId& run,
                    const record::Holder& to) const {
  return std::ranges::any_of(goes_, [&](const record::Determined& go) {
    return go.from == from && go.item == item && go.run == run &&
           std::ranges::find(go.recipients, to) != go.recipients.end();
  });
}

void Referee::Crossing(Way way, const record::Holder& holder, const BlobId& blob) {
  const record::Holder hub = book_.CoordinatorHolder();
  for (const auto& [name, run] : book_.runs()) {
    const bool model =
        run.spec.model == blob ||
        std::ranges::any_of(run.rounds, [&](const auto& r) { return r.output == blob; });
    if (way == Way::kDown) {
      // The owner lets its model come to the holder, and the coordinator's gate said go as well.
      if (model && MayGo(run.owner_holder, "model", name, holder) &&
          (holder == run.owner_holder || MayGo(hub, "model", name, holder))) {
        return;
      }
      continue;
    }
    if (run.spec.model == blob && holder == run.owner_holder && MayGo(holder, "model", name, hub)) {
      return;
    }
    const bool made = std::ranges::any_of(made_, [&, run_name = name](const auto& item) {
      const record::Contributed& entry = item.second.entry;
      return entry.update == blob && entry.site == holder.site && entry.run == run_name;
    });
    if (made && MayGo(holder, "update", name, hub)) return;
  }
  Object(fmt::format("bytes of {} went {} {}/{} without a go in the ledger", blob.Text(),
                     way == Way::kUp ? "up from" : "down to", holder.party, holder.site));
}

void Referee::Receipted(uint64_t entry) {
  receipted_.insert(entry);
  const auto place = made_by_index_.find(entry);
  if (place == made_by_index_.end()) {
    return Object(fmt::format("a receipt for entry {}, which is no contribution", entry));
  }
  const auto& [run, round, site] = place->second;
  const auto closed = closed_.find({run, round});
  if (closed == closed_.end()) return;
  // After the close it may only say what the close has said.
  if (!counted_.contains(entry)) {
    Object(fmt::format("{} got a receipt for entry {} after round {} closed without it", site,
                       entry, round));
  }
}

void Referee::Compare(const std::string& whose, const run::Book& book) {
  if (book.size() != book_.size()) {
    return Object(fmt::format("{} folded {} entries of {}", whose, book.size(), book_.size()));
  }
  if (book.Snapshot() != book_.Snapshot()) {
    Object(fmt::format("{} folded another state than the entries from zero", whose));
  }
}

void Referee::Finish() {
  for (const auto& [index, digest] : acknowledged_) {
    if (index >= digests_.size()) Object(fmt::format("entry {} was acknowledged and lost", index));
  }
  for (const uint64_t entry : receipted_) {
    const auto& [run, round, site] = made_by_index_.at(entry);
    const run::RunState* state = book_.FindRun(run);
    const bool ended_before_close =
        state->phase == run::Phase::kFinished && !closed_.contains({run, round});
    if (!counted_.contains(entry) && !ended_before_close) {
      Object(fmt::format("the receipt of {} for entry {} was never honoured", site, entry));
    }
  }
}

}  // namespace renkei::sim
