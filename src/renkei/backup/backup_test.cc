// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "renkei/backup/manifest.h"
#include "renkei/backup/restore.h"
#include "renkei/backup/take.h"
#include "renkei/base/status_testing.h"
#include "renkei/coordinator/house_testing.h"
#include "renkei/crypto/hash.h"
#include "renkei/ledger/mirror.h"
#include "renkei/site/gate_log.h"
#include "renkei/site/site_config.h"
#include "renkei/site/site_files.h"
#include "renkei/store/blob_tree.h"

namespace renkei::backup {
namespace {

using coordinator::House;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int kSites = 2;
constexpr uint32_t kRounds = 3;

// A federation half way through a run, with what its sites keep on disk.
class BackupTest : public testing::Test {
 protected:
  BackupTest() : house_({.sites = kSites}) {}

  Disk& disk() { return house_.disk; }
  std::string Spec() { return house_.federation.Spec(house_.model, kRounds, kSites, ""); }

  // Everybody acts in turn until `round` is open and its first site has contributed.
  void LiveToTheMiddleOf(uint32_t round) {
    if (house_.hub == nullptr) {
      ASSERT_THAT(house_.Open(), IsOk());
    }
    ASSERT_THAT(house_.People(Spec()), IsOk());
    for (int turn = 0; turn < 100; ++turn) {
      house_.hub->Turn();
      const run::RunState run = house_.Run();
      if (run.current.round == round && run.phase == run::Phase::kTraining) {
        ASSERT_THAT(house_.Act(house_.federation.sites[0]), IsOk());
        house_.hub->Turn();
        return;
      }
      for (const SiteId& site : house_.federation.sites) ASSERT_THAT(house_.Act(site), IsOk());
      house_.clock.Advance(Milliseconds(10));
    }
    FAIL() << "round " << round << " was never open";
  }

  std::string DirOf(int site) { return fmt::format("site-{}", Site(site)); }
  SiteId Site(int number) { return house_.federation.sites[static_cast<size_t>(number)]; }

  // What the agent of a site has by now.
  void KeepSite(int number) {
    const site::SiteFiles files{DirOf(number)};
    const crypto::SigningKey& key = house_.federation.key(Site(number).text());
    const site::SiteConfig config{.site = Site(number),
                                  .party = house_.federation.PartyOf(Site(number)),
                                  .country = "US",
                                  .coordinator = "hub.example:7443",
                                  .trainers = {},
                                  .issuer_dir = ""};
    ASSERT_THAT(disk().MakeDirs(files.tls_dir()), IsOk());
    Write(files.config(), site::DumpSiteConfig(config));
    Write(files.charter(), AsText(house_.federation.charter_envelope));
    Write(files.key(), AsText(key.SeedText().reveal()));
    Write(files.tls_key(), "the leaf's key");
    ASSERT_THAT(disk().MakeDirs(files.receipts()), IsOk());
    Write(files.receipt(12), "a receipt");
    auto log = site::GateLog::Open(disk(), files.gate_log(), site::LogOrigin(config), key);
    ASSERT_THAT(log, IsOk());
    auto mirror = ledger::Mirror::Open(disk(), DirOf(number) + "/mirror",
                                       house_.federation.charter.LedgerKey());
    ASSERT_THAT(mirror, IsOk());
    while (true) {
      const auto page =
          house_.hub->Read(house_.Site(Site(number)), (*mirror)->size(), 256, Milliseconds(0));
      ASSERT_THAT(page, IsOk());
      if (page->entries.empty()) break;
      ASSERT_THAT((*mirror)->Extend(page->entries, page->checkpoint), IsOk());
    }
    KeepBlobs(number, files.blobs());
  }

  void KeepBlobs(int number, const std::string& directory) {
    const run::RunState run = house_.Run();
    auto blobs = store::MakeDirectoryBlobs(disk(), directory);
    ASSERT_THAT(blobs, IsOk());
    const auto base = house_.hub->OpenDownload(house_.Site(Site(number)), run.current.base);
    ASSERT_THAT(base, IsOk());
    ASSERT_THAT(store::Import(**blobs, **base), IsOk());
    const auto own = run.current.contributed.find(Site(number));
    if (own == run.current.contributed.end()) return;
    const auto update = house_.at_home->Open(own->second.update);
    ASSERT_THAT(update, IsOk());
    ASSERT_THAT(store::Import(**blobs, **update), IsOk());
  }

