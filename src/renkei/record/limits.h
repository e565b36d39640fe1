// SPDX-License-Identifier: Apache-2.0
// The bounds of an entry. Beyond one of them, Seal and Open refuse.
#pragma once

#include <cstddef>
#include <cstdint>

namespace renkei::record {

// An entry of the tile format has at most 65,535 bytes, and base64 adds a third to the statement.
inline constexpr size_t kEnvelopeBytesMax = 65535;
inline constexpr size_t kStatementBytesMax = 32 << 10;
inline constexpr size_t kCharterStatementBytesMax = 47 << 10;

inline constexpr size_t kMetricsMax = 64;
inline constexpr size_t kCodeBytesMax = 64;      // codes, metric names: letters, digits, "._/:-"
inline constexpr size_t kSubjectBytesMax = 256;  // token ids, digests as text, subjects: the same
inline constexpr size_t kTextBytesMax = 512;     // purposes, classifications, texts of reasons
inline constexpr size_t kItemsMax = 2048;        // of any list
inline constexpr size_t kDeletedBlobsMax = 256;  // in one entry
inline constexpr uint64_t kIntegerMax = (uint64_t{1} << 53) - 1;  // exact in every JSON reader
inline constexpr uint64_t kWeightMax = (uint64_t{1} << 29) - 1;   // design, section 6
inline constexpr uint32_t kRoundMax = 1'000'000;

}  // namespace renkei::record
