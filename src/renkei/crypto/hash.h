// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869).
#pragma once

#include <cstddef>
#include <memory>

#include "renkei/base/bytes.h"

namespace renkei::crypto {

Digest Sha256(ByteSpan bytes);

// SHA-256 of bytes that come in pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  ~Sha256Stream();
  void Update(ByteSpan bytes);
  // Of all so far; the stream then starts anew.
  Digest Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Digest HmacSha256(ByteSpan key, ByteSpan message);

// `length` <= 255 * 32 bytes of key material.
Bytes HkdfSha256(ByteSpan secret, ByteSpan salt, ByteSpan info, size_t length);

// In time that does not depend on the content. Different lengths are unequal.
bool EqualInConstantTime(ByteSpan a, ByteSpan b);

}  // namespace renkei::crypto
