// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/site/agent.h"
#include "renkei/site/agent_testing.h"

namespace renkei::site {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr char kTwoRounds[] = "train\nevaluate\ntrain\nevaluate\n";

TEST_F(AgentTest, DrainingFinishesItsTrainingAndItsPromiseAndBeginsNothingElse) {
  const SiteFiles files{Dir(f0_)};
  const auto told = [&] {
    const auto state = ReadDrainState(files, *disk_);
    EXPECT_THAT(state, IsOk());
    return *state ? (*state)->in_flight : std::vector<std::string>{"not told"};
  };
  Map(f0_, "[ -f " + Dir(f0_) + "/drain-state.json ] || sleep 2\n" +
               TrainerScript(R"(\000\000\200\077)"));
  StartRun(2, 1);
  StartAll();
  coordinator_.on_report = [&](const run::SiteProgress& progress) {
    if (progress.phase != "training" || *disk_->Exists(files.drain_order())) return;
    EXPECT_THAT(AskToDrain(files, *disk_, clock_.Now()), IsOk());
  };
  for (int i = 0; i < kTurnsMax && Calls(f0_).empty(); ++i) {
    for (const SiteId& site : federation_.sites) ASSERT_THAT(Turn(site), IsOk());
  }
  EXPECT_THAT(told(), ElementsAre("train round 1 of run wafer-1"));
  ASSERT_THAT(Start(f0_), IsOk()) << "the order outlives the agent";
  RunToEnd();
  ASSERT_THAT(Turn(f0_), IsOkAndHolds(false));
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(Calls(f0_), "train\n");
  EXPECT_EQ(Calls(f1_), kTwoRounds);
  EXPECT_THAT(ListReceipts(files, *disk_), IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(DeclineCodes(), ElementsAre("f0 draining", "f0 draining", "f0 draining"))
      << "the first evaluation, and both halves of the second round";
  ASSERT_THAT(TakeBackDrain(files, *disk_), IsOk());
  ASSERT_THAT(Turn(f0_), IsOk());
  EXPECT_THAT(ReadDrainState(files, *disk_), IsOkAndHolds(testing::Eq(std::nullopt)));
}

TEST_F(AgentTest, DeclinesARoundWhoseDeadlineComesBeforeItsHours) {
  configs_[f0_].limits.hours = OpenHours::Parse({"Tue 02:00-04:00"}).value();
  StartRun(1, 1);
  StartAll();
  RunToEnd();
  EXPECT_THAT(DeclineCodes(), ElementsAre("f0 outside-hours", "f0 outside-hours"));
  EXPECT_EQ(Calls(f0_), "");
  EXPECT_EQ(Calls(f1_), "train\nevaluate\n");
}

TEST_F(AgentTest, EndsItsTrainingOutsideItsHoursAndSendsWhenTheyBeginAgain) {
  configs_[f0_].limits.hours = OpenHours::Parse({"Tue 00:00-00:01", "Tue 00:02-01:00"}).value();
  clock_.Pass(std::chrono::seconds(30));  // the round's deadline is at 00:02:10
  coordinator_.now = clock_.Now();
  StartRun(1, 2);
  StartAll();
  bool passed = false;
  coordinator_.on_report = [&](const run::SiteProgress& progress) {
    if (progress.phase == "training" && !std::exchange(passed, true)) {
      clock_.Pass(std::chrono::seconds(31));
    }
  };
  for (int i = 0; i < 6; ++i) {
    for (const SiteId& site : federation_.sites) ASSERT_THAT(Turn(site), IsOk());
  }
  ASSERT_EQ(Calls(f0_), "train\n");
  EXPECT_THAT(coordinator_.All<record::Contributed>(), SizeIs(1)) << "of the other site";
  ASSERT_THAT(Start(f0_), IsOk());
  ASSERT_THAT(Turn(f0_), IsOkAndHolds(false)) << "it waits, with what it trained";
  clock_.Pass(std::chrono::seconds(60));
  RunToEnd();
  EXPECT_EQ(Calls(f0_), "train\nevaluate\n");
  EXPECT_THAT(DeclineCodes(), IsEmpty());
  EXPECT_THAT(ListReceipts(SiteFiles{Dir(f0_)}, *disk_), IsOkAndHolds(SizeIs(1)));
}

TEST_F(AgentTest, DeclinesWhatWouldTakeMoreDiskThanItsOperatorGives) {
  MakeModel(1 << 16);
  configs_[f0_].limits.disk_gib = 3.9 * static_cast<double>(model_.size_bytes) / (1 << 30);
  StartRun(1, 1);
  StartAll();
  for (int i = 0; i < kTurnsMax && DeclineCodes().empty(); ++i) {
    for (const SiteId& site : federation_.sites) ASSERT_THAT(Turn(site), IsOk());
  }
  EXPECT_THAT(DeclineCodes(), ElementsAre("f0 disk-full"));
  EXPECT_EQ(Calls(f0_), "");
  const auto blobs = store::MakeDirectoryBlobs(*disk_, SiteFiles{Dir(f0_)}.blobs());
  ASSERT_THAT(blobs, IsOk());
  EXPECT_THAT((*blobs)->List(), IsOkAndHolds(IsEmpty())) << "before any byte of the model comes";
}

TEST_F(AgentTest, NeedsNoMoreDiskInALaterRoundThanInTheFirst) {
  MakeModel(1 << 16);
  configs_[f1_].limits.disk_gib = 5.2 * static_cast<double>(model_.size_bytes) / (1 << 30);
  Map(f0_, TrainerScript(R"(\000\000\000\100)"));
  StartRun(3, 2);
  StartAll();
  RunToEnd();
  EXPECT_THAT(DeclineCodes(), IsEmpty());
  EXPECT_EQ(Calls(f1_), std::string(kTwoRounds) + "train\nevaluate\n");
}

TEST_F(AgentTest, SendsNothingMoreOnceItIsAskedToStop) {
  StartRun(1, 2);
  StartAll();
  std::stop_source stop;
  coordinator_.on_upload = [&] { stop.request_stop(); };
  Status stopped;
  for (int i = 0; i < kTurnsMax && stopped.ok(); ++i) {
    coordinator_.now = clock_.Now();
    stopped = agents_.at(f0_)->Turn(stop.get_token(), Milliseconds(0)).status();
    ASSERT_FALSE(stop.stop_requested() && stopped.ok());
    if (coordinator_.run().phase == run::Phase::kStarting) {
      ASSERT_THAT(Turn(f1_), IsOk());
    }
  }
  EXPECT_THAT(stopped, StatusIs(Code::kCancelled));
  const BlobId update = coordinator_.run().current.contributed.at(f0_).update;
  EXPECT_THAT(coordinator_.blobs->Has(update), IsOkAndHolds(false)) << "no byte was taken";
}

}  // namespace
}  // namespace renkei::site
