// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/agent.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/site/agent_testing.h"

namespace renkei::site {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr char kTwoRounds[] = "train\nevaluate\ntrain\nevaluate\n";

TEST_F(AgentTest, TakesPartInARunOfTwoRounds) {
  StartRun(2, 2);
  StartAll();
  RunToEnd();
  EXPECT_EQ(coordinator_.run().outcome, "completed");
  EXPECT_EQ(Calls(f0_), kTwoRounds);
  EXPECT_EQ(Calls(f1_), kTwoRounds);
  EXPECT_THAT(coordinator_.All<record::Contributed>(), SizeIs(4));
  EXPECT_THAT(coordinator_.All<record::Evaluated>(), SizeIs(4));
  EXPECT_THAT(DeclineCodes(), IsEmpty());
  for (const auto& contributed : coordinator_.All<record::Contributed>()) {
    EXPECT_THAT(contributed.metrics,
                ElementsAre(std::pair<const std::string, double>("loss", 0.5)));
    EXPECT_EQ(contributed.examples, 100U);
  }
  // For each site, determinations of both items to everybody else, made before anything else.
  int own = 0;
  for (const auto& determined : coordinator_.All<record::Determined>()) {
    if (determined.from != federation_.HolderOf(f0_)) continue;
    ++own;
    EXPECT_EQ(determined.verdict, record::Verdict::kGo);
    EXPECT_THAT(determined.recipients, SizeIs(3));  // the coordinator, the owner, the other site
  }
  EXPECT_EQ(own, 2);
  EXPECT_THAT(ListReceipts(SiteFiles{Dir(f0_)}, *disk_), IsOkAndHolds(SizeIs(2)));
}

TEST_F(AgentTest, TellsEachPhaseHoweverShort) {
  StartRun(1, 2);
  StartAll();
  std::set<std::string> phases;
  coordinator_.on_report = [&](const run::SiteProgress& told) { phases.insert(told.phase); };
  RunToEnd();
  EXPECT_THAT(phases, ElementsAre("contributing", "evaluating", "fetching", "training", "waiting"));
}

TEST_F(AgentTest, KeepsNeitherBlobsNorModelsOfAFinishedRun) {
  StartRun(2, 2);
  StartAll();
  RunToEnd();
  for (int i = 0; i < 3; ++i) ASSERT_THAT(Turn(f0_), IsOkAndHolds(false));
  const auto blobs = store::MakeDirectoryBlobs(*disk_, SiteFiles{Dir(f0_)}.blobs());
  ASSERT_THAT(blobs, IsOk());
  EXPECT_THAT((*blobs)->List(), IsOkAndHolds(IsEmpty()));
  const TaskFiles task = SiteFiles{Dir(f0_)}.task(coordinator_.run().index, 2, TaskKind::kTrain);
  EXPECT_THAT(disk_->Exists(task.model()), IsOkAndHolds(false));
  EXPECT_THAT(disk_->Exists(task.checkpoint_dir()), IsOkAndHolds(false));
  EXPECT_THAT(disk_->Exists(task.log()), IsOkAndHolds(true));
}

TEST_F(AgentTest, GoesOnAfterARestartAtAnyStepWithoutTrainingTwice) {
  StartRun(2, 2);
  StartAll();
  for (int i = 0; i < kTurnsMax && !IsFinished(); ++i) {
    for (const SiteId& site : federation_.sites) {
      ASSERT_THAT(Start(site), IsOk());
      ASSERT_THAT(Turn(site), IsOk());
    }
  }
  EXPECT_TRUE(IsFinished());
  EXPECT_EQ(Calls(f0_), kTwoRounds);
  EXPECT_EQ(Calls(f1_), kTwoRounds);
  EXPECT_THAT(coordinator_.All<record::Contributed>(), SizeIs(4));
}

TEST_F(AgentTest, SaysNothingTwiceWhenTheLinkDropsBeforeOrAfterEachCall) {
  for (const char* call :
       {"read", "submit", "submit-answer", "upload", "upload-answer", "download", "receipt"}) {
    coordinator_.fail_next[call] = 3;
  }
  StartRun(2, 2);
  StartAll();
  RunToEnd(Code::kUnavailable);
  EXPECT_EQ(Calls(f0_), kTwoRounds);
  EXPECT_EQ(Calls(f1_), kTwoRounds);
  EXPECT_THAT(coordinator_.All<record::Contributed>(), SizeIs(4));
  EXPECT_THAT(coordinator_.All<record::Evaluated>(), SizeIs(4));
  EXPECT_THAT(coordinator_.All<record::Determined>(), SizeIs(2 + 4));
  EXPECT_THAT(DeclineCodes(), IsEmpty());
}

TEST_F(AgentTest, SaysTheSameWordsAgainAfterACrashBeforeTheLedgerHadThem) {
  StartRun(1, 2);
  StartAll();
  for (int i = 0; i < 4; ++i) {
    coordinator_.fail_next["submit"] = 2;  // both items
    EXPECT_THAT(Turn(f0_), StatusIs(Code::kUnavailable));
    ASSERT_THAT(Start(f0_), IsOk());
  }
  agents_[f0_].reset();
  const auto log = ledger::Ledger::Open(*disk_, SiteFiles{Dir(f0_)}.gate_log(),
                                        "renkei/gate/party-a/f0", federation_.key("f0"));
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ((*log)->size(), 2U);  // one for each item, not one for each try
}

// Counts its starts in its checkpoint directory; killed in training at the first `kills` of them.
std::string KilledTrainer(int kills) {
  return R"(step=checkpoint/step
grep -q '"kind": "train"' "$RENKEI_TASK" && echo >> $step
if [ -f $step ] && [ $(wc -l < $step) -le )" +
         std::to_string(kills) + R"( ]; then
  echo half > "$RENKEI_UPDATE"
  kill -KILL $$
fi
)" + TrainerScript(R"(\000\000\200\077)");
}

