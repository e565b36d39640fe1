// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/bytes.h"

#include <algorithm>

namespace renkei {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// 255 marks a character that is no digit.
constexpr std::array<uint8_t, 256> InverseOf(std::string_view digits) {
  std::array<uint8_t, 256> inverse{};
  inverse.fill(255);
  for (size_t i = 0; i < digits.size(); ++i) {
    inverse[static_cast<uint8_t>(digits[i])] = static_cast<uint8_t>(i);
  }
  return inverse;
}
constexpr auto kHexValue = InverseOf(kHexDigits);
constexpr auto kBase64Value = InverseOf(kBase64Digits);

}  // namespace

Bytes ToBytes(std::string_view text) { return Bytes(text.begin(), text.end()); }
std::string ToText(ByteSpan bytes) { return std::string(AsText(bytes)); }

std::string ToHex(ByteSpan bytes) {
  std::string text(bytes.size() * 2, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = kHexDigits[bytes[i] >> 4];
    text[2 * i + 1] = kHexDigits[bytes[i] & 15];
  }
  return text;
}

StatusOr<Bytes> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) {
    return Error(Code::kInvalidArgument, "hex text has an odd length of {}", text.size());
  }
  Bytes bytes(text.size() / 2);
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t value = kHexValue[static_cast<uint8_t>(text[i])];
    if (value == 255) {
      return Error(Code::kInvalidArgument, "character {} is not a lower-case hex digit", i);
    }
    bytes[i / 2] = static_cast<uint8_t>(bytes[i / 2] << 4 | value);
  }
  return bytes;
}

std::string ToBase64(ByteSpan bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    const uint32_t group = uint32_t{bytes[i]} << 16 |
                           uint32_t{count > 1 ? bytes[i + 1] : uint8_t{0}} << 8 |
                           uint32_t{count > 2 ? bytes[i + 2] : uint8_t{0}};
    char* const digits = &text[i / 3 * 4];
    digits[0] = kBase64Digits[group >> 18];
    digits[1] = kBase64Digits[group >> 12 & 63];
    if (count > 1) digits[2] = kBase64Digits[group >> 6 & 63];
    if (count > 2) digits[3] = kBase64Digits[group & 63];
  }
  return text;
}

StatusOr<Bytes> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return Error(Code::kInvalidArgument, "base64 text has a length of {}, not a multiple of 4",
                 text.size());
  }
  size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  Bytes bytes;
  bytes.resize(text.size() / 4 * 3 - padding);
  // Whole groups; one with something else in it is left to the loop that says what.
  size_t done = 0;
  for (const size_t whole = padding == 0 ? text.size() : text.size() - 4; done < whole; done += 4) {
    const auto value = [&](size_t k) {
      return uint32_t{kBase64Value[static_cast<uint8_t>(text[done + k])]};
    };
    const uint32_t a = value(0), b = value(1), c = value(2), d = value(3);
    if (((a | b | c | d) & 0x80) != 0) break;
    uint8_t* const to = &bytes[done / 4 * 3];
    to[0] = static_cast<uint8_t>(a << 2 | b >> 4);
    to[1] = static_cast<uint8_t>(b << 4 | c >> 2);
    to[2] = static_cast<uint8_t>(c << 6 | d);
  }
  for (size_t i = done; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const size_t digits = last ? 4 - padding : 4;
    uint32_t group = 0;
    for (size_t k = 0; k < 4; ++k) {
      uint8_t value = k < digits ? kBase64Value[static_cast<uint8_t>(text[i + k])] : 0;
      if (value == 255) {
        return Error(Code::kInvalidArgument, "character {} is not a base64 digit", i + k);
      }
      group = group << 6 | value;
    }
    for (size_t k = 0; k + 1 < digits; ++k) {
      bytes[i / 4 * 3 + k] = static_cast<uint8_t>(group >> (16 - 8 * k));
    }
    if (digits < 4 && (group & ((1u << (8 * (4 - digits))) - 1)) != 0) {
      return Error(Code::kInvalidArgument, "base64 text ends in spare bits that are not zero");
    }
  }
  return bytes;
}

StatusOr<Digest> Digest::FromHexText(std::string_view text) {
  RK_ASSIGN_OR_RETURN(const Bytes bytes, FromHex(text));
  return FromSpan(bytes);
}

StatusOr<Digest> Digest::FromSpan(ByteSpan bytes) {
  if (bytes.size() != kSize) {
    return Error(Code::kInvalidArgument, "a digest has 32 bytes, not {}", bytes.size());
  }
  Digest digest;
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

}  // namespace renkei
