// SPDX-License-Identifier: Apache-2.0
// Strangers on the coordinator's port: connections without end, handshakes without end, and
// certificates that do not count.
#include <chrono>
#include <filesystem>
#include <iterator>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "cutting_proxy.h"
#include "renkei/base/descriptor.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/x509.h"
#include "renkei/wire/wire_testing.h"

namespace renkei::link {
namespace {

using std::chrono::hours;
using testing::HasSubstr;
using wire::Must;

constexpr int kPatienceMs = 10'000;
constexpr size_t kMax = 20;

// Whether the other side closes within `ms`.
bool ClosedWithin(const Descriptor& connection, int ms) {
  pollfd waited{.fd = connection.get(), .events = POLLIN, .revents = 0};
  if (poll(&waited, 1, ms) <= 0) return false;
  char byte = 0;
  return recv(connection.get(), &byte, 1, MSG_DONTWAIT) <= 0;
}

std::vector<Descriptor> ConnectMany(int port, size_t count) {
  std::vector<Descriptor> connections;
  for (size_t i = 0; i < count; ++i) connections.emplace_back(ConnectTo(port));
  return connections;
}

size_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

class Strangers : public testing::Test {
 protected:
  void Limit(size_t connections_max, Milliseconds handshake_limit,
             const std::string& listen = "127.0.0.1:0") {
    wire::ServerOptions options = wire_.Options();
    options.listen = listen;
    options.connections_max = connections_max;
    options.handshake_limit = handshake_limit;
    wire_.Restart(options);
  }
  int port() { return wire_.server().port(); }

