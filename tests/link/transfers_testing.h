// SPDX-License-Identifier: Apache-2.0
// A server with a desk in memory, blobs to move, and peers behind a proxy. Tests only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include <gmock/gmock.h>

#include "cutting_proxy.h"
#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/store/blobs.h"
#include "renkei/wire/wire_testing.h"

namespace renkei::link {

using wire::Must;
using wire::PeerOptions;

inline constexpr uint64_t kMiB = 1 << 20;

inline BlobId Fill(store::Blobs& blobs, uint64_t size_bytes, uint64_t seed) {
  const auto random = MakeSeededRandom(seed);
  const auto draft = Must(blobs.Create());
  for (uint64_t left = size_bytes; left > 0;) {
    const Bytes part = random->Take(std::min<uint64_t>(left, kMiB));
    RK_CHECK(draft->Append(part).ok());
    left -= part.size();
  }
  return Must(draft->Finish());
}

// The bytes of the blob at both ends, read back and compared.
inline void ExpectSame(store::Blobs& left, store::Blobs& right, const BlobId& id) {
  EXPECT_THAT(right.Check(id), IsOk());
  const auto one = Must(left.Open(id));
  const auto other = Must(right.Open(id));
  EXPECT_THAT(other->Size(), IsOkAndHolds(id.size_bytes));
  Bytes a(kMiB), b(kMiB);
  for (uint64_t at = 0; at < id.size_bytes; at += kMiB) {
    const size_t size = Must(one->ReadAt(at, a));
    ASSERT_EQ(size, Must(other->ReadAt(at, b)));
    ASSERT_EQ(ToHex(ByteSpan(a).first(32)), ToHex(ByteSpan(b).first(32)));
    ASSERT_TRUE(std::equal(a.begin(), a.begin() + static_cast<ptrdiff_t>(size), b.begin())) << at;
  }
}

class Transfer : public testing::Test {
 protected:
  PeerOptions Through(const CuttingProxy& proxy) {
    PeerOptions options = wire_.Site();
    options.address = "127.0.0.1:" + std::to_string(proxy.port());
    // gRPC may miss a reset that arrives with data, until its ping 20 s later.
    options.stall_limit = Milliseconds(500);
    return options;
  }

  wire::TestWire wire_;
  const std::unique_ptr<store::Blobs> mine_ = store::MakeMemoryBlobs();
  store::Blobs& theirs_ = wire_.desk().blobs();
};

}  // namespace renkei::link
