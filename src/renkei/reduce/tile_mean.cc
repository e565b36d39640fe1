// SPDX-License-Identifier: Apache-2.0
#include "renkei/reduce/tile_mean.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "renkei/kernels/finite.h"
#include "renkei/kernels/weighted_mean.h"
#include "renkei/tensor/dtype.h"

namespace renkei::reduce {
namespace {

using tensor::DType;

constexpr size_t kNarrowestFloat = 2;
constexpr size_t kBlock = 2048;  // elements whose sums stay in a core's first cache

// Keeps the same element of different sites out of the same set of a core's first cache.
constexpr size_t kStagger = 5 * 64;

template <typename T>
void TakeLarger(const uint8_t* from, size_t count, uint8_t* into) {
  for (size_t i = 0; i < count; ++i) {
    T a, b;
    std::memcpy(&a, into + i * sizeof(T), sizeof(T));
    std::memcpy(&b, from + i * sizeof(T), sizeof(T));
    const T larger = std::max(a, b);
    std::memcpy(into + i * sizeof(T), &larger, sizeof(T));
  }
}

void TakeLarger(DType dtype, const uint8_t* from, size_t count, uint8_t* into) {
  switch (dtype) {
    case DType::kI64:
      return TakeLarger<int64_t>(from, count, into);
    case DType::kI32:
      return TakeLarger<int32_t>(from, count, into);
    case DType::kI16:
      return TakeLarger<int16_t>(from, count, into);
    case DType::kI8:
      return TakeLarger<int8_t>(from, count, into);
    case DType::kU64:
      return TakeLarger<uint64_t>(from, count, into);
    case DType::kU32:
      return TakeLarger<uint32_t>(from, count, into);
    case DType::kU16:
      return TakeLarger<uint16_t>(from, count, into);
    default:
      return TakeLarger<uint8_t>(from, count, into);
  }
}

std::string InputName(size_t index) { return fmt::format("input {}", index); }

}  // namespace

TileMean::TileMean(const Sources& sources, IntegerRule integers, size_t tile_bytes)
    : sources_(sources),
      integers_(integers),
      stride_(tile_bytes + kStagger),
      values_(std::min(kGroup, sources.list.size()) * stride_),
      sums_(sources.list.size() <= kGroup ? kBlock : tile_bytes / kNarrowestFloat) {}

Status TileMean::Reduce(const Tile& tile, Bytes& out) {
  out.resize(tile.size_bytes);
  for (size_t first = 0; first < sources_.list.size(); first += kGroup) {
    const size_t count = std::min(kGroup, sources_.list.size() - first);
    RK_RETURN_IF_ERROR(AddGroup(tile, first, count, out));
  }
  return Ok();
}

Status TileMean::Read(const Tile& tile, size_t source, std::span<uint8_t> into) const {
  const Source& from = sources_.list[source];
  if (from.begins == nullptr) {
    const Status read = ReadExactly(*from.file, from.data_begin + tile.begin, into);
    return read.ok() ? read : Annotate(read, InputName(source));
  }
  for (const Segment& segment : tile.segments) {
    const size_t width = tensor::SizeOf(sources_.layout.tensors[segment.tensor].dtype);
    const uint64_t at = from.data_begin + (*from.begins)[segment.tensor] + segment.first * width;
    const Status read =
        ReadExactly(*from.file, at, into.subspan(segment.offset, segment.count * width));
    if (!read.ok()) return Annotate(read, InputName(source));
  }
  return Ok();
}

Status TileMean::AddGroup(const Tile& tile, size_t first, size_t count, Bytes& out) {
  for (size_t i = 0; i < count; ++i) {
    RK_RETURN_IF_ERROR(Read(tile, first + i, {values_.data() + i * stride_, tile.size_bytes}));
  }
  for (const Segment& segment : tile.segments) {
    const bool is_float =
        tensor::FloatTypeOf(sources_.layout.tensors[segment.tensor].dtype).has_value();
    RK_RETURN_IF_ERROR(is_float ? AddFloats(segment, first, count, out)
                                : MergeIntegers(segment, first, count, out));
  }
  return Ok();
}

// Block by block, so that with the last group the division finds the sums in the first cache.
Status TileMean::AddFloats(const Segment& segment, size_t first, size_t count, Bytes& out) {
  const auto type = *tensor::FloatTypeOf(sources_.layout.tensors[segment.tensor].dtype);
  const size_t width = kernels::WidthOf(type);
  const bool is_last = first + count == sources_.list.size();
  const auto start = first == 0 ? kernels::Start::kZero : kernels::Start::kSums;
  std::array<kernels::WeightedValues, kGroup> sites;
  for (size_t at = 0; at < segment.count; at += kBlock) {
    const size_t offset = segment.offset + at * width;
    for (size_t i = 0; i < count; ++i) {
      sites[i] = {Values(i) + offset, sources_.list[first + i].weight};
    }
    const size_t sum_at = sources_.list.size() <= kGroup ? 0 : segment.sum_at + at;
    const std::span<double> sums(sums_.data() + sum_at, std::min(kBlock, segment.count - at));
    kernels::AddWeighted(type, {sites.data(), count}, start, sums);
    if (!is_last) continue;
    uint8_t* into = out.data() + offset;
    if (kernels::DivideAndNarrow(type, sums, sources_.total_weight, into)) continue;
    const size_t bad = kernels::FirstNotFinite(type, into, sums.size());
    return Blame(segment, segment.first + at + bad);
  }
  return Ok();
}

Status TileMean::MergeIntegers(const Segment& segment, size_t first, size_t count,
                               Bytes& out) const {
  const tensor::TensorSpec& spec = sources_.layout.tensors[segment.tensor];
  const size_t width = tensor::SizeOf(spec.dtype);
  uint8_t* into = out.data() + segment.offset;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* from = Values(i) + segment.offset;
    if (first + i == 0) {
      std::memcpy(into, from, segment.count * width);
    } else if (integers_ == IntegerRule::kMax) {
      TakeLarger(spec.dtype, from, segment.count, into);
    } else if (integers_ == IntegerRule::kMustEqual &&
               std::memcmp(into, from, segment.count * width) != 0) {
      const size_t at =
          static_cast<size_t>(std::mismatch(into, into + segment.count * width, from).first - into);
      return Error(Code::kInvalidArgument,
                   "input {}: tensor {}: element {} is not that of input 0; integers must be equal",
                   first + i, tensor::Quoted(spec.name), segment.first + at / width);
    }
  }
  return Ok();
}

// Looks for the input whose own value is not finite; the sums no longer tell.
Status TileMean::Blame(const Segment& segment, uint64_t element) const {
  const tensor::TensorSpec& spec = sources_.layout.tensors[segment.tensor];
  const auto type = *tensor::FloatTypeOf(spec.dtype);
  const size_t width = tensor::SizeOf(spec.dtype);
  const std::string where =
      fmt::format("tensor {}: element {}", tensor::Quoted(spec.name), element);
  for (size_t i = 0; i < sources_.list.size(); ++i) {
    const Source& from = sources_.list[i];
    const uint64_t begin = from.begins == nullptr ? spec.begin : (*from.begins)[segment.tensor];
    std::array<uint8_t, sizeof(double)> value;
    RK_RETURN_IF_ERROR(
        ReadExactly(*from.file, from.data_begin + begin + element * width, {value.data(), width}));
    if (kernels::FirstNotFinite(type, value.data(), 1) == 1) continue;
    return Error(Code::kInvalidArgument, "input {}: {} is infinite or not a number", i, where);
  }
  return Error(Code::kInvalidArgument, "{}: the sum of all inputs is not finite", where);
}

}  // namespace renkei::reduce
