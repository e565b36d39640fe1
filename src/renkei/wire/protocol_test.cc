// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"

namespace renkei::wire {
namespace {

TEST(Protocol, TheHighestVersionThatBothSpeakIsAgreedOn) {
  const struct {
    ProtocolRange server, client;
    uint32_t agreed;
  } cases[] = {
      {{1, 1}, {1, 1}, 1}, {{1, 3}, {1, 2}, 2}, {{2, 3}, {1, 9}, 3},
      {{1, 9}, {3, 3}, 3}, {{3, 5}, {1, 3}, 3}, {{1, 3}, {3, 5}, 3},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(AgreeOnProtocol(c.server, c.client, "1.0"), IsOkAndHolds(c.agreed))
        << c.server.min << "-" << c.server.max << " " << c.client.min << "-" << c.client.max;
  }
}

TEST(Protocol, WithoutACommonVersionTheErrorNamesBothAndWhomToUpgrade) {
  EXPECT_THAT(AgreeOnProtocol({3, 4}, {1, 2}, "0.9.1"),
              StatusIs(Code::kFailedPrecondition,
                       "the coordinator speaks protocol 3 to 4, the caller (renkei 0.9.1) speaks "
                       "1 to 2: upgrade the caller"));
  EXPECT_THAT(AgreeOnProtocol({1, 2}, {3, 4}, "2.0"),
              StatusIs(Code::kFailedPrecondition, testing::EndsWith("upgrade the coordinator")));
}

TEST(Protocol, ARangeThatIsNoneIsRefused) {
  EXPECT_THAT(AgreeOnProtocol({1, 1}, {2, 1}, "1"), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(AgreeOnProtocol({1, 1}, {0, 1}, "1"), StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace renkei::wire
