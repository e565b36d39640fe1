// SPDX-License-Identifier: Apache-2.0
// Watches the simulated federation from outside and remembers everything. It reads the ledger as
// it grows, folds it for itself, and objects at once when a promise is broken:
//
//   - an entry that was acknowledged, or shown to anybody, never changes or goes away, and no two
//     signed roots of one size differ;
//   - no byte of a model or an update moves without a determination "go" in the ledger before it;
//   - a contribution counts at most once, was in the ledger before the close, and is counted when
//     its receipt was given before the close;
//   - the published mean of a round is the mean of what was counted, bit for bit;
//   - in fine weather a round counts all its participants;
//   - what a run needs is not deleted, and nothing is removed before an entry says so;
//   - the fold from zero equals the coordinator's and every site's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/ids.h"
#include "renkei/charter/charter.h"
#include "renkei/crypto/merkle.h"
#include "renkei/record/record.h"
#include "renkei/run/book.h"
#include "renkei/run/peer.h"
#include "truth.h"

namespace renkei::sim {

enum class Way { kUp, kDown };

class Referee {
 public:
  Referee(Truth& truth, const charter::Charter& charter);

  // The first broken promise; empty while there is none.
  const std::string& objection() const { return objection_; }
  void Object(std::string what);

  // Entries `from` on as the ledger has them now, and its signed checkpoint.
  void Read(uint64_t from, const run::Page& page);
  uint64_t size() const { return digests_.size(); }
  // Somebody was told that these bytes are entry `index`.
  void Acknowledged(uint64_t index, ByteSpan envelope);
  // A signed checkpoint that anybody has seen.
  void Signed(const std::string& checkpoint);
  // A chunk of `blob` moves between the coordinator and `holder` (a site, or a party's person).
  void Crossing(Way way, const record::Holder& holder, const BlobId& blob);
  void Receipted(uint64_t entry);
  // From here on nothing fails: every round that opens counts all its participants.
  void WeatherIsFineFrom(Instant when) { fine_from_ = when; }
  // A book that somebody folded.
  void Compare(const std::string& whose, const run::Book& book);
  // Once nothing moves any more: no receipt is left in the air.
  void Finish();

  // Blobs that a coordinator has to have: what was counted or published, and not deleted.
  std::vector<BlobId> Kept() const;
  const std::set<BlobId>& deleted() const { return deleted_; }

  const run::Book& book() const { return book_; }
  uint64_t rounds_reduced() const { return rounds_reduced_; }
  // Participants of closed rounds that were left out.
  uint64_t left_out() const { return left_out_; }

 private:
  using Place = std::tuple<RunId, uint32_t, SiteId>;
  struct Made {
    uint64_t index = 0;
    record::Contributed entry;
  };

  void Take(uint64_t index, ByteSpan envelope);
  void Note(uint64_t index, const record::Determined& entry);
  void Note(uint64_t index, const record::Contributed& entry);
  void Note(uint64_t index, const record::RoundOpened& entry);
  void Note(uint64_t index, const record::RoundClosed& entry);
  void Note(uint64_t index, const record::RoundReduced& entry);
  void Note(uint64_t index, const record::BlobsDeleted& entry);
  template <typename Other>
  void Note(uint64_t, const Other&) {}
  bool MayGo(const record::Holder& from, const std::string& item, const RunId& run,
             const record::Holder& to) const;

  Truth& truth_;
  const charter::Charter& charter_;
  std::string objection_;
  std::vector<Digest> digests_;  // of the entries
  crypto::CompactRange range_;
  std::map<uint64_t, Digest> roots_;   // by size, as computed from the entries
  std::map<uint64_t, Digest> signed_;  // by size, as signed
  std::set<std::string> notes_;        // seen and checked
  std::map<uint64_t, Digest> acknowledged_;
  run::Book book_;
  std::vector<record::Determined> goes_;
  std::map<Place, Made> made_;
  std::map<uint64_t, Place> made_by_index_;
  std::optional<Instant> fine_from_;
  std::map<std::pair<RunId, uint32_t>, Instant> opened_;
  std::map<std::pair<RunId, uint32_t>, record::RoundClosed> closed_;
  std::set<std::pair<RunId, uint32_t>> reduced_;
  std::set<uint64_t> counted_;
  std::set<uint64_t> receipted_;
  std::set<BlobId> deleted_;
  uint64_t rounds_reduced_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace renkei::sim
