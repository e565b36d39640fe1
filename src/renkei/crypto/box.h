// SPDX-License-Identifier: Apache-2.0
// Bytes that only the holder of a key can read, and that nobody can change unnoticed.
//
// At rest, under a shared key: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). To a person, by
// the Ed25519 key that the charter names: libsodium's sealed box (X25519, XSalsa20-Poly1305) to
// the same key on the Montgomery curve (RFC 7748, section 4.1). A sealed box says nothing about
// its sender: what is in it has to be signed.
#pragma once

#include <cstddef>

#include "renkei/base/bytes.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/crypto/secret.h"
#include "renkei/crypto/sign.h"

namespace renkei::crypto {

inline constexpr size_t kBoxKeyBytes = 32;
inline constexpr size_t kBoxNonceBytes = 24;
inline constexpr size_t kBoxTagBytes = 16;

// nonce[24] || ciphertext || tag[16]; the nonce is new each time. `about` is not in the box, and
// the box opens only with the same. `key` has kBoxKeyBytes.
Bytes SealBox(const SecretBytes& key, renkei::Random& random, ByteSpan message, ByteSpan about);

//   DATA_LOSS  another key, another `about`, or bytes that have changed
StatusOr<SecretBytes> OpenBox(const SecretBytes& key, ByteSpan box, ByteSpan about);

// Each time with a one-time key, which is libsodium's own.
//   INVALID_ARGUMENT  `to` is no point that a key can be
StatusOr<Bytes> SealTo(const PublicKey& to, ByteSpan message);

//   UNAUTHENTICATED  sealed to another key, or the bytes have changed: they look the same
StatusOr<SecretBytes> OpenSealed(const SigningKey& key, ByteSpan sealed);

}  // namespace renkei::crypto
