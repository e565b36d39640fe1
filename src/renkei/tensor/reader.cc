// SPDX-License-Identifier: Apache-2.0
#include "renkei/tensor/reader.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "renkei/syntax/json_events.h"
#include "renkei/syntax/utf8.h"
#include "renkei/tensor/dtype.h"

namespace renkei::tensor {
namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr int kDepthMax = 4;

// Every refusal begins with the name of its rule (docs/formats/tensors.md).
template <typename... Args>
Status Refuse(std::string_view rule, fmt::format_string<Args...> format, Args&&... args) {
  return Error(Code::kInvalidArgument, "{}: {}", rule,
               fmt::format(format, std::forward<Args>(args)...));
}

// Turns the events of the header into tensors; refuses what is in the wrong place.
class HeaderEvents final : public syntax::JsonEvents {
 public:
  explicit HeaderEvents(const ReadLimits& limits) : limits_(limits) {}

  const Status& status() const { return status_; }
  Layout& layout() { return layout_; }

  bool Key(std::string_view key) override {
    switch (at_) {
      case At::kTop:
        return TopKey(key);
      case At::kMetadata:
        return MetadataKey(key);
      case At::kTensor:
        return FieldKey(key);
      default:
        return WrongKind("a key");
    }
  }

  bool Text(std::string_view text) override {
    if (at_ == At::kMetadataValue) {
      layout_.metadata[key_] = std::string(text);
      return Go(At::kMetadata);
    }
    if (at_ != At::kDType) return WrongKind("text");
    const auto dtype = FindDType(text);
    if (!dtype)
      return Fail(
          Refuse("dtype", "tensor {}: {} is not a type that is read", Here(), Quoted(text)));
    tensor_.dtype = *dtype;
    return Go(At::kTensor);
  }

  bool Unsigned(uint64_t number) override {
    if (at_ == At::kShapeItems) {
      tensor_.shape.push_back(number);
      if (tensor_.shape.size() <= kRankMax) return true;
      return Fail(Refuse("shape", "tensor {}: more than {} dimensions", Here(), kRankMax));
    }
    if (at_ != At::kOffsetsItems) return WrongKind("a number");
    if (offsets_count_ == offsets_.size()) {
      return Fail(Refuse("offsets", "tensor {}: data_offsets has more than two numbers", Here()));
    }
    offsets_[offsets_count_++] = number;
    return true;
  }

  bool Integer(int64_t number) override {
    if (number >= 0) return Unsigned(static_cast<uint64_t>(number));
    return WrongNumber("negative");
  }
  bool Number(double) override { return WrongNumber("not an integer of 64 bits"); }
  bool Bool(bool) override { return WrongKind("true or false"); }
  bool Null() override { return WrongKind("null"); }

  bool StartObject() override {
    if (at_ == At::kStart) return Go(At::kTop);
    if (at_ == At::kTensorValue) return Go(At::kTensor);
    if (at_ == At::kMetadataStart) return Go(At::kMetadata);
    return WrongKind("an object");
  }

  bool EndObject() override {
    if (at_ == At::kTensor) return FinishTensor();
    return Go(at_ == At::kMetadata ? At::kTop : At::kEnd);
  }

  bool StartArray() override {
    if (at_ == At::kShape) return Go(At::kShapeItems);
    if (at_ == At::kOffsets) return Go(At::kOffsetsItems);
    return WrongKind("a list");
  }

  bool EndArray() override {
    if (at_ == At::kOffsetsItems && offsets_count_ != offsets_.size()) {
      return Fail(Refuse("offsets", "tensor {}: data_offsets must be two numbers", Here()));
    }
    return Go(At::kTensor);
  }

 private:
  enum class At {
    kStart,
    kTop,
    kTensorValue,
    kTensor,
    kDType,
    kShape,
    kShapeItems,
    kOffsets,
    kOffsetsItems,
    kMetadataStart,
    kMetadata,
    kMetadataValue,
    kEnd,
  };
  enum Field : unsigned { kDTypeField = 1, kShapeField = 2, kOffsetsField = 4, kAllFields = 7 };

  bool Go(At next) {
    at_ = next;
    return true;
  }

  bool Fail(Status status) {
    status_ = std::move(status);
    return false;
  }