  void Write(const std::string& path, std::string_view text) {
    ASSERT_THAT(WriteWhole(disk(), path, AsBytes(text)), IsOk());
  }

  StatusOr<Taken> TakeHub() {
    return Take({.dir = "hub",
                 .out = "backup",
                 .charter_envelope = house_.federation.charter_envelope,
                 .progress = {}},
                disk(), house_.clock);
  }
  StatusOr<Taken> TakeSite(int number, const std::string& out, bool with_keys) {
    return Take({.dir = DirOf(number),
                 .out = out,
                 .with_keys = with_keys,
                 .charter_envelope = {},
                 .progress = {}},
                disk(), house_.clock);
  }
  void LoseHub() {
    house_.hub.reset();
    ASSERT_THAT(RemoveTree(disk(), "hub"), IsOk());
  }
  RestoreOptions ToHub(std::vector<std::string> mirrors = {}) {
    return {.from = "backup",
            .dir = "hub",
            .charter_envelope = house_.federation.charter_envelope,
            .witnesses = {},
            .mirrors = std::move(mirrors),
            .accept_loss = false,
            .progress = {}};
  }
  StatusOr<Restored> Run(const RestoreOptions& options) {
    return Restore(options, disk(), house_.clock);
  }
  std::vector<std::string> FilesBelow(const std::string& directory) {
    std::vector<std::string> files = house_.disk.Files();
    std::erase_if(files, [&](const auto& file) { return !file.starts_with(directory + "/"); });
    return files;
  }
  void ExpectNoHub() {
    EXPECT_THAT(FilesBelow("hub"), IsEmpty());
    EXPECT_THAT(FilesBelow("hub.restoring"), IsEmpty());
  }

