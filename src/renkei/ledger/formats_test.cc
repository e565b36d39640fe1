// SPDX-License-Identifier: Apache-2.0
// The page docs/formats/ledger.md says what the code does.
#include <algorithm>

#include <gmock/gmock.h>

#include "renkei/base/disk.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/ledger/ledger.h"
#include "renkei/ledger/tile_path.h"

namespace renkei::ledger {
namespace {

using testing::HasSubstr;

constexpr char kOrigin[] = "renkei/example/0123456789abcdef";
constexpr char kSeed[] = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

class LedgerPage : public testing::Test {
 protected:
  LedgerPage() {
    const auto real = MakeRealDisk();
    const auto page = ReadWhole(*real, RENKEI_SOURCE_DIR "/docs/formats/ledger.md", 1 << 20);
    EXPECT_THAT(page, IsOk());
    if (page.ok()) page_ = ToText(*page);
    auto ledger = Ledger::Open(disk_, "log", kOrigin, key_);
    EXPECT_THAT(ledger, IsOk());
    for (const char* entry : {"one", "two", "three"}) {
      EXPECT_THAT((*ledger)->Append(AsBytes(entry)), IsOk());
    }
    EXPECT_THAT((*ledger)->checkpoint(), IsOk());
  }
  Bytes Read(const std::string& path) { return *ReadWhole(disk_, "log/" + path, 1 << 24); }
  // A block of lines of 32 bytes in hex.
  static std::string Block(ByteSpan bytes) {
    std::string block = "```\n";
    for (size_t at = 0; at < bytes.size(); at += 32) {
      block += ToHex(bytes.subspan(at, std::min<size_t>(32, bytes.size() - at))) + "\n";
    }
    return block + "```\n";
  }

  LyingDisk disk_;
  crypto::SigningKey key_ = *crypto::SigningKey::FromSeedText(kSeed);
  std::string page_;
};

TEST_F(LedgerPage, ShowsTheBytesOfTheExample) {
  EXPECT_THAT(page_, HasSubstr(Block(Read("tile/entries/000.p/3"))));
  EXPECT_THAT(page_, HasSubstr(Block(Read("tile/0/000.p/3"))));
  EXPECT_THAT(page_, HasSubstr("```\n" + ToText(Read("checkpoint")) + "```\n"));
  EXPECT_THAT(page_, HasSubstr(seal::NoteKey::Of(kOrigin, key_.public_key()).VerifierText()));
}

TEST_F(LedgerPage, ShowsTheJournalOfTheExample) {
  const Bytes journal = Read("journal/00000000000000000000");
  // The note of the empty ledger, the three entries, their note.
  size_t at = 0;
  for (int record = 0; record < 5; ++record) {
    const size_t length = static_cast<size_t>(journal[at + 10]) << 8 | journal[at + 11];
    const ByteSpan bytes = ByteSpan(journal).subspan(at, 32 + length);
    const ByteSpan shown = record % 4 == 0 ? bytes.first(32) : bytes;
    EXPECT_THAT(page_, HasSubstr(Block(shown))) << record;
    at += 32 + length;
  }
}

TEST_F(LedgerPage, NamesItsConstants) {
  for (const uint64_t constant : {uint64_t{kEntryBytesMax}, kTileWidth}) {
    EXPECT_THAT(page_, HasSubstr(fmt::format("{}", constant)));
  }
  EXPECT_THAT(page_, HasSubstr(TilePath({.level = 0, .index = 1234067})));
  EXPECT_THAT(page_, HasSubstr(TilePath({.level = kBundleLevel, .index = 1234067, .width = 5})));
}

}  // namespace
}  // namespace renkei::ledger
