// SPDX-License-Identifier: Apache-2.0
// The life of a run as a pure function: (ledgered state, live state, event) -> (live state,
// actions). No clock, disk or network inside; the coordinator carries out the actions and comes
// back with their events. Level-triggered: what is still to do is said again after a restart,
// when Live starts empty.
//
// The first round opens when every candidate has its standing goes or is out, or at the start
// deadline when the quorum has. Later rounds open after the evaluation with those who are ready.
//
// A round closes when every participant has contributed or declined, or at its deadline when the
// quorum is met. After the deadline it waits for the quorum at most as long again, then the run
// fails; it fails at once when the quorum has become impossible. What comes after the close does
// not count.
//
// A pause acts between rounds: what is open goes on to its evaluation as ever, and no round opens
// while any party's pause stands. What has to happen before a round opens then has its time anew.
//
// A round for which the coordinator's disk has no room is not opened until it has, and that ends no
// run: nobody's deadline runs out by it.
//
// A site whose crossings are suspended is not waited for and not counted, even when its update is
// here; what it still misses of the quorum is waited for as for a late one, since it may be
// resumed.
//
// A site whose party has left is not waited for; what is here of it counts, for its receipt says
// so. A run whose owner has left, or that too few parties are left to approve, fails at once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/record/record.h"
#include "renkei/run/run_state.h"

namespace renkei::run {

inline constexpr uint32_t kReduceAttemptsMax = 5;
inline constexpr Milliseconds kReduceRetry{10'000};
inline constexpr Milliseconds kRoomRetry{2'000};

// What the ledger does not say: bytes that have arrived, work that goes on. Lost in a crash and
// found again by looking.
struct Live {
  Instant now{};
  bool model_stored = false;             // the spec's model, checked
  std::optional<std::string> model_bad;  // its bytes are no model: the code
  uint32_t round = 0;                    // that the fields below speak of
  std::set<SiteId> unjudged;             // updates found after a restart, not looked at yet
  std::set<SiteId> stored;               // updates arrived and found good
  std::set<SiteId> unreadable;           // updates that are here and our disk does not give back
  std::map<SiteId, std::string> bad;     // updates arrived and found bad: the code
  bool reducing = false;
  std::optional<BlobId> output;  // of the reduction, until it is recorded
  uint32_t reduce_failures = 0;
  Instant reduce_retry{};
  std::string lack_of_room;  // on the coordinator's disk: why no round is opened or reduced now
};

struct Recorded {};  // an entry about the run was folded
struct ModelStored {};
struct ModelBad {
  std::string code;
};
struct UpdateFound {  // after a restart; one of the three below follows
  uint32_t round = 0;
  SiteId site;
};
struct UpdateStored {
  uint32_t round = 0;
  SiteId site;
};
struct UpdateUnreadable {  // our disk is to blame: its bytes are missing
  uint32_t round = 0;
  SiteId site;
};
struct UpdateBad {
  uint32_t round = 0;
  SiteId site;
  std::string code;
};
struct Reduced {
  uint32_t round = 0;
  BlobId output;
};
struct ReduceFailed {
  uint32_t round = 0;
  std::string lack_of_room = {};  // why, when that is all: it is tried until there is room
};
struct Room {        // the coordinator looked at its disk
  std::string lack;  // empty: there is room
};
struct Tick {
  Instant now{};
};
using Event = std::variant<Recorded, ModelStored, ModelBad, UpdateFound, UpdateStored,
                           UpdateUnreadable, UpdateBad, Reduced, ReduceFailed, Room, Tick>;

struct Append {
  record::Record record;
};
struct Reduce {
  uint32_t round = 0;
  std::vector<record::ReduceInput> inputs;  // ascending sites
};
struct WakeAt {
  Instant when{};
};
using Action = std::variant<Append, Reduce, WakeAt>;

struct Outcome {
  Live live;
  std::vector<Action> actions;  // at most one Append: feed Recorded before the next
};

Outcome Step(const RunState& run, Live live, const Event& event);

}  // namespace renkei::run
