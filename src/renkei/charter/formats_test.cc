// SPDX-License-Identifier: Apache-2.0
// The page docs/formats/charter.md says what the code does.
#include <string>

#include <gtest/gtest.h>

#include "renkei/base/disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/charter/charter.h"
#include "renkei/charter/permission.h"
#include "renkei/seal/envelope.h"
#include "renkei/syntax/toml.h"

namespace renkei::charter {
namespace {

using testing::HasSubstr;

std::string Page() {
  const auto disk = MakeRealDisk();
  const auto page = ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/charter.md", 1 << 20);
  EXPECT_THAT(page, IsOk());
  return page.ok() ? ToText(*page) : "";
}

std::string TomlOf(const std::string& page) {
  constexpr std::string_view kBegin = "```toml\n";
  const size_t begin = page.find(kBegin) + kBegin.size();
  return page.substr(begin, page.find("```", begin) - begin);
}

TEST(CharterPage, ShowsASignedCharterAndTheNameOfItsLedger) {
  const std::string page = Page();
  const std::string toml = TomlOf(page);
  seal::Envelope envelope{
      .payload_type = std::string(kPayloadType), .payload = ToBytes(toml), .signatures = {}};
  for (const char* seed : {"TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs=",
                           "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="}) {
    EXPECT_THAT(page, HasSubstr(std::string(seed) + "\n"));
    seal::AddSignature(envelope, *crypto::SigningKey::FromSeedText(seed));
  }
  const std::string dumped = seal::DumpEnvelope(envelope);
  EXPECT_THAT(page, HasSubstr("```json\n" + dumped + "\n```"));
  const auto charter = Verify(AsBytes(dumped), *ParseInstant("2026-12-01T00:00:00Z"));
  ASSERT_THAT(charter, IsOk());
  EXPECT_THAT(page, HasSubstr(fmt::format("```\n{}\n{}\n```", charter->sha256.hex(),
                                          charter->LedgerKey().VerifierText())));
  const Answer answer = Permits(*charter, {.item = "update",
                                           .purposes = {"semiconductor-defect-research"},
                                           .from = *PartyId::Parse("hokkaido-lab"),
                                           .to = *PartyId::Parse("pacific-fab"),
                                           .classification_us = "EAR99",
                                           .classification_jp = "not-listed"});
  EXPECT_TRUE(answer.permitted);
  EXPECT_THAT(page, HasSubstr("`" + answer.cite + "`"));
}

// Every key of a table of the example is in the page's table.
void ExpectDocumented(const std::string& page, const syntax::Value& table) {
  for (const auto& [key, value] : table.members()) {
    EXPECT_TRUE(page.find("`" + key + "`") != std::string::npos ||
                page.find("`[" + key + "]`") != std::string::npos ||
                page.find(key + "]]`") != std::string::npos)
        << key;
    if (value.kind() == syntax::Value::Kind::kObject) ExpectDocumented(page, value);
    if (value.kind() != syntax::Value::Kind::kArray) continue;
    for (const syntax::Value& item : value.items()) {
      if (item.kind() == syntax::Value::Kind::kObject) ExpectDocumented(page, item);
    }
  }
}

TEST(CharterPage, NamesEveryKey) {
  const std::string page = Page();
  const auto toml = syntax::ParseToml(TomlOf(page));
  ASSERT_THAT(toml, IsOk());
  ExpectDocumented(page, *toml);
}

}  // namespace
}  // namespace renkei::charter
