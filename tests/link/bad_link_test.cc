// SPDX-License-Identifier: Apache-2.0
// Links as they are far out: cut every second, long, slow, silently dead. What moves goes on
// however long it takes; what does not is left within a bounded time.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/wire/transfer_table.h"
#include "transfers_testing.h"

namespace renkei::link {
namespace {

using std::chrono::milliseconds;

constexpr Milliseconds kReadWait{30'000};

class Stopwatch {
 public:
  milliseconds elapsed() const {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began_);
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

class BadLink : public Transfer {
 protected:
  struct Direction {
    const char* name;
    bool upload;
  };
  static constexpr Direction kDirections[] = {{"upload", true}, {"download", false}};

  // A blob at the sender's end.
  BlobId FillFor(const Direction& direction, uint64_t size_bytes, uint64_t seed) {
    return Fill(direction.upload ? *mine_ : theirs_, size_bytes, seed);
  }
  void SetKeepalive(Milliseconds keepalive) {
    wire::ServerOptions server = wire_.Options();
    server.keepalive = keepalive;
    wire_.Restart(server);
  }
  Status Move(run::Peer& peer, const Direction& direction, const BlobId& id,
              const run::Progress& progress = {}) {
    return direction.upload ? peer.Upload(*mine_, id, progress)
                            : peer.Download(id, *mine_, progress);
  }
};

// An upload that got so far, and then nothing moves any more and nothing is closed.
class LostUpload {
 public:
  LostUpload(wire::TestWire& wire, store::Blobs& from, const BlobId& id)
      : proxy_(std::make_unique<CuttingProxy>(wire.server().port())), options_(wire.Site()) {
    proxy_->StallConnection(/*number=*/2, /*after_bytes=*/4 * kMiB);  // 1 is for calls
    options_.address = "127.0.0.1:" + std::to_string(proxy_->port());
    options_.stop = stop_.get_token();
    peer_ = wire.Peer(options_);
    upload_ =
        std::async(std::launch::async, [&from, id, this] { return peer_->Upload(from, id, {}); });
    while (proxy_->carried_bytes() < 4 * kMiB) std::this_thread::sleep_for(milliseconds(5));
  }
  ~LostUpload() {
    stop_.request_stop();
    proxy_.reset();  // The sockets may be full: without an end they would be waited for.
    EXPECT_THAT(upload_.get(), StatusIs(Code::kCancelled));
  }
  LostUpload(const LostUpload&) = delete;
  LostUpload& operator=(const LostUpload&) = delete;

  const PeerOptions& options() const { return options_; }

 private:
  std::unique_ptr<CuttingProxy> proxy_;
  PeerOptions options_;
  std::stop_source stop_;
  std::unique_ptr<run::Peer> peer_;
  std::future<Status> upload_;
};

TEST_F(BadLink, ATransferWhoseConnectionsAreCutEverySecondGetsThere) {
  constexpr uint64_t kSize = 40 * kMiB;
  for (const Direction& direction : kDirections) {
    const BlobId id = FillFor(direction, kSize, direction.upload ? 1 : 2);
    CuttingProxy proxy(wire_.server().port());
    proxy.SetRate(12 * kMiB);
    proxy.SetCutAtAge(milliseconds(1'000));
    ASSERT_THAT(Move(*wire_.Peer(Through(proxy)), direction, id), IsOk()) << direction.name;
    ExpectSame(*mine_, theirs_, id);
    EXPECT_GE(proxy.connections(), 4) << direction.name;
    // A cut costs at most what a stream may send ahead.
    EXPECT_LT(proxy.carried_bytes(), kSize + static_cast<uint64_t>(proxy.connections()) * 4 * kMiB)
        << direction.name;
  }
}

// docs/formats/wire.md, flow control.
TEST_F(BadLink, ALongLinkCarriesAboutAChunkForEachRoundTrip) {
  constexpr milliseconds kEachWay{150};
  constexpr uint64_t kSize = 10 * kMiB;
  constexpr double kMinARoundTrip = 0.7 * kMiB;
  for (const Direction& direction : kDirections) {
    const BlobId id = FillFor(direction, kSize, direction.upload ? 3 : 4);
    CuttingProxy proxy(wire_.server().port());
    proxy.SetDelay(kEachWay);
    PeerOptions options = Through(proxy);
    options.stall_limit = Milliseconds(5'000);
    const auto peer = wire_.Peer(options);
    ASSERT_THAT(peer->Hello(), IsOk());
    milliseconds first{0};
    const Stopwatch watch;
    ASSERT_THAT(Move(*peer, direction, id,
                     [&](uint64_t done, uint64_t) {
                       if (first.count() == 0 && done > 0) first = watch.elapsed();
                     }),
                IsOk())
        << direction.name;
    const double trips = static_cast<double>((watch.elapsed() - first).count()) /
                         static_cast<double>(2 * kEachWay.count());
    const double a_round_trip = static_cast<double>(kSize) / trips;
    fmt::print("{}: {:.1f} MiB for each round trip\n", direction.name, a_round_trip / kMiB);
    EXPECT_GT(a_round_trip, kMinARoundTrip) << direction.name;
    EXPECT_EQ(proxy.connections(), 2) << direction.name;
  }
}

TEST_F(BadLink, ATransferThatMovesIsNotCutHoweverLongItTakes) {
  constexpr Milliseconds kStall{1'200};
  wire::ServerOptions server = wire_.Options();
  server.stall_limit = kStall;
  wire_.Restart(server);
  for (const Direction& direction : kDirections) {
    const BlobId id = FillFor(direction, 8 * kMiB, direction.upload ? 5 : 6);
    CuttingProxy proxy(wire_.server().port());
    proxy.SetRate(2 * kMiB);
    PeerOptions options = Through(proxy);
    options.stall_limit = kStall;
    const Stopwatch watch;
    ASSERT_THAT(Move(*wire_.Peer(options), direction, id), IsOk()) << direction.name;
    EXPECT_GT(watch.elapsed(), 2 * kStall) << direction.name;
    EXPECT_EQ(proxy.connections(), 2) << direction.name << ": one for calls, one for bulk";
    EXPECT_LT(proxy.carried_bytes(), 9 * kMiB) << direction.name;
  }
}

TEST_F(BadLink, ATransferLeavesALinkThatSilentlyForgotIt) {
  constexpr Milliseconds kLimit{500};
  SetKeepalive(kLimit);
  for (const Direction& direction : kDirections) {
    const BlobId id = FillFor(direction, 24 * kMiB, direction.upload ? 7 : 8);
    CuttingProxy proxy(wire_.server().port());
    PeerOptions options = Through(proxy);
    options.stall_limit = kLimit;
    options.keepalive = kLimit;
    bool forgotten = false;
    Stopwatch watch;
    ASSERT_THAT(Move(*wire_.Peer(options), direction, id,
                     [&](uint64_t done, uint64_t) {
                       if (forgotten || done < 8 * kMiB) return;
                       forgotten = true;
                       watch = {};
                       proxy.ForgetConnections();
                     }),
                IsOk())
        << direction.name;
    ASSERT_TRUE(forgotten);
    // Once more for the connection, when its socket is full; and then the rest.
    EXPECT_LT(watch.elapsed(), 3 * kLimit + milliseconds(1'500)) << direction.name;
    ExpectSame(*mine_, theirs_, id);
  }
}

TEST_F(BadLink, ALongPollLeavesALinkThatSilentlyForgotIt) {
  constexpr Milliseconds kKeepalive{500};
  SetKeepalive(kKeepalive);
  CuttingProxy proxy(wire_.server().port());
  PeerOptions options = Through(proxy);
  options.keepalive = kKeepalive;
  const auto peer = wire_.Peer(options);
  ASSERT_THAT(peer->Hello(), IsOk());
  auto polling = std::async(std::launch::async,
                            [&] { return peer->Read(0, run::kPageEntriesMax, kReadWait); });
  std::this_thread::sleep_for(milliseconds(200));
  proxy.ForgetConnections();
  const Stopwatch watch;
  ASSERT_THAT(wire_.Peer(wire_.As(wire_.us(), identity::PeerKind::kSite, "austin"))
                  ->Submit(AsBytes("news")),
              IsOk());
  const auto page = polling.get();
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->entries.size(), 1U);
  EXPECT_LT(watch.elapsed(), 2 * kKeepalive + milliseconds(2'000));
}

// The server's ends of established connections, as the kernel's tables tell them.
int Established(int port) {
  constexpr unsigned kEstablished = 1;
  int found = 0;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      unsigned local = 0;
      unsigned state = 0;
      const int fields =
          std::sscanf(line.c_str(), " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &local, &state);
      if (fields == 2 && local == static_cast<unsigned>(port) && state == kEstablished) ++found;
    }
  }
  return found;
}

TEST_F(BadLink, TheServerLeavesConnectionsWhoseOtherEndIsGone) {
  constexpr Milliseconds kKeepalive{500};
  SetKeepalive(kKeepalive);
  const int port = wire_.server().port();
  CuttingProxy proxy(port);
  const auto peer = wire_.Peer(Through(proxy));
  ASSERT_THAT(peer->Submit(AsBytes("here")), IsOk());
  ASSERT_EQ(Established(port), 1);
  proxy.ForgetConnections();
  const Stopwatch watch;
  while (Established(port) > 0 && watch.elapsed() < milliseconds(10'000)) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_LT(watch.elapsed(), 2 * kKeepalive + milliseconds(1'500));
}

TEST_F(BadLink, APeerThatVanishedWithoutAWordMayComeBackAtOnce) {
  const BlobId id = Fill(*mine_, 16 * kMiB, 9);
  const LostUpload lost(wire_, *mine_, id);
  const Stopwatch watch;
  PeerOptions same = lost.options();
  same.address = "127.0.0.1:" + std::to_string(wire_.server().port());
  same.stop = {};
  ASSERT_THAT(wire_.Peer(same)->Upload(*mine_, id, {}), IsOk());
  EXPECT_LT(watch.elapsed(), milliseconds(3'000));
  ExpectSame(*mine_, theirs_, id);
}

TEST_F(BadLink, WhatAVanishedPeerHeldIsFreeForOthersAfterTheStallLimit) {
  constexpr Milliseconds kStall{700};
  wire::ServerOptions server = wire_.Options();
  server.stall_limit = kStall;
  wire_.Restart(server);
  const BlobId id = Fill(*mine_, 16 * kMiB, 10);
  const LostUpload lost(wire_, *mine_, id);
  const Stopwatch watch;
  const auto other = wire_.Peer(wire_.As(wire_.us(), identity::PeerKind::kSite, "austin"));
  ASSERT_THAT(other->Upload(*mine_, id, {}), IsOk());
  EXPECT_LT(watch.elapsed(), 2 * kStall + milliseconds(2'000));
}

TEST_F(BadLink, APeerWhoseTransfersAreAllStuckHoldsUpNobody) {
  const BlobId id = Fill(theirs_, 16 * kMiB, 11);
  CuttingProxy proxy(wire_.server().port());
  std::stop_source stop;
  std::vector<std::future<Status>> stuck;
  std::vector<std::unique_ptr<store::Blobs>> ends;
  std::vector<std::unique_ptr<run::Peer>> peers;
  for (size_t i = 0; i < wire::kTransfersMax; ++i) {
    PeerOptions options = Through(proxy);
    options.stall_limit = Milliseconds(60'000);
    options.stop = stop.get_token();
    peers.push_back(wire_.Peer(options));
    ends.push_back(store::MakeMemoryBlobs());
    ASSERT_THAT(peers.back()->Hello(), IsOk());
  }
  proxy.SetRate(kMiB);
  for (size_t i = 0; i < peers.size(); ++i) {
    stuck.push_back(
        std::async(std::launch::async, [&, i] { return peers[i]->Download(id, *ends[i], {}); }));
  }
  std::this_thread::sleep_for(milliseconds(500));
  proxy.ForgetConnections();
  const Stopwatch watch;
  const auto other = wire_.Peer(wire_.As(wire_.us(), identity::PeerKind::kSite, "austin"));
  ASSERT_THAT(other->Download(id, *mine_, {}), IsOk());
  EXPECT_LT(watch.elapsed(), milliseconds(2'000));
  stop.request_stop();
  for (auto& one : stuck) EXPECT_THAT(one.get(), StatusIs(Code::kCancelled));
}

}  // namespace
}  // namespace renkei::link
