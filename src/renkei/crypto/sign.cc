// SPDX-License-Identifier: Apache-2.0
#include "renkei/crypto/sign.h"

#include <algorithm>
#include <sodium.h>

#include "renkei/base/check.h"
#include "renkei/crypto/hash.h"

namespace renkei::crypto {
namespace {

constexpr std::string_view kPrefix = "ed25519:";

}  // namespace

std::string PublicKey::Text() const { return std::string(kPrefix) + ToBase64(bytes); }

std::string PublicKey::KeyId() const { return Sha256(bytes).hex(); }

StatusOr<PublicKey> PublicKey::Parse(std::string_view text) {
  const auto bad = [] {
    return Error(Code::kInvalidArgument, "not a public key: expected ed25519:<base64 of 32 bytes>");
  };
  if (!text.starts_with(kPrefix)) return bad();
  const auto raw = FromBase64(text.substr(kPrefix.size()));
  PublicKey key;
  if (!raw.ok() || raw->size() != key.bytes.size()) return bad();
  std::copy(raw->begin(), raw->end(), key.bytes.begin());
  return key;
}

SigningKey SigningKey::FromSeed(ByteSpan seed) {
  RK_CHECK(sodium_init() >= 0);
  SigningKey key;
  std::array<uint8_t, crypto_sign_SECRETKEYBYTES> secret;
  RK_CHECK(crypto_sign_seed_keypair(key.public_key_.bytes.data(), secret.data(), seed.data()) == 0);
  key.secret_ = SecretBytes{ByteSpan(secret)};
  Wipe(secret);
  return key;
}

SigningKey SigningKey::Generate(Random& random) {
  return FromSeed(SecretBytes::Random(random, crypto_sign_SEEDBYTES).reveal());
}

StatusOr<SigningKey> SigningKey::FromSeedText(std::string_view text) {
  auto seed = FromBase64(text);
  if (!seed.ok() || seed->size() != crypto_sign_SEEDBYTES) {
    return Error(Code::kInvalidArgument, "not a private key: expected the base64 of 32 bytes");
  }
  SigningKey key = FromSeed(*seed);
  Wipe(*seed);
  return key;
}

SecretBytes SigningKey::SeedText() const {
  std::string text = ToBase64(secret_.reveal().first(crypto_sign_SEEDBYTES));
  SecretBytes secret(AsBytes(text));
  Wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return secret;
}

Signature SigningKey::Sign(ByteSpan message) const {
  Signature signature;
  RK_CHECK(crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                                secret_.reveal().data()) == 0);
  return signature;
}

bool Verify(const PublicKey& key, ByteSpan message, ByteSpan signature) {
  RK_CHECK(sodium_init() >= 0);
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

}  // namespace renkei::crypto
