// SPDX-License-Identifier: Apache-2.0
#include "model_file.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "files.h"
#include "json.h"
#include "network.h"

namespace wafer {
namespace {

constexpr size_t kModelBytesMax = 1 << 20;  // the parameters take 75,236 bytes

// Values are little endian, as on every machine this builds for.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

Json ShapeJson(const TensorShape& tensor) {
  Json::Array sides;
  for (const int side : tensor.shape) {
    sides.emplace_back(side);
  }
  return sides;
}

// The byte offset of `tensor` in the data part, or why the header's word on it is wrong.
Outcome<size_t> Place(const Json& header, const TensorShape& tensor, size_t data_bytes) {
  const Json* entry = header.Find(tensor.name);
  if (entry == nullptr) {
    return Fail("no tensor ", tensor.name);
  }
  const Json* dtype = entry->Find("dtype");
  const Json* shape = entry->Find("shape");
  const Json* offsets = entry->Find("data_offsets");
  if (dtype == nullptr || dtype->text() == nullptr || *dtype->text() != "F32") {
    return Fail("tensor ", tensor.name, " is not F32");
  }
  if (shape == nullptr || shape->Dump() != ShapeJson(tensor).Dump()) {
    return Fail("tensor ", tensor.name, " has shape ", shape == nullptr ? "none" : shape->Dump(),
                ", not ", ShapeJson(tensor).Dump());
  }
  const Json::Array* ends = offsets == nullptr ? nullptr : offsets->array();
  if (ends == nullptr || ends->size() != 2 || (*ends)[0].integer() == nullptr ||
      (*ends)[1].integer() == nullptr) {
    return Fail("tensor ", tensor.name, " has no data_offsets");
  }
  const int64_t begin = *(*ends)[0].integer();
  const int64_t end = *(*ends)[1].integer();
  if (begin < 0 || end < begin || static_cast<uint64_t>(end) > data_bytes ||
      static_cast<size_t>(end - begin) != tensor.elements * sizeof(float)) {
    return Fail("tensor ", tensor.name, " has wrong data_offsets ", offsets->Dump());
  }
  return static_cast<size_t>(begin);
}

Outcome<std::vector<float>> Parse(std::string_view bytes) {
  uint64_t header_bytes = 0;
  if (bytes.size() < sizeof header_bytes) {
    return Fail("shorter than eight bytes");
  }
  std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
  bytes.remove_prefix(sizeof header_bytes);
  if (header_bytes > bytes.size()) {
    return Fail("the header is longer than the file");
  }
  WAFER_ASSIGN_OR_RETURN(const Json header, ParseJson(bytes.substr(0, header_bytes)));
  const std::string_view values = bytes.substr(header_bytes);
  const size_t known = ParameterShapes().size() + (header.Find("__metadata__") != nullptr ? 1 : 0);
  if (header.object() == nullptr || header.object()->size() > known) {
    return Fail("the header names tensors that the network does not have");
  }
  if (values.size() != kParameters * sizeof(float)) {
    return Fail(values.size(), " bytes of values, not ", kParameters * sizeof(float));
  }
  std::vector<float> parameters(kParameters);
  for (const TensorShape& tensor : ParameterShapes()) {
    WAFER_ASSIGN_OR_RETURN(const size_t begin, Place(header, tensor, values.size()));
    float* to = &parameters[tensor.begin];
    std::memcpy(to, values.data() + begin, tensor.elements * sizeof(float));
    for (size_t i = 0; i < tensor.elements; ++i) {
      if (!std::isfinite(to[i])) {
        return Fail("tensor ", tensor.name, ": element ", i, " is not finite");
      }
    }
  }
  return parameters;
}

}  // namespace

Outcome<std::vector<float>> ReadModel(const std::string& path) {
  WAFER_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kModelBytesMax));
  Outcome<std::vector<float>> parameters = Parse(bytes);
  if (!parameters.ok()) {
    return Fail(path, ": ", parameters.message());
  }
  return parameters;
}

Done WriteModel(const std::string& path, std::span<const float> parameters) {
  Json::Object header;
  for (const TensorShape& tensor : ParameterShapes()) {
    const auto begin = static_cast<int64_t>(tensor.begin * sizeof(float));
    const auto end = begin + static_cast<int64_t>(tensor.elements * sizeof(float));
    header.emplace_back(std::string(tensor.name),
                        Json::Object{{"dtype", "F32"},
                                     {"shape", ShapeJson(tensor)},
                                     {"data_offsets", Json::Array{begin, end}}});
  }
  std::string text = Json(std::move(header)).Dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const uint64_t header_bytes = text.size();
  std::string bytes(reinterpret_cast<const char*>(&header_bytes), sizeof header_bytes);
  bytes += text;
  bytes.append(reinterpret_cast<const char*>(parameters.data()), parameters.size_bytes());
  return WriteFile(path, bytes);
}

}  // namespace wafer
