// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/console.h"

#include <gmock/gmock.h>

namespace renkei::apps {
namespace {

using syntax::Value;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStdout;

Value Row(const std::string& site, int rounds) {
  Value row = Value::Object();
  row.Set("site", site);
  row.Set("rounds", rounds);
  return row;
}

TEST(Console, AlignsTheColumnsOfATableAlsoUnderWideCharacters) {
  CaptureStdout();
  Console(OutputFormat::kTable).Rows({Row("a", 3), Row("連携", 12)});
  EXPECT_EQ(GetCapturedStdout(), "site  rounds\na     3\n連携  12\n");
}

TEST(Console, PrintsOneArrayOrOneLinePerRow) {
  CaptureStdout();
  Console(OutputFormat::kJsonLines).Rows({Row("a", 3), Row("b", 4)});
  EXPECT_EQ(GetCapturedStdout(), "{\"site\":\"a\",\"rounds\":3}\n{\"site\":\"b\",\"rounds\":4}\n");
  CaptureStdout();
  Console(OutputFormat::kJson).Rows({});
  EXPECT_EQ(GetCapturedStdout(), "[]\n");
}

TEST(Console, KeepsControlCharactersFromTheTerminal) {
  CaptureStdout();
  Console(OutputFormat::kTable).Object(Row("\x1b[2Jgone", 1));
  EXPECT_EQ(GetCapturedStdout(), "site     [2Jgone\nrounds  1\n");
}

TEST(CutToWidth, LeavesALineThatFits) {
  EXPECT_EQ(CutToWidth("1234", 4), "1234");
  EXPECT_EQ(CutToWidth("\x1b[36m連携\x1b[0m", 4), "\x1b[36m連携\x1b[0m");
}

TEST(CutToWidth, CutsBetweenCharactersAndEndsTheColour) {
  EXPECT_EQ(CutToWidth("12345", 4), "123…");
  EXPECT_EQ(CutToWidth("連携連携", 4), "連…");
  EXPECT_EQ(CutToWidth("\x1b[36m12345\x1b[0m", 4), "\x1b[36m123\x1b[0m…");
  EXPECT_EQ(CutToWidth("12", 1), "…");
  EXPECT_EQ(CutToWidth("12345\x1b[36", 4), "123…");
}

TEST(ExitCodes, FollowTheDesign) {
  const struct {
    Code code;
    Exit exit;
  } cases[] = {
      {Code::kOk, Exit::kOk},
      {Code::kInvalidArgument, Exit::kFailed},
      {Code::kPermissionDenied, Exit::kRefused},
      {Code::kUnauthenticated, Exit::kIdentity},
      {Code::kUnavailable, Exit::kUnreachable},
      {Code::kDeadlineExceeded, Exit::kUnreachable},
      {Code::kDataLoss, Exit::kFailed},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ExitFor(MakeError(c.code, "x")), c.exit) << static_cast<int>(c.code);
  }
}

}  // namespace
}  // namespace renkei::apps
