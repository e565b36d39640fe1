// SPDX-License-Identifier: Apache-2.0
// Writes safetensors files whose bytes depend on their content alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/tensor/layout.h"

namespace renkei::tensor {

// The first `data_begin` bytes of the file: length, `__metadata__` when there is any (keys
// ascending), tensors in data order, spaces up to a multiple of 8 bytes.
std::string DumpHeader(const Layout& layout);

// Streams one file: the header, then the bytes of each tensor in the order of the layout, in
// pieces of any size. The sink must outlive it.
class Writer {
 public:
  // `layout` as MakeLayout gives it.
  static StatusOr<Writer> Begin(ByteSink& out, const Layout& layout);
  // FAILED_PRECONDITION when it would write more bytes than the layout holds; nothing changes.
  Status Append(ByteSpan bytes);
  // FAILED_PRECONDITION when bytes lack.
  Status Finish() const;

 private:
  Writer(ByteSink& out, uint64_t bytes_left) : out_(&out), bytes_left_(bytes_left) {}

  ByteSink* out_;
  uint64_t bytes_left_;
};

}  // namespace renkei::tensor
