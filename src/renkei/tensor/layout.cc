// SPDX-License-Identifier: Apache-2.0
#include "renkei/tensor/layout.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "renkei/syntax/utf8.h"
#include "renkei/tensor/writer.h"

namespace renkei::tensor {
namespace {

constexpr size_t kQuotedBytesMax = 100;

using ByName = std::vector<const TensorSpec*>;

ByName SortedByName(const Layout& layout) {
  ByName sorted;
  sorted.reserve(layout.tensors.size());
  for (const TensorSpec& tensor : layout.tensors) sorted.push_back(&tensor);
  std::sort(sorted.begin(), sorted.end(),
            [](const TensorSpec* a, const TensorSpec* b) { return a->name < b->name; });
  return sorted;
}

Status CheckSameTensor(const TensorSpec& expected, const TensorSpec& got) {
  if (expected.dtype != got.dtype) {
    return Error(Code::kInvalidArgument, "tensor {}: dtype is {}, must be {}", Quoted(got.name),
                 NameOf(got.dtype), NameOf(expected.dtype));
  }
  if (expected.shape != got.shape) {
    return Error(Code::kInvalidArgument, "tensor {}: shape is [{}], must be [{}]", Quoted(got.name),
                 fmt::join(got.shape, ", "), fmt::join(expected.shape, ", "));
  }
  return Ok();
}

}  // namespace

StatusOr<Layout> MakeLayout(std::span<const NewTensor> tensors,
                            std::map<std::string, std::string> metadata) {
  Layout layout;
  layout.metadata = std::move(metadata);
  layout.tensors.reserve(tensors.size());
  for (const NewTensor& tensor : tensors) {
    RK_RETURN_IF_ERROR(CheckTensorName(tensor.name));
    const auto size = BytesOf(tensor.dtype, tensor.shape);
    if (!size.ok()) return Annotate(size.status(), "tensor " + Quoted(tensor.name));
    const uint64_t begin = layout.data_bytes;
    if (__builtin_add_overflow(begin, *size, &layout.data_bytes)) {
      return Error(Code::kInvalidArgument, "tensor {}: the file would pass 2^64 bytes (overflow)",
                   Quoted(tensor.name));
    }
    layout.tensors.push_back({tensor.name, tensor.dtype, tensor.shape, begin, layout.data_bytes});
  }
  if (const TensorSpec* repeated = FindRepeatedName(layout)) {
    return Error(Code::kInvalidArgument, "tensor {}: the name is given twice",
                 Quoted(repeated->name));
  }
  SortByPlace(layout);
  layout.data_begin = DumpHeader(layout).size();
  return layout;
}

Status CheckSameLayout(const Layout& expected, const Layout& got) {
  const ByName want = SortedByName(expected);
  const ByName have = SortedByName(got);
  for (size_t i = 0; i < std::max(want.size(), have.size()); ++i) {
    if (i == have.size() || (i < want.size() && want[i]->name < have[i]->name)) {
      return Error(Code::kInvalidArgument, "tensor {} is missing", Quoted(want[i]->name));
    }
    if (i == want.size() || have[i]->name < want[i]->name) {
      return Error(Code::kInvalidArgument, "tensor {} is not one of the model's",
                   Quoted(have[i]->name));
    }
    RK_RETURN_IF_ERROR(CheckSameTensor(*want[i], *have[i]));
  }
  return Ok();
}

Status CheckTensorName(std::string_view name) {
  if (name.empty()) return Error(Code::kInvalidArgument, "a tensor has an empty name");
  if (name == kMetadataKey) {
    return Error(Code::kInvalidArgument, "tensor {}: the format keeps this name for itself",
                 Quoted(name));
  }
  if (name.size() > kNameBytesMax) {
    return Error(Code::kInvalidArgument, "tensor {}: the name is longer than {} bytes",
                 Quoted(name), kNameBytesMax);
  }
  if (!syntax::IsUtf8(name)) {
    return Error(Code::kInvalidArgument, "a tensor has a name that is not UTF-8");
  }
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return Error(Code::kInvalidArgument, "tensor {}: the name holds a control character",
                   Quoted(name));
    }
  }
  return Ok();
}

void SortByPlace(Layout& layout) {
  std::sort(layout.tensors.begin(), layout.tensors.end(),
            [](const TensorSpec& a, const TensorSpec& b) {
              return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
            });
}

const TensorSpec* FindRepeatedName(const Layout& layout) {
  const ByName sorted = SortedByName(layout);
  const auto repeat = std::adjacent_find(
      sorted.begin(), sorted.end(),
      [](const TensorSpec* a, const TensorSpec* b) { return a->name == b->name; });
  return repeat == sorted.end() ? nullptr : *repeat;
}

std::string Quoted(std::string_view name) {
  std::string text = "'";
  size_t shown = std::min(name.size(), kQuotedBytesMax);
  while (shown > 0 && shown < name.size() && (name[shown] & 0xC0) == 0x80) --shown;
  for (const char c : name.substr(0, shown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  return text + (shown < name.size() ? "...'" : "'");
}

StatusOr<uint64_t> BytesOf(DType dtype, std::span<const uint64_t> shape) {
  if (shape.size() > kRankMax) {
    return Error(Code::kInvalidArgument, "{} dimensions, at most {} are read", shape.size(),
                 kRankMax);
  }
  uint64_t bytes = 1;
  bool overflow = false;
  for (const uint64_t extent : shape) overflow |= __builtin_mul_overflow(bytes, extent, &bytes);
  overflow |= __builtin_mul_overflow(bytes, uint64_t{SizeOf(dtype)}, &bytes);
  if (!overflow) return bytes;
  return Error(Code::kInvalidArgument, "shape [{}] of {} overflows 64 bits", fmt::join(shape, ", "),
               NameOf(dtype));
}

}  // namespace renkei::tensor
