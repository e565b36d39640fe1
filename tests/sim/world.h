// SPDX-License-Identifier: Apache-2.0
// A whole federation in one thread, from one seed: the production coordinator and agents on
// simulated machines, links and clocks. While somebody waits (for a call, for a trainer), others
// act, so that every wait is a place where anything may happen.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "machine.h"
#include "referee.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/identity/peer_id.h"
#include "renkei/run/federation_testing.h"
#include "renkei/run/peer.h"
#include "renkei/site/agent.h"
#include "sim_trainer.h"
#include "truth.h"
#include "weather.h"

namespace renkei::sim {

// How long a coordinator keeps what a run that is over does not need.
inline constexpr Milliseconds kKeepUpdates = std::chrono::hours(6);

// What to live through. Without faults when `weather` is empty.
struct Plan {
  uint64_t seed = 0;
  std::optional<Weather> weather = std::nullopt;  // none: drawn from the seed
  uint32_t rounds = 14;
  // A crash of one machine ("hub" or a site) at one durable step.
  std::string machine = "";
  std::optional<Failpoint> failpoint = std::nullopt;
  bool trace = false;
};

struct Result {
  std::string objection;  // empty: every promise was kept
  std::string outcome;    // of the run
  uint64_t rounds = 0;    // reduced
  uint64_t left_out = 0;  // participants that rounds closed without
  uint64_t lives = 0;     // processes started
  bool failpoint_hit = false;
  std::map<std::string, uint64_t> hub_steps;   // durable steps seen, by name
  std::map<std::string, uint64_t> site_steps;  // of the first site
};

Result Live(const Plan& plan);

// A coordinator in one life of its process. shared_ptr: a call that a crash cut off still stands
// on it while others act.
struct HubLife {
  HubLife(LyingDisk& lying, StepWatch& watch) : disk(lying, watch) {}
  LifeDisk disk;
  std::unique_ptr<coordinator::Coordinator> coordinator;
};

struct SiteLife {
  SiteLife(LyingDisk& lying, StepWatch& watch) : disk(lying, watch) {}
  LifeDisk disk;
  std::unique_ptr<run::Peer> peer;
  std::unique_ptr<site::Agent> agent;
};

class World final {
 public:
  explicit World(const Plan& plan);
  ~World();
  Result Live();

  // For the links and trainers of its sites.
  Random& random() { return *random_; }
  const Weather& weather() const { return weather_; }
  uint64_t deadline_s() const { return deadline_s_; }  // of a round
  Referee& referee() { return referee_; }
  ManualClock& clock() { return clock_; }
  // Time passes, and others may act.
  void Yield(Milliseconds time);
  // The coordinator's process, if it runs.
  std::shared_ptr<HubLife> hub() const { return hub_life_; }
  // Takes note of what a call left behind: new entries, a life that ended.
  void AfterHubCall();
  bool Partitioned(size_t site) const { return clock_now() < sites_[site].cut_off_until; }
  // Keeps a copy of a request for later.
  void KeepCopy(const identity::PeerId& caller, ByteSpan envelope);
  bool SiteIsDead(size_t site) const;
  void Trace(const std::string& what) const;

 private:
  struct Site {
    Site(size_t number_in, SiteId id_in, ManualClock& true_time)
        : number(number_in), id(std::move(id_in)), machine(id.text(), true_time) {}
    size_t number;
    SiteId id;
    Machine machine;
    std::shared_ptr<SiteLife> life;
    bool gone = false;  // it knows that its party has left, and is not started again
    Milliseconds cut_off_until{0};
    // Its long poll: with nothing to do, it wakes at the next entry or at a time.
    uint64_t polls_from = 0;
    Milliseconds polls_until{0};
  };
  struct Copy {
    Milliseconds due{0};
    identity::PeerId caller;
    Bytes envelope;
  };

  Milliseconds clock_now() const { return const_cast<ManualClock&>(clock_).Monotonic(); }
  // set_up.cc
  Status SetUp();
  Status PrepareSite(Site& site);
  Status People();
  Status SubmitAs(const std::string& signer, const PartyId& party, const record::Record& record);
  record::Determined Determine(const record::Holder& from);
  // world.cc
  void Step();
  void StepHub();
  void StepSite(Site& site);
  Status BootHub();
  Status BootSite(Site& site);
  void BuryHub();
  void BurySite(Site& site);
  void Judge(Site& site, const Status& status);
  void FollowLedger();
  void DeliverCopies();
  bool Finished() const;
  // Whether rounds last as long as all that befalls a site in fine weather.
  bool HasTime() const { return deadline_s_ >= 900; }
  void ExpectNoLateFailure();
  void Settle();
  // people.cc
  void Say(const PartyId& party, const record::Record& record);
  void Meddle();
  void Collect();
  void CheckBlobs();
  // faults.cc
  void Suffer();
  void EndTroubles();
  void SetTrouble(Machine& machine);
  void CrashHub(bool power);
  void CrashSite(Site& site, bool power);
  void FillDisk(Machine& machine);
  void FlipBit(Machine& machine);
  void Repair(Machine& machine);
  void Heal();
  Machine& AnyMachine();
  bool Chance(uint64_t of_10000) { return random_->Below(10'000) < of_10000; }

  Plan plan_;
  std::unique_ptr<Random> random_;
  Weather weather_;
  uint64_t deadline_s_;
  run::TestFederation federation_;
  ManualClock clock_;
  Truth truth_;
  Referee referee_;
  BlobId model_;
  Bytes model_file_;
  std::string spec_;
  Machine hub_;
  std::shared_ptr<HubLife> hub_life_;
  std::deque<Site> sites_;
  std::vector<std::unique_ptr<TaskWorld>> task_worlds_;
  std::unique_ptr<Random> agent_random_;
  std::deque<Copy> copies_;
  int depth_ = 0;
  int idle_ = 0;
  bool healed_ = false;
  Instant healed_at_{};
  bool stop_sent_ = false;
  uint64_t lives_ = 0;
};

}  // namespace renkei::sim
