// SPDX-License-Identifier: Apache-2.0
// Element types, by their safetensors names.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "renkei/kernels/float_type.h"

namespace renkei::tensor {

enum class DType { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU64, kU32, kU16, kU8, kBool };

size_t SizeOf(DType dtype);  // bytes of one element
std::string_view NameOf(DType dtype);
std::optional<DType> FindDType(std::string_view name);
// Which kernels compute with it; none for integers and BOOL.
std::optional<kernels::FloatType> FloatTypeOf(DType dtype);

}  // namespace renkei::tensor
