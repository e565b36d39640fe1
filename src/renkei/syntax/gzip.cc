// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/gzip.h"

#include <algorithm>
#include <limits>
#include <zlib.h>

#include "renkei/base/check.h"

namespace renkei::syntax {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr size_t kStepBytes = 256 << 10;
// A member without content has 20 bytes; so many of them are a trick, not a file.
constexpr int kEmptyMembersMax = 1024;

class Inflater {
 public:
  Inflater() { RK_CHECK(inflateInit2(&stream_, kGzipOnly) == Z_OK); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

Status Broken(const z_stream& stream, int result) {
  const std::string_view said = stream.msg == nullptr ? "" : stream.msg;
  if (said == "incorrect data check" || said == "incorrect length check") {
    return Error(Code::kDataLoss, "gzip: {}", said);
  }
  return Error(Code::kInvalidArgument, "gzip: {}",
               !said.empty()           ? said
               : result == Z_BUF_ERROR ? "cut short"
                                       : "not gzip");
}

}  // namespace

StatusOr<Bytes> Gunzip(ByteSpan bytes, size_t size_bytes_max) {
  if (bytes.empty()) return Error(Code::kInvalidArgument, "gzip: empty");
  Inflater inflater;
  z_stream& stream = inflater.stream();
  Bytes content;
  Bytes window(kStepBytes);
  int empty_members = 0;
  size_t member_bytes = 0;
  while (true) {
    const size_t in = std::min<size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    stream.next_in = const_cast<uint8_t*>(bytes.data());
    stream.avail_in = static_cast<uInt>(in);
    stream.next_out = window.data();
    stream.avail_out = static_cast<uInt>(window.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) return Broken(stream, result);
    bytes = bytes.subspan(in - stream.avail_in);
    const size_t out = window.size() - stream.avail_out;
    if (out > size_bytes_max - content.size()) {
      return Error(Code::kResourceExhausted, "gzip: content longer than {} bytes", size_bytes_max);
    }
    content.insert(content.end(), window.begin(), window.begin() + static_cast<ptrdiff_t>(out));
    member_bytes += out;
    if (result != Z_STREAM_END) continue;
    if (bytes.empty()) return content;
    empty_members += member_bytes == 0;
    if (empty_members > kEmptyMembersMax) {
      return Error(Code::kInvalidArgument, "gzip: more than {} empty members", kEmptyMembersMax);
    }
    member_bytes = 0;
    RK_CHECK(inflateReset(&stream) == Z_OK);
  }
}

}  // namespace renkei::syntax
