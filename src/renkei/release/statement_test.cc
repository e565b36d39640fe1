// SPDX-License-Identifier: Apache-2.0
#include "renkei/release/statement.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/disk.h"
#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/hash.h"
#include "renkei/seal/statement.h"
#include "renkei/syntax/json.h"

namespace renkei::release {
namespace {

using testing::HasSubstr;

Digest DigestOf(std::string_view text) { return crypto::Sha256(AsBytes(text)); }

Claim Example() {
  return {.model = {.root = DigestOf("model root"), .size_bytes = 77'000},
          .model_sha256 = DigestOf("model"),
          .charter_file_sha256 = DigestOf("charter.json"),
          .proof_file_sha256 = DigestOf("proof.json"),
          .charter_name = "wafer-defects",
          .charter_version = 1,
          .charter_sha256 = DigestOf("charter"),
          .run = *RunId::Parse("first-run"),
          .round = 28,
          .party = *PartyId::Parse("pacific-fab"),
          .inputs = {{.site = *SiteId::Parse("site1"),
                      .update = {.root = DigestOf("update 1"), .size_bytes = 77'000},
                      .weight = 5'120},
                     {.site = *SiteId::Parse("site2"),
                      .update = {.root = DigestOf("update 2"), .size_bytes = 77'000},
                      .weight = 4'096}},
          .algorithm = "weighted-mean-f64-1",
          .sum = std::string(kSumNotChecked),
          .at = *ParseInstant("2026-11-24T03:04:05.678Z")};
}

crypto::SigningKey Key() {
  const auto random = MakeSeededRandom(1);
  return crypto::SigningKey::Generate(*random);
}

TEST(ReleaseStatement, ReadsBackWhatItClaims) {
  const seal::Envelope envelope = SealClaim(Example(), Key());
  EXPECT_THAT(OpenClaim(envelope), IsOkAndHolds(Example()));
  EXPECT_TRUE(seal::SignedBy(envelope, Key().public_key()));
}

TEST(ReleaseStatement, IsAsTheDocumentShows) {
  const auto disk = MakeRealDisk();
  const auto document = ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/release.md", 1 << 20);
  ASSERT_THAT(document, IsOk());
  const Bytes payload = SealClaim(Example(), Key()).payload;
  const auto value = syntax::ParseJson(AsText(payload));
  ASSERT_THAT(value, IsOk());
  EXPECT_THAT(ToText(*document), HasSubstr("```json\n" + syntax::DumpJsonPretty(*value) + "```"));
  const std::string proof =
      DumpProof({{.envelope = ToBytes("{}"), .proof = "c2sp.org/tlog-proof@v1\n..."}});
  EXPECT_THAT(ToText(*document), HasSubstr("```json\n" + proof + "```"));
}

TEST(ReleaseStatement, RefusesAnotherForm) {
  const auto with = [](auto change) {
    seal::Envelope envelope = SealClaim(Example(), Key());
    seal::Statement statement = seal::ParseStatement(envelope.payload).value();
    change(statement);
    envelope.payload = seal::DumpStatement(statement);
    return OpenClaim(envelope);
  };
  using S = seal::Statement;
  EXPECT_THAT(with([](S&) {}), IsOk());
  EXPECT_THAT(with([](S& s) { s.predicate_type = "urn:other"; }), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(with([](S& s) { s.subjects.pop_back(); }), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(with([](S& s) { std::swap(s.subjects[0], s.subjects[2]); }),
              StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(with([](S& s) { s.subjects[1].hex[0] ^= 1; }), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(with([](S& s) { s.predicate.Set("more", 1); }), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(with([](S& s) { s.predicate.Set("round", 0); }), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(with([](S& s) { s.predicate.Set("inputs", "none"); }),
              StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(with([](S& s) { s.predicate = syntax::Value::Object(); }),
              StatusIs(Code::kInvalidArgument));
  seal::Envelope other = SealClaim(Example(), Key());
  other.payload_type = "text/plain";
  EXPECT_THAT(OpenClaim(other), StatusIs(Code::kInvalidArgument));
}

TEST(ReleaseProof, HasOneFormAndFourEntries) {
  std::vector<ProvenEntry> entries;
  for (size_t i = 0; i < kProvenEntries; ++i) {
    entries.push_back({.envelope = {static_cast<uint8_t>(i)}, .proof = "proof"});
  }
  const std::string text = DumpProof(entries);
  EXPECT_THAT(ParseProof(text), IsOkAndHolds(entries));
  EXPECT_THAT(ParseProof(text + " "), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(ParseProof(" " + text), StatusIs(Code::kInvalidArgument));
  entries.pop_back();
  EXPECT_THAT(ParseProof(DumpProof(entries)), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(ParseProof("[]"), StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace renkei::release
