// SPDX-License-Identifier: Apache-2.0
// The federation before the first fault: keys, charter, sites, and a run that everybody approved.
#include <utility>

#include <fmt/format.h>

#include "fixed_roots.h"
#include "renkei/base/check.h"
#include "renkei/gate/determine.h"
#include "renkei/site/site_files.h"
#include "sim_peer.h"
#include "world.h"

namespace renkei::sim {
namespace {

// Of a round: short ones pass while somebody is away, long ones outlast what befalls a site.
constexpr uint64_t kDeadlineSeconds[] = {40, 120, 900};
constexpr size_t kElements = 64;
constexpr size_t kElementsLarge = 280'000;  // 1.1 MB: two chunks

// Mostly two or three sites: they meet as many do, and cost less.
run::TestFederation::Options DrawFederation(Random& random) {
  const uint64_t draw = random.Below(10);
  return {.sites = draw < 5   ? 2
                   : draw < 9 ? 3
                              : 4,
          .ca_pems = {{"party-a", kRootOfPartyA}, {"party-b", kRootOfPartyB}}};
}

struct RunShape {
  uint32_t rounds = 0;
  uint64_t quorum = 0;
  uint64_t deadline_s = 0;
};

std::string SpecOf(const run::TestFederation& federation, const BlobId& model,
                   const RunShape& shape) {
  return fmt::format(R"(format = "renkei-run/1"
name = "{}"
model = "{}"
trainer = "wafer"
rounds = {}
quorum = {}
deadline_s = {}
start_deadline_s = 1800
evaluate_deadline_s = 300
purposes = ["defects"]
[classification]
us = "EAR99"
jp = "not-listed"
)",
                     federation.run, model.Text(), shape.rounds, shape.quorum, shape.deadline_s);
}

// What a site's tasks need of the world.
class SiteTaskWorld final : public TaskWorld {
 public:
  SiteTaskWorld(World& world, size_t site) : world_(world), site_(site) {}
  int Seconds() override {
    Random& random = world_.random();
    if (random.Below(100) < world_.weather().slow_tasks) {
      return static_cast<int>(world_.deadline_s() / 2 + random.Below(world_.deadline_s()));
    }
    return static_cast<int>(1 + random.Below(9));
  }
  TaskFate Fate() override {
    Random& random = world_.random();
    if (random.Below(100) >= world_.weather().bad_tasks) return TaskFate::kDone;
    return static_cast<TaskFate>(1 + random.Below(4));
  }
  bool PassSecond() override {
    world_.Yield(Milliseconds(1000));
    return !world_.SiteIsDead(site_);
  }

 private:
  World& world_;
  size_t site_;
};

}  // namespace

World::World(const Plan& plan)
    : plan_(plan),
      random_(MakeSeededRandom(plan.seed)),
      weather_(plan.weather ? *plan.weather : DrawWeather(*random_)),
      deadline_s_(kDeadlineSeconds[random_->Below(std::size(kDeadlineSeconds))]),
      federation_(DrawFederation(*random_)),
      clock_(federation_.now),
      referee_(truth_, federation_.charter),
      hub_("hub", clock_),
      agent_random_(MakeSeededRandom(plan.seed + 1)) {
  Floats first;
  for (size_t i = 0; i < (weather_.large_model ? kElementsLarge : kElements); ++i) {
    first.push_back(static_cast<float>(i % 97) / 8);
  }
  model_ = truth_.Note(first);
  model_file_ = ModelFile(first);
  spec_ = SpecOf(federation_, model_,
                 {.rounds = plan_.rounds,
                  .quorum = 1 + random_->Below(federation_.sites.size() - 1),
                  .deadline_s = deadline_s_});
  for (const SiteId& id : federation_.sites) {
    task_worlds_.push_back(std::make_unique<SiteTaskWorld>(*this, sites_.size()));
    sites_.emplace_back(sites_.size(), id, clock_);
  }
}

World::~World() {
  // Lives before the disks that they stand on.
  for (Site& site : sites_) site.life.reset();
  hub_life_.reset();
}

Status World::SetUp() {
  RK_RETURN_IF_ERROR(BootHub());
  RK_RETURN_IF_ERROR(People());
  for (Site& site : sites_) RK_RETURN_IF_ERROR(PrepareSite(site));
  FollowLedger();
  return Ok();
}

Status World::PrepareSite(Site& site) {
  const site::SiteFiles files{"site"};
  Disk& disk = site.machine.disk;
  RK_RETURN_IF_ERROR(disk.MakeDirs(files.dir));
  RK_RETURN_IF_ERROR(
      WriteWhole(disk, files.key(), federation_.key(site.id.text()).SeedText().reveal()));
  return WriteWhole(disk, files.charter(), federation_.charter_envelope);
}

