// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/messages.h"

namespace renkei::wire {

std::string JoinHashes(std::span<const Digest> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * Digest::kSize);
  for (const Digest& hash : hashes) bytes.append(AsText(hash.span()));
  return bytes;
}

Status SplitHashes(std::string_view bytes, size_t hashes_max, std::vector<Digest>& into) {
  const size_t count = bytes.size() / Digest::kSize;
  if (bytes.size() % Digest::kSize != 0 || count > hashes_max) {
    return Error(Code::kInvalidArgument,
                 "{} bytes of hashes: expected at most {} values of 32 bytes", bytes.size(),
                 hashes_max);
  }
  for (size_t i = 0; i < count; ++i) {
    RK_ASSIGN_OR_RETURN(const Digest hash,
                        Digest::FromSpan(AsBytes(bytes.substr(i * Digest::kSize, Digest::kSize))));
    into.push_back(hash);
  }
  return Ok();
}

}  // namespace renkei::wire
