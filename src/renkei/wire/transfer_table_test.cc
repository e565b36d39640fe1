// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/transfer_table.h"

#include <semaphore>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"

namespace renkei::wire {
namespace {

constexpr Milliseconds kNoWait{0};

BlobId Blob(uint8_t number, uint64_t size_bytes = 100) {
  BlobId id{.root = {}, .size_bytes = size_bytes};
  id.root.bytes[0] = number;
  return id;
}

TEST(TransferTable, HasRoomForSoManyTransfersAndNoMore) {
  TransferTable table;
  std::vector<TransferTable::Place> places;
  for (size_t i = 0; i < kTransfersMax; ++i) {
    auto place = table.EnterDownload(Blob(1), std::to_string(i), {}, kNoWait);
    ASSERT_THAT(place, IsOk());
    places.push_back(std::move(*place));
  }
  EXPECT_THAT(table.EnterDownload(Blob(1), "a", {}, kNoWait), StatusIs(Code::kUnavailable));
  EXPECT_THAT(table.EnterUpload(Blob(2), "a", {}, kNoWait), StatusIs(Code::kUnavailable));
  places.pop_back();
  EXPECT_THAT(table.EnterUpload(Blob(2), "a", {}, kNoWait), IsOk());
}

TEST(TransferTable, BoundsTheMemoryOfLeafHashes) {
  TransferTable table;
  const uint64_t tib = uint64_t{1} << 40;
  const auto first = table.EnterDownload(Blob(1, tib), "a", {}, kNoWait);
  const auto second = table.EnterUpload(Blob(2, tib), "a", {}, kNoWait);
  EXPECT_THAT(first, IsOk());
  EXPECT_THAT(second, IsOk());
  EXPECT_THAT(table.EnterDownload(Blob(3), "a", {}, kNoWait), StatusIs(Code::kUnavailable));
}

TEST(TransferTable, TheSameCallersOlderUploadIsCancelledAndWaitedFor) {
  TransferTable table;
  std::binary_semaphore cancelled{0};
  auto older = table.EnterUpload(
      Blob(1), "site-a", [&] { cancelled.release(); }, kNoWait);
  ASSERT_THAT(older, IsOk());
  EXPECT_THAT(table.EnterUpload(Blob(1), "site-b", {}, kNoWait), StatusIs(Code::kUnavailable))
      << "another caller waits for its end";
  EXPECT_FALSE(cancelled.try_acquire());

  std::jthread call([&, place = std::move(*older)]() mutable {
    cancelled.acquire();
    place = TransferTable::Place();
  });
  EXPECT_THAT(table.EnterUpload(Blob(1), "site-a", {}, Milliseconds(30'000)), IsOk());
}

TEST(TransferTable, APeersOldestTransferMakesRoomForItsNewest) {
  TransferTable table;
  std::vector<TransferTable::Place> places;
  std::vector<size_t> cancelled;
  for (size_t i = 0; i < kTransfersOfOnePeerMax; ++i) {
    const auto cancel = [&, i] { cancelled.push_back(i); };
    places.push_back(*table.EnterDownload(Blob(1), "site-a", cancel, kNoWait));
  }
  EXPECT_THAT(table.EnterDownload(Blob(1), "site-b", {}, kNoWait), IsOk()) << "has its own";
  EXPECT_THAT(table.EnterDownload(Blob(1), "site-a", {}, kNoWait), StatusIs(Code::kUnavailable));
  EXPECT_THAT(cancelled, testing::ElementsAre(0U));
  places.erase(places.begin());
  EXPECT_THAT(table.EnterDownload(Blob(1), "site-a", {}, kNoWait), IsOk());
  EXPECT_THAT(cancelled, testing::ElementsAre(0U));
}

}  // namespace
}  // namespace renkei::wire
