// SPDX-License-Identifier: Apache-2.0
#include "renkei/release/tlog_proof.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace renkei::release {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kIndex = "index ";

Status WrongLine(int line, std::string_view what) {
  return Error(Code::kInvalidArgument, "tlog-proof: line {}: {}", line, what);
}

// The text before the next line feed, which is taken too; none at the end.
std::optional<std::string_view> TakeLine(std::string_view& rest) {
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

std::optional<uint64_t> ParseIndex(std::string_view line) {
  if (!line.starts_with(kIndex)) return std::nullopt;
  line.remove_prefix(kIndex.size());
  if (line.size() > 1 && line.front() == '0') return std::nullopt;
  uint64_t index = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), index);
  if (error != std::errc() || end != line.data() + line.size()) return std::nullopt;
  return index;
}

}  // namespace

std::string DumpTlogProof(const TlogProof& proof) {
  std::string text = fmt::format("{}\n{}{}\n", kFirstLine, kIndex, proof.index);
  for (const Digest& hash : proof.hashes) text += ToBase64(hash.span()) + "\n";
  return text + "\n" + proof.checkpoint;
}

StatusOr<TlogProof> ParseTlogProof(std::string_view text) {
  if (TakeLine(text) != kFirstLine) return WrongLine(1, "not c2sp.org/tlog-proof@v1");
  const auto second = TakeLine(text);
  const auto index = second ? ParseIndex(*second) : std::nullopt;
  if (!index) return WrongLine(2, "not an index");
  TlogProof proof{.index = *index, .hashes = {}, .checkpoint = {}};
  for (int line = 3;; ++line) {
    const auto hash_text = TakeLine(text);
    if (!hash_text) return WrongLine(line, "ends before the checkpoint");
    if (hash_text->empty()) break;
    if (proof.hashes.size() == kProofHashesMax) return WrongLine(line, "too many hashes");
    const auto bytes = FromBase64(*hash_text);
    if (!bytes.ok() || bytes->size() != Digest::kSize) return WrongLine(line, "not a hash");
    proof.hashes.push_back(*Digest::FromSpan(*bytes));
  }
  proof.checkpoint = std::string(text);
  return proof;
}

}  // namespace renkei::release
