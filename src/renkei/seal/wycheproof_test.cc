// SPDX-License-Identifier: Apache-2.0
// The crypto module against Project Wycheproof and the Ed25519 edge cases of C2SP's CCTV. Here
// and not in crypto, because the vectors are JSON and crypto stands beside syntax.
#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/crypto/hash.h"
#include "renkei/crypto/sign.h"
#include "renkei/syntax/gzip.h"
#include "renkei/syntax/json.h"

namespace renkei {
namespace {

using syntax::Value;

constexpr size_t kVectorBytesMax = 16 << 20;

std::optional<Value> ReadVectors(const std::string& name) {
  const auto disk = MakeRealDisk();
  const auto packed =
      ReadWhole(*disk, RENKEI_SOURCE_DIR "/../shared/data/crypto/" + name, kVectorBytesMax);
  if (!packed.ok()) return std::nullopt;
  const auto text = syntax::Gunzip(*packed, kVectorBytesMax);
  EXPECT_TRUE(text.ok());
  auto vectors = syntax::ParseJson(AsText(*text), {.size_bytes_max = kVectorBytesMax});
  EXPECT_TRUE(vectors.ok());
  return *std::move(vectors);
}

Bytes HexAt(const Value& object, std::string_view key) {
  return FromHex(object.Find(key)->text()).value();
}

bool IsValid(const Value& test) { return test.Find("result")->text() == "valid"; }

crypto::PublicKey KeyOf(const Bytes& bytes) {
  crypto::PublicKey key;
  EXPECT_EQ(bytes.size(), key.bytes.size());
  std::copy(bytes.begin(), bytes.end(), key.bytes.begin());
  return key;
}

TEST(Wycheproof, Ed25519) {
  const auto vectors = ReadVectors("wycheproof/ed25519.json.gz");
  if (!vectors) GTEST_SKIP() << "reason: shared data is absent";
  int count = 0;
  for (const Value& group : vectors->Find("testGroups")->items()) {
    const crypto::PublicKey key = KeyOf(HexAt(*group.Find("publicKey"), "pk"));
    for (const Value& test : group.Find("tests")->items()) {
      EXPECT_EQ(crypto::Verify(key, HexAt(test, "msg"), HexAt(test, "sig")), IsValid(test))
          << "tcId " << test.Find("tcId")->integer();
      ++count;
    }
  }
  EXPECT_EQ(count, vectors->Find("numberOfTests")->integer());
}

TEST(Wycheproof, HmacSha256) {
  const auto vectors = ReadVectors("wycheproof/hmac-sha256.json.gz");
  if (!vectors) GTEST_SKIP() << "reason: shared data is absent";
  int count = 0;
  for (const Value& group : vectors->Find("testGroups")->items()) {
    const auto tag_bytes = static_cast<size_t>(group.Find("tagSize")->integer() / 8);
    for (const Value& test : group.Find("tests")->items()) {
      const Digest mac = crypto::HmacSha256(HexAt(test, "key"), HexAt(test, "msg"));
      EXPECT_EQ(crypto::EqualInConstantTime(mac.span().first(tag_bytes), HexAt(test, "tag")),
                IsValid(test))
          << "tcId " << test.Find("tcId")->integer();
      ++count;
    }
  }
  EXPECT_EQ(count, vectors->Find("numberOfTests")->integer());
}

TEST(Wycheproof, HkdfSha256) {
  const auto vectors = ReadVectors("wycheproof/hkdf-sha256.json.gz");
  if (!vectors) GTEST_SKIP() << "reason: shared data is absent";
  int count = 0;
  for (const Value& group : vectors->Find("testGroups")->items()) {
    for (const Value& test : group.Find("tests")->items()) {
      const auto size = static_cast<size_t>(test.Find("size")->integer());
      if (IsValid(test)) {
        EXPECT_EQ(
            crypto::HkdfSha256(HexAt(test, "ikm"), HexAt(test, "salt"), HexAt(test, "info"), size),
            HexAt(test, "okm"))
            << "tcId " << test.Find("tcId")->integer();
      } else {
        // The only invalid ones ask for too much, which is a bug of the caller.
        EXPECT_GT(size, 255u * 32u);
      }
      ++count;
    }
  }
  EXPECT_EQ(count, vectors->Find("numberOfTests")->integer());
}

// Implementations of Ed25519 differ on these 914 signatures. What counts here, and so in every
// ledger for ever, is said in docs/formats/envelope.md: a component of low order beside the
// point of full order is tolerated where the equation holds without cofactor; a point that is
// of low order as a whole, or not canonically encoded, is not.
TEST(Ed25519EdgeCases, AreJudgedByOneRule) {
  const auto vectors = ReadVectors("ed25519-edge-cases.json.gz");
  if (!vectors) GTEST_SKIP() << "reason: shared data is absent";
  const std::set<std::string> refused_for = {"low_order_A",       "low_order_R",
                                             "low_order_residue", "non_canonical_A",
                                             "non_canonical_R",   "reencoded_k"};
  int accepted = 0;
  for (const Value& test : vectors->items()) {
    const Value& flags = *test.Find("flags");
    const bool refused = flags.kind() == Value::Kind::kArray &&
                         std::ranges::any_of(flags.items(), [&](const Value& flag) {
                           return refused_for.contains(flag.text());
                         });
    const bool verified = crypto::Verify(KeyOf(HexAt(test, "key")),
                                         AsBytes(test.Find("msg")->text()), HexAt(test, "sig"));
    EXPECT_EQ(verified, !refused) << test.Find("number")->integer();
    accepted += verified ? 1 : 0;
  }
  EXPECT_EQ(vectors->items().size(), 914u);
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace renkei
