// SPDX-License-Identifier: Apache-2.0
#include "renkei/crypto/sign.h"

#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/crypto/hash.h"

namespace renkei::crypto {
namespace {

using testing::HasSubstr;
using testing::Not;

SigningKey KeyOf(std::string_view seed_hex) {
  return SigningKey::FromSeedText(ToBase64(FromHex(seed_hex).value())).value();
}

static_assert(!std::is_copy_constructible_v<SigningKey> && !std::is_copy_assignable_v<SigningKey>);
static_assert(!std::is_copy_constructible_v<SecretBytes>);

// RFC 8032 section 7.1. Wycheproof and the edge cases are in seal's tests.
TEST(SigningKey, SignsAsInRfc8032) {
  const struct {
    std::string_view seed, key, message, signature;
  } cases[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9"
       "b46bd25bf5f0595bbe24655141438e7a100b"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
       "d"
       "c6594a7c15e9716ed28dc027beceea1ec40a"},
  };
  for (const auto& c : cases) {
    const SigningKey key = KeyOf(c.seed);
    EXPECT_EQ(ToHex(key.public_key().bytes), c.key);
    const Bytes message = FromHex(c.message).value();
    EXPECT_EQ(ToHex(key.Sign(message)), c.signature);
    EXPECT_TRUE(Verify(key.public_key(), message, FromHex(c.signature).value()));
  }
}

TEST(SigningKey, ComesBackFromItsSeedText) {
  const auto random = MakeSeededRandom(1);
  const SigningKey key = SigningKey::Generate(*random);
  const SecretBytes text = key.SeedText();
  const auto again = SigningKey::FromSeedText(AsText(text.reveal()));
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_EQ(again->Sign(AsBytes("m")), key.Sign(AsBytes("m")));
  EXPECT_NE(SigningKey::Generate(*random).public_key(), key.public_key());
}

TEST(SigningKey, RefusesTextThatIsNoSeedWithoutRepeatingIt) {
  for (const std::string& text :
       {std::string("secret"), ToBase64(Bytes(31, 7)), ToBase64(Bytes(64, 7)), std::string("=")}) {
    const auto key = SigningKey::FromSeedText(text);
    EXPECT_THAT(key, StatusIs(Code::kInvalidArgument));
    EXPECT_THAT(Message(key.status()), Not(HasSubstr(text)));
  }
}

TEST(Verify, RefusesAnyFlippedBit) {
  const auto random = MakeSeededRandom(2);
  const SigningKey key = SigningKey::Generate(*random);
  const std::string message = "what was agreed";
  const Signature signature = key.Sign(AsBytes(message));
  for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
    Signature flipped = signature;
    flipped[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(Verify(key.public_key(), AsBytes(message), flipped)) << bit;
  }
  for (size_t bit = 0; bit < message.size() * 8; ++bit) {
    std::string flipped = message;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_FALSE(Verify(key.public_key(), AsBytes(flipped), signature)) << bit;
  }
  EXPECT_FALSE(
      Verify(key.public_key(), AsBytes(message), Bytes(signature.begin(), signature.end() - 1)));
  EXPECT_FALSE(Verify(key.public_key(), AsBytes(message), {}));
}

TEST(PublicKey, IsWhatItsTextSays) {
  const PublicKey key = KeyOf(std::string(64, '0')).public_key();
  const auto again = PublicKey::Parse(key.Text());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(*again, key);
  EXPECT_EQ(key.KeyId(), Sha256(key.bytes).hex());
  for (const std::string& text :
       {std::string(), std::string("ed25519:"), key.Text() + "=", key.Text().substr(8),
        "ed25519:" + ToBase64(Bytes(33)), "ED25519:" + key.Text().substr(8), key.Text() + "\n"}) {
    EXPECT_THAT(PublicKey::Parse(text), StatusIs(Code::kInvalidArgument)) << text;
  }
}

TEST(SecretBytes, MovesAndComparesByContent) {
  const auto random = MakeSeededRandom(3);
  SecretBytes secret = SecretBytes::Random(*random, 16);
  const SecretBytes copy = secret.Copy();
  EXPECT_EQ(secret, copy);
  SecretBytes moved = std::move(secret);
  EXPECT_EQ(moved, copy);
  EXPECT_EQ(moved.size(), 16u);
  EXPECT_FALSE(moved == SecretBytes::Random(*random, 16));
  EXPECT_FALSE(moved == SecretBytes());
  EXPECT_EQ(SecretBytes(), SecretBytes(ByteSpan()));
}

TEST(Wipe, OverwritesWithZeros) {
  Bytes bytes = {1, 2, 3};
  Wipe(bytes);
  EXPECT_EQ(bytes, Bytes(3));
}

}  // namespace
}  // namespace renkei::crypto
