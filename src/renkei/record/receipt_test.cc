// SPDX-License-Identifier: Apache-2.0
#include "renkei/record/receipt.h"

#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/crypto/hash.h"
#include "renkei/record/fixture.h"
#include "renkei/seal/envelope.h"

namespace renkei::record {
namespace {

Receipt Example() {
  return {.charter = crypto::Sha256(AsBytes("charter")).hex(),
          .run = *RunId::Parse("wafer-1"),
          .round = 2,
          .site = *SiteId::Parse("kyushu-1"),
          .manifest_sha256 = crypto::Sha256(AsBytes("manifest")),
          .entry = 41,
          .at = *ParseInstant("2026-11-24T01:02:03.456Z")};
}

TEST(Receipt, ComesBackAsItWas) {
  const auto envelope = SealReceipt(Example(), TestKey(1));
  ASSERT_THAT(envelope, IsOk());
  EXPECT_THAT(OpenReceipt(*envelope, TestKey(1).public_key()), IsOkAndHolds(Example()));
  EXPECT_THAT(SealReceipt(Example(), TestKey(1)), IsOkAndHolds(*envelope));
}

TEST(Receipt, IsWorthNothingFromAnotherKeyOrWithAFlippedByte) {
  const Bytes envelope = *SealReceipt(Example(), TestKey(1));
  EXPECT_THAT(OpenReceipt(envelope, TestKey(2).public_key()), StatusIs(Code::kUnauthenticated));
  for (size_t i = 0; i < envelope.size(); ++i) {
    for (const int bit : {0, 3, 5}) {
      Bytes bad = envelope;
      bad[i] ^= static_cast<uint8_t>(1 << bit);
      EXPECT_FALSE(OpenReceipt(bad, TestKey(1).public_key()).ok()) << i;
    }
  }
}

TEST(Receipt, RefusesWhatItsFormatForbids) {
  Receipt receipt = Example();
  receipt.charter = "wafer-defects";
  EXPECT_THAT(SealReceipt(receipt, TestKey(1)),
              StatusIs(Code::kInvalidArgument, testing::HasSubstr("charter")));
  receipt = Example();
  receipt.entry = ~uint64_t{0};
  EXPECT_THAT(SealReceipt(receipt, TestKey(1)),
              StatusIs(Code::kInvalidArgument, testing::HasSubstr("entry")));
  seal::Envelope envelope = *seal::ParseEnvelope(*SealReceipt(Example(), TestKey(1)));
  std::string text = ToText(envelope.payload);
  text.insert(1, " ");
  envelope.payload = ToBytes(text);
  envelope.signatures.clear();
  seal::AddSignature(envelope, TestKey(1));
  EXPECT_THAT(OpenReceipt(AsBytes(seal::DumpEnvelope(envelope)), TestKey(1).public_key()),
              StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace renkei::record
