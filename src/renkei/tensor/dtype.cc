// SPDX-License-Identifier: Apache-2.0
#include "renkei/tensor/dtype.h"

#include "renkei/base/check.h"

namespace renkei::tensor {
namespace {

struct Row {
  DType dtype;
  std::string_view name;
  size_t size_bytes;
};

constexpr Row kRows[] = {
    {DType::kF64, "F64", 8},   {DType::kF32, "F32", 4}, {DType::kF16, "F16", 2},
    {DType::kBF16, "BF16", 2}, {DType::kI64, "I64", 8}, {DType::kI32, "I32", 4},
    {DType::kI16, "I16", 2},   {DType::kI8, "I8", 1},   {DType::kU64, "U64", 8},
    {DType::kU32, "U32", 4},   {DType::kU16, "U16", 2}, {DType::kU8, "U8", 1},
    {DType::kBool, "BOOL", 1},
};

const Row& RowOf(DType dtype) {
  const Row& row = kRows[static_cast<size_t>(dtype)];
  RK_CHECK(row.dtype == dtype);
  return row;
}

}  // namespace

size_t SizeOf(DType dtype) { return RowOf(dtype).size_bytes; }
std::string_view NameOf(DType dtype) { return RowOf(dtype).name; }

std::optional<DType> FindDType(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.dtype;
  }
  return std::nullopt;
}

std::optional<kernels::FloatType> FloatTypeOf(DType dtype) {
  switch (dtype) {
    case DType::kF64:
      return kernels::FloatType::kF64;
    case DType::kF32:
      return kernels::FloatType::kF32;
    case DType::kF16:
      return kernels::FloatType::kF16;
    case DType::kBF16:
      return kernels::FloatType::kBF16;
    default:
      return std::nullopt;
  }
}

}  // namespace renkei::tensor