// Straight to the coordinator, before any fault.
Status World::SubmitAs(const std::string& signer, const PartyId& party,
                       const record::Record& record) {
  RK_ASSIGN_OR_RETURN(const Bytes envelope, record::Seal(record, federation_.key(signer)));
  const identity::PeerId caller = {
      .party = party, .kind = identity::PeerKind::kPerson, .name = "alice"};
  RK_ASSIGN_OR_RETURN(const run::Submitted submitted,
                      hub_life_->coordinator->Submit(caller, envelope));
  referee_.Acknowledged(submitted.index, envelope);
  return Ok();
}

record::Determined World::Determine(const record::Holder& from) {
  std::vector<record::Holder> recipients = federation_.Everybody();
  std::erase(recipients, from);
  return gate::Determine(federation_.charter, {},
                         {.item = "model",
                          .run = federation_.run,
                          .from = from,
                          .recipients = std::move(recipients),
                          .purposes = {"defects"},
                          .classification_us = "EAR99",
                          .classification_jp = "not-listed",
                          .blob = model_},
                         clock_.Now());
}

Status World::People() {
  const PartyId party_a = run::TestFederation::Party("party-a");
  for (const SiteId& site : federation_.sites) {
    const PartyId party = federation_.PartyOf(site);
    RK_RETURN_IF_ERROR(SubmitAs(party.text(), party, federation_.Enrolled(site)));
  }
  RK_RETURN_IF_ERROR(SubmitAs("party-a", party_a, Determine(federation_.OwnerHolder())));
  const uint64_t go = hub_life_->coordinator->BookNow().size() - 1;
  RK_RETURN_IF_ERROR(SubmitAs("party-a", party_a, federation_.Submitted(spec_, go)));
  for (const char* party : {"party-a", "party-b"}) {
    RK_RETURN_IF_ERROR(
        SubmitAs(party, run::TestFederation::Party(party), federation_.Approved(party, spec_)));
  }
  const identity::PeerId owner = {
      .party = party_a, .kind = identity::PeerKind::kPerson, .name = "alice"};
  const auto at_home = store::MakeMemoryBlobs();
  RK_ASSIGN_OR_RETURN(const auto draft, at_home->Create());
  RK_RETURN_IF_ERROR(draft->Append(model_file_));
  RK_ASSIGN_OR_RETURN(const BlobId id, draft->Finish());
  RK_CHECK(id == model_);
  RK_ASSIGN_OR_RETURN(const auto leaves, at_home->Leaves(model_));
  coordinator::Coordinator& hub = *hub_life_->coordinator;
  {
    RK_ASSIGN_OR_RETURN(const auto sink, hub.BeginUpload(owner, model_, leaves));
    for (uint64_t chunk = 0; chunk < model_.chunks(); ++chunk) {
      RK_RETURN_IF_ERROR(sink->Write(
          chunk, ByteSpan(model_file_).subspan(chunk * kChunkBytes, model_.ChunkSize(chunk))));
    }
    RK_RETURN_IF_ERROR(sink->Commit());
  }
  return hub.FinishUpload(owner, model_);
}

Status World::BootHub() {
  auto life = std::make_shared<HubLife>(hub_.disk, hub_.steps);
  coordinator::Options options;
  options.dir = "hub";
  options.key = &federation_.key("coordinator");
  options.charter_envelope = federation_.charter_envelope;
  options.keep_updates = kKeepUpdates;
  auto opened = coordinator::Coordinator::Open(options, life->disk, hub_.clock);
  if (life->disk.dead()) return Error(Code::kUnavailable, "died while it opened");
  RK_RETURN_IF_ERROR(opened.status());
  life->coordinator = *std::move(opened);
  hub_life_ = std::move(life);
  ++lives_;
  ++hub_.lives;
  return Ok();
}

Status World::BootSite(Site& site) {
  auto life = std::make_shared<SiteLife>(site.machine.disk, site.machine.steps);
  const record::Holder holder = federation_.HolderOf(site.id);
  life->peer = MakeSimPeer(
      *this, site.number,
      {.party = holder.party, .kind = identity::PeerKind::kSite, .name = site.id.text()}, holder);
  site::AgentOptions options;
  options.dir = "site";
  options.config = {.site = site.id,
                    .party = holder.party,
                    .country = holder.country,
                    .coordinator = "hub",
                    .trainers = {},
                    .issuer_dir = {}};
  options.config.trainers[*TrainerId::Parse("wafer")] = {.words = {"trainer"}};
  options.trainer =
      std::make_unique<SimTrainer>(site.id, life->disk, truth_, *task_worlds_[site.number]);
  auto agent = site::Agent::Open(std::move(options), life->disk, site.machine.clock, *agent_random_,
                                 *life->peer);
  if (life->disk.dead()) return Error(Code::kUnavailable, "died while it opened");
  RK_RETURN_IF_ERROR(agent.status());
  life->agent = *std::move(agent);
  site.life = std::move(life);
  ++lives_;
  ++site.machine.lives;
  return Ok();
}

}  // namespace renkei::sim
