// SPDX-License-Identifier: Apache-2.0
// Bytes and their text forms.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/status.h"

namespace renkei {

using Bytes = std::vector<uint8_t>;
using ByteSpan = std::span<const uint8_t>;

inline ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Bytes ToBytes(std::string_view text);
std::string ToText(ByteSpan bytes);

std::string ToHex(ByteSpan bytes);                  // lower case
StatusOr<Bytes> FromHex(std::string_view text);     // lower case only: one value, one text
std::string ToBase64(ByteSpan bytes);               // RFC 4648 section 4, padded
StatusOr<Bytes> FromBase64(std::string_view text);  // strict: padding, no spare bits, no space

// A SHA-256 value.
struct Digest {
  static constexpr size_t kSize = 32;
  std::array<uint8_t, kSize> bytes{};

  ByteSpan span() const { return bytes; }
  std::string hex() const { return ToHex(bytes); }
  // INVALID_ARGUMENT unless 64 lower-case hex digits.
  static StatusOr<Digest> FromHexText(std::string_view text);
  // INVALID_ARGUMENT unless 32 bytes.
  static StatusOr<Digest> FromSpan(ByteSpan bytes);

  auto operator<=>(const Digest&) const = default;
};

}  // namespace renkei
