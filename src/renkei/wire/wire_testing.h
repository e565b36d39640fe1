// SPDX-License-Identifier: Apache-2.0
// A server of a desk in memory on loopback, its parties, and peers of it. Tests only.
#pragma once

#include <memory>
#include <string>

#include "renkei/wire/desk_testing.h"
#include "renkei/wire/tls_testing.h"

namespace renkei::wire {

// Two parties; the first one has the coordinator "hub".
class TestWire {
 public:
  TestWire() { server_ = Must(StartServer(Options(), desk_, clock_)); }

  ServerOptions Options() {
    const identity::TlsFiles tls = us_.Issue(identity::PeerKind::kCoordinator, "hub");
    return {.listen = "127.0.0.1:0",
            .chain_pem = tls.chain_pem,
            .key_pem = tls.key_pem,
            .protocols = kProtocols,
            .stall_limit = Milliseconds(60'000),
            .keepalive = kKeepalive};
  }
  void Restart(ServerOptions options) {
    server_.reset();
    server_ = Must(StartServer(std::move(options), desk_, clock_));
  }

  // What a peer without a certificate needs to know.
  PeerOptions Anonymous() const {
    PeerOptions options;
    options.address = "127.0.0.1:" + std::to_string(server_->port());
    options.roots = {us_.Root()};
    options.coordinator = us_.Named(identity::PeerKind::kCoordinator, "hub");
    return options;
  }
  PeerOptions As(TestParty& party, identity::PeerKind kind, const std::string& name) const {
    PeerOptions options = Anonymous();
    const identity::TlsFiles tls = party.Issue(kind, name);
    options.chain_pem = tls.chain_pem;
    options.key_pem = tls.key_pem;
    return options;
  }
  PeerOptions Site() { return As(jp_, identity::PeerKind::kSite, "kyoto"); }
  std::unique_ptr<run::Peer> Peer(PeerOptions options) {
    return MakeGrpcPeer(std::move(options), clock_, *random_);
  }

  ShiftedClock& clock() { return clock_; }
  Random& random() { return *random_; }
  TestParty& us() { return us_; }
  TestParty& jp() { return jp_; }
  MemoryDesk& desk() { return desk_; }
  Server& server() { return *server_; }

 private:
  ShiftedClock clock_;
  const std::unique_ptr<Random> random_ = MakeSystemRandom();
  TestParty us_{"fab-us", *random_, clock_};
  TestParty jp_{"fab-jp", *random_, clock_};
  MemoryDesk desk_{{us_.Root(), jp_.Root()}};
  std::unique_ptr<Server> server_;
};

}  // namespace renkei::wire
