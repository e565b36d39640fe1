// SPDX-License-Identifier: Apache-2.0
// A book as bytes (docs/formats/snapshot.md): JSON whose members have one order, so that the same
// state gives the same bytes.
#pragma once

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"
#include "renkei/run/book.h"

namespace renkei::run {

inline constexpr size_t kSnapshotBytesMax = 256u << 20;

Bytes DumpState(const BookState& state);
// DATA_LOSS, naming the place, unless exactly what DumpState writes.
StatusOr<BookState> ParseState(ByteSpan bytes);

}  // namespace renkei::run
