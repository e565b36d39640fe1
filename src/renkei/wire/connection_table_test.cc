// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/connection_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace renkei::wire {
namespace {

using testing::Eq;
using testing::Optional;

constexpr auto kNobody = std::nullopt;

TEST(Endpoint, IsReadFromWhatGrpcCallsThePeer) {
  EXPECT_EQ(Endpoint::FromGrpc("ipv4:192.0.2.1:7400"),
            (Endpoint{.address = "192.0.2.1", .port = 7400}));
  EXPECT_EQ(Endpoint::FromGrpc("ipv6:%5B2001:db8::1%5D:7400"),
            (Endpoint{.address = "2001:db8::1", .port = 7400}));
  for (const char* peer : {"", "unix:/tmp/x", "ipv4:", "ipv4:192.0.2.1", "ipv4:192.0.2.1:74x"}) {
    EXPECT_EQ(Endpoint::FromGrpc(peer), kNobody) << peer;
  }
}

TEST(Endpoint, HasTheNeighboursThatOneSubscriberMayTake) {
  EXPECT_EQ((Endpoint{.address = "192.0.2.1", .port = 1}).Neighbourhood(), "192.0.2.1");
  EXPECT_EQ((Endpoint{.address = "2001:db8:1:2:3::4", .port = 1}).Neighbourhood(),
            "2001:db8:1:2::/64");
}

TEST(ConnectionTable, ClosesTheOldestStrangerOfTheAddressThatHasMost) {
  ConnectionTable table(4);
  EXPECT_EQ(table.Enter(1, {"10.0.0.9", 1}), kNobody);  // older, but alone
  EXPECT_EQ(table.Enter(2, {"10.0.0.1", 1}), kNobody);
  EXPECT_EQ(table.Enter(3, {"10.0.0.1", 2}), kNobody);
  EXPECT_EQ(table.Enter(4, {"10.0.0.1", 3}), kNobody);
  EXPECT_THAT(table.Enter(5, {"10.0.0.2", 1}), Optional(Eq(2u)));
  EXPECT_THAT(table.Enter(6, {"10.0.0.1", 4}), Optional(Eq(3u)));
  EXPECT_EQ(table.size(), 4u);
  // 9, 1, 2, 1: one each but for the first address, which has two.
  EXPECT_THAT(table.Enter(7, {"10.0.0.3", 1}), Optional(Eq(4u)));
  EXPECT_THAT(table.Enter(8, {"10.0.0.4", 1}), Optional(Eq(1u))) << "the oldest of equals";
}

TEST(ConnectionTable, KeepsWhoProvedAnIdentityWhateverStrangersDo) {
  ConnectionTable table(10);
  table.Enter(1, {"10.0.0.1", 1});
  table.Identify({"10.0.0.1", 1}, "spiffe://a/site/one");
  for (uint64_t id = 2; id < 1000; ++id) {
    const auto displaced = table.Enter(id, {"10.0.0.1", static_cast<int>(id)});
    EXPECT_NE(displaced, 1u);
    EXPECT_LE(table.size(), 10u);
  }
  EXPECT_EQ(table.strangers(), 9u);
  // One that comes through the crowd has the time of nine newcomers to prove itself.
  table.Enter(1000, {"10.0.0.1", 5000});
  for (uint64_t id = 1001; id < 1009; ++id) {
    EXPECT_NE(table.Enter(id, {"10.0.0.1", static_cast<int>(id)}), 1000u);
  }
  table.Identify({"10.0.0.1", 5000}, "spiffe://a/site/two");
  for (uint64_t id = 1009; id < 1100; ++id) {
    EXPECT_NE(table.Enter(id, {"10.0.0.1", static_cast<int>(id)}), 1000u);
  }
}

TEST(ConnectionTable, LetsNoIdentityHaveMoreThanItsShareOfAFullTable) {
  ConnectionTable table(kIdentityShare + 2);
  uint64_t id = 0;
  const auto enter = [&](const char* identity) {
    const Endpoint remote{"10.0.0.1", static_cast<int>(++id)};
    const auto displaced = table.Enter(id, remote);
    table.Identify(remote, identity);
    return displaced;
  };
  for (size_t i = 0; i < kIdentityShare + 2; ++i) EXPECT_EQ(enter("greedy"), kNobody);
  EXPECT_THAT(enter("modest"), Optional(Eq(1u)));
  EXPECT_THAT(enter("modest"), Optional(Eq(2u)));
  // All have their share: the newcomer goes, whoever it is.
  EXPECT_THAT(table.Enter(id + 1, {"10.0.0.2", 1}), Optional(Eq(id + 1)));
  EXPECT_EQ(table.size(), kIdentityShare + 2);
}

TEST(ConnectionTable, ClosesTheStrangerThatSaysTooMuch) {
  ConnectionTable table(100);
  for (uint64_t id = 1; id <= 8; ++id) table.Enter(id, {"10.0.0.1", static_cast<int>(id)});
  EXPECT_EQ(table.Receive(1, kStrangerBytesMax), kNobody);
  EXPECT_THAT(table.Receive(1, kStrangerBytesMax + 1), Optional(Eq(1u)));
  EXPECT_EQ(table.Receive(1, kStrangerBytesMax + 2), kNobody) << "gone already";
  // All together: the one that said most goes, whoever speaks.
  EXPECT_EQ(table.Receive(2, kStrangerBytesMax - 1), kNobody);
  EXPECT_EQ(table.Receive(3, kStrangerBytesMax), kNobody);
  EXPECT_EQ(table.Receive(4, kStrangerBytesMax - 1), kNobody);
  EXPECT_EQ(table.Receive(5, kStrangerBytesMax - 1), kNobody);
  EXPECT_THAT(table.Receive(6, 4), Optional(Eq(3u)));
  EXPECT_EQ(table.Receive(6, 5), kNobody);
  // Who is known, or has left, does not count.
  table.Identify({"10.0.0.1", 2}, "spiffe://a/site/one");
  table.Leave(4);
  EXPECT_TRUE(table.IsKnown(2));
  EXPECT_FALSE(table.IsKnown(4));
  EXPECT_EQ(table.Receive(2, 100 * kStrangerBytesMax), kNobody);
  EXPECT_EQ(table.Receive(7, kStrangerBytesMax), kNobody);
  EXPECT_EQ(table.Receive(8, kStrangerBytesMax), kNobody);
  EXPECT_EQ(table.Receive(6, kStrangerBytesMax), kNobody);
}

TEST(ConnectionTable, HasRoomAgainWhenOneLeaves) {
  ConnectionTable table(2);
  table.Enter(1, {"10.0.0.1", 1});
  table.Enter(2, {"10.0.0.1", 2});
  table.Leave(1);
  table.Leave(1);
  table.Leave(77);
  EXPECT_EQ(table.Enter(3, {"10.0.0.1", 1}), kNobody);
  table.Identify({"10.0.0.1", 1}, "spiffe://a/site/one");
  table.Identify({"10.0.0.1", 1}, "spiffe://a/site/one");
  table.Identify({"10.0.0.7", 1}, "spiffe://a/site/one");  // gone meanwhile
  EXPECT_EQ(table.strangers(), 1u);
  EXPECT_EQ(table.size(), 2u);
}

}  // namespace
}  // namespace renkei::wire
