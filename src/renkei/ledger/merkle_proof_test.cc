// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/merkle_proof.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>

#include "renkei/base/disk.h"
#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/merkle.h"
#include "renkei/ledger/ledger_testing.h"
#include "renkei/syntax/gzip.h"
#include "renkei/syntax/json.h"

namespace renkei::ledger {
namespace {

constexpr char kVectors[] =
    RENKEI_SOURCE_DIR "/../shared/data/crypto/merkle-proof-vectors-a.jsonl.gz";
constexpr uint64_t kLeaves = 33;
constexpr size_t kLongNumber = 19;  // digits; our JSON ends at int64, some vectors do not

// Puts integers that may be beyond int64 in quotes.
std::string QuoteLongNumbers(std::string_view line) {
  std::string quoted;
  for (size_t at = 0; at < line.size();) {
    const size_t end = std::min(line.find_first_not_of("0123456789", at), line.size());
    const bool is_long = end - at >= kLongNumber && line[at - 1] == ':';
    if (is_long) quoted += fmt::format("\"{}\"", line.substr(at, end - at));
    if (!is_long) quoted += line.substr(at, std::max<size_t>(end - at, 1));
    at = std::max(end, at + 1);
  }
  return quoted;
}

class Proofs : public testing::Test {
 protected:
  Digest RootOf(uint64_t size) const { return crypto::TreeRoot(std::span(leaves_).first(size)); }
  SubtreeHash Hash() const {
    return [this](int level, uint64_t index) -> StatusOr<Digest> {
      const uint64_t width = uint64_t{1} << level;
      return crypto::TreeRoot(std::span(leaves_).subspan(index * width, width));
    };
  }

  std::vector<Digest> leaves_ = TestLeaves(kLeaves);
};

TEST_F(Proofs, TheRootIsThatOfThePlainRecursion) {
  for (uint64_t size = 0; size <= kLeaves; ++size) {
    EXPECT_THAT(TreeRootFrom(size, Hash()), IsOkAndHolds(RootOf(size))) << size;
    auto subtrees = CompleteSubtrees(size, Hash());
    ASSERT_THAT(subtrees, IsOk());
    auto range = crypto::CompactRange::From(size, *subtrees);
    ASSERT_THAT(range, IsOk());
    EXPECT_EQ(range->Root(), RootOf(size)) << size;
  }
}

TEST_F(Proofs, InclusionVerifiesIffTheLeafIsThere) {
  for (uint64_t size = 1; size <= kLeaves; ++size) {
    const Digest root = RootOf(size);
    for (uint64_t index = 0; index < size; ++index) {
      auto proof = MakeInclusionProof(index, size, Hash());
      ASSERT_THAT(proof, IsOk());
      for (uint64_t leaf = 0; leaf < kLeaves; ++leaf) {
        EXPECT_EQ(VerifyInclusion(leaves_[leaf], index, size, *proof, root).ok(), leaf == index)
            << size << " " << index << " " << leaf;
      }
      for (uint64_t other = 0; other < size + 2; ++other) {
        EXPECT_EQ(VerifyInclusion(leaves_[index], other, size, *proof, root).ok(), other == index);
      }
    }
  }
}

TEST_F(Proofs, ConsistencyVerifiesBetweenAnyTwoSizesAndNoOthers) {
  for (uint64_t to = 1; to <= kLeaves; ++to) {
    for (uint64_t from = 1; from <= to; ++from) {
      auto proof = MakeConsistencyProof(from, to, Hash());
      ASSERT_THAT(proof, IsOk());
      EXPECT_THAT(VerifyConsistency(from, to, *proof, RootOf(from), RootOf(to)), IsOk())
          << from << " " << to;
      for (uint64_t other = 1; other <= kLeaves; ++other) {
        EXPECT_EQ(VerifyConsistency(from, to, *proof, RootOf(other), RootOf(to)).ok(),
                  other == from)
            << from << " " << to << " " << other;
        EXPECT_EQ(VerifyConsistency(from, to, *proof, RootOf(from), RootOf(other)).ok(),
                  other == to)
            << from << " " << to << " " << other;
      }
    }
  }
}

TEST_F(Proofs, AChangedProofIsRefused) {
  auto random = MakeSeededRandom(1);
  for (int round = 0; round < 2000; ++round) {
    const uint64_t to = 2 + random->Below(kLeaves - 1);
    const uint64_t from = 1 + random->Below(to - 1);
    auto inclusion = *MakeInclusionProof(from - 1, to, Hash());
    auto consistency = *MakeConsistencyProof(from, to, Hash());
    for (auto* proof : {&inclusion, &consistency}) {
      switch (random->Below(4)) {
        case 0:
          (*proof)[random->Below(proof->size())].bytes[random->Below(32)] ^= 0x10;
          break;
        case 1:
          proof->pop_back();
          break;
        case 2:
          proof->push_back(leaves_[0]);
          break;
        case 3:
          proof->insert(proof->begin(), leaves_[0]);
          break;
      }
    }
    EXPECT_THAT(VerifyInclusion(leaves_[from - 1], from - 1, to, inclusion, RootOf(to)),
                StatusIs(Code::kDataLoss));
    EXPECT_THAT(VerifyConsistency(from, to, consistency, RootOf(from), RootOf(to)),
                StatusIs(Code::kDataLoss));
  }
}

TEST_F(Proofs, FromTheEmptyTreeNothingCanBeShown) {
  EXPECT_THAT(VerifyConsistency(0, 1, {}, crypto::EmptyRoot(), RootOf(1)),
              StatusIs(Code::kDataLoss));
  EXPECT_THAT(VerifyConsistency(0, 0, {}, crypto::EmptyRoot(), crypto::EmptyRoot()),
              StatusIs(Code::kDataLoss));
}

// The published vectors; those of other kinds are of an extension that is not used here.

struct Vector {
  const syntax::Value& fields;

