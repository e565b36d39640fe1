// SPDX-License-Identifier: Apache-2.0
// The version and the limits of what crosses the wire (docs/formats/wire.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"

namespace renkei::wire {

// The protocol versions that one side speaks, both ends included.
struct ProtocolRange {
  uint32_t min = 1;
  uint32_t max = 1;
};
inline constexpr ProtocolRange kProtocols;

// The highest version that both speak. FAILED_PRECONDITION, naming both ranges and which side to
// upgrade, when there is none; INVALID_ARGUMENT when a range is empty or has version 0.
StatusOr<uint32_t> AgreeOnProtocol(ProtocolRange server, ProtocolRange client,
                                   std::string_view client_version);

// The name that TLS is done under, whatever the address: certificates name ids, not hosts.
inline constexpr std::string_view kTlsName = "renkei.internal";
// The header in which every call but Hello names the agreed version.
inline constexpr std::string_view kProtocolHeader = "renkei-protocol";

inline constexpr size_t kMessageBytesMax = (5u << 20) / 4;    // one chunk and its header
inline constexpr size_t kLeavesPerMessage = 16384;            // 512 KiB
inline constexpr uint64_t kBlobBytesMax = uint64_t{1} << 40;  // 1 TiB: a million leaves
inline constexpr size_t kEntryBytesMax = 65535;               // the ledger's own limit
inline constexpr size_t kTextBytesMax = 1u << 20;             // JSON texts and lists of them
inline constexpr size_t kJoinBytesMax = 64u << 10;            // a join request or grant
inline constexpr size_t kFieldBytesMax = 16;                  // a tag and a length
inline constexpr Milliseconds kReadWaitMax{60'000};           // longest long poll
inline constexpr size_t kProofHashesMax = 128;                // a tree of 2^64 needs 64 twice
inline constexpr Milliseconds kKeepalive{20'000};             // NATs forget after 30 s or more
inline constexpr size_t kErrorBytesMax = 2048;                // headers hold 8 KiB, encoded x3

}  // namespace renkei::wire
