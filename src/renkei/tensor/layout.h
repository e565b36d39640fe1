// SPDX-License-Identifier: Apache-2.0
// What a safetensors file holds: names, types, shapes and where their bytes lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/status.h"
#include "renkei/tensor/dtype.h"

namespace renkei::tensor {

inline constexpr std::string_view kMetadataKey = "__metadata__";
inline constexpr size_t kNameBytesMax = 1024;
inline constexpr size_t kRankMax = 64;

struct TensorSpec {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<uint64_t> shape;  // empty: a scalar
  uint64_t begin = 0;           // bytes from the start of the data part
  uint64_t end = 0;

  uint64_t elements() const { return (end - begin) / SizeOf(dtype); }
  auto operator<=>(const TensorSpec&) const = default;
};

// Tensors lie end to end from byte 0 of the data part, without holes.
struct Layout {
  std::vector<TensorSpec> tensors;  // ascending begin; empty tensors of one place by name
  uint64_t data_begin = 0;          // bytes from the start of the file
  uint64_t data_bytes = 0;
  std::map<std::string, std::string> metadata;
};

// A tensor to be written.
struct NewTensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<uint64_t> shape;
};

// The layout of a new file: the tensors end to end in the given order, after the header that
// DumpHeader (writer.h) makes of it.
//
//   INVALID_ARGUMENT  bad or repeated name, too many dimensions, sizes overflow
StatusOr<Layout> MakeLayout(std::span<const NewTensor> tensors,
                            std::map<std::string, std::string> metadata = {});

// INVALID_ARGUMENT, naming the tensor, unless both hold the same names with the same dtypes and
// shapes. Where the bytes lie may differ: libraries order tensors as they like.
Status CheckSameLayout(const Layout& expected, const Layout& got);

// INVALID_ARGUMENT unless 1 to kNameBytesMax bytes of UTF-8 without control characters, not
// kMetadataKey.
Status CheckTensorName(std::string_view name);

// The order of Layout::tensors.
void SortByPlace(Layout& layout);

// A tensor whose name another has too, or null.
const TensorSpec* FindRepeatedName(const Layout& layout);

// A name from outside, cut and escaped for a message: 'layer.0.weight'.
std::string Quoted(std::string_view name);

// The bytes of a tensor. INVALID_ARGUMENT when the shape has more than kRankMax dimensions or
// its product overflows 64 bits.
StatusOr<uint64_t> BytesOf(DType dtype, std::span<const uint64_t> shape);

}  // namespace renkei::tensor