  std::string Here() const { return Quoted(tensor_.name); }

  bool WrongKind(std::string_view what) {
    switch (at_) {
      case At::kStart:
        return Fail(Refuse("object", "the header is {}, not an object", what));
      case At::kTensorValue:
        return Fail(Refuse("object", "tensor {}: is {}, not an object", Here(), what));
      case At::kDType:
        return Fail(Refuse("dtype", "tensor {}: dtype is {}, not text", Here(), what));
      case At::kShape:
      case At::kShapeItems:
        return Fail(Refuse("shape", "tensor {}: {} in place of a list of integers", Here(), what));
      case At::kOffsets:
      case At::kOffsetsItems:
        return Fail(Refuse("offsets", "tensor {}: {} in place of two integers", Here(), what));
      default:
        return Fail(Refuse("metadata", "__metadata__ holds {}, must hold text only", what));
    }
  }

  bool WrongNumber(std::string_view fault) {
    if (at_ == At::kShapeItems) {
      return Fail(Refuse("shape", "tensor {}: a dimension is {}", Here(), fault));
    }
    if (at_ == At::kOffsetsItems) {
      return Fail(Refuse("offsets", "tensor {}: an offset is {}", Here(), fault));
    }
    return WrongKind("a number");
  }

  bool TopKey(std::string_view key) {
    if (key == kMetadataKey) {
      if (std::exchange(has_metadata_, true)) {
        return Fail(Refuse("duplicate-key", "__metadata__ is given twice"));
      }
      return Go(At::kMetadataStart);
    }
    if (const Status name = CheckTensorName(key); !name.ok()) {
      return Fail(Annotate(name, "name"));
    }
    if (layout_.tensors.size() == limits_.tensors_max) {
      return Fail(Error(Code::kResourceExhausted, "too-many-tensors: at most {} are read",
                        limits_.tensors_max));
    }
    tensor_ = {};
    tensor_.name = std::string(key);
    fields_ = 0;
    offsets_count_ = 0;
    return Go(At::kTensorValue);
  }

  bool MetadataKey(std::string_view key) {
    if (layout_.metadata.size() == limits_.metadata_entries_max) {
      return Fail(Error(Code::kResourceExhausted, "metadata: at most {} entries are read",
                        limits_.metadata_entries_max));
    }
    key_ = std::string(key);
    if (layout_.metadata.contains(key_)) {
      return Fail(Refuse("duplicate-key", "__metadata__ has {} twice", Quoted(key)));
    }
    return Go(At::kMetadataValue);
  }

  bool FieldKey(std::string_view key) {
    if (key == "dtype") return StartField(kDTypeField, key, At::kDType);
    if (key == "shape") return StartField(kShapeField, key, At::kShape);
    if (key == "data_offsets") return StartField(kOffsetsField, key, At::kOffsets);
    return Fail(Refuse("unknown-key", "tensor {}: {} is not dtype, shape or data_offsets", Here(),
                       Quoted(key)));
  }

  bool StartField(Field field, std::string_view key, At next) {
    if ((fields_ & field) != 0) {
      return Fail(Refuse("duplicate-key", "tensor {}: {} is given twice", Here(), key));
    }
    fields_ |= field;
    return Go(next);
  }

  bool FinishTensor() {
    if (fields_ != kAllFields) {
      const std::string_view lacks = (fields_ & kDTypeField) == 0   ? "dtype"
                                     : (fields_ & kShapeField) == 0 ? "shape"
                                                                    : "data_offsets";
      return Fail(Refuse("missing-key", "tensor {}: {} is missing", Here(), lacks));
    }
    tensor_.begin = offsets_[0];
    tensor_.end = offsets_[1];
    layout_.tensors.push_back(std::move(tensor_));
    return Go(At::kTop);
  }

