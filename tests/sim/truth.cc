// SPDX-License-Identifier: Apache-2.0
#include "truth.h"

#include <bit>
#include <cstring>
#include <memory>
#include <optional>

#include "renkei/base/check.h"
#include "renkei/crypto/merkle.h"
#include "renkei/store/blob_tree.h"
#include "renkei/tensor/reader.h"
#include "renkei/tensor/writer.h"

namespace renkei::sim {
namespace {

static_assert(std::endian::native == std::endian::little);

class BytesSink final : public ByteSink {
 public:
  Status Append(ByteSpan bytes) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return Ok();
  }
  Bytes Take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

BlobId NameOfBytes(ByteSpan bytes) {
  std::vector<Digest> leaves;
  for (size_t at = 0; at < bytes.size(); at += kChunkBytes) {
    leaves.push_back(
        crypto::LeafHash(bytes.subspan(at, std::min<size_t>(kChunkBytes, bytes.size() - at))));
  }
  return store::NameOf(leaves, bytes.size());
}

}  // namespace

Bytes ModelFile(const Floats& values) {
  const tensor::NewTensor one{.name = "w", .dtype = tensor::DType::kF32, .shape = {values.size()}};
  const tensor::Layout layout = tensor::MakeLayout({&one, 1}).value();
  BytesSink sink;
  tensor::Writer writer = tensor::Writer::Begin(sink, layout).value();
  RK_CHECK(
      writer
          .Append({reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(float)})
          .ok());
  RK_CHECK(writer.Finish().ok());
  return sink.Take();
}

StatusOr<Floats> ReadModel(const File& file) {
  RK_ASSIGN_OR_RETURN(const tensor::Layout layout, tensor::ReadLayout(file));
  Floats values(layout.tensors.at(0).elements());
  RK_RETURN_IF_ERROR(
      ReadExactly(file, layout.data_begin,
                  {reinterpret_cast<uint8_t*>(values.data()), values.size() * sizeof(float)}));
  return values;
}

Floats Trained(const Floats& base, const SiteId& site, uint32_t round) {
  Floats values = base;
  const auto step = static_cast<float>(site.text().back() - '0' + 1) * 0.37F;
  for (size_t i = round % 3; i < values.size(); i += 3) {
    values[i] += step / static_cast<float>(round);
  }
  return values;
}

BlobId Truth::Note(const Floats& values) {
  const BlobId id = NameOfBytes(ModelFile(values));
  models_.emplace(id, values);
  return id;
}

const Floats* Truth::Find(const BlobId& id) const {
  const auto found = models_.find(id);
  return found == models_.end() ? nullptr : &found->second;
}

std::optional<BlobId> Truth::Mean(std::span<const record::ReduceInput> inputs) {
  std::vector<double> sums;
  double weights = 0;
  for (const record::ReduceInput& input : inputs) {
    const Floats* values = Find(input.update);
    if (values == nullptr) return std::nullopt;
    sums.resize(values->size(), 0.0);
    const auto weight = static_cast<double>(input.weight);
    weights += weight;
    for (size_t i = 0; i < values->size(); ++i) {
      sums[i] += weight * static_cast<double>((*values)[i]);
    }
  }
  Floats mean(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) mean[i] = static_cast<float>(sums[i] / weights);
  return Note(mean);
}

}  // namespace renkei::sim
