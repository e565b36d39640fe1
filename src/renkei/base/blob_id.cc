// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/blob_id.h"

#include <charconv>

namespace renkei {
namespace {

constexpr std::string_view kPrefix = "t1-";
constexpr size_t kHexLength = 2 * Digest::kSize;

}  // namespace

std::string BlobId::Text() const { return fmt::format("t1-{}-{}", root.hex(), size_bytes); }

StatusOr<BlobId> BlobId::Parse(std::string_view text) {
  const auto bad = [] {
    return Error(Code::kInvalidArgument, "not a blob id: expected t1-<64 hex digits>-<length>");
  };
  const size_t length_at = kPrefix.size() + kHexLength + 1;
  if (!text.starts_with(kPrefix) || text.size() <= length_at || text[length_at - 1] != '-') {
    return bad();
  }
  BlobId id;
  auto root = Digest::FromHexText(text.substr(kPrefix.size(), kHexLength));
  if (!root.ok()) return bad();
  id.root = *root;
  const std::string_view length = text.substr(length_at);
  const auto [end, error] =
      std::from_chars(length.data(), length.data() + length.size(), id.size_bytes);
  if (error != std::errc() || end != length.data() + length.size() || id.Text() != text) {
    return bad();
  }
  return id;
}

}  // namespace renkei
