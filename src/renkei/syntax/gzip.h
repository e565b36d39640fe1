// SPDX-License-Identifier: Apache-2.0
// Gzip, RFC 1952.
#pragma once

#include <cstddef>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"

namespace renkei::syntax {

// The content of one or more gzip members, checksums verified.
//   INVALID_ARGUMENT    not gzip, or cut short, or bytes after the last member
//   DATA_LOSS           the checksum or the length differs
//   RESOURCE_EXHAUSTED  the content is longer than `size_bytes_max`
StatusOr<Bytes> Gunzip(ByteSpan bytes, size_t size_bytes_max);

}  // namespace renkei::syntax
