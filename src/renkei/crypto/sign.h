// SPDX-License-Identifier: Apache-2.0
// Ed25519 (RFC 8032), by libsodium.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "renkei/base/bytes.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/crypto/secret.h"

namespace renkei::crypto {

struct PublicKey {
  std::array<uint8_t, 32> bytes{};

  std::string Text() const;   // "ed25519:<base64>"
  std::string KeyId() const;  // 64 hex digits: SHA-256 of the 32 bytes
  //   INVALID_ARGUMENT  not exactly the text form
  static StatusOr<PublicKey> Parse(std::string_view text);

  auto operator<=>(const PublicKey&) const = default;
};

using Signature = std::array<uint8_t, 64>;

// A private key in locked memory, wiped at the end.
class SigningKey {
 public:
  static SigningKey Generate(Random& random);
  //   INVALID_ARGUMENT  not the base64 of 32 bytes; the text is not repeated
  static StatusOr<SigningKey> FromSeedText(std::string_view text);
  // What FromSeedText takes, for the key's file. The caller wipes the copy it makes.
  SecretBytes SeedText() const;
  const PublicKey& public_key() const { return public_key_; }
  Signature Sign(ByteSpan message) const;

 private:
  SigningKey() = default;
  static SigningKey FromSeed(ByteSpan seed);

  SecretBytes secret_;  // libsodium's 64 bytes: seed and public key
  PublicKey public_key_;
};

// libsodium's rule: cofactorless, S < L, no point of small order, canonical encodings.
bool Verify(const PublicKey& key, ByteSpan message, ByteSpan signature);

}  // namespace renkei::crypto