TEST_F(AgentTest, StartsATrainerAgainThatSomebodyElseKilledWithItsCheckpoints) {
  Map(f0_, KilledTrainer(kTrainerRestartsMax));
  StartRun(1, 2);
  StartAll();
  RunToEnd();
  EXPECT_EQ(coordinator_.run().outcome, "completed");
  EXPECT_THAT(coordinator_.All<record::Contributed>(), SizeIs(2));
  EXPECT_THAT(DeclineCodes(), IsEmpty());
  EXPECT_EQ(Calls(f0_), "train\nevaluate\n");
}

TEST_F(AgentTest, DeclinesWhenItsTrainerIsKilledAgainAndAgain) {
  Map(f0_, "echo start >> \"$CALLS\"; sh -c 'kill -KILL $$'");  // the shell ends with 137
  StartRun(1, 1);
  StartAll();
  for (int i = 0; i < kTurnsMax && DeclineCodes().empty(); ++i) {
    ASSERT_THAT(Turn(f0_), IsOk());
    if (coordinator_.run().phase == run::Phase::kStarting) {
      ASSERT_THAT(Turn(f1_), IsOk());
    }
  }
  EXPECT_THAT(DeclineCodes(), ElementsAre("f0 trainer-failed"));
  EXPECT_EQ(Calls(f0_), "start\nstart\nstart\nstart\n");
  static_assert(kTrainerRestartsMax == 3);
}

TEST_F(AgentTest, DeclinesTheWholeRunWhenItsTrainerIsNotMapped) {
  configs_[f0_].trainers.clear();
  StartRun(2, 1);
  StartAll();
  RunToEnd();
  EXPECT_THAT(DeclineCodes(), ElementsAre("f0 trainer-not-mapped"));
  EXPECT_EQ(coordinator_.run().outcome, "completed");
  EXPECT_EQ(Calls(f0_), "");
  EXPECT_EQ(Calls(f1_), kTwoRounds);
  EXPECT_THAT(coordinator_.All<record::Determined>(), SizeIs(2 + 2));
}

