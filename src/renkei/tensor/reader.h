// SPDX-License-Identifier: Apache-2.0
// Reads the header of a safetensors file, strictly: what two readers could take for two things
// is refused (docs/formats/tensors.md lists every rule).
#pragma once

#include <cstddef>
#include <cstdint>

#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/tensor/layout.h"

namespace renkei::tensor {

struct ReadLimits {
  uint64_t header_bytes_max = 32u << 20;
  size_t tensors_max = 250'000;
  size_t metadata_entries_max = 1024;
};

// Reads the header alone, whatever the size of the file; tensor bytes are not looked at (see
// values.h). Messages name the tensor and the rule.
//
//   INVALID_ARGUMENT    not a safetensors file, or not a strict one
//   RESOURCE_EXHAUSTED  beyond a limit, which the message names
//   others              from the file
StatusOr<Layout> ReadLayout(const File& file, const ReadLimits& limits = {});

}  // namespace renkei::tensor
