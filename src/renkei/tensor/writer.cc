// SPDX-License-Identifier: Apache-2.0
#include "renkei/tensor/writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "renkei/syntax/json.h"

namespace renkei::tensor {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr size_t kAlignment = 8;

std::string JsonText(const std::string& text) { return syntax::DumpJson(syntax::Value(text)); }

}  // namespace

std::string DumpHeader(const Layout& layout) {
  std::string json = "{";
  const auto comma = [&] { return json.size() > 1 ? "," : ""; };
  if (!layout.metadata.empty()) {
    json += "\"__metadata__\":{";
    const char* separator = "";
    for (const auto& [key, value] : layout.metadata) {
      json += fmt::format("{}{}:{}", separator, JsonText(key), JsonText(value));
      separator = ",";
    }
    json += "}";
  }
  for (const TensorSpec& tensor : layout.tensors) {
    json += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                        comma(), JsonText(tensor.name), NameOf(tensor.dtype),
                        fmt::join(tensor.shape, ","), tensor.begin, tensor.end);
  }
  json += "}";
  json.resize((json.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  std::string header(kLengthBytes, '\0');
  for (size_t i = 0; i < kLengthBytes; ++i) {
    header[i] = static_cast<char>((uint64_t{json.size()} >> (8 * i)) & 0xFF);
  }
  return header + json;
}

StatusOr<Writer> Writer::Begin(ByteSink& out, const Layout& layout) {
  RK_RETURN_IF_ERROR(out.Append(AsBytes(DumpHeader(layout))));
  return Writer(out, layout.data_bytes);
}

Status Writer::Append(ByteSpan bytes) {
  if (bytes.size() > bytes_left_) {
    return Error(Code::kFailedPrecondition, "{} bytes more than the tensors hold",
                 bytes.size() - bytes_left_);
  }
  RK_RETURN_IF_ERROR(out_->Append(bytes));
  bytes_left_ -= bytes.size();
  return Ok();
}

Status Writer::Finish() const {
  if (bytes_left_ == 0) return Ok();
  return Error(Code::kFailedPrecondition, "{} bytes of tensors are not written yet", bytes_left_);
}

}  // namespace renkei::tensor
