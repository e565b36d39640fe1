// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/stated.h"

#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/syntax/toml.h"

namespace renkei::syntax {
namespace {

using testing::HasSubstr;

StatusOr<Stated> Read(std::string_view toml) { return ReadStated(*ParseToml(toml), "facts"); }

TEST(Stated, KeepsTheTextOfEveryKindOfFactAndReadsItsOwnDump) {
  const auto stated =
      Read("hq = \"JP\"\nlisted = false\n\"ic.tpp\" = 15832\n\"ic.pd\" = [19.4, 19.5]\n");
  ASSERT_THAT(stated, IsOk());
  EXPECT_EQ(
      *stated,
      (Stated{{"hq", "JP"}, {"ic.pd", "[19.4, 19.5]"}, {"ic.tpp", "15832"}, {"listed", "no"}}));
  EXPECT_EQ(StatedValue("[19.4, 19.5]").items()[1].text(), "19.5");
  const auto again = ParseToml("facts = " + DumpStated(*stated));
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(*ReadStated(*again->Find("facts"), "facts"), *stated);
}

TEST(Stated, RefusesWhatIsNoFactAndSaysWhere) {
  EXPECT_THAT(Read("a = []\n"), StatusIs(Code::kInvalidArgument, HasSubstr("facts: line 1")));
  EXPECT_THAT(Read("a = [[1, 2], 3]\n"),
              StatusIs(Code::kInvalidArgument, HasSubstr("a: text, true")));
  EXPECT_THAT(Read("a = \"\"\n"), StatusIs(Code::kInvalidArgument, HasSubstr("a: text, true")));
  EXPECT_THAT(Read("a = {}\n"), StatusIs(Code::kInvalidArgument, HasSubstr("a: text, true")));
  EXPECT_THAT(Read("\"a b\" = 1\n"), StatusIs(Code::kInvalidArgument, HasSubstr("a fact's name")));
  EXPECT_THAT(Read("a = \"" + std::string(65, 'x') + "\"\n"),
              StatusIs(Code::kInvalidArgument, HasSubstr("at most 64 bytes")));
  std::string many;
  for (int i = 0; i < 65; ++i) many += fmt::format("f{} = 1\n", i);
  EXPECT_THAT(Read(many), StatusIs(Code::kInvalidArgument, HasSubstr("more than 64 facts")));
}

}  // namespace
}  // namespace renkei::syntax
