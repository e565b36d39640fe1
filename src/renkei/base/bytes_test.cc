// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/bytes.h"

#include <set>

#include <gmock/gmock.h>

#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"

namespace renkei {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Hex, WritesLowerCaseAndReadsItBack) {
  const Bytes bytes = {0x00, 0x0f, 0xa5, 0xff};
  EXPECT_EQ(ToHex(bytes), "000fa5ff");
  EXPECT_THAT(FromHex("000fa5ff"), IsOkAndHolds(bytes));
  EXPECT_THAT(FromHex(""), IsOkAndHolds(Bytes{}));
}

TEST(Hex, RefusesAnyOtherTextOfTheSameBytes) {
  for (const char* text : {"0", "0F", "0g", " 0", "0x00", "00 "}) {
    EXPECT_THAT(FromHex(text), StatusIs(Code::kInvalidArgument)) << text;
  }
}

TEST(Base64, PassesTheVectorsOfRfc4648) {
  const struct {
    const char* bytes;
    const char* text;
  } cases[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"}};
  for (const auto& c : cases) {
    EXPECT_EQ(ToBase64(AsBytes(c.bytes)), c.text);
    EXPECT_THAT(FromBase64(c.text), IsOkAndHolds(ToBytes(c.bytes)));
  }
}

TEST(Base64, RefusesWhatIsNotTheOneTextOfItsBytes) {
  const struct {
    const char* why;
    const char* text;
  } cases[] = {{"no padding", "Zg"},           {"short padding", "Zg="},
               {"spare bits", "Zh=="},         {"spare bits of two", "Zm9="},
               {"padding inside", "Zg==Zg=="}, {"three pads", "Z==="},
               {"only pads", "===="},          {"space", "Zm9 "},
               {"line break", "Zm9v\n"},       {"url alphabet", "__--"}};
  for (const auto& c : cases) {
    EXPECT_THAT(FromBase64(c.text), StatusIs(Code::kInvalidArgument)) << c.why;
  }
}

TEST(TextForms, ReturnAnyBytes) {
  auto random = MakeSeededRandom(1);
  for (size_t length = 0; length < 70; ++length) {
    const Bytes bytes = random->Take(length);
    EXPECT_THAT(FromHex(ToHex(bytes)), IsOkAndHolds(bytes));
    EXPECT_THAT(FromBase64(ToBase64(bytes)), IsOkAndHolds(bytes));
    EXPECT_EQ(ToBytes(ToText(bytes)), bytes);
  }
}

TEST(Digest, IsThirtyTwoBytesAndOneHexText) {
  const std::string hex(64, 'a');
  auto digest = Digest::FromHexText(hex);
  ASSERT_THAT(digest, IsOk());
  EXPECT_EQ(digest->hex(), hex);
  EXPECT_THAT(digest->bytes, testing::Each(0xaa));
  EXPECT_THAT(Digest::FromHexText(std::string(62, 'a')),
              StatusIs(Code::kInvalidArgument, HasSubstr("32 bytes, not 31")));
  EXPECT_THAT(Digest::FromHexText(std::string(64, 'A')), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(Digest::FromSpan(Bytes(33)), StatusIs(Code::kInvalidArgument));
}

TEST(Random, RepeatsFromASeedAndStaysBelowItsBound) {
  auto one = MakeSeededRandom(7);
  auto two = MakeSeededRandom(7);
  EXPECT_EQ(one->Take(100), two->Take(100));
  EXPECT_NE(one->Take(16), MakeSeededRandom(8)->Take(16));
  std::set<uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(one->Below(3));
  EXPECT_THAT(seen, ElementsAre(0, 1, 2));
  EXPECT_NE(MakeSystemRandom()->Take(32), MakeSystemRandom()->Take(32));
}

}  // namespace
}  // namespace renkei
