// SPDX-License-Identifier: Apache-2.0
// Two sites with real agents and real trainer processes, and a coordinator in memory. Tests only.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stdlib.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "renkei/base/log.h"
#include "renkei/base/status_testing.h"
#include "renkei/run/federation_testing.h"
#include "renkei/site/agent.h"
#include "renkei/site/coordinator_testing.h"
#include "renkei/tensor/writer.h"

namespace renkei::site {

inline constexpr int kTurnsMax = 60;

// The federation's calendar with the pace of real time: trainers are real processes.
class TestClock final : public Clock {
 public:
  explicit TestClock(Instant start) : start_(start) {}
  Instant Now() override { return start_ + Monotonic(); }
  void Jump(Milliseconds by) { start_ += by; }
  Milliseconds Monotonic() override {
    return passed_ +
           std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began_);
  }
  void Pass(Milliseconds by) { passed_ += by; }

 private:
  Instant start_;
  Milliseconds passed_{0};
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

// Sets the last float of the model to `last_float` (octal) and writes its kind to $CALLS.
inline std::string TrainerScript(const std::string& last_float) {
  return R"(set -e
kind=train
grep -q '"kind": "evaluate"' "$RENKEI_TASK" && kind=evaluate
echo $kind >> "$CALLS"
if [ $kind = train ]; then
  cp "$RENKEI_MODEL" "$RENKEI_UPDATE"
  size=$(wc -c < "$RENKEI_MODEL")
  printf ')" +
         last_float +
         R"(' | dd of="$RENKEI_UPDATE" bs=1 seek=$((size - 4)) conv=notrunc 2> /dev/null
fi
echo '{"examples": 100, "metrics": {"loss": 0.5}}' > "$RENKEI_METRICS"
)";
}

class AgentTest : public testing::Test {
 protected:
  void SetUp() override {
    log::SetLevel(log::Level::kOff);
    // In memory where there is such a place: a disk's syncs would be most of the time.
    const std::string below = access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : testing::TempDir();
    std::string name = below + "renkei-agent-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    MakeModel(4);
    for (const SiteId& site : federation_.sites) MakeSite(site);
  }
  void TearDown() override {
    agents_.clear();
    ASSERT_THAT(RemoveTree(*disk_, root_), IsOk());
  }

  // The model of the runs to come, so many floats.
  void MakeModel(uint64_t floats) {
    const tensor::NewTensor tensors[] = {
        {.name = "weight", .dtype = tensor::DType::kF32, .shape = {floats}}};
    Bytes model = ToBytes(tensor::DumpHeader(tensor::MakeLayout(tensors).value()));
    model.resize(model.size() + floats * sizeof(float));
    const auto draft = coordinator_.blobs->Create().value();
    ASSERT_THAT(draft->Append(model), IsOk());
    model_ = draft->Finish().value();
  }

  std::string Dir(const SiteId& site) const { return root_ + "/" + site.text(); }

  void MakeSite(const SiteId& site) {
    const SiteFiles files{Dir(site)};
    ASSERT_THAT(disk_->MakeDirs(files.dir), IsOk());
    ASSERT_THAT(WriteWhole(*disk_, files.key(), federation_.key(site.text()).SeedText().reveal()),
                IsOk());
    ASSERT_THAT(WriteWhole(*disk_, files.charter(), federation_.charter_envelope), IsOk());
    Map(site, TrainerScript(R"(\000\000\200\077)"));
  }

  void Map(const SiteId& site, const std::string& script, int64_t timeout_s = 0) {
    const std::string path = Dir(site) + "/trainer.sh";
    ASSERT_THAT(WriteWhole(*disk_, path, AsBytes(script)), IsOk());
    SiteConfig& config = configs_[site];
    const record::Holder holder = federation_.HolderOf(site);
    config = {.site = site,
              .party = holder.party,
              .country = holder.country,
              .coordinator = "127.0.0.1:7400",
              .trainers = {},
              .issuer_dir = {}};
    config.trainers[*TrainerId::Parse("wafer")] = {.words = {"/bin/sh", path},
                                                   .timeout_s = timeout_s};
  }

  Status Start(const SiteId& site) {
    agents_[site].reset();
    auto agent =
        Agent::Open({.dir = Dir(site),
                     .config = configs_[site],
                     .environment = {{"PATH", "/usr/bin:/bin"}, {"CALLS", Dir(site) + "/calls"}},
                     .renewed_peer = {},
                     .utc_offset = [](Instant) { return std::chrono::seconds(0); }},
                    *disk_, clock_, *random_, coordinator_);
    if (agent.ok()) agents_[site] = *std::move(agent);
    return agent.status();
  }
  void StartAll() {
    for (const SiteId& site : federation_.sites) ASSERT_THAT(Start(site), IsOk());
  }

  void StartRun(uint32_t rounds, uint32_t quorum) {
    spec_ = federation_.Spec(model_, rounds, quorum);
    coordinator_.StartRun(spec_);
  }

  StatusOr<bool> Turn(const SiteId& site) {
    coordinator_.now = clock_.Now();
    return agents_.at(site)->Turn({}, Milliseconds(0));
  }
  // Turns of all sites until the run is finished. Failures other than `tolerated` are errors.
  void RunToEnd(Code tolerated = Code::kOk) {
    for (int i = 0; i < kTurnsMax && !IsFinished(); ++i) {
      for (const SiteId& site : federation_.sites) {
        const auto done = Turn(site);
        if (done.status().code() == tolerated) continue;
        ASSERT_THAT(done, IsOk());
      }
    }
    EXPECT_TRUE(IsFinished());
  }
  bool IsFinished() const { return coordinator_.run().phase == run::Phase::kFinished; }

  std::string Calls(const SiteId& site) {
    const auto bytes = ReadWhole(*disk_, Dir(site) + "/calls", 4096);
    return bytes.ok() ? ToText(*bytes) : "";
  }
  std::vector<std::string> DeclineCodes() const {
    std::vector<std::string> codes;
    for (const auto& declined : coordinator_.All<record::Declined>()) {
      codes.push_back(fmt::format("{} {}", declined.site, declined.code));
    }
    return codes;
  }

  std::unique_ptr<Disk> disk_ = MakeRealDisk();
  std::unique_ptr<Random> random_ = MakeSeededRandom(3);
  run::TestFederation federation_{{.sites = 2}};
  TestClock clock_{federation_.now};
  TestCoordinator coordinator_{federation_};
  const SiteId f0_ = federation_.sites[0];
  const SiteId f1_ = federation_.sites[1];
  std::string root_;
  BlobId model_;
  std::string spec_;
  std::map<SiteId, SiteConfig> configs_;
  std::map<SiteId, std::unique_ptr<Agent>> agents_;
};

}  // namespace renkei::site
