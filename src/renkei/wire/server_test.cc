// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/server.h"

#include <chrono>
#include <functional>
#include <future>
#include <stop_token>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/wire/grpc_peer.h"
#include "renkei/wire/tls.h"
#include "renkei/wire/wire_testing.h"

namespace renkei::wire {
namespace {

using identity::PeerKind;
using testing::AllOf;
using testing::HasSubstr;

class ServerTest : public testing::Test {
 protected:
  TestWire wire_;
};

TEST_F(ServerTest, EveryVerbArrivesWithItsCallerAndItsAnswerComesBack) {
  const auto peer = wire_.Peer(wire_.Site());
  const RunId run = Must(RunId::Parse("first-run"));

  const auto welcome = peer->Hello();
  ASSERT_THAT(welcome, IsOk());
  EXPECT_EQ(welcome->protocol, 1u);
  EXPECT_EQ(ToText(welcome->charter_envelope), "the charter");
  EXPECT_EQ(welcome->checkpoint, "a checkpoint");
  EXPECT_FALSE(welcome->server_version.empty());
  EXPECT_EQ(wire_.desk().last_caller().Uri(), "spiffe://fab-jp/site/kyoto");

  const auto submitted = peer->Submit(AsBytes("an entry"));
  ASSERT_THAT(submitted, IsOk());
  EXPECT_EQ(submitted->index, 0u);
  EXPECT_EQ(submitted->inclusion.size(), 3u);
  EXPECT_EQ(submitted->checkpoint, "1");
  ASSERT_THAT(peer->Submit(AsBytes("another")), IsOk());

  const auto page = peer->Read(0, 10, Milliseconds(0));
  ASSERT_THAT(page, IsOk());
  EXPECT_THAT(page->entries, testing::ElementsAre(ToBytes("an entry"), ToBytes("another")));
  EXPECT_EQ(page->checkpoint, "2");

  EXPECT_EQ(Must(peer->ProveInclusion(1, 5)).size(), 5u);
  EXPECT_THAT(peer->ProveInclusion(5, 5), StatusIs(Code::kOutOfRange, "5 of 5"));
  EXPECT_EQ(Must(peer->ProveConsistency(3, 7)).size(), 4u);
  EXPECT_THAT(peer->Receipt(7), IsOkAndHolds(ToBytes("receipt 7")));
  EXPECT_THAT(peer->RunStatus(run), IsOkAndHolds(R"({"run":"first-run"})"));
  EXPECT_THAT(peer->Report({.run = run, .round = 2, .phase = "training", .fraction = 0.5}), IsOk());
  EXPECT_THAT(peer->Report({.run = {}, .round = 0, .phase = "idle", .fraction = 0}), IsOk());
  EXPECT_THAT(wire_.desk().reports(),
              testing::ElementsAre("first-run 2 training 0.5", " 0 idle 0"));

  EXPECT_THAT(peer->AskJoin("{\"a\":1}"), IsOk());
  EXPECT_THAT(peer->PendingJoins(), IsOkAndHolds(testing::ElementsAre("{\"a\":1}")));
  EXPECT_THAT(peer->PollJoin("t"), StatusIs(Code::kNotFound));
  EXPECT_THAT(peer->GrantJoin("{\"b\":2}"), IsOk());
  EXPECT_THAT(peer->PollJoin("t"), IsOkAndHolds("{\"b\":2}"));
}

TEST_F(ServerTest, ARefusalKeepsItsCodeAndItsReason) {
  EXPECT_THAT(wire_.Peer(wire_.Site())->Submit(AsBytes("refuse me")),
              StatusIs(Code::kPermissionDenied, "charter [[permit]] 3 says no"));
}

TEST_F(ServerTest, WithoutACertificateOnlyJoiningIsPossible) {
  const auto peer = wire_.Peer(wire_.Anonymous());
  EXPECT_THAT(peer->Hello(), IsOk());
  EXPECT_EQ(wire_.desk().last_caller().kind, PeerKind::kAnonymous);
  EXPECT_THAT(peer->AskJoin("{}"), IsOk());
  EXPECT_THAT(peer->PollJoin("t"), StatusIs(Code::kNotFound));

  const auto blobs = store::MakeMemoryBlobs();
  const auto draft = Must(blobs->Create());
  const BlobId blob = Must(draft->Finish());
  const RunId run = Must(RunId::Parse("r"));
  const auto none = Milliseconds(0);
  const std::vector<std::function<Status()>> rest = {
      [&] { return peer->Read(0, 1, none).status(); },
      [&] { return peer->Submit(AsBytes("x")).status(); },
      [&] { return peer->ProveInclusion(0, 1).status(); },
      [&] { return peer->ProveConsistency(0, 1).status(); },
      [&] { return peer->Upload(*blobs, blob, {}); },
      [&] { return peer->Download({.root = {}, .size_bytes = 1}, *blobs, {}); },
      [&] { return peer->Receipt(0).status(); },
      [&] { return peer->Report({}); },
      [&] { return peer->RunStatus(run).status(); },
      [&] { return peer->PendingJoins().status(); },
      [&] { return peer->GrantJoin("{}"); },
  };
  for (size_t i = 0; i < rest.size(); ++i) {
    EXPECT_THAT(rest[i](), StatusIs(Code::kUnauthenticated)) << i;
  }
}

TEST_F(ServerTest, ACertificateOfAForeignRootDoesNotCountEvenForJoining) {
  TestParty impostor("fab-jp", wire_.random(), wire_.clock());  // the name, not the root
  TestParty stranger("fab-xx", wire_.random(), wire_.clock());
  for (TestParty* party : {&impostor, &stranger}) {
    const auto peer = wire_.Peer(wire_.As(*party, PeerKind::kSite, "kyoto"));
    const auto refused =
        StatusIs(Code::kUnauthenticated, HasSubstr("the caller's certificate does not count"));
    EXPECT_THAT(peer->Hello(), refused);
    EXPECT_THAT(peer->AskJoin("{}"), refused);
    EXPECT_THAT(peer->Submit(AsBytes("x")), refused);
  }
}

TEST_F(ServerTest, ALeafThatExpiresEndsTheRightsOfItsOpenConnection) {
  const auto peer = wire_.Peer(wire_.Site());
  EXPECT_THAT(peer->Submit(AsBytes("x")), IsOk());
  wire_.clock().Shift(std::chrono::hours(25));
  EXPECT_THAT(peer->Submit(AsBytes("x")),
              StatusIs(Code::kUnauthenticated, HasSubstr("the caller's certificate")));
}

TEST_F(ServerTest, APeerTalksToTheCoordinatorOfItsCharterAlone) {
  TestParty impostor("fab-us", wire_.random(), wire_.clock());
  const auto expecting = [&](const identity::PartyRoot& root, const identity::PeerId& who) {
    PeerOptions options = wire_.Site();
    options.roots = {root};
    options.coordinator = who;
    return wire_.Peer(options)->Hello().status();
  };
  const auto refused = [](const std::string& why) {
    return StatusIs(
        Code::kUnauthenticated,
        AllOf(HasSubstr("the coordinator's certificate does not count"), HasSubstr(why)));
  };
  const auto hub = wire_.us().Named(PeerKind::kCoordinator, "hub");
  EXPECT_THAT(expecting(wire_.us().Root(), hub), IsOk());
  EXPECT_THAT(expecting(wire_.us().Root(), wire_.us().Named(PeerKind::kCoordinator, "")), IsOk());
  EXPECT_THAT(expecting(wire_.us().Root(), wire_.us().Named(PeerKind::kCoordinator, "other")),
              refused("spiffe://fab-us/coordinator/hub answers"));
  EXPECT_THAT(expecting(wire_.jp().Root(), wire_.jp().Named(PeerKind::kCoordinator, "hub")),
              refused(""));
  EXPECT_THAT(expecting(impostor.Root(), hub), refused(""));
}

TEST_F(ServerTest, ASiteDoesNotPassForTheCoordinatorOfItsParty) {
  ServerExpectation expectation({wire_.us().Root()}, wire_.us().Named(PeerKind::kCoordinator, ""),
                                wire_.clock());
  EXPECT_THAT(expectation.last(), IsOk());
  EXPECT_THAT(expectation.Check(wire_.us().Issue(PeerKind::kSite, "hub").chain_pem),
              StatusIs(Code::kUnauthenticated, HasSubstr("spiffe://fab-us/site/hub answers")));
  EXPECT_THAT(expectation.last(), StatusIs(Code::kUnauthenticated));
  EXPECT_THAT(expectation.Check(wire_.us().Issue(PeerKind::kCoordinator, "hub").chain_pem), IsOk());
  EXPECT_THAT(expectation.last(), IsOk());
}

TEST_F(ServerTest, AServerShowsACertificateOfACoordinatorWithItsOwnKeyOrNone) {
  const auto starts = [&](const std::string& chain_pem, const std::string& key_pem) {
    ServerOptions options = wire_.Options();
    options.chain_pem = chain_pem;
    options.key_pem = key_pem;
    return StartServer(options, wire_.desk(), wire_.clock()).status();
  };
  TestParty impostor("fab-us", wire_.random(), wire_.clock());
  const auto hub = wire_.us().Issue(PeerKind::kCoordinator, "hub");
  const auto other = wire_.us().Issue(PeerKind::kCoordinator, "hub");
  const auto site = wire_.us().Issue(PeerKind::kSite, "hub");
  const auto foreign = impostor.Issue(PeerKind::kCoordinator, "hub");
  EXPECT_THAT(starts(hub.chain_pem, hub.key_pem), IsOk());
  EXPECT_THAT(starts(hub.chain_pem, other.key_pem),
              StatusIs(Code::kInvalidArgument, HasSubstr("key is not that of its certificate")));
  EXPECT_THAT(starts(site.chain_pem, site.key_pem),
              StatusIs(Code::kInvalidArgument, HasSubstr("spiffe://fab-us/site/hub")));
  EXPECT_THAT(starts(foreign.chain_pem, foreign.key_pem), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(starts("", ""), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(starts(hub.chain_pem, "no key"), StatusIs(Code::kInvalidArgument));
}

TEST_F(ServerTest, ACoordinatorWithAnExpiredLeafIsNotTalkedTo) {
  wire_.clock().Shift(std::chrono::hours(25));
  EXPECT_THAT(wire_.Peer(wire_.Anonymous())->Hello(),
              StatusIs(Code::kUnauthenticated, HasSubstr("the coordinator's certificate")));
}

TEST_F(ServerTest, WithoutACommonProtocolTheFirstCallNamesBothVersions) {
  PeerOptions options = wire_.Site();
  options.protocols = {.min = 2, .max = 3};
  EXPECT_THAT(wire_.Peer(options)->Submit(AsBytes("x")),
              StatusIs(Code::kFailedPrecondition,
                       AllOf(HasSubstr("protocol 1 to 1"), HasSubstr("speaks 2 to 3"))));
}

TEST_F(ServerTest, ALongPollEndsWhenAnEntryArrives) {
  const auto reader = wire_.Peer(wire_.Site());
  const auto writer = wire_.Peer(wire_.As(wire_.us(), PeerKind::kPerson, "alice"));
  auto page =
      std::async(std::launch::async, [&] { return reader->Read(0, 10, Milliseconds(30'000)); });
  ASSERT_THAT(writer->Submit(AsBytes("news")), IsOk());
  EXPECT_THAT(Must(page.get()).entries, testing::ElementsAre(ToBytes("news")));
  EXPECT_TRUE(Must(reader->Read(1, 10, Milliseconds(20))).entries.empty());
}

TEST_F(ServerTest, AHundredLongPollsLeaveThreadsForOtherCalls) {
  const auto reader = wire_.Peer(wire_.Site());
  const auto other = wire_.Peer(wire_.As(wire_.jp(), PeerKind::kSite, "nara"));
  std::vector<std::future<StatusOr<run::Page>>> pages;
  for (int i = 0; i < 100; ++i) {
    const auto& peer = i % 2 == 0 ? reader : other;
    pages.push_back(
        std::async(std::launch::async, [&] { return peer->Read(0, 1, Milliseconds(60'000)); }));
  }
  const auto writer = wire_.Peer(wire_.As(wire_.us(), PeerKind::kPerson, "alice"));
  ASSERT_THAT(writer->Receipt(1), IsOk());
  ASSERT_THAT(writer->Submit(AsBytes("news")), IsOk());
  for (auto& page : pages) EXPECT_EQ(Must(page.get()).entries.size(), 1u);
}

TEST_F(ServerTest, ShutdownEndsLongPolls) {
  const auto peer = wire_.Peer(wire_.Site());
  ASSERT_THAT(peer->Hello(), IsOk());
  auto page =
      std::async(std::launch::async, [&] { return peer->Read(0, 1, Milliseconds(60'000)); });
  wire_.server().Shutdown(Milliseconds(2'000));
  const auto read = page.get();
  EXPECT_TRUE(read.ok() || read.status().code() == Code::kUnavailable) << Text(read.status());
  EXPECT_THAT(peer->Submit(AsBytes("x")), StatusIs(Code::kUnavailable, HasSubstr("127.0.0.1")));
}

TEST_F(ServerTest, APeerThatIsAskedToStopReturnsAtOnce) {
  std::stop_source stop;
  PeerOptions options = wire_.Site();
  options.stop = stop.get_token();
  const auto peer = wire_.Peer(options);
  ASSERT_THAT(peer->Hello(), IsOk());
  auto page =
      std::async(std::launch::async, [&] { return peer->Read(0, 1, Milliseconds(60'000)); });
  stop.request_stop();
  EXPECT_THAT(page.get(), StatusIs(Code::kCancelled));
}

TEST_F(ServerTest, ARenewedLeafIsShownOnTheSamePort) {
  const auto before = wire_.Peer(wire_.Site());
  ASSERT_THAT(before->Submit(AsBytes("x")), IsOk());
  wire_.clock().Shift(std::chrono::hours(23));
  const identity::TlsFiles renewed = wire_.us().Issue(PeerKind::kCoordinator, "hub");
  ASSERT_THAT(wire_.server().Renew(renewed.chain_pem, renewed.key_pem), IsOk());
  wire_.clock().Shift(std::chrono::hours(2));  // the first leaf has expired
  EXPECT_THAT(wire_.Peer(wire_.Site())->Submit(AsBytes("x")), IsOk());
}

TEST_F(ServerTest, ALeafThatCannotServeLeavesTheOldOneInForce) {
  EXPECT_THAT(wire_.server().Renew("not a certificate", "not a key"),
              StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(wire_.Peer(wire_.Site())->Submit(AsBytes("x")), IsOk());
}

TEST_F(ServerTest, AnEntryBeyondTheLedgersLimitIsRefusedByName) {
  const auto peer = wire_.Peer(wire_.Site());
  EXPECT_THAT(peer->Submit(Bytes(kEntryBytesMax)), IsOk());
  EXPECT_THAT(peer->Submit(Bytes(kEntryBytesMax + 1)),
              StatusIs(Code::kResourceExhausted, "an entry of 65536 bytes, at most 65535"));
}

TEST(Server, AnAddressThatIsTakenOrNotOursIsAnError) {
  TestWire wire;
  ServerOptions options = wire.Options();
  options.listen = "192.0.2.1:1";
  EXPECT_THAT(StartServer(options, wire.desk(), wire.clock()),
              StatusIs(Code::kUnavailable, HasSubstr("192.0.2.1:1")));
  options.listen = "127.0.0.1:" + std::to_string(wire.server().port());
  EXPECT_THAT(StartServer(options, wire.desk(), wire.clock()),
              StatusIs(Code::kUnavailable, HasSubstr("Address already in use")));
  options.listen = "nonsense";
  EXPECT_THAT(StartServer(options, wire.desk(), wire.clock()),
              StatusIs(Code::kInvalidArgument, HasSubstr("expected host:port")));
}

TEST(GrpcPeer, ACoordinatorThatIsNotThereIsUnavailableAndNamed) {
  TestWire wire;
  PeerOptions options = wire.Site();
  options.address = "127.0.0.1:1";
  EXPECT_THAT(wire.Peer(options)->Hello(), StatusIs(Code::kUnavailable, HasSubstr("127.0.0.1:1")));
}

}  // namespace
}  // namespace renkei::wire
