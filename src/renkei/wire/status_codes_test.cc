// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/status_codes.h"

#include <string>

#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/wire/protocol.h"

namespace renkei::wire {
namespace {

TEST(StatusCodes, EveryCodeAndItsMessageSurviveBothWays) {
  EXPECT_THAT(FromGrpc(ToGrpc(Ok())), IsOk());
  for (int code = 1; code <= 16; ++code) {
    const Status there = MakeError(static_cast<Code>(code), "leaf 3 differs: 連携");
    EXPECT_EQ(FromGrpc(ToGrpc(there)), there);
  }
}

TEST(StatusCodes, ALongMessageIsCutBetweenCharacters) {
  std::string text(kErrorBytesMax - 4, 'x');
  for (int i = 0; i < 100; ++i) text += "連";
  const grpc::Status sent = ToGrpc(MakeError(Code::kInternal, text));
  EXPECT_EQ(sent.error_message(), text.substr(0, kErrorBytesMax - 4) + "...");
}

TEST(StatusCodes, ControlCharactersOfAPeerDoNotReachATerminal) {
  const grpc::Status sent = ToGrpc(MakeError(Code::kInternal, "a\x1b[2Jb\nc\x7f"));
  EXPECT_EQ(sent.error_message(), "a?[2Jb?c?");
}

}  // namespace
}  // namespace renkei::wire
