// SPDX-License-Identifier: Apache-2.0
#include "renkei/crypto/hash.h"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "renkei/base/check.h"

namespace renkei::crypto {
namespace {

// Fetched once: a fetch for each hash costs more than a short hash itself.
const EVP_MD* Algorithm() {
  static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  RK_CHECK(kAlgorithm != nullptr);
  return kAlgorithm;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPointer = std::unique_ptr<EVP_MD_CTX, FreeContext>;

void Start(EVP_MD_CTX* context) {
  RK_CHECK(EVP_DigestInit_ex2(context, Algorithm(), nullptr) == 1);
}

Digest End(EVP_MD_CTX* context) {
  Digest digest;
  unsigned int length = 0;
  RK_CHECK(EVP_DigestFinal_ex(context, digest.bytes.data(), &length) == 1);
  RK_CHECK(length == Digest::kSize);
  return digest;
}

}  // namespace

Digest Sha256(ByteSpan bytes) {
  thread_local const ContextPointer context(EVP_MD_CTX_new());
  Start(context.get());
  RK_CHECK(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  return End(context.get());
}

struct Sha256Stream::Context {
  ContextPointer context{EVP_MD_CTX_new()};
};

Sha256Stream::Sha256Stream() : context_(std::make_unique<Context>()) {
  Start(context_->context.get());
}
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Update(ByteSpan bytes) {
  RK_CHECK(EVP_DigestUpdate(context_->context.get(), bytes.data(), bytes.size()) == 1);
}

Digest Sha256Stream::Finish() {
  const Digest digest = End(context_->context.get());
  Start(context_->context.get());
  return digest;
}

Digest HmacSha256(ByteSpan key, ByteSpan message) {
  Digest digest;
  unsigned int length = 0;
  // An empty key still needs an address.
  const uint8_t none = 0;
  RK_CHECK(HMAC(Algorithm(), key.empty() ? &none : key.data(), static_cast<int>(key.size()),
                message.data(), message.size(), digest.bytes.data(), &length) != nullptr);
  return digest;
}

Bytes HkdfSha256(ByteSpan secret, ByteSpan salt, ByteSpan info, size_t length) {
  RK_CHECK(length <= 255 * Digest::kSize);
  const Digest zero_salt;
  const Digest key = HmacSha256(salt.empty() ? zero_salt.span() : salt, secret);
  Bytes material;
  Bytes block;
  for (uint8_t counter = 1; material.size() < length; ++counter) {
    block.insert(block.end(), info.begin(), info.end());
    block.push_back(counter);
    const Digest output = HmacSha256(key.span(), block);
    const size_t count = std::min(length - material.size(), Digest::kSize);
    material.insert(material.end(), output.bytes.begin(),
                    output.bytes.begin() + static_cast<ptrdiff_t>(count));
    block.assign(output.bytes.begin(), output.bytes.end());
  }
  return material;
}

bool EqualInConstantTime(ByteSpan a, ByteSpan b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace renkei::crypto
