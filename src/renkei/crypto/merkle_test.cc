// SPDX-License-Identifier: Apache-2.0
#include "renkei/crypto/merkle.h"

#include <bit>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/crypto/hash.h"

namespace renkei::crypto {
namespace {

std::vector<Digest> Leaves(size_t count) {
  std::vector<Digest> leaves;
  for (size_t i = 0; i < count; ++i) leaves.push_back(LeafHash(AsBytes(std::to_string(i))));
  return leaves;
}

// RFC 6962 section 2.1, word by word: split at the largest power of two below n.
Digest SlowRoot(std::span<const Digest> leaves) {
  if (leaves.empty()) return Sha256({});
  if (leaves.size() == 1) return leaves[0];
  const size_t split = std::bit_floor(leaves.size() - 1);
  Bytes node = {1};
  for (const Digest& half : {SlowRoot(leaves.first(split)), SlowRoot(leaves.subspan(split))}) {
    node.insert(node.end(), half.bytes.begin(), half.bytes.end());
  }
  return Sha256(node);
}

// The test tree that Certificate Transparency's implementations share.
TEST(TreeRoot, GivesTheRootsOfTheWellKnownTree) {
  const std::vector<std::string> entries = {"",
                                            "00",
                                            "10",
                                            "2021",
                                            "3031",
                                            "40414243",
                                            "5051525354555657",
                                            "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string_view> roots = {
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  std::vector<Digest> leaves;
  EXPECT_EQ(TreeRoot(leaves).hex(), roots[0]);
  for (size_t i = 0; i < entries.size(); ++i) {
    leaves.push_back(LeafHash(FromHex(entries[i]).value()));
    EXPECT_EQ(TreeRoot(leaves).hex(), roots[i + 1]) << i;
  }
}

TEST(CompactRange, HasTheRootOfTheWholeTreeAtEverySize) {
  const std::vector<Digest> leaves = Leaves(130);
  CompactRange range;
  for (size_t size = 0; size < leaves.size(); ++size) {
    EXPECT_EQ(range.Root(), SlowRoot(std::span(leaves).first(size))) << size;
    EXPECT_EQ(range.size(), size);
    range.Append(leaves[size]);
  }
}

TEST(CompactRange, GoesOnFromItsHashes) {
  const std::vector<Digest> leaves = Leaves(70);
  for (size_t cut = 0; cut <= leaves.size(); ++cut) {
    CompactRange first;
    for (size_t i = 0; i < cut; ++i) first.Append(leaves[i]);
    auto range = CompactRange::From(first.size(), first.hashes());
    ASSERT_THAT(range, IsOk());
    for (size_t i = cut; i < leaves.size(); ++i) range->Append(leaves[i]);
    EXPECT_EQ(range->Root(), TreeRoot(leaves)) << cut;
  }
}

TEST(CompactRange, RefusesAnotherNumberOfHashes) {
  EXPECT_THAT(CompactRange::From(3, Leaves(1)), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(CompactRange::From(4, Leaves(2)), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(CompactRange::From(0, Leaves(1)), StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace renkei::crypto