  const ReadLimits& limits_;
  Layout layout_;
  Status status_;
  At at_ = At::kStart;
  TensorSpec tensor_;
  std::string key_;
  std::array<uint64_t, 2> offsets_{};
  size_t offsets_count_ = 0;
  unsigned fields_ = 0;
  bool has_metadata_ = false;
};

Status CheckSize(const TensorSpec& tensor) {
  const auto needed = BytesOf(tensor.dtype, tensor.shape);
  if (!needed.ok()) {
    return Refuse("overflow", "tensor {}: {}", Quoted(tensor.name), Message(needed.status()));
  }
  if (tensor.end < tensor.begin) {
    return Refuse("offsets", "tensor {}: ends at byte {}, before its begin {}", Quoted(tensor.name),
                  tensor.end, tensor.begin);
  }
  if (tensor.end - tensor.begin != *needed) {
    return Refuse("size", "tensor {}: its shape and dtype need {} bytes, data_offsets give {}",
                  Quoted(tensor.name), *needed, tensor.end - tensor.begin);
  }
  return Ok();
}

Status CheckPlaces(Layout& layout) {
  for (const TensorSpec& tensor : layout.tensors) RK_RETURN_IF_ERROR(CheckSize(tensor));
  if (const TensorSpec* repeated = FindRepeatedName(layout)) {
    return Refuse("duplicate-name", "tensor {}: the name is given twice", Quoted(repeated->name));
  }
  SortByPlace(layout);
  uint64_t end = 0;
  for (const TensorSpec& tensor : layout.tensors) {
    if (tensor.begin != end) {
      return Refuse(tensor.begin < end ? "overlap" : "hole",
                    "tensor {}: begins at byte {}, but what comes before it ends at {}",
                    Quoted(tensor.name), tensor.begin, end);
    }
    end = tensor.end;
  }
  if (end == layout.data_bytes) return Ok();
  return Refuse("data-length", "the tensors hold {} bytes, the file has {} after its header", end,
                layout.data_bytes);
}

// Files that people take for safetensors.
struct Magic {
  std::string_view bytes;
  std::string_view what;
};
constexpr Magic kMagics[] = {
    {"PK\x03\x04", "a zip archive (PyTorch .pt, or .npz)"},
    {"\x80\x02", "a Python pickle (old PyTorch .pt)"},
    {"\x93NUMPY", "a NumPy array"},
    {"GGUF", "a GGUF model"},
    {"\x89HDF", "an HDF5 file"},
};

Status RefuseLength(uint64_t length, uint64_t size, const ReadLimits& limits,
                    std::string_view start) {
  for (const Magic& magic : kMagics) {
    if (!start.starts_with(magic.bytes)) continue;
    return Refuse("header-too-large", "this is {}; save the weights as safetensors", magic.what);
  }
  const bool is_there = length <= size - kLengthBytes;
  if (length > limits.header_bytes_max) {
    return Error(is_there ? Code::kResourceExhausted : Code::kInvalidArgument,
                 "header-too-large: {} bytes, at most {} are read", length,
                 limits.header_bytes_max);
  }
  return Refuse("header-length", "the header is said to have {} bytes, the file has {} after it",
                length, size - kLengthBytes);
}

}  // namespace

StatusOr<Layout> ReadLayout(const File& file, const ReadLimits& limits) {
  RK_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (size < kLengthBytes) {
    return Refuse("header-too-small", "the file has {} bytes, the length of the header takes {}",
                  size, kLengthBytes);
  }
  std::array<uint8_t, kLengthBytes> start;
  RK_RETURN_IF_ERROR(ReadExactly(file, 0, start));
  uint64_t length = 0;
  for (size_t i = kLengthBytes; i-- > 0;) length = length << 8 | start[i];
  if (length > limits.header_bytes_max || length > size - kLengthBytes) {
    return RefuseLength(length, size, limits, AsText(start));
  }
  std::string text(length, '\0');
  RK_RETURN_IF_ERROR(
      ReadExactly(file, kLengthBytes, {reinterpret_cast<uint8_t*>(text.data()), text.size()}));

  if (const size_t good = syntax::Utf8Prefix(text); good < text.size()) {
    return Refuse("utf-8", "byte {} of the header is not UTF-8", good);
  }
  HeaderEvents events(limits);
  const Status parsed = syntax::ParseJsonEvents(text, events, kDepthMax);
  RK_RETURN_IF_ERROR(events.status());
  if (!parsed.ok()) return Refuse("json", "{}", Message(parsed));
  Layout layout = std::move(events.layout());
  layout.data_begin = kLengthBytes + length;
  layout.data_bytes = size - layout.data_begin;
  RK_RETURN_IF_ERROR(CheckPlaces(layout));
  return layout;
}

}  // namespace renkei::tensor