TEST_F(AgentTest, DeclinesTheWholeRunWithoutConsentAndFetchesNothing) {
  configs_[f0_].consent.purposes = {"yields"};
  StartRun(2, 1);
  StartAll();
  RunToEnd();
  EXPECT_THAT(DeclineCodes(), ElementsAre("f0 no-consent"));
  EXPECT_EQ(Calls(f0_), "");
  EXPECT_EQ(Calls(f1_), kTwoRounds);
  EXPECT_THAT(coordinator_.All<record::Determined>(), SizeIs(2 + 2)) << "its gate was not asked";
  const auto blobs = store::MakeDirectoryBlobs(*disk_, SiteFiles{Dir(f0_)}.blobs());
  ASSERT_THAT(blobs, IsOk());
  EXPECT_THAT((*blobs)->List(), IsOkAndHolds(IsEmpty()));
}

TEST_F(AgentTest, SaysThatItMayNotTakePartWhenTheCoordinatorRefusesItsEntries) {
  StartRun(1, 1);
  StartAll();
  coordinator_.refuse_kind = "update.contributed";
  for (int i = 0; i < kTurnsMax && !IsFinished(); ++i) {
    ASSERT_THAT(Turn(f1_), IsOk());
    ASSERT_THAT(Turn(f0_), IsOk());
    if (DeclineCodes().size() == 2) break;
  }
  EXPECT_THAT(DeclineCodes(),
              testing::UnorderedElementsAre("f0 not-permitted", "f1 not-permitted"));
}

