// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/ledger_view.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/log.h"
#include "renkei/base/status_testing.h"
#include "renkei/ledger/snapshot.h"
#include "renkei/site/coordinator_testing.h"

namespace renkei::site {
namespace {

constexpr char kSnapshot[] = "site/snapshot";
constexpr char kFirstBundle[] = "site/mirror/tile/entries/000";

class LedgerViewTest : public testing::Test {
 protected:
  LedgerViewTest() {
    log::SetLevel(log::Level::kOff);
    coordinator_.StartRun(federation_.Spec(run::TestFederation::MadeUpBlob(1), 2, 2));
  }

  // The gate of f0 speaks `count` times more, and `view` follows.
  void Grow(LedgerView& view, uint64_t count) {
    for (uint64_t i = 1; i <= count; ++i) {
      record::Determined determined = federation_.Determined("metrics", federation_.HolderOf(f0_));
      determined.uses_max = ++spoken_;  // no two are the same
      coordinator_.Write(determined, f0_.text());
      if (i % 100 != 0 && i != count) continue;
      ASSERT_THAT(view.Sync(coordinator_, Milliseconds(0)), IsOk());
    }
  }
  // The book of a view that lived through it.
  Bytes Grown(uint64_t count) {
    auto view = Open();
    EXPECT_THAT(view, IsOk());
    Grow(*view, count);
    return view->book().Snapshot();
  }
  StatusOr<LedgerView> Open() { return LedgerView::Open(disk_, "site", federation_.charter); }
  // What a start finds without asking anybody.
  Bytes Restarted() {
    const auto view = Open();
    EXPECT_THAT(view, IsOk());
    return view.ok() ? view->book().Snapshot() : Bytes();
  }

  const run::TestFederation federation_{{.sites = 2}};
  const SiteId f0_ = federation_.sites[0];
  TestCoordinator coordinator_{federation_};
  LyingDisk disk_;
  uint64_t spoken_ = 0;
};

TEST_F(LedgerViewTest, AStartFromTheSnapshotAndFromEntryZeroFindTheSame) {
  Grown(10);
  EXPECT_THAT(disk_.Exists(kSnapshot), IsOkAndHolds(false)) << "not worth one yet";
  Grown(kViewSnapshotEvery);
  EXPECT_THAT(disk_.Exists(kSnapshot), IsOkAndHolds(true));
  const Bytes book = Grown(3);
  EXPECT_EQ(Restarted(), book);
  disk_.FlipBit(kSnapshot, 5000);
  EXPECT_EQ(Restarted(), book);
  ASSERT_THAT(disk_.Remove(kSnapshot), IsOk());
  EXPECT_EQ(Restarted(), book);
  EXPECT_THAT(disk_.Exists(kSnapshot), IsOkAndHolds(true)) << "made again";
}

TEST_F(LedgerViewTest, WhatTheSnapshotCoversIsReadWhenItIsAskedFor) {
  const Bytes book = Grown(kViewSnapshotEvery);
  disk_.FlipBit(kFirstBundle, 50'000);
  const auto view = Open();
  ASSERT_THAT(view, IsOk());
  EXPECT_EQ(view->book().Snapshot(), book);
  EXPECT_THAT(view->Entry(20), StatusIs(Code::kDataLoss));
}

TEST_F(LedgerViewTest, ASnapshotOfAnotherLedgerIsPassedOver) {
  const Bytes book = Grown(5);
  TestCoordinator other(federation_);
  other.StartRun(federation_.Spec(run::TestFederation::MadeUpBlob(2), 2, 2));
  ASSERT_THAT(
      ledger::WriteSnapshot(
          disk_, kSnapshot,
          {.size = other.book().size(), .root = Digest{}, .payload = other.book().Snapshot()}),
      IsOk());
  EXPECT_EQ(Restarted(), book);
}

}  // namespace
}  // namespace renkei::site