  House house_;
};

BlobId UndisturbedModel() {
  House house({.sites = kSites});
  EXPECT_THAT(house.Open(), IsOk());
  EXPECT_THAT(house.LiveToTheEnd(house.federation.Spec(house.model, kRounds, kSites, "")), IsOk());
  return house.Run().model.value();
}

TEST_F(BackupTest, RestoredWithItsSitesMirrorsARunEndsWithTheSameModel) {
  LiveToTheMiddleOf(1);
  ASSERT_THAT(TakeHub(), IsOk());
  LiveToTheMiddleOf(3);
  for (int site = 0; site < kSites; ++site) KeepSite(site);
  const uint64_t size = house_.hub->BookNow().size();
  const std::string seen = house_.hub->checkpoint().value();
  LoseHub();
  const auto restored = Run(ToHub({DirOf(0), DirOf(1)}));
  ASSERT_THAT(restored, IsOk());
  EXPECT_EQ(restored->size, size);
  EXPECT_GT(restored->entries_from_mirrors, 10u);
  EXPECT_EQ(restored->blobs_from_mirrors, 2u);  // the base of round 3, and the update of site 0
  EXPECT_THAT(restored->losses, IsEmpty());
  ASSERT_THAT(house_.Open(), IsOk());
  EXPECT_THAT(house_.hub->checkpoint(), IsOkAndHolds(seen));  // not signed anew
  const uint64_t chunks = house_.chunks_sent;
  ASSERT_THAT(house_.LiveToTheEnd(Spec()), IsOk());
  EXPECT_EQ(house_.Run().model, UndisturbedModel());
  EXPECT_EQ(house_.chunks_sent, chunks + 2);  // the update of site 1 alone
}

TEST_F(BackupTest, WithoutAWitnessOfEverySiteNothingIsRestored) {
  LiveToTheMiddleOf(1);
  ASSERT_THAT(TakeHub(), IsOk());
  for (int site = 0; site < kSites; ++site) KeepSite(site);
  LoseHub();
  EXPECT_THAT(Run(ToHub()),
              StatusIs(Code::kFailedPrecondition, AllOf(HasSubstr("f0 of party-a, f1 of party-b"),
                                                        HasSubstr("--witness SITE=FILE"))));
  ExpectNoHub();
  EXPECT_THAT(Run(ToHub({DirOf(0)})),
              StatusIs(Code::kFailedPrecondition, HasSubstr("from site f1 of party-b;")));
  ExpectNoHub();
  RestoreOptions witnessed = ToHub({DirOf(0)});
  witnessed.witnesses = {{.site = "f1", .file = DirOf(1) + "/mirror/checkpoint"}};
  EXPECT_THAT(Run(witnessed), IsOk());
  EXPECT_THAT(Run(witnessed), StatusIs(Code::kAlreadyExists));
  ASSERT_THAT(RemoveTree(disk(), "hub"), IsOk());
  RestoreOptions lossy = ToHub();
  lossy.accept_loss = true;
  const auto restored = Run(lossy);
  ASSERT_THAT(restored, IsOk());
  EXPECT_THAT(restored->losses, Contains(HasSubstr("f0 of party-a, f1 of party-b")));
}

TEST_F(BackupTest, NothingIsRestoredBehindWhatAWitnessHasSeenWhateverIsAccepted) {
  LiveToTheMiddleOf(1);
  ASSERT_THAT(TakeHub(), IsOk());
  KeepSite(0);
  LiveToTheMiddleOf(2);
  KeepSite(1);
  LoseHub();
  RestoreOptions options = ToHub({DirOf(0)});
  options.accept_loss = true;
  options.witnesses = {{.site = "f1", .file = DirOf(1) + "/mirror/checkpoint"}};
  EXPECT_THAT(Run(options), StatusIs(Code::kFailedPrecondition,
                                     AllOf(HasSubstr("site f1"), HasSubstr("second history"))));
  ExpectNoHub();
  options.mirrors.push_back(DirOf(1) + "/mirror");  // a bare mirror
  EXPECT_THAT(Run(options), IsOk());
}

TEST_F(BackupTest, AMirrorOrWitnessOfAnotherHistoryIsRefused) {
  LiveToTheMiddleOf(1);
  ASSERT_THAT(TakeHub(), IsOk());
  LoseHub();
  house_.clock.Advance(Milliseconds(1000));  // entry 0 is another one
  LiveToTheMiddleOf(2);
  for (int site = 0; site < kSites; ++site) KeepSite(site);
  LoseHub();
  EXPECT_THAT(Run(ToHub({DirOf(0)})), StatusIs(Code::kDataLoss));
  RestoreOptions options = ToHub();
  options.accept_loss = true;
  Write("early", house_.federation.Spec(house_.model, 1, 1, ""));
  options.witnesses = {{.site = "f1", .file = "early"}};
  EXPECT_THAT(Run(options), StatusIs(Code::kDataLoss, HasSubstr("early")));
  ExpectNoHub();
}

TEST_F(BackupTest, BlobsThatNobodyHasAreNamedAndAcceptedOrRefused) {
  LiveToTheMiddleOf(1);
  ASSERT_THAT(TakeHub(), IsOk());
  LiveToTheMiddleOf(2);
  for (int site = 0; site < kSites; ++site) KeepSite(site);
  LoseHub();
  ASSERT_THAT(RemoveTree(disk(), DirOf(0) + "/blobs"), IsOk());
  RestoreOptions options = ToHub({DirOf(0), DirOf(1)});
  EXPECT_THAT(Run(options), StatusIs(Code::kFailedPrecondition,
                                     HasSubstr("run wafer-1: the update of site f0 in round 2")));
  options.accept_loss = true;
  const auto restored = Run(options);
  ASSERT_THAT(restored, IsOk());
  EXPECT_THAT(restored->losses, Contains(HasSubstr("the update of site f0 in round 2")));
  // Its site sends them again.
  ASSERT_THAT(house_.Open(), IsOk());
  ASSERT_THAT(house_.LiveToTheEnd(Spec()), IsOk());
  EXPECT_EQ(house_.Run().model, UndisturbedModel());
}

TEST_F(BackupTest, AFlippedBitInAnyFileOfABackupIsFound) {
  LiveToTheMiddleOf(2);
  ASSERT_THAT(TakeHub(), IsOk());
  for (int site = 0; site < kSites; ++site) KeepSite(site);
  ASSERT_THAT(TakeSite(0, "backup-f0", /*with_keys=*/true), IsOk());
  LoseHub();
  RestoreOptions site{.from = "backup-f0",
                      .dir = "again",
                      .charter_envelope = {},
                      .witnesses = {},
                      .mirrors = {},
                      .accept_loss = false,
                      .progress = {}};
  int flipped = 0;
  for (const auto& options : {ToHub({DirOf(0), DirOf(1)}), site}) {
    for (const std::string& file : FilesBelow(options.from)) {
      // Beside a blob lies what follows from it.
      if (file.ends_with(".leaves") || file.ends_with("lock")) continue;
      if (disk().Open(file, OpenMode::kRead).value()->Size().value() == 0) continue;
      house_.disk.FlipBit(file, 3);
      const Status refused = Run(options).status();
      EXPECT_TRUE(refused.code() == Code::kDataLoss || refused.code() == Code::kInvalidArgument)
          << file << ": " << Text(refused);
      EXPECT_THAT(Message(refused), HasSubstr(options.from + "/")) << file;
      EXPECT_THAT(FilesBelow(options.dir), IsEmpty()) << file;
      house_.disk.MendBits();
      ++flipped;
    }
    EXPECT_THAT(Run(options), IsOk());
  }
  EXPECT_GT(flipped, 15);
}

TEST_F(BackupTest, ASecondOneCopiesWhatIsNewAndForgetsWhatIsGone) {
  LiveToTheMiddleOf(1);
  const auto first = TakeHub();
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->blobs_new, 2u);
  LiveToTheMiddleOf(2);
  const auto gone = first->manifest.blobs.front();
  ASSERT_THAT(store::MakeDirectoryBlobs(disk(), "hub/blobs").value()->Remove(gone), IsOk());
  const auto second = TakeHub();
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->blobs_new, 3u);  // the other update, the sum, the next update
  EXPECT_GT(second->manifest.ledgers[0].size, first->manifest.ledgers[0].size);
  EXPECT_THAT(FilesBelow("backup"), Each(Not(HasSubstr(gone.Text()))));
  EXPECT_THAT(TakeHub().value().blobs_new, 0u);
}

