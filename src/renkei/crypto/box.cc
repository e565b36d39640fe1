// SPDX-License-Identifier: Apache-2.0
#include "renkei/crypto/box.h"

#include <array>
#include <sodium.h>

#include "renkei/base/check.h"

namespace renkei::crypto {
namespace {

static_assert(kBoxKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(kBoxNonceBytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kBoxTagBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);

using Point = std::array<uint8_t, crypto_box_PUBLICKEYBYTES>;

}  // namespace

Bytes SealBox(const SecretBytes& key, renkei::Random& random, ByteSpan message, ByteSpan about) {
  RK_CHECK(sodium_init() >= 0);
  RK_CHECK(key.size() == kBoxKeyBytes);
  Bytes box = random.Take(kBoxNonceBytes);
  box.resize(kBoxNonceBytes + message.size() + kBoxTagBytes);
  RK_CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(
               box.data() + kBoxNonceBytes, nullptr, message.data(), message.size(), about.data(),
               about.size(), nullptr, box.data(), key.reveal().data()) == 0);
  return box;
}

StatusOr<SecretBytes> OpenBox(const SecretBytes& key, ByteSpan box, ByteSpan about) {
  RK_CHECK(sodium_init() >= 0);
  RK_CHECK(key.size() == kBoxKeyBytes);
  const auto closed = [] {
    return Error(Code::kDataLoss, "made with another key, or changed since it was written");
  };
  if (box.size() < kBoxNonceBytes + kBoxTagBytes) return closed();
  const ByteSpan sealed = box.subspan(kBoxNonceBytes);
  Bytes message(sealed.size() - kBoxTagBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(message.data(), nullptr, nullptr, sealed.data(),
                                                 sealed.size(), about.data(), about.size(),
                                                 box.data(), key.reveal().data()) != 0) {
    return closed();
  }
  SecretBytes secret{ByteSpan(message)};
  Wipe(message);
  return secret;
}

StatusOr<Bytes> SealTo(const PublicKey& to, ByteSpan message) {
  RK_CHECK(sodium_init() >= 0);
  Point point;
  if (crypto_sign_ed25519_pk_to_curve25519(point.data(), to.bytes.data()) != 0) {
    return Error(Code::kInvalidArgument, "{}: nothing can be sealed to this key", to.Text());
  }
  Bytes sealed(message.size() + crypto_box_SEALBYTES);
  RK_CHECK(crypto_box_seal(sealed.data(), message.data(), message.size(), point.data()) == 0);
  return sealed;
}

StatusOr<SecretBytes> OpenSealed(const SigningKey& key, ByteSpan sealed) {
  const SecretBytes scalar = key.X25519Secret();
  Point point;
  RK_CHECK(crypto_scalarmult_base(point.data(), scalar.reveal().data()) == 0);
  const auto closed = [] {
    return Error(Code::kUnauthenticated,
                 "sealed to another person's key, or changed since it was sealed");
  };
  if (sealed.size() < crypto_box_SEALBYTES) return closed();
  Bytes message(sealed.size() - crypto_box_SEALBYTES);
  if (crypto_box_seal_open(message.data(), sealed.data(), sealed.size(), point.data(),
                           scalar.reveal().data()) != 0) {
    return closed();
  }
  SecretBytes secret{ByteSpan(message)};
  Wipe(message);
  return secret;
}

}  // namespace renkei::crypto