  uint64_t Number(std::string_view key) const {
    const syntax::Value& value = *fields.Find(key);
    if (value.kind() == syntax::Value::Kind::kText) return std::stoull(value.text());
    return static_cast<uint64_t>(value.integer());
  }
  StatusOr<Digest> Hash(std::string_view key) const { return HashOf(*fields.Find(key)); }
  StatusOr<std::vector<Digest>> Proof() const {
    std::vector<Digest> proof;
    const syntax::Value& items = *fields.Find("proof");
    if (items.kind() == syntax::Value::Kind::kNull) return proof;
    for (const syntax::Value& item : items.items()) {
      RK_ASSIGN_OR_RETURN(const Digest hash, HashOf(item));
      proof.push_back(hash);
    }
    return proof;
  }
  // Some roots are words ("don't care 1"): any two digests that differ as they do.
  static StatusOr<Digest> HashOf(const syntax::Value& value) {
    RK_ASSIGN_OR_RETURN(Bytes bytes, FromBase64(value.text()));
    if (!bytes.empty()) bytes.resize(std::max(bytes.size(), Digest::kSize));
    return Digest::FromSpan(bytes);
  }

  Status Verify() const {
    RK_ASSIGN_OR_RETURN(const auto proof, Proof());
    if (fields.Find("kind")->text() == "inclusion") {
      RK_ASSIGN_OR_RETURN(const Digest leaf, Hash("leafHash"));
      RK_ASSIGN_OR_RETURN(const Digest root, Hash("root"));
      return VerifyInclusion(leaf, Number("leafIdx"), Number("treeSize"), proof, root);
    }
    RK_ASSIGN_OR_RETURN(const Digest root1, Hash("root1"));
    RK_ASSIGN_OR_RETURN(const Digest root2, Hash("root2"));
    return VerifyConsistency(Number("size1"), Number("size2"), proof, root1, root2);
  }
};

TEST(MerkleVectors, AreJudgedAsTheySay) {
  const auto disk = MakeRealDisk();
  auto packed = ReadWhole(*disk, kVectors, 1 << 20);
  if (!packed.ok()) GTEST_SKIP() << "reason: no shared data";
  auto text = syntax::Gunzip(*packed, 16 << 20);
  ASSERT_THAT(text, IsOk());
  int good = 0;
  int bad = 0;
  std::string_view rest = AsText(*text);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    auto fields = syntax::ParseJson(QuoteLongNumbers(rest.substr(0, end)));
    ASSERT_THAT(fields, IsOk());
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string& kind = fields->Find("kind")->text();
    if (kind != "inclusion" && kind != "consistency") continue;
    const bool is_bad = fields->Find("wantErr")->boolean();
    const Status verified = Vector{*fields}.Verify();
    EXPECT_EQ(verified.ok(), !is_bad) << syntax::DumpJson(*fields) << Text(verified);
    ++(is_bad ? bad : good);
  }
  EXPECT_EQ(good, 10);
  EXPECT_EQ(bad, 151);
}

}  // namespace
}  // namespace renkei::ledger