TEST_F(BackupTest, OneThatIsInterruptedAnywhereLeavesTheEarlierOneOrTheNew) {
  LiveToTheMiddleOf(1);
  ASSERT_THAT(TakeHub(), IsOk());
  LiveToTheMiddleOf(2);
  for (int site = 0; site < kSites; ++site) KeepSite(site);
  uint64_t interrupted = 0;
  for (uint64_t step = 1;; ++step) {
    house_.disk.FailAfter(step);
    const bool whole = TakeHub().ok();
    house_.disk.ClearFaults();
    RestoreOptions options = ToHub({DirOf(0), DirOf(1)});
    options.dir = fmt::format("again-{}", step);
    ASSERT_THAT(Run(options), IsOk()) << step;
    if (whole) break;
    ++interrupted;
  }
  EXPECT_GT(interrupted, 15u);
}

TEST_F(BackupTest, OfASiteHoldsNoKeyUnlessAsked) {
  LiveToTheMiddleOf(1);
  KeepSite(0);
  const Bytes key = ReadWhole(disk(), DirOf(0) + "/site.key", 4096).value();
  const auto has_key = [&](const std::string& directory) {
    return std::ranges::any_of(FilesBelow(directory), [&](const std::string& file) {
      const Bytes bytes = ReadWhole(disk(), file, 1 << 24).value();
      return AsText(bytes).find(AsText(key)) != std::string_view::npos ||
             AsText(bytes).find("the leaf's key") != std::string_view::npos;
    });
  };
  ASSERT_THAT(TakeSite(0, "out", /*with_keys=*/true), IsOk());
  EXPECT_TRUE(has_key("out"));
  ASSERT_THAT(TakeSite(0, "out", /*with_keys=*/false), IsOk());
  EXPECT_FALSE(has_key("out"));
}

