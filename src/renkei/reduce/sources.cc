// SPDX-License-Identifier: Apache-2.0
#include "renkei/reduce/sources.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "renkei/tensor/reader.h"

namespace renkei::reduce {
namespace {

std::vector<size_t> IndicesByName(const tensor::Layout& layout) {
  std::vector<size_t> indices(layout.tensors.size());
  std::iota(indices.begin(), indices.end(), size_t{0});
  std::sort(indices.begin(), indices.end(),
            [&](size_t a, size_t b) { return layout.tensors[a].name < layout.tensors[b].name; });
  return indices;
}

std::vector<uint64_t> BeginsInOrderOf(const tensor::Layout& first, const tensor::Layout& other) {
  const std::vector<size_t> from = IndicesByName(first);
  const std::vector<size_t> to = IndicesByName(other);
  std::vector<uint64_t> begins(from.size());
  for (size_t i = 0; i < from.size(); ++i) begins[from[i]] = other.tensors[to[i]].begin;
  return begins;
}

// Sets source.begins; many files mostly have few orders, which are kept once.
Status PlaceTensors(const tensor::Layout& layout, Sources& sources, Source& source) {
  std::vector<uint64_t> begins = BeginsInOrderOf(sources.layout, layout);
  const bool as_first =
      std::equal(begins.begin(), begins.end(), sources.layout.tensors.begin(),
                 [](uint64_t begin, const tensor::TensorSpec& t) { return begin == t.begin; });
  if (as_first) return Ok();
  auto known = std::find(sources.orders.begin(), sources.orders.end(), begins);
  if (known == sources.orders.end()) {
    if (sources.orders.size() == kOrdersMax) {
      return Error(Code::kResourceExhausted,
                   "the files hold their tensors in more than {} different orders", kOrdersMax);
    }
    sources.orders.push_back(std::move(begins));
    known = std::prev(sources.orders.end());
  }
  source.begins = &*known;
  return Ok();
}

Status AddSource(const Input& input, bool is_first, Sources& sources) {
  if (input.weight == 0 || input.weight > kWeightMax) {
    return Error(Code::kInvalidArgument, "weight {} is not in 1 to {}", input.weight, kWeightMax);
  }
  RK_ASSIGN_OR_RETURN(tensor::Layout layout, tensor::ReadLayout(*input.file));
  Source source = {.file = input.file,
                   .weight = static_cast<double>(input.weight),
                   .data_begin = layout.data_begin};
  if (is_first) {
    sources.layout = std::move(layout);
  } else {
    RK_RETURN_IF_ERROR(tensor::CheckSameLayout(sources.layout, layout));
    RK_RETURN_IF_ERROR(PlaceTensors(layout, sources, source));
    std::erase_if(sources.layout.metadata, [&](const auto& entry) {
      const auto other = layout.metadata.find(entry.first);
      return other == layout.metadata.end() || other->second != entry.second;
    });
  }
  sources.list.push_back(source);
  return Ok();
}

}  // namespace

StatusOr<Sources> OpenSources(std::span<const Input> inputs) {
  if (inputs.empty()) return Error(Code::kInvalidArgument, "no update to reduce");
  Sources sources;
  sources.list.reserve(inputs.size());
  uint64_t total = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (const Status added = AddSource(inputs[i], i == 0, sources); !added.ok()) {
      return Annotate(added, fmt::format("input {}", i));
    }
    total += inputs[i].weight;
    if (total > kTotalWeightMax) {
      return Error(Code::kResourceExhausted, "the weights add up to more than {}", kTotalWeightMax);
    }
  }
  sources.total_weight = static_cast<double>(total);
  return sources;
}

}  // namespace renkei::reduce
