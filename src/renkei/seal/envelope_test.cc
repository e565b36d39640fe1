// SPDX-License-Identifier: Apache-2.0
#include "renkei/seal/envelope.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "renkei/base/disk.h"
#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/seal/statement.h"
#include "renkei/syntax/json.h"

namespace renkei::seal {
namespace {

using testing::HasSubstr;

Envelope Greeting() {
  return {.payload_type = "text/plain", .payload = ToBytes("hello"), .signatures = {}};
}

TEST(PreAuthEncoding, CountsBytes) {
  EXPECT_EQ(AsText(PreAuthEncoding("", {})), "DSSEv1 0  0 ");
  EXPECT_EQ(AsText(PreAuthEncoding("é", AsBytes("日本"))), "DSSEv1 2 é 6 日本");
}

TEST(Envelope, IsReadAndEncodedAsInTheVectorOfDsse) {
  const auto disk = MakeRealDisk();
  const auto text =
      ReadWhole(*disk, RENKEI_SOURCE_DIR "/../shared/data/crypto/dsse-vector.json", 1 << 20);
  if (!text.ok()) GTEST_SKIP() << "reason: shared data is absent";
  const auto vector = syntax::ParseJson(AsText(*text));
  ASSERT_THAT(vector, IsOk());
  const auto envelope = ParseEnvelope(AsBytes(syntax::DumpJson(*vector->Find("envelope"))));
  ASSERT_THAT(envelope, IsOk());
  EXPECT_EQ(envelope->payload_type, vector->Find("payloadType")->text());
  EXPECT_EQ(AsText(envelope->payload), vector->Find("payload")->text());
  EXPECT_EQ(AsText(PreAuthEncoding(envelope->payload_type, envelope->payload)),
            vector->Find("pae")->text());
  ASSERT_EQ(envelope->signatures.size(), 1u);
  EXPECT_EQ(envelope->signatures[0].signature.size(), 64u);
  EXPECT_EQ(envelope->signatures[0].key_id, "");
}

TEST(Envelope, ComesBackFromItsBytes) {
  const auto random = MakeSeededRandom(1);
  Envelope envelope = Greeting();
  for (int count = 0; count < 3; ++count) {
    const std::string bytes = DumpEnvelope(envelope);
    EXPECT_THAT(ParseEnvelope(AsBytes(bytes)), IsOkAndHolds(envelope));
    EXPECT_EQ(DumpEnvelope(*ParseEnvelope(AsBytes(bytes))), bytes);
    AddSignature(envelope, crypto::SigningKey::Generate(*random));
  }
}

TEST(Envelope, ReadsItsOwnFormAndAnyOtherSpacingAlike) {
  for (const char* type : {"application/vnd.in-toto+json", "quote \" and \\ and 連携", ""}) {
    for (const size_t signatures : {0, 1, 2}) {
      Envelope envelope{.payload_type = type, .payload = ToBytes("{\"a\":1}"), .signatures = {}};
      for (size_t i = 0; i < signatures; ++i) {
        envelope.signatures.push_back({.key_id = std::string(i, 'k'), .signature = {1, 2, 3}});
      }
      const std::string own = DumpEnvelope(envelope);
      const auto read = ParseEnvelope(AsBytes(own));
      ASSERT_THAT(read, IsOk()) << own;
      EXPECT_EQ(*read, envelope) << own;
      const auto spaced = ParseEnvelope(AsBytes(own.substr(0, 1) + " " + own.substr(1)));
      ASSERT_THAT(spaced, IsOk()) << own;
      EXPECT_EQ(*spaced, envelope) << own;
      EXPECT_FALSE(ParseEnvelope(AsBytes(own + "x")).ok());
    }
  }
}

TEST(Envelope, IsOfItsOwnFormOnlyInTheBytesThatItIsWrittenIn) {
  const auto random = MakeSeededRandom(3);
  Envelope envelope = Greeting();
  AddSignature(envelope, crypto::SigningKey::Generate(*random));
  const std::string own = DumpEnvelope(envelope);
  EXPECT_EQ(ParseOwnForm(AsBytes(own)), envelope);
  for (size_t at = 0; at < own.size(); ++at) {
    for (const char other : {' ', '"', '\\', '=', 'A', 'z', '\x7f', '\xe9'}) {
      std::string changed = own;
      changed[at] = other;
      const auto read = ParseOwnForm(AsBytes(changed));
      EXPECT_TRUE(!read || DumpEnvelope(*read) == changed) << changed;
    }
    EXPECT_FALSE(ParseOwnForm(AsBytes(own.substr(0, at))).has_value());
  }
}

TEST(Envelope, IsSignedByThoseWhoSignedItAndNobodyElse) {
  const auto random = MakeSeededRandom(2);
  const auto first = crypto::SigningKey::Generate(*random);
  const auto second = crypto::SigningKey::Generate(*random);
  const auto third = crypto::SigningKey::Generate(*random);
  Envelope envelope = Greeting();
  EXPECT_FALSE(SignedBy(envelope, first.public_key()));
  AddSignature(envelope, first);
  AddSignature(envelope, second);
  EXPECT_TRUE(SignedBy(envelope, first.public_key()));
  EXPECT_TRUE(SignedBy(envelope, second.public_key()));
  EXPECT_FALSE(SignedBy(envelope, third.public_key()));
}

TEST(Envelope, IsNoLongerSignedWhenAnythingChanges) {
  const auto random = MakeSeededRandom(3);
  const auto key = crypto::SigningKey::Generate(*random);
  const auto other = crypto::SigningKey::Generate(*random);
  Envelope good = Greeting();
  AddSignature(good, key);
  const auto signed_after = [&](auto change) {
    Envelope envelope = good;
    change(envelope);
    return SignedBy(envelope, key.public_key());
  };
  EXPECT_TRUE(signed_after([](Envelope&) {}));
  EXPECT_FALSE(signed_after([](Envelope& e) { e.payload[0] ^= 1; }));
  EXPECT_FALSE(signed_after([](Envelope& e) { e.payload_type = "text/html"; }));
  EXPECT_FALSE(signed_after([](Envelope& e) { e.signatures[0].signature[63] ^= 1; }));
  EXPECT_FALSE(signed_after([](Envelope& e) { e.signatures[0].signature.pop_back(); }));
  EXPECT_FALSE(signed_after([](Envelope& e) { e.signatures[0].key_id = ""; }));
  EXPECT_FALSE(signed_after([&](Envelope& e) {
    e.signatures.clear();
    AddSignature(e, other);
    e.signatures[0].key_id = key.public_key().KeyId();
  }));
  // A bad signature under the same id hides no good one.
  EXPECT_TRUE(signed_after([](Envelope& e) {
    e.signatures.insert(e.signatures.begin(), e.signatures[0]);
    e.signatures[0].signature[0] ^= 1;
  }));
  // The border between type and payload cannot move.
  EXPECT_NE(PreAuthEncoding("a", AsBytes(" b")), PreAuthEncoding("a ", AsBytes("b")));
}

TEST(Envelope, RefusesOtherJson) {
  const struct {
    std::string_view why;
    std::string_view json;
  } cases[] = {
      {"nothing", ""},
      {"a list", "[]"},
      {"no payload", R"({"payloadType":"t","signatures":[]})"},
      {"no type", R"({"payload":"aA==","signatures":[]})"},
      {"no signatures", R"({"payload":"aA==","payloadType":"t"})"},
      {"an unknown key", R"({"payload":"aA==","payloadType":"t","signatures":[],"x":1})"},
      {"a key twice", R"({"payload":"aA==","payload":"aA==","payloadType":"t","signatures":[]})"},
      {"base64 without padding", R"({"payload":"aA","payloadType":"t","signatures":[]})"},
      {"base64 with spare bits", R"({"payload":"aB==","payloadType":"t","signatures":[]})"},
      {"base64 for URLs", R"({"payload":"_-__","payloadType":"t","signatures":[]})"},
      {"a signature without bytes",
       R"({"payload":"","payloadType":"t","signatures":[{"keyid":"k"}]})"},
      {"an unknown key in a signature",
       R"({"payload":"","payloadType":"t","signatures":[{"sig":"","cert":""}]})"},
      {"a signature that is text", R"({"payload":"","payloadType":"t","signatures":["aA=="]})"},
      {"bytes after it", R"({"payload":"","payloadType":"t","signatures":[]} x)"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(ParseEnvelope(AsBytes(c.json)), StatusIs(Code::kInvalidArgument)) << c.why;
  }
  EXPECT_THAT(ParseEnvelope(Bytes(kEnvelopeBytesMax + 1, ' ')), StatusIs(Code::kResourceExhausted));
  Envelope many = Greeting();
  many.signatures.resize(kSignaturesMax + 1);
  EXPECT_THAT(ParseEnvelope(AsBytes(DumpEnvelope(many))), StatusIs(Code::kInvalidArgument));
}

TEST(Envelope, IsAsTheDocumentShows) {
  const auto disk = MakeRealDisk();
  const auto page = ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/envelope.md", 1 << 20);
  ASSERT_THAT(page, IsOk());
  const std::string document = ToText(*page);
  constexpr std::string_view kSeed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
  const auto key = crypto::SigningKey::FromSeedText(kSeed);
  ASSERT_THAT(key, IsOk());
  EXPECT_THAT(document,
              HasSubstr(fmt::format("```\nseed    {}\npublic  {}\nid      {}\n```", kSeed,
                                    key->public_key().Text(), key->public_key().KeyId())));
  syntax::Value predicate = syntax::Value::Object();
  predicate.Set("hello", "world");
  predicate.Set("rounds", 3);
  const Bytes payload = DumpStatement(
      {.subjects = {{.name = "update",
                     .algorithm = "sha256",
                     .hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}},
       .predicate_type = "urn:example:greeting:1",
       .predicate = predicate});
  EXPECT_THAT(document, HasSubstr("```json\n" + ToText(payload) + "\n```"));
  EXPECT_THAT(
      document,
      HasSubstr("```\n" + ToText(PreAuthEncoding(kStatementPayloadType, payload)) + "\n```"));
  Envelope envelope = {
      .payload_type = std::string(kStatementPayloadType), .payload = payload, .signatures = {}};
  AddSignature(envelope, *key);
  EXPECT_THAT(document, HasSubstr("```json\n" + DumpEnvelope(envelope) + "\n```"));
}

}  // namespace
}  // namespace renkei::seal
