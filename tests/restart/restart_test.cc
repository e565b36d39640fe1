// SPDX-License-Identifier: Apache-2.0
// Processes with a ledger of 100,000 entries are killed and start again: within two seconds they
// serve.
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <signal.h>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "long_ledger.h"
#include "renkei/base/log.h"
#include "renkei/base/status_testing.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/gate/determine.h"
#include "renkei/site/ledger_view.h"

namespace renkei::restart {
namespace {

constexpr uint64_t kEntries = 100'000;
constexpr uint64_t kTail = 300;  // since the last snapshot
constexpr double kRestartMaxSeconds = 2;

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

// A process that does `work`, which ends by calling `stand`; that returns only by being killed.
class Child {
 public:
  using Stand = std::function<void()>;
  explicit Child(const std::function<void(const Stand&)>& work) {
    int ends[2];
    RK_CHECK(pipe(ends) == 0);
    pid_ = fork();
    RK_CHECK(pid_ >= 0);
    if (pid_ == 0) {
      work([&ends] {
        const char there = 1;
        RK_CHECK(write(ends[1], &there, 1) == 1);
        for (;;) pause();
      });
      _exit(1);
    }
    close(ends[1]);
    ready_ = ends[0];
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(ready_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Until it stands; false when it ended before.
  bool Wait() const {
    char there = 0;
    return read(ready_, &there, 1) == 1;
  }

 private:
  pid_t pid_ = -1;
  int ready_ = -1;
};

// A directory in which a coordinator and a site, both with all entries, were killed.
class Wreck {
 public:
  Wreck() {
    log::SetLevel(log::Level::kOff);
    std::string name = testing::TempDir() + "renkei-restart-XXXXXX";
    RK_CHECK(mkdtemp(name.data()) != nullptr);
    root_ = name;
    const Stopwatch writing;
    {
      // In a process of its own, whose threads do not disturb the next fork.
      const Child writer([this](const Child::Stand& stand) {
        HastyDisk disk;
        LongLedger(federation, disk, HubDir() + "/ledger").WriteTo(kEntries);
        stand();
      });
      RK_CHECK(writer.Wait());
    }
    federation.now += std::chrono::seconds(kEntries + kEntries / 10);
    fmt::print("{} entries written in {:.1f} s\n", kEntries, writing.seconds());
    const Stopwatch folding;
    {
      const Child hub([this](const Child::Stand& stand) { LiveAsCoordinator(stand); });
      RK_CHECK(hub.Wait());
    }
    fmt::print("folded from entry 0 in {:.1f} s\n", folding.seconds());
    // What a site has that followed from the start: the same tiles, the same fold.
    std::filesystem::create_directories(SiteDir() + "/mirror");
    for (const char* part : {"/tile", "/checkpoint"}) {
      std::filesystem::copy(HubDir() + "/ledger" + part, SiteDir() + "/mirror" + part,
                            std::filesystem::copy_options::recursive);
    }
    std::filesystem::copy(HubDir() + "/snapshot", SiteDir() + "/snapshot");
  }
  ~Wreck() { std::filesystem::remove_all(root_); }
  Wreck(const Wreck&) = delete;
  Wreck& operator=(const Wreck&) = delete;

  StatusOr<std::unique_ptr<coordinator::Coordinator>> OpenCoordinator(Clock& clock) const {
    return coordinator::Coordinator::Open({.dir = HubDir(),
                                           .key = federation.coordinator,
                                           .charter_envelope = federation.charter_envelope},
                                          *disk_, clock);
  }
  StatusOr<site::LedgerView> OpenView() const {
    return site::LedgerView::Open(*disk_, SiteDir(), federation.charter);
  }

  identity::PeerId Site() const {
    return {
        .party = federation.PartyOf(own), .kind = identity::PeerKind::kSite, .name = own.text()};
  }

  // The site's gate speaks once more.
  StatusOr<run::Submitted> SubmitOne(coordinator::Coordinator& hub, ManualClock& clock) const {
    std::vector<record::Holder> recipients = federation.Everybody();
    std::erase(recipients, federation.HolderOf(own));
    clock.Advance(Milliseconds(1'000));
    const record::Determined determined = gate::Determine(federation.charter, {},
                                                          {.item = "metrics",
                                                           .run = federation.run,
                                                           .from = federation.HolderOf(own),
                                                           .recipients = std::move(recipients),
                                                           .purposes = {"defects"},
                                                           .classification_us = "EAR99",
                                                           .classification_jp = "not-listed",
                                                           .blob = std::nullopt},
                                                          clock.Now());
    RK_ASSIGN_OR_RETURN(const Bytes envelope, record::Seal(determined, federation.key(own.text())));
    return hub.Submit(Site(), envelope);
  }

  run::TestFederation federation{{.sites = 4, .approvals = 2, .rounds_max = run::kRoundsMax}};
  const SiteId own = federation.sites.front();

 private:
  std::string HubDir() const { return root_ + "/hub"; }
  std::string SiteDir() const { return root_ + "/f0"; }

  void LiveAsCoordinator(const Child::Stand& stand) const {
    ManualClock clock(federation.now);
    const auto hub = OpenCoordinator(clock);
    RK_CHECK(hub.ok());
    (*hub)->Turn();  // keeps a snapshot
    for (uint64_t i = 0; i < kTail; ++i) RK_CHECK(SubmitOne(**hub, clock).ok());
    stand();
  }

  std::unique_ptr<Disk> disk_ = MakeRealDisk();
  std::string root_;
};

class Restart : public testing::Test {
 protected:
  static void SetUpTestSuite() { wreck_ = std::make_unique<Wreck>(); }
  static void TearDownTestSuite() { wreck_.reset(); }

  static inline std::unique_ptr<Wreck> wreck_;
};

TEST_F(Restart, AKilledCoordinatorOfAHundredThousandEntriesServesWithinTwoSeconds) {
  ManualClock clock(wreck_->federation.now + std::chrono::hours(1));
  const Stopwatch watch;
  const auto hub = wreck_->OpenCoordinator(clock);
  ASSERT_THAT(hub, IsOk());
  const double opened = watch.seconds();
  const uint64_t size = (*hub)->BookNow().size();
  EXPECT_GE(size, kEntries + kTail);
  for (const uint64_t from : {uint64_t{0}, size / 2, size - 10}) {
    const auto page = (*hub)->Read(wreck_->Site(), from, run::kPageEntriesMax, Milliseconds(0));
    ASSERT_THAT(page, IsOk()) << from;
    EXPECT_EQ(page->entries.size(), std::min<uint64_t>(size - from, run::kPageEntriesMax));
  }
  EXPECT_THAT(wreck_->SubmitOne(**hub, clock), IsOk());
  fmt::print("coordinator: open {:.2f} s, served {:.2f} s\n", opened, watch.seconds());
  EXPECT_LT(watch.seconds(), kRestartMaxSeconds);
  const run::Book book = (*hub)->BookNow();
  EXPECT_EQ(book.FindRun(wreck_->federation.run)->phase, run::Phase::kTraining);
}

TEST_F(Restart, AKilledSiteWithAMirrorOfAHundredThousandEntriesGoesOnWithinTwoSeconds) {
  const Stopwatch watch;
  const auto view = wreck_->OpenView();
  ASSERT_THAT(view, IsOk());
  fmt::print("site: open {:.2f} s\n", watch.seconds());
  EXPECT_LT(watch.seconds(), kRestartMaxSeconds);
  EXPECT_GE(view->book().size(), kEntries + kTail);
  EXPECT_THAT(view->Entry(kEntries / 2), IsOk());
}

}  // namespace
}  // namespace renkei::restart
