// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/ids.h"

#include <gmock/gmock.h>

#include "renkei/base/blob_id.h"
#include "renkei/base/status_testing.h"

namespace renkei {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Name, IsShortLowerCaseAndSafeInAPath) {
  for (const std::string& text : {std::string("a"), std::string("7"), std::string("us-west-2"),
                                  std::string("a--b"), std::string(63, 'x')}) {
    auto name = PartyId::Parse(text);
    ASSERT_THAT(name, IsOk());
    EXPECT_EQ(name->text(), text);
  }
}

TEST(Name, RefusesEverythingElseWithoutRepeatingIt) {
  for (const std::string& text :
       {std::string(), std::string("A"), std::string("-a"), std::string("a-"), std::string("a.b"),
        std::string("../x"), std::string("a b"), std::string("a/b"), std::string("a_b"),
        std::string("caf\xc3\xa9"), std::string(64, 'x'), std::string("a\0b", 3)}) {
    EXPECT_THAT(SiteId::Parse(text), StatusIs(Code::kInvalidArgument)) << text;
  }
  EXPECT_THAT(RunId::Parse("EVIL TEXT"),
              StatusIs(Code::kInvalidArgument, AllOf(HasSubstr("run id"), Not(HasSubstr("EVIL")))));
}

TEST(Name, IsPrintedAsItsText) { EXPECT_EQ(fmt::format("{:>5}|", *RunId::Parse("r1")), "   r1|"); }

TEST(BlobId, HasOneText) {
  const BlobId id{.root = *Digest::FromHexText(std::string(63, '0') + "b"), .size_bytes = 1500};
  const std::string text = "t1-" + std::string(63, '0') + "b-1500";
  EXPECT_EQ(id.Text(), text);
  EXPECT_THAT(BlobId::Parse(text), IsOkAndHolds(id));
  const std::string root(64, 'e');
  for (const std::string& bad :
       {std::string(), "t1-" + root, "t1-" + root + "-", "t1-" + root + "-01", "t1-" + root + "-+1",
        "t1-" + root + "--1", "t1-" + root + "-1 ", "t2-" + root + "-1",
        "t1-" + root + "-18446744073709551616", "t1-" + std::string(64, 'E') + "-1",
        "t1-" + root.substr(1) + "-1"}) {
    EXPECT_THAT(BlobId::Parse(bad), StatusIs(Code::kInvalidArgument)) << bad;
  }
  EXPECT_THAT(BlobId::Parse("t1-" + root + "-18446744073709551615"), IsOk());
}

TEST(BlobId, CountsItsChunks) {
  const struct {
    uint64_t size;
    uint64_t chunks;
    uint64_t last;
  } cases[] = {{1, 1, 1},
               {kChunkBytes - 1, 1, kChunkBytes - 1},
               {kChunkBytes, 1, kChunkBytes},
               {kChunkBytes + 1, 2, 1},
               {3 * kChunkBytes, 3, kChunkBytes}};
  for (const auto& c : cases) {
    const BlobId id{.root = {}, .size_bytes = c.size};
    EXPECT_EQ(id.chunks(), c.chunks);
    EXPECT_EQ(id.ChunkSize(c.chunks - 1), c.last) << c.size;
    if (c.chunks > 1) {
      EXPECT_EQ(id.ChunkSize(0), kChunkBytes);
    }
  }
  EXPECT_EQ(BlobId{}.chunks(), 0u);
  // The largest length must not overflow.
  EXPECT_EQ((BlobId{.root = {}, .size_bytes = UINT64_MAX}).chunks(), uint64_t{1} << 44);
}

}  // namespace
}  // namespace renkei
