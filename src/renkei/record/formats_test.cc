// SPDX-License-Identifier: Apache-2.0
// The pages docs/formats/entries.md and receipt.md say what the code does.
#include <string>

#include <gtest/gtest.h>

#include "renkei/base/disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/hash.h"
#include "renkei/crypto/merkle.h"
#include "renkei/record/fixture.h"
#include "renkei/record/receipt.h"
#include "renkei/record/record.h"
#include "renkei/seal/envelope.h"
#include "renkei/seal/statement.h"

namespace renkei::record {
namespace {

using testing::HasSubstr;

std::string Page(const std::string& name) {
  const auto disk = MakeRealDisk();
  const auto page = ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/" + name, 1 << 20);
  EXPECT_THAT(page, IsOk());
  return page.ok() ? ToText(*page) : "";
}

std::string Fenced(std::string_view language, std::string_view text) {
  return fmt::format("```{}\n{}\n```", language, text);
}

crypto::SigningKey PageKey() {
  return *crypto::SigningKey::FromSeedText("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
}

TEST(EntriesPage, ShowsTheBytesOfAnEntry) {
  const std::string page = Page("entries.md");
  const Record record = ExampleOf<Contributed>();
  const Bytes entry = *Seal(record, PageKey());
  const seal::Envelope envelope = *seal::ParseEnvelope(entry);
  EXPECT_THAT(page, HasSubstr(Fenced("json", AsText(envelope.payload))));
  EXPECT_THAT(page, HasSubstr(Fenced("json", AsText(entry))));
  EXPECT_THAT(page, HasSubstr(Fenced("", crypto::LeafHash(entry).hex())));
  EXPECT_THAT(page, HasSubstr(Fenced("", Summary(record))));
}

TEST(EntriesPage, ShowsHowAPartyLeaves) {
  const std::string page = Page("entries.md");
  std::string lines;
  for (const Record& record : {Record(ExampleOf<PartyLeft>()), Record(ExampleOf<BlobsDeleted>())}) {
    const seal::Envelope envelope = *seal::ParseEnvelope(*Seal(record, PageKey()));
    EXPECT_THAT(page, HasSubstr(Fenced("json", AsText(envelope.payload))));
    lines += Summary(record) + "\n";
  }
  EXPECT_THAT(page, HasSubstr(fmt::format("```\n{}```", lines)));
}

TEST(EntriesPage, NamesEveryKindWithItsFields) {
  const std::string page = Page("entries.md");
  for (const Record& record : Examples()) {
    const size_t row = page.find("| `" + KindOf(record) + "` |");
    ASSERT_NE(row, std::string::npos) << KindOf(record);
    const std::string line = page.substr(row, page.find('\n', row) - row);
    const seal::Statement statement =
        *seal::ParseStatement(seal::ParseEnvelope(*Seal(record, PageKey()))->payload);
    for (const auto& [key, value] : statement.predicate.members()) {
      if (key == "at") continue;
      EXPECT_THAT(line, HasSubstr("`" + key + "`")) << KindOf(record);
    }
  }
}

TEST(ReceiptPage, ShowsTheBytesOfAReceipt) {
  const std::string page = Page("receipt.md");
  const Contributed manifest = ExampleOf<Contributed>();
  const Receipt receipt = {
      .charter = crypto::Sha256(AsBytes("charter")).hex(),
      .run = manifest.run,
      .round = manifest.round,
      .site = manifest.site,
      .manifest_sha256 = crypto::Sha256(*Seal(manifest, PageKey())),
      .entry = 41,
      .at = manifest.at + Milliseconds(120),
  };
  const Bytes sealed = *SealReceipt(receipt, PageKey());
  EXPECT_THAT(page, HasSubstr(Fenced("json", AsText(seal::ParseEnvelope(sealed)->payload))));
  EXPECT_THAT(page, HasSubstr(Fenced("json", AsText(sealed))));
}

}  // namespace
}  // namespace renkei::record
