// SPDX-License-Identifier: Apache-2.0
// Transfers that outlive a leaf, and transfers that are cut: an upload belongs to the site, not to
// the certificate under which it began.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cutting_proxy.h"
#include "renkei/base/status_testing.h"
#include "renkei/store/blobs.h"
#include "renkei/wire/wire_testing.h"

namespace renkei::link {
namespace {

using std::chrono::steady_clock;
using testing::HasSubstr;
using wire::Must;
using wire::PeerOptions;

constexpr uint64_t kMiB = 1 << 20;

BlobId Fill(store::Blobs& blobs, uint64_t size_bytes, uint64_t seed) {
  const auto random = MakeSeededRandom(seed);
  const auto draft = Must(blobs.Create());
  for (uint64_t left = size_bytes; left > 0;) {
    const Bytes part = random->Take(std::min<uint64_t>(left, kMiB));
    RK_CHECK(draft->Append(part).ok());
    left -= part.size();
  }
  return Must(draft->Finish());
}

class LeafDuring : public testing::Test {
 protected:
  PeerOptions Through(const CuttingProxy& proxy) {
    PeerOptions options = wire_.Site();
    options.address = "127.0.0.1:" + std::to_string(proxy.port());
    return options;
  }
  // Moves until `done` bytes, stands still until `go_on`, then moves 10 MiB a second.
  run::Progress HoldAt(uint64_t done) {
    return [this, done](uint64_t sent, uint64_t) {
      if (held_) std::this_thread::sleep_for(Milliseconds(100));
      if (sent < done || held_.exchange(true)) return;
      reached_.set_value();
      go_on_.get_future().wait();
    };
  }

  wire::TestWire wire_;
  const std::unique_ptr<store::Blobs> mine_ = store::MakeMemoryBlobs();
  store::Blobs& theirs_ = wire_.desk().blobs();
  std::atomic<bool> held_ = false;
  std::promise<void> reached_;
  std::promise<void> go_on_;
};

TEST_F(LeafDuring, AnUploadWhoseLeafExpiresGoesOnUnderTheRenewedOneBehindTheLastChunk) {
  const BlobId id = Fill(*mine_, 48 * kMiB, 1);
  CuttingProxy proxy(wire_.server().port());
  const auto old = wire_.Peer(Through(proxy));
  auto first =
      std::async(std::launch::async, [&] { return old->Upload(*mine_, id, HoldAt(24 * kMiB)); });
  reached_.get_future().wait();
  wire_.clock().Shift(std::chrono::hours(24));
  const identity::TlsFiles hub = wire_.us().Issue(identity::PeerKind::kCoordinator, "hub");
  ASSERT_THAT(wire_.server().Renew(hub.chain_pem, hub.key_pem), IsOk());
  go_on_.set_value();
  EXPECT_THAT(first.get(), StatusIs(Code::kUnauthenticated, HasSubstr("expired")));
  EXPECT_THAT(theirs_.Has(id), IsOkAndHolds(false));

  const uint64_t before = proxy.carried_bytes();
  uint64_t resumed_at = 0;
  const auto renewed = wire_.Peer(Through(proxy));
  ASSERT_THAT(renewed->Upload(*mine_, id,
                              [&](uint64_t done, uint64_t) {
                                if (resumed_at == 0) resumed_at = done;
                              }),
              IsOk());
  EXPECT_GE(resumed_at, 8 * kMiB) << "what had arrived was kept";
  EXPECT_LT(proxy.carried_bytes() - before, 48 * kMiB - resumed_at + 2 * kMiB);
  EXPECT_THAT(theirs_.Check(id), IsOk());
}

TEST_F(LeafDuring, ATransferDoesNotNoticeThatTheCoordinatorRenewsItsLeaf) {
  for (const bool upload : {true, false}) {
    const BlobId id = Fill(upload ? *mine_ : theirs_, 32 * kMiB, upload ? 2 : 3);
    const auto peer = wire_.Peer(wire_.Site());
    std::atomic<int> renewals = 0;
    const auto renew = [&](uint64_t done, uint64_t) {
      if (done < static_cast<uint64_t>(8 * (renewals + 1)) * kMiB || renewals == 2) return;
      ++renewals;
      const identity::TlsFiles hub = wire_.us().Issue(identity::PeerKind::kCoordinator, "hub");
      ASSERT_THAT(wire_.server().Renew(hub.chain_pem, hub.key_pem), IsOk());
    };
    ASSERT_THAT(upload ? peer->Upload(*mine_, id, renew) : peer->Download(id, *mine_, renew),
                IsOk());
    EXPECT_EQ(renewals, 2);
    EXPECT_THAT((upload ? theirs_ : *mine_).Check(id), IsOk());
  }
}

TEST_F(LeafDuring, ATransferOfASuspendedPartyIsCutWithinSecondsInBothDirections) {
  for (const bool upload : {true, false}) {
    wire_.desk().Suspend({});
    const BlobId id = Fill(upload ? *mine_ : theirs_, 128 * kMiB, upload ? 4 : 5);
    const auto peer = wire_.Peer(wire_.Site());
    std::atomic<uint64_t> moved = 0;
    // About 10 MiB a second: it would take a dozen seconds.
    const auto slow = [&](uint64_t done, uint64_t) {
      moved = done;
      std::this_thread::sleep_for(Milliseconds(100));
    };
    auto transfer = std::async(std::launch::async, [&] {
      return upload ? peer->Upload(*mine_, id, slow) : peer->Download(id, *mine_, slow);
    });
    while (moved < 4 * kMiB) std::this_thread::sleep_for(Milliseconds(10));
    const auto cut = steady_clock::now();
    wire_.desk().Suspend(wire_.jp().id());
    EXPECT_THAT(transfer.get(), StatusIs(Code::kPermissionDenied, HasSubstr("suspended")));
    EXPECT_LT(steady_clock::now() - cut, std::chrono::seconds(5));
    EXPECT_LT(moved, 100 * kMiB);
    EXPECT_THAT((upload ? theirs_ : *mine_).Has(id), IsOkAndHolds(false));
  }
}

TEST_F(LeafDuring, ASuspensionCutsATransferThatStandsStillAsWell) {
  const BlobId id = Fill(*mine_, 64 * kMiB, 6);
  CuttingProxy proxy(wire_.server().port());
  const auto peer = wire_.Peer(Through(proxy));
  auto transfer =
      std::async(std::launch::async, [&] { return peer->Upload(*mine_, id, HoldAt(16 * kMiB)); });
  reached_.get_future().wait();
  wire_.desk().Suspend(wire_.jp().id());
  const auto end = steady_clock::now() + std::chrono::seconds(5);
  // Once it is cut, another upload of the same bytes finds its place free.
  const auto other = wire_.Peer(wire_.As(wire_.us(), identity::PeerKind::kSite, "austin"));
  EXPECT_THAT(other->Upload(*mine_, id, {}), IsOk());
  EXPECT_LT(steady_clock::now(), end);
  go_on_.set_value();
  EXPECT_THAT(transfer.get(), StatusIs(Code::kPermissionDenied, HasSubstr("suspended")));
}

}  // namespace
}  // namespace renkei::link
