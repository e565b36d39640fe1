// SPDX-License-Identifier: Apache-2.0
// What really happened in the simulated federation: every update that a trainer made, as numbers,
// and the mean that a slow loop makes of them (design, section 6).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/disk.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/record/record.h"
#include "renkei/store/blobs.h"

namespace renkei::sim {

using Floats = std::vector<float>;

// A safetensors file with the tensor "w", F32.
Bytes ModelFile(const Floats& values);
StatusOr<Floats> ReadModel(const File& file);

// The update that a site's trainer makes of a base: a pure function.
Floats Trained(const Floats& base, const SiteId& site, uint32_t round);

class Truth {
 public:
  // Remembers the model under its name.
  BlobId Note(const Floats& values);
  const Floats* Find(const BlobId& id) const;
  // The name of the weighted mean, summed in the order given; nothing when an input is unknown.
  std::optional<BlobId> Mean(std::span<const record::ReduceInput> inputs);

 private:
  std::map<BlobId, Floats> models_;
};

}  // namespace renkei::sim
