// SPDX-License-Identifier: Apache-2.0
// Whole transfers over real sockets and links that break.
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transfers_testing.h"

namespace renkei::link {
namespace {

using testing::HasSubstr;
TEST_F(Transfer, BlobsOfEveryShapeArriveWholeInBothDirections) {
  const auto peer = wire_.Peer(wire_.Site());
  for (const uint64_t size : {uint64_t{0}, uint64_t{1}, kMiB - 1, kMiB, kMiB + 1, 64 * kMiB}) {
    const BlobId id = Fill(*mine_, size, size);
    uint64_t told = 0;
    ASSERT_THAT(peer->Upload(*mine_, id,
                             [&](uint64_t done, uint64_t total) {
                               EXPECT_GE(done, told);
                               EXPECT_EQ(total, size);
                               told = done;
                             }),
                IsOk())
        << size;
    EXPECT_EQ(told, size);
    ExpectSame(*mine_, theirs_, id);

    const auto back = store::MakeMemoryBlobs();
    told = 0;
    ASSERT_THAT(peer->Download(id, *back, [&](uint64_t done, uint64_t) { told = done; }), IsOk());
    EXPECT_EQ(told, size);
    ExpectSame(theirs_, *back, id);
  }
}

TEST_F(Transfer, ABlobThatIsThereAlreadyIsNotSentAgain) {
  const BlobId id = Fill(*mine_, 8 * kMiB, 1);
  CuttingProxy proxy(wire_.server().port());
  const auto peer = wire_.Peer(Through(proxy));
  ASSERT_THAT(peer->Upload(*mine_, id, {}), IsOk());
  const uint64_t before = proxy.carried_bytes();
  ASSERT_THAT(peer->Upload(*mine_, id, {}), IsOk());
  ASSERT_THAT(peer->Download(id, *mine_, {}), IsOk());
  EXPECT_LT(proxy.carried_bytes() - before, kMiB);
}

TEST_F(Transfer, AnUploadGoesOnBehindTheLastCheckedChunkHoweverOftenItIsCut) {
  const BlobId id = Fill(*mine_, 32 * kMiB, 2);
  CuttingProxy proxy(wire_.server().port(), /*cut_after_bytes=*/6 * kMiB);
  ASSERT_THAT(wire_.Peer(Through(proxy))->Upload(*mine_, id, {}), IsOk());
  ExpectSame(*mine_, theirs_, id);
  EXPECT_GE(proxy.connections(), 6);  // one for calls; 32 MiB in parts of 6
  // What was under way at a cut is sent again, and nothing else.
  EXPECT_LT(proxy.carried_bytes(),
            32 * kMiB + static_cast<uint64_t>(proxy.connections()) * 6 * kMiB / 2);
}

TEST_F(Transfer, ADownloadGoesOnBehindTheLastCheckedChunkHoweverOftenItIsCut) {
  const BlobId id = Fill(theirs_, 32 * kMiB, 3);
  CuttingProxy proxy(wire_.server().port(), /*cut_after_bytes=*/6 * kMiB);
  ASSERT_THAT(wire_.Peer(Through(proxy))->Download(id, *mine_, {}), IsOk());
  ExpectSame(theirs_, *mine_, id);
  EXPECT_GE(proxy.connections(), 6);
  EXPECT_LT(proxy.carried_bytes(),
            32 * kMiB + static_cast<uint64_t>(proxy.connections()) * 6 * kMiB / 2);
}

TEST_F(Transfer, ATransferOutlivesARestartOfTheServer) {
  const BlobId id = Fill(*mine_, 24 * kMiB, 4);
  CuttingProxy proxy(wire_.server().port());
  PeerOptions options = Through(proxy);
  bool restarted = false;
  const auto peer = wire_.Peer(options);
  ASSERT_THAT(peer->Upload(*mine_, id,
                           [&](uint64_t done, uint64_t) {
                             if (restarted || done < 12 * kMiB) return;
                             restarted = true;
                             wire_.Restart(wire_.Options());
                             proxy.SetTarget(wire_.server().port());
                           }),
              IsOk());
  EXPECT_TRUE(restarted);
  ExpectSame(*mine_, theirs_, id);
}

TEST_F(Transfer, ALinkThatStandsStillIsLeftAndTheTransferResumed) {
  for (const bool upload : {true, false}) {
    const BlobId id = Fill(upload ? *mine_ : theirs_, 16 * kMiB, upload ? 5 : 6);
    CuttingProxy proxy(wire_.server().port());
    proxy.StallConnection(/*number=*/2, /*after_bytes=*/4 * kMiB);  // 1 is for calls, 2 for bulk
    PeerOptions options = Through(proxy);
    const auto peer = wire_.Peer(options);
    ASSERT_THAT(upload ? peer->Upload(*mine_, id, {}) : peer->Download(id, *mine_, {}), IsOk());
    ExpectSame(theirs_, *mine_, id);
    proxy.StallConnection(0, 0);
  }
}

TEST_F(Transfer, WithoutAnyProgressItGivesUpAndSaysSo) {
  const BlobId id = Fill(*mine_, 4 * kMiB, 7);
  CuttingProxy proxy(wire_.server().port());
  PeerOptions options = Through(proxy);
  options.patience = Milliseconds(300);
  const auto peer = wire_.Peer(options);
  ASSERT_THAT(peer->Hello(), IsOk());
  proxy.SetCutAfter(1000);  // not even a handshake
  EXPECT_THAT(peer->Upload(*mine_, id, {}),
              StatusIs(Code::kUnavailable, HasSubstr("without progress")));
}

TEST_F(Transfer, EightStreamsAtOnceArriveWhole) {
  struct Stream {
    bool upload;
    BlobId id;
    std::unique_ptr<store::Blobs> end;
    std::unique_ptr<run::Peer> peer;
    std::future<Status> result;
  };
  std::vector<Stream> streams(8);
  for (size_t i = 0; i < streams.size(); ++i) {
    Stream& stream = streams[i];
    stream.upload = i % 2 == 0;
    stream.id = Fill(stream.upload ? *mine_ : theirs_, 12 * kMiB, 100 + i);
    stream.end = store::MakeMemoryBlobs();
    stream.peer =
        wire_.Peer(wire_.As(wire_.jp(), identity::PeerKind::kSite, "site-" + std::to_string(i)));
  }
  for (Stream& stream : streams) {
    stream.result = std::async(std::launch::async, [&] {
      return stream.upload ? stream.peer->Upload(*mine_, stream.id, {})
                           : stream.peer->Download(stream.id, *stream.end, {});
    });
  }
  for (Stream& stream : streams) {
    EXPECT_THAT(stream.result.get(), IsOk());
    EXPECT_THAT((stream.upload ? theirs_ : *stream.end).Check(stream.id), IsOk());
  }
}

TEST_F(Transfer, TwoPeersMayUploadTheSameBytesAtOnce) {
  const BlobId id = Fill(*mine_, 16 * kMiB, 8);
  const auto one = wire_.Peer(wire_.Site());
  const auto other = wire_.Peer(wire_.As(wire_.us(), identity::PeerKind::kSite, "austin"));
  auto first = std::async(std::launch::async, [&] { return one->Upload(*mine_, id, {}); });
  EXPECT_THAT(other->Upload(*mine_, id, {}), IsOk());
  EXPECT_THAT(first.get(), IsOk());
  ExpectSame(*mine_, theirs_, id);
}

TEST_F(Transfer, WhatTheCoordinatorThinksOfTheBytesReachesTheSender) {
  const BlobId id = Fill(*mine_, kMiB, 9);
  wire_.desk().SetVerdict(Error(Code::kInvalidArgument, "tensor conv1.weight is not finite"));
  EXPECT_THAT(wire_.Peer(wire_.Site())->Upload(*mine_, id, {}),
              StatusIs(Code::kInvalidArgument, "tensor conv1.weight is not finite"));
}

TEST_F(Transfer, ACoordinatorThatServesOtherBytesIsFoundOut) {
  const BlobId id = Fill(theirs_, 2 * kMiB, 10);
  const BlobId other = Fill(theirs_, 2 * kMiB, 11);
  wire_.desk().ServeInstead(other);
  EXPECT_THAT(wire_.Peer(wire_.Site())->Download(id, *mine_, {}), StatusIs(Code::kDataLoss));
  EXPECT_THAT(mine_->Has(id), IsOkAndHolds(false));
}

}  // namespace
}  // namespace renkei::link
