// SPDX-License-Identifier: Apache-2.0
// What the listener does with connections, tests/link/strangers_test.cc shows.
#include "renkei/wire/listener.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "renkei/base/status_testing.h"

namespace renkei::wire {
namespace {

using testing::HasSubstr;

TEST(AffordableConnections, LeaveHalfOfAFewFilesAndSomeOfManyToTheRest) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const struct {
    rlim_t files;
    size_t connections;
  } cases[] = {{100, 25}, {512, 128}, {1024, 384}, {2256, 1000}, {4096, 1000}};
  for (const auto& c : cases) {
    if (c.files > before.rlim_max) continue;
    const rlimit limit{.rlim_cur = c.files, .rlim_max = before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(AffordableConnections(1000), c.connections) << c.files;
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(Listener, TakesAFreePortAloneAndSaysWhyNot) {
  for (const char* address : {"127.0.0.1:0", "[::1]:0", "[::]:0", "localhost:0"}) {
    const auto first = Listener::Open(address);
    if (std::string_view(address) == "[::1]:0" && !first.ok()) continue;  // no IPv6 here
    ASSERT_THAT(first, IsOk()) << address;
    const std::string taken = address;
    const std::string again =
        taken.substr(0, taken.rfind(':') + 1) + std::to_string((*first)->port());
    EXPECT_THAT(Listener::Open(again),
                StatusIs(Code::kUnavailable, HasSubstr(again + ": Address already in use")));
    (*first)->Stop();
    EXPECT_THAT(Listener::Open(again), IsOk()) << "free again";
  }
  EXPECT_THAT(Listener::Open("no.such.host.invalid:1"),
              StatusIs(Code::kUnavailable, HasSubstr("not a known address")));
  for (const char* address : {"", "nonsense", ":1", "127.0.0.1:"}) {
    EXPECT_THAT(Listener::Open(address), StatusIs(Code::kInvalidArgument)) << address;
  }
}

}  // namespace
}  // namespace renkei::wire
