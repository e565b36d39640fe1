// SPDX-License-Identifier: Apache-2.0
#include "renkei/tensor/values.h"

#include <algorithm>
#include <cmath>

#include "renkei/base/bytes.h"
#include "renkei/kernels/finite.h"

namespace renkei::tensor {
namespace {

constexpr uint64_t kWindowBytes = 1u << 20;  // a multiple of eight elements of any type

// Calls visit(index of the first element, bytes) for one tensor, window by window.
template <typename Visit>
Status ForEachWindow(const File& file, const Layout& layout, const TensorSpec& tensor,
                     Bytes& window, const Visit& visit) {
  for (uint64_t at = tensor.begin; at < tensor.end; at += kWindowBytes) {
    const size_t size = static_cast<size_t>(std::min(kWindowBytes, tensor.end - at));
    const std::span<uint8_t> part(window.data(), size);
    RK_RETURN_IF_ERROR(ReadExactly(file, layout.data_begin + at, part));
    RK_RETURN_IF_ERROR(visit((at - tensor.begin) / SizeOf(tensor.dtype), ByteSpan(part)));
  }
  return Ok();
}

Bytes WindowFor(const Layout& layout) {
  return Bytes(static_cast<size_t>(std::min(kWindowBytes, layout.data_bytes)));
}

Status CheckWindow(const TensorSpec& tensor, uint64_t first, ByteSpan bytes) {
  if (tensor.dtype == DType::kBool) {
    const auto bad = std::find_if(bytes.begin(), bytes.end(), [](uint8_t b) { return b > 1; });
    if (bad == bytes.end()) return Ok();
    return Error(Code::kInvalidArgument, "tensor {}: element {} is {}, a BOOL is 0 or 1",
                 Quoted(tensor.name), first + static_cast<uint64_t>(bad - bytes.begin()), *bad);
  }
  const size_t count = bytes.size() / SizeOf(tensor.dtype);
  const size_t bad = kernels::FirstNotFinite(*FloatTypeOf(tensor.dtype), bytes.data(), count);
  if (bad == count) return Ok();
  return Error(Code::kInvalidArgument, "tensor {}: element {} is infinite or not a number",
               Quoted(tensor.name), first + bad);
}

}  // namespace

Status CheckFinite(const File& file, const Layout& layout) {
  Bytes window = WindowFor(layout);
  for (const TensorSpec& tensor : layout.tensors) {
    if (!FloatTypeOf(tensor.dtype) && tensor.dtype != DType::kBool) continue;
    RK_RETURN_IF_ERROR(ForEachWindow(
        file, layout, tensor, window,
        [&](uint64_t first, ByteSpan bytes) { return CheckWindow(tensor, first, bytes); }));
  }
  return Ok();
}

StatusOr<double> L2Norm(const File& file, const Layout& layout) {
  Bytes window = WindowFor(layout);
  double sum = 0;
  for (const TensorSpec& tensor : layout.tensors) {
    const auto type = FloatTypeOf(tensor.dtype);
    if (!type) continue;
    kernels::SquareLanes lanes;
    RK_RETURN_IF_ERROR(ForEachWindow(file, layout, tensor, window, [&](uint64_t, ByteSpan bytes) {
      kernels::AddSquares(*type, bytes.data(), bytes.size() / SizeOf(tensor.dtype), lanes);
      return Ok();
    }));
    sum += lanes.Sum();
    if (std::isfinite(sum)) continue;
    return Error(Code::kInvalidArgument, "tensor {}: its sum of squares is not finite",
                 Quoted(tensor.name));
  }
  return std::sqrt(sum);
}

}  // namespace renkei::tensor