  wire::TestWire wire_;
};

TEST_F(Strangers, BeyondTheMaximumTheOldestAreClosedAtOnceAndAPeerComesThrough) {
  Limit(kMax, std::chrono::minutes(10));
  const auto crowd = ConnectMany(port(), 3 * kMax);
  for (size_t i = 0; i < 2 * kMax; ++i) EXPECT_TRUE(ClosedWithin(crowd[i], kPatienceMs)) << i;
  for (size_t i = 2 * kMax; i < 3 * kMax; ++i) EXPECT_FALSE(ClosedWithin(crowd[i], 0)) << i;
  EXPECT_THAT(wire_.Peer(wire_.Site())->Submit(AsBytes("x")), IsOk());
}

TEST_F(Strangers, DoNotDisplaceAPeerThatIsKnown) {
  // By v6 sockets, whose v4 connections come under other addresses, too.
  for (const char* listen : {"127.0.0.1:0", "[::]:0"}) {
    Limit(kMax, std::chrono::minutes(10), listen);
    const CuttingProxy proxy(port());
    wire::PeerOptions options = wire_.Site();
    options.address = "127.0.0.1:" + std::to_string(proxy.port());
    const auto peer = wire_.Peer(options);
    ASSERT_THAT(peer->Submit(AsBytes("x")), IsOk());
    const auto crowd = ConnectMany(port(), 3 * kMax);
    for (size_t i = 0; i < 2 * kMax; ++i) EXPECT_TRUE(ClosedWithin(crowd[i], kPatienceMs)) << i;
    EXPECT_THAT(peer->Submit(AsBytes("x")), IsOk());
    EXPECT_EQ(proxy.connections(), 1) << listen;
  }
}

TEST_F(Strangers, ConnectionsThatEndedAreForgottenAndNothingOfThemStaysOpen) {
  Limit(kMax, std::chrono::minutes(10));
  ASSERT_THAT(wire_.Peer(wire_.Site())->Submit(AsBytes("x")), IsOk());
  const auto settles_at = [](size_t files) {
    for (int i = 0; i < kPatienceMs / 20 && OpenFiles() > files; ++i) {
      std::this_thread::sleep_for(Milliseconds(20));
    }
    return OpenFiles();
  };
  const size_t before = OpenFiles();
  for (int round = 0; round < 5; ++round) {
    // Some of each kind: closed by the far end, reset by it, displaced by others.
    auto crowd = ConnectMany(port(), kMax + 5);
    for (size_t i = 0; i < crowd.size(); i += 2) {
      const linger reset{.l_onoff = 1, .l_linger = 0};
      setsockopt(crowd[i].get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    crowd.clear();
    EXPECT_LE(settles_at(before), before) << round;
  }
}

TEST_F(Strangers, AHandshakeThatDoesNotEndIsEnded) {
  Limit(kMax, Milliseconds(500));
  const auto silent = ConnectMany(port(), 3);
  const Descriptor slow(ConnectTo(port()));
  const Bytes hello = Must(FromHex("1603010200010001fc0303"));  // of 512 bytes that never all come
  const auto clock = MakeSystemClock();
  const Milliseconds began = clock->Monotonic();
  for (size_t i = 0; !ClosedWithin(slow, 100); ++i) {
    ASSERT_LT(clock->Monotonic() - began, Milliseconds(kPatienceMs));
    const uint8_t byte = i < hello.size() ? hello[i] : 0;
    (void)send(slow.get(), &byte, 1, MSG_NOSIGNAL);
  }
  EXPECT_GE(clock->Monotonic() - began, Milliseconds(300));
  for (const Descriptor& one : silent) EXPECT_TRUE(ClosedWithin(one, kPatienceMs));
  EXPECT_THAT(wire_.Peer(wire_.Site())->Submit(AsBytes("x")), IsOk());
}

// A party that signs whatever it is asked to, also what it should not.
class Rogue {
 public:
  explicit Rogue(Clock& clock) : clock_(clock) {
    crypto::CertificateSpec spec = Spec("spiffe://fab-jp", key_);
    spec.is_ca = true;
    root_ = Must(crypto::SelfSign(spec, key_));
  }
  identity::PartyRoot Root() const {
    return {.party = Must(PartyId::Parse("fab-jp")), .ca_pem = root_};
  }
  crypto::CertificateSpec Spec(const std::string& uri, const std::string& key) const {
    return {.subject_name = "x",
            .uri_san = uri,
            .dns_sans = {},
            .not_before = clock_.Now() - hours(1),
            .not_after = clock_.Now() + hours(1),
            .public_key_pem = Must(crypto::PublicKeyPem(key))};
  }
  std::string Sign(const crypto::CertificateSpec& spec) const {
    return Must(crypto::IssueCertificate(spec, root_, key_));
  }

 private:
  Clock& clock_;
  const std::string key_ = crypto::GenerateTlsKeyPem();
  std::string root_;
};

TEST_F(Strangers, ShowCertificatesThatDoNotCount) {
  const Rogue rogue(wire_.clock());
  const Rogue other(wire_.clock());  // of the same name, not in the charter
  wire::MemoryDesk desk({wire_.us().Root(), rogue.Root()});
  const auto server = Must(wire::StartServer(wire_.Options(), desk, wire_.clock()));
  const std::string key = crypto::GenerateTlsKeyPem();
  const std::string kyoto = "spiffe://fab-jp/site/kyoto";
  const auto spec = [&](const std::string& uri) { return rogue.Spec(uri, key); };
  auto expired = spec(kyoto);
  expired.not_before -= hours(10);
  expired.not_after -= hours(2);
  auto early = spec(kyoto);
  early.not_before += hours(2);
  early.not_after += hours(10);
  auto authority = spec(kyoto);
  authority.is_ca = true;
  const struct {
    const char* what;
    std::string chain_pem;
    const char* reason;  // none: it counts
  } cases[] = {
      {"as it should be", rogue.Sign(spec(kyoto)), nullptr},
      {"another party's id", rogue.Sign(spec("spiffe://fab-us/site/kyoto")), "certificate"},
      {"another party's coordinator", rogue.Sign(spec("spiffe://fab-us/coordinator/hub")),
       "certificate"},
      {"an authority of the party's name", other.Sign(spec(kyoto)), "certificate"},
      {"signed by nobody else", Must(crypto::SelfSign(spec(kyoto), key)), "certificate"},
      {"a party that is none", rogue.Sign(spec("spiffe://fab-kr/site/kyoto")), "fab-kr"},
      {"no id", rogue.Sign(spec("")), "URI"},
      {"half an id", rogue.Sign(spec("spiffe://fab-jp")), "not a peer's id"},
      {"an id of no kind", rogue.Sign(spec("spiffe://fab-jp/robot/kyoto")), "not a peer's id"},
      {"an authority as a leaf", rogue.Sign(authority), "certificate"},
      {"expired", rogue.Sign(expired), "expired"},
      {"not yet valid", rogue.Sign(early), "not yet valid"},
  };
  for (const auto& c : cases) {
    wire::PeerOptions options = wire_.Anonymous();
    options.address = "127.0.0.1:" + std::to_string(server->port());
    options.chain_pem = c.chain_pem;
    options.key_pem = key;
    const auto peer = wire_.Peer(options);
    if (c.reason == nullptr) {
      EXPECT_THAT(peer->Submit(AsBytes("x")), IsOk()) << c.what;
      continue;
    }
    EXPECT_THAT(peer->Submit(AsBytes("x")), StatusIs(Code::kUnauthenticated, HasSubstr(c.reason)))
        << c.what;
    EXPECT_THAT(peer->AskJoin("{}"), StatusIs(Code::kUnauthenticated)) << c.what;
  }
}

}  // namespace
}  // namespace renkei::link
