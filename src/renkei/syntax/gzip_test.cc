// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/gzip.h"

#include <string>

#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"

namespace renkei::syntax {
namespace {

// printf 'wafer maps\n' | gzip -n
const Bytes kZipped = *FromHex("1f8b08000000000000032b4f4c4b2d52c84d2c28e60200f6839c1b0b000000");

TEST(Gunzip, GivesTheContentOfEveryMember) {
  EXPECT_THAT(Gunzip(kZipped, 11), IsOkAndHolds(ToBytes("wafer maps\n")));
  Bytes twice = kZipped;
  twice.insert(twice.end(), kZipped.begin(), kZipped.end());
  EXPECT_THAT(Gunzip(twice, 22), IsOkAndHolds(ToBytes("wafer maps\nwafer maps\n")));
}

TEST(Gunzip, RefusesMoreThanItMayGive) {
  EXPECT_THAT(Gunzip(kZipped, 10), StatusIs(Code::kResourceExhausted));
}

TEST(Gunzip, RefusesEveryCutAndEveryFlippedByteOfContentOrChecksum) {
  for (size_t size = 0; size < kZipped.size(); ++size) {
    EXPECT_THAT(Gunzip(ByteSpan(kZipped).first(size), 100), StatusIs(Code::kInvalidArgument))
        << size;
  }
  constexpr size_t kHeaderBytes = 10;
  for (size_t i = kHeaderBytes; i < kZipped.size(); ++i) {
    Bytes bad = kZipped;
    bad[i] ^= 0x10;
    const auto content = Gunzip(bad, 100);  // a bit of padding may flip unseen
    EXPECT_TRUE(!content.ok() || *content == ToBytes("wafer maps\n")) << i;
  }
  Bytes checksum = kZipped;
  checksum[checksum.size() - 8] ^= 1;
  EXPECT_THAT(Gunzip(checksum, 100), StatusIs(Code::kDataLoss));
}

TEST(Gunzip, RefusesBytesAfterTheLastMember) {
  Bytes longer = kZipped;
  longer.push_back(0);
  EXPECT_FALSE(Gunzip(longer, 100).ok());
}

}  // namespace
}  // namespace renkei::syntax
