// SPDX-License-Identifier: Apache-2.0
#include "renkei/release/tlog_proof.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"

namespace renkei::release {
namespace {

constexpr char kHash[] = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n";

TEST(TlogProof, ReadsAndWritesTheOneText) {
  for (const std::string& hashes :
       {std::string(), std::string(kHash), std::string(kHash) + kHash}) {
    const std::string text =
        "c2sp.org/tlog-proof@v1\nindex 73894\n" + hashes + "\nexample.com/log\n109482\nroot\n";
    const auto proof = ParseTlogProof(text);
    ASSERT_THAT(proof, IsOk());
    EXPECT_EQ(proof->index, 73894U);
    EXPECT_EQ(proof->hashes.size(), hashes.size() / (sizeof kHash - 1));
    EXPECT_EQ(proof->checkpoint, "example.com/log\n109482\nroot\n");
    EXPECT_EQ(DumpTlogProof(*proof), text);
  }
}

TEST(TlogProof, RefusesEverythingElse) {
  const std::string first = "c2sp.org/tlog-proof@v1\n";
  const std::string cases[] = {
      "",
      "c2sp.org/tlog-proof@v2\nindex 1\n\n",
      first,
      first + "index 1",
      first + "index 1\n",
      first + "index 01\n\n",
      first + "index -1\n\n",
      first + "index \n\n",
      first + "index 1 \n\n",
      first + "index 18446744073709551616\n\n",
      first + "extra YQ==\nindex 1\n\n",
      first + "index 1\nAAAA\n\n",
      first + "index 1\nnot base64\n\n",
      first + "index 1\n" + kHash,
  };
  for (const std::string& text : cases) {
    EXPECT_THAT(ParseTlogProof(text), StatusIs(Code::kInvalidArgument)) << text;
  }
  std::string many = first + "index 1\n";
  for (size_t i = 0; i <= kProofHashesMax; ++i) many += kHash;
  EXPECT_THAT(ParseTlogProof(many + "\n"), StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace renkei::release