TEST_F(AgentTest, StopsItsTrainerWhenTheRunIsStopped) {
  Map(f0_, "echo train >> \"$CALLS\"; echo '{\"fraction\": 0.25}' > progress.json; sleep 60");
  StartRun(1, 2);
  StartAll();
  double fraction = 0;
  coordinator_.on_report = [&](const run::SiteProgress& progress) {
    if (progress.phase != "training" || progress.fraction == 0 || fraction != 0) return;
    fraction = progress.fraction;
    coordinator_.Write(
        record::RunStopAsked{
            .run = federation_.run, .party = federation_.PartyOf(f1_), .at = federation_.now},
        "party-b");
  };
  const Milliseconds began = clock_.Monotonic();
  for (int i = 0; i < 10 && !IsFinished(); ++i) {
    ASSERT_THAT(Turn(f0_), IsOk());
    if (coordinator_.run().phase == run::Phase::kStarting) {
      ASSERT_THAT(Turn(f1_), IsOk());
    }
  }
  EXPECT_TRUE(IsFinished());
  EXPECT_EQ(coordinator_.run().outcome, "stopped");
  EXPECT_EQ(fraction, 0.25);
  EXPECT_EQ(Calls(f0_), "train\n");
  EXPECT_LT(clock_.Monotonic() - began, Milliseconds(30'000));
}

TEST_F(AgentTest, RefusesToBelieveALyingCoordinator) {
  StartRun(1, 2);
  const struct {
    const char* what;
    std::function<void(run::Page&)> lie;
  } lies[] = {
      {"an entry is left out", [](run::Page& p) { p.entries.erase(p.entries.begin() + 1); }},
      {"an entry is changed", [](run::Page& p) { p.entries.back().back() ^= 1; }},
      {"two entries are swapped", [](run::Page& p) { std::swap(p.entries[1], p.entries[2]); }},
      {"the root is another",
       [](run::Page& p) {
         const size_t line = p.checkpoint.find('\n', p.checkpoint.find('\n') + 1) + 1;
         p.checkpoint[line] = p.checkpoint[line] == 'A' ? 'B' : 'A';
       }},
  };
  for (const auto& c : lies) {
    coordinator_.change_page = c.lie;
    ASSERT_THAT(Start(f0_), IsOk());
    EXPECT_THAT(Turn(f0_), Not(IsOk())) << c.what;
    EXPECT_EQ(agents_[f0_]->book().size(), 0U) << c.what;
  }
  coordinator_.change_page = {};
  ASSERT_THAT(Start(f0_), IsOk());
  ASSERT_THAT(Turn(f0_), IsOk());
  // What was acknowledged has to be what is there.
  coordinator_.change_submitted = [](run::Submitted& s) { s.index = 1; };
  EXPECT_THAT(Turn(f0_), StatusIs(Code::kDataLoss, HasSubstr("holds another")));
  EXPECT_THAT(disk_->List(Dir(f0_) + "/evidence"), IsOkAndHolds(Not(IsEmpty())));
}

TEST_F(AgentTest, RefusesAReceiptThatSpeaksOfSomethingElse) {
  const std::function<void(record::Receipt&)> changes[] = {
      [](record::Receipt& r) { r.round += 1; },
      [](record::Receipt& r) { r.entry += 1; },
      [](record::Receipt& r) { r.manifest_sha256 = {}; },
      [](record::Receipt& r) { r.site = *SiteId::Parse("f9"); },
      [](record::Receipt& r) { r.charter = std::string(64, '0'); },
  };
  StartRun(1, 2);
  StartAll();
  const auto only_f0 = [&](const std::function<void(record::Receipt&)>& change) {
    coordinator_.change_receipt = [&, change](record::Receipt& r) {
      if (r.site == f0_) change(r);
    };
  };
  only_f0(changes[0]);
  for (int i = 0; i < kTurnsMax && coordinator_.uploads < 2; ++i) {
    ASSERT_THAT(Turn(f1_), IsOk());
    const Status turn = Turn(f0_).status();
    if (!turn.ok()) {
      EXPECT_THAT(turn, StatusIs(Code::kDataLoss));
    }
  }
  for (const auto& change : changes) {
    only_f0(change);
    EXPECT_THAT(Turn(f0_), StatusIs(Code::kDataLoss, HasSubstr("receipt")));
  }
  EXPECT_THAT(disk_->List(Dir(f0_) + "/evidence"), IsOkAndHolds(SizeIs(1)));
  coordinator_.change_receipt = {};
  EXPECT_THAT(Turn(f0_), IsOk());
}

TEST_F(AgentTest, DoesNotRepeatAnUpdateThatTheCoordinatorRefused) {
  StartRun(1, 1);
  StartAll();
  coordinator_.bad_update = "tensor weight: not finite";
  for (int i = 0; i < 12; ++i) {
    ASSERT_THAT(Turn(f1_), IsOk());
    ASSERT_THAT(Turn(f0_), IsOk());
  }
  EXPECT_EQ(coordinator_.uploads, 2);
  EXPECT_EQ(Calls(f0_), "train\n");
}

TEST_F(AgentTest, HasNothingToDoWhileSuspendedAndGoesOnAfterwards) {
  StartRun(2, 1);
  StartAll();
  const PartyId party = federation_.PartyOf(f1_);
  coordinator_.on_report = [&](const run::SiteProgress& progress) {
    const bool already = coordinator_.book().suspensions().Cover(federation_.HolderOf(f1_));
    if (progress.phase != "training" || already) return;
    coordinator_.Write(
        record::CrossingsSuspended{.party = party, .site = f1_, .at = federation_.now}, "party-b");
  };
  Map(f1_, "sleep 30");
  ASSERT_THAT(Start(f1_), IsOk());
  for (int i = 0; i < kTurnsMax && coordinator_.book().suspensions().sites.empty(); ++i) {
    for (const SiteId& site : federation_.sites) ASSERT_THAT(Turn(site), IsOk());
  }
  ASSERT_THAT(Turn(f1_), IsOkAndHolds(false));
  for (int i = 0; i < kTurnsMax && coordinator_.run().current.round < 2; ++i) {
    ASSERT_THAT(Turn(f0_), IsOk());
    ASSERT_THAT(Turn(f1_), IsOkAndHolds(false)) << "neither sends nor says that it declines";
  }
  const auto closed = coordinator_.All<record::RoundClosed>();
  ASSERT_THAT(closed, SizeIs(1));
  EXPECT_THAT(closed[0].not_counted, ElementsAre(record::NotCounted{f1_, "suspended"}));
  EXPECT_THAT(DeclineCodes(), IsEmpty());
}

TEST_F(AgentTest, StopsSendingByItselfWhenItsPartySuspendsIt) {
  StartRun(1, 2);
  Map(f0_, TrainerScript(R"(\000\000\000\100)"));  // not the bytes of the other site
  StartAll();
  coordinator_.on_upload = [&] {
    if (!coordinator_.book().suspensions().sites.empty()) return;
    const PartyId party = federation_.PartyOf(f0_);
    coordinator_.Write(
        record::CrossingsSuspended{.party = party, .site = f0_, .at = federation_.now}, "party-a");
    clock_.Pass(kLookEvery);
  };
  Status stopped;
  for (int i = 0; i < kTurnsMax && stopped.ok(); ++i) {
    stopped = Turn(f0_).status();
    ASSERT_THAT(Turn(f1_), IsOk());
  }
  EXPECT_THAT(stopped, StatusIs(Code::kFailedPrecondition, HasSubstr("not due any more: deliver")));
  const BlobId update = coordinator_.run().current.contributed.at(f0_).update;
  EXPECT_THAT(coordinator_.blobs->Has(update), IsOkAndHolds(false)) << "no byte was taken";
  coordinator_.Write(
      record::CrossingsResumed{
          .party = federation_.PartyOf(f0_), .site = f0_, .at = federation_.now},
      "party-a");
  RunToEnd();
  EXPECT_EQ(Calls(f0_), "train\nevaluate\n");
}

TEST_F(AgentTest, EndsForGoodWhenItsPartyHasLeftAndTheOthersGoOn) {
  StartRun(1, 1);
  StartAll();
  // In the middle of its own training.
  coordinator_.on_report = [&](const run::SiteProgress& progress) {
    if (progress.phase != "training" || !coordinator_.book().left().empty()) return;
    coordinator_.Write(record::PartyLeft{.party = federation_.PartyOf(f1_), .at = federation_.now},
                       "party-b");
    clock_.Pass(kLookEvery);
  };
  coordinator_.now = clock_.Now();
  while (coordinator_.book().left().empty()) {
    const auto turn = Turn(f1_);
    if (coordinator_.run().phase == run::Phase::kStarting) {
      ASSERT_THAT(Turn(f0_), IsOk());
    }
    ASSERT_TRUE(turn.ok() || !coordinator_.book().left().empty()) << turn.status();
  }
  const auto left = StatusIs(Code::kPermissionDenied, HasSubstr("party-left: party-b has left"));
  EXPECT_THAT(agents_.at(f1_)->Serve({}), left);
  ASSERT_THAT(Start(f1_), IsOk());
  EXPECT_THAT(agents_.at(f1_)->Serve({}), left) << "also when it is started again";
  EXPECT_THAT(coordinator_.All<record::Contributed>(), IsEmpty());
  for (int i = 0; i < kTurnsMax && !IsFinished(); ++i) ASSERT_THAT(Turn(f0_), IsOk());
  EXPECT_EQ(coordinator_.run().outcome, "completed");
}

TEST_F(AgentTest, HoldsWhileItsClockIsADayOffAndNamesTheSkew) {
  StartRun(1, 2);
  StartAll();
  for (const int days : {1, -1}) {
    const Milliseconds by = std::chrono::hours(24 * days);
    coordinator_.now = clock_.Now();
    clock_.Jump(by);
    EXPECT_THAT(agents_.at(f0_)->Turn({}, Milliseconds(0)),
                StatusIs(Code::kFailedPrecondition,
                         HasSubstr(days > 0 ? "86400 s ahead of" : "s behind the coordinator")));
    EXPECT_THAT(coordinator_.All<record::Contributed>(), IsEmpty());
    EXPECT_FALSE(coordinator_.run().Find(f0_)->update) << "the gate said nothing";
    clock_.Jump(-by);
  }
  RunToEnd();
  EXPECT_EQ(Calls(f0_), "train\nevaluate\n");
}

TEST_F(AgentTest, CatchesUpAfterAWeekendAndTakesPart) {
  StartAll();
  ASSERT_THAT(Turn(f0_), IsOkAndHolds(false));
  agents_.clear();
  clock_.Jump(std::chrono::hours(62));
  coordinator_.now = clock_.Now();
  federation_.now = clock_.Now();
  StartRun(2, 2);
  StartAll();
  RunToEnd();
  EXPECT_EQ(Calls(f0_), kTwoRounds);
  EXPECT_EQ(Calls(f1_), kTwoRounds);
}

TEST_F(AgentTest, RestoredFromAnOlderCopyLearnsItsOwnWordsAgainAndRepeatsNothing) {
  StartAll();
  ASSERT_THAT(Turn(f0_), IsOkAndHolds(false));
  agents_.clear();
  const std::string backup = root_ + "/backup";
  ASSERT_EQ(std::system(("cp -r " + Dir(f0_) + " " + backup).c_str()), 0);
  StartRun(2, 2);
  StartAll();
  for (int i = 0; i < kTurnsMax && coordinator_.uploads < 2; ++i) {
    for (const SiteId& site : federation_.sites) ASSERT_THAT(Turn(site), IsOk());
  }
  ASSERT_EQ(coordinator_.uploads, 2);
  agents_[f0_].reset();
  ASSERT_THAT(RemoveTree(*disk_, Dir(f0_)), IsOk());
  ASSERT_EQ(std::system(("mv " + backup + " " + Dir(f0_)).c_str()), 0);
  ASSERT_THAT(Start(f0_), IsOk());
  RunToEnd();
  EXPECT_THAT(coordinator_.All<record::Contributed>(), SizeIs(4)) << "twice each, one a round";
  EXPECT_THAT(coordinator_.All<record::Determined>(), SizeIs(2 + 4)) << "nothing said twice";
  agents_[f0_].reset();
  const auto log = ledger::Ledger::Open(*disk_, SiteFiles{Dir(f0_)}.gate_log(),
                                        "renkei/gate/party-a/f0", federation_.key("f0"));
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ((*log)->size(), 2U) << "the log has both words again";
}

TEST_F(AgentTest, WaitsForTheCloseWhenAnOlderCopyHasLostWhatItPromised) {
  StartRun(1, 1);
  StartAll();
  const auto promised = [&] { return coordinator_.run().current.contributed.contains(f0_); };
  for (int i = 0; i < kTurnsMax && !promised(); ++i) {
    for (const SiteId& site : federation_.sites) ASSERT_THAT(Turn(site), IsOk());
  }
  ASSERT_THAT(RemoveTree(*disk_, SiteFiles{Dir(f0_)}.blobs()), IsOk());
  ASSERT_THAT(Start(f0_), IsOk());
  ASSERT_THAT(Turn(f0_), IsOkAndHolds(true));
  ASSERT_THAT(Turn(f0_), IsOkAndHolds(false)) << "nothing is tried again without end";
  EXPECT_EQ(Calls(f0_), "train\n");
}

TEST_F(AgentTest, FetchesAModelAgainThatHasChangedOnItsDisk) {
  StartRun(2, 2);
  StartAll();
  const auto evaluated = [&] { return coordinator_.run().current.evaluated.contains(f0_); };
  for (int i = 0; i < kTurnsMax && !evaluated(); ++i) {
    for (const SiteId& site : federation_.sites) {
      if (evaluated()) break;
      ASSERT_THAT(Turn(site), IsOk());
    }
  }
  ASSERT_TRUE(evaluated());
  const BlobId model = coordinator_.run().NextBase();
  const std::string path = fmt::format("{}/{}/{}", SiteFiles{Dir(f0_)}.blobs(),
                                       model.root.hex().substr(0, 2), model.Text());
  {
    const auto file = disk_->Open(path, OpenMode::kWrite);
    ASSERT_THAT(file, IsOk());
    Bytes last(1);
    ASSERT_THAT(ReadExactly(**file, model.size_bytes - 1, last), IsOk());
    last[0] ^= 1;
    ASSERT_THAT((*file)->WriteAt(model.size_bytes - 1, last), IsOk());
  }
  RunToEnd(Code::kDataLoss);
  EXPECT_EQ(coordinator_.run().outcome, "completed");
  EXPECT_THAT(DeclineCodes(), IsEmpty());
  EXPECT_EQ(Calls(f0_), "train\nevaluate\ntrain\nevaluate\n");
}

TEST_F(AgentTest, ServesUntilAskedToStop) {
  StartRun(1, 2);
  StartAll();
  std::jthread serving([&](std::stop_token stop) {
    // f1 first, then f0: the test's coordinator is not thread-safe.
    for (int i = 0; i < 3; ++i) ASSERT_THAT(Turn(f1_), IsOk());
    EXPECT_THAT(agents_.at(f0_)->Serve(stop), IsOk());
  });
  while (Calls(f0_).empty()) std::this_thread::sleep_for(Milliseconds(10));
  serving.request_stop();
  serving.join();
  SUCCEED();
}

}  // namespace
}  // namespace renkei::site
