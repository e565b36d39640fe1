// SPDX-License-Identifier: Apache-2.0
// Any bytes are refused or read as a layout that accounts for every byte, that the writer gives
// back, and whose values the reducer can take.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/check.h"
#include "renkei/reduce/weighted_mean.h"
#include "renkei/tensor/layout.h"
#include "renkei/tensor/memory_file.h"
#include "renkei/tensor/reader.h"
#include "renkei/tensor/values.h"
#include "renkei/tensor/writer.h"

namespace renkei {
namespace {

void CheckPlaces(const tensor::Layout& layout, size_t size) {
  uint64_t end = 0;
  for (const tensor::TensorSpec& tensor : layout.tensors) {
    RK_CHECK(tensor.begin == end);
    RK_CHECK(tensor.end - tensor.begin == *tensor::BytesOf(tensor.dtype, tensor.shape));
    end = tensor.end;
  }
  RK_CHECK(end == layout.data_bytes);
  RK_CHECK(layout.data_begin + layout.data_bytes == size);
}

void CheckWrittenAgain(const tensor::Layout& layout) {
  std::vector<tensor::NewTensor> tensors;
  for (const tensor::TensorSpec& tensor : layout.tensors) {
    tensors.push_back({tensor.name, tensor.dtype, tensor.shape});
  }
  const auto made = tensor::MakeLayout(tensors, layout.metadata);
  RK_CHECK(made.ok());
  const tensor::MemoryFile written(ToBytes(DumpHeader(*made)), made->data_begin + made->data_bytes);
  const auto again = tensor::ReadLayout(written);
  RK_CHECK(again.ok());
  RK_CHECK(again->tensors == layout.tensors);
  RK_CHECK(again->metadata == layout.metadata);
}

void CheckReduced(const File& file, const tensor::Layout& layout) {
  const Status finite = CheckFinite(file, layout);
  const auto norm = L2Norm(file, layout);
  RK_CHECK(finite.ok() || finite.code() == Code::kInvalidArgument);
  RK_CHECK(!norm.ok() || *norm >= 0);
  const std::vector<reduce::Input> inputs = {{.file = &file, .weight = 1},
                                             {.file = &file, .weight = 1}};
  tensor::MemorySink mean;
  const Status reduced = WeightedMean(inputs, mean, {.tile_bytes = 64});
  RK_CHECK(reduced.ok() || reduced.code() == Code::kInvalidArgument);
  if (!reduced.ok()) return;
  const tensor::MemoryFile made(mean.bytes());
  const auto result = tensor::ReadLayout(made);
  RK_CHECK(result.ok());
  RK_CHECK(CheckSameLayout(layout, *result).ok());
}

}  // namespace
}  // namespace renkei

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const renkei::tensor::MemoryFile file(renkei::Bytes(bytes, bytes + size));
  const auto layout = renkei::tensor::ReadLayout(file);
  if (!layout.ok()) return 0;
  renkei::CheckPlaces(*layout, size);
  renkei::CheckWrittenAgain(*layout);
  renkei::CheckReduced(file, *layout);
  return 0;
}