TEST_F(BackupTest, ASiteComesBackWithItsLogItsMirrorAndItsReceipts) {
  LiveToTheMiddleOf(1);
  KeepSite(0);
  ASSERT_THAT(TakeSite(0, "out", /*with_keys=*/true), IsOk());
  const std::vector<std::string> before = FilesBelow(DirOf(0));
  ASSERT_THAT(RemoveTree(disk(), DirOf(0)), IsOk());
  ASSERT_THAT(Run({.from = "out",
                   .dir = DirOf(0),
                   .charter_envelope = {},
                   .witnesses = {},
                   .mirrors = {},
                   .accept_loss = false,
                   .progress = {}}),
              IsOk());
  for (const std::string& file : before) {
    if (file.ends_with("lock")) continue;
    EXPECT_THAT(FilesBelow(DirOf(0)), Contains(file));
  }
  KeepSite(0);  // Log and mirror open and go on.
}

TEST_F(BackupTest, OnlyABackupOfTheSameDirectoryIsWrittenOver) {
  LiveToTheMiddleOf(1);
  KeepSite(0);
  ASSERT_THAT(TakeHub(), IsOk());
  EXPECT_THAT(TakeSite(0, "backup", false),
              StatusIs(Code::kFailedPrecondition, HasSubstr("backup of coordinator")));
  EXPECT_THAT(TakeSite(0, "hub", false), StatusIs(Code::kInvalidArgument, HasSubstr("hub")));
  EXPECT_THAT(Take({.dir = "backup", .out = "x", .charter_envelope = {}, .progress = {}}, disk(),
                   house_.clock),
              StatusIs(Code::kInvalidArgument, HasSubstr("backup: is a backup")));
}

TEST(Manifest, OfThePageHasTheBytesOfThePage) {
  const std::string note =
      "renkei/wafers/0123456789abcdef\n2\nT1X2GdkhUjV3iyufF9b0kVsWFxIU0VI4EpNml2Teci4=\n\n"
      "\u2014 renkei/wafers/0123456789abcdef "
      "jWPdc/rSa9oIQOdiuGLX/gDrEfzw09AFuwPMQK8Hkhel2V2xh0Ib7AoHJfcPBEi8eyGzKKlG8HEFx5Ai+"
      "x5foMWQ8wU=\n";
  const auto key = seal::NoteKey::Parse(
      "renkei/wafers/0123456789abcdef+8d63dd73+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea");
  ASSERT_THAT(key, IsOk());
  const auto checkpoint = seal::OpenCheckpoint(note, *key);
  ASSERT_THAT(checkpoint, IsOk());
  const Bytes letters = ToBytes("{}");
  const Manifest manifest{
      .kind = Kind::kCoordinator,
      .site = "",
      .taken_at = ParseInstant("2026-11-24T01:02:03.456Z").value(),
      .with_keys = false,
      .ledgers = {{.path = "ledger",
                   .key = *key,
                   .size = checkpoint->size,
                   .root = checkpoint->root,
                   .checkpoint = note}},
      .files = {{.path = "letters.json",
                 .size_bytes = letters.size(),
                 .sha256 = crypto::Sha256(letters)}},
      .blobs = {BlobId{.root = crypto::Sha256(AsBytes("a model")), .size_bytes = 76543}}};
  const std::string text = DumpManifest(manifest);
  const auto page =
      ReadWhole(*MakeRealDisk(), RENKEI_SOURCE_DIR "/docs/formats/backup.md", 1 << 20);
  ASSERT_THAT(page, IsOk());
  EXPECT_THAT(ToText(*page), HasSubstr("```json\n" + text + "```"));
  EXPECT_THAT(ParseManifest(text), IsOkAndHolds(manifest));
}

TEST(Manifest, WhosePathsLeadElsewhereIsRefused) {
  for (const char* path : {"", "/etc/passwd", "..", "a/../../b", "a//b", "./a", "a/"}) {
    const Manifest manifest{.kind = Kind::kCoordinator,
                            .site = "",
                            .taken_at = {},
                            .with_keys = false,
                            .ledgers = {},
                            .files = {{.path = path, .size_bytes = 1, .sha256 = {}}},
                            .blobs = {}};
    EXPECT_THAT(ParseManifest(DumpManifest(manifest)), StatusIs(Code::kInvalidArgument)) << path;
  }
}

}  // namespace
}  // namespace renkei::backup
