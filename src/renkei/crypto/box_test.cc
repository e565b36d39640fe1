// SPDX-License-Identifier: Apache-2.0
#include "renkei/crypto/box.h"

#include <string>

#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"

namespace renkei::crypto {
namespace {

constexpr std::string_view kMessage = "jp.licence: 42, until March";
constexpr std::string_view kAbout = "what it is for";

std::string TextOf(const SecretBytes& secret) { return ToText(secret.reveal()); }

// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
TEST(Box, OpensTheVectorOfTheDraft) {
  const SecretBytes key{ByteSpan(
      FromHex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f").value())};
  const Bytes box = FromHex(
                        "404142434445464748494a4b4c4d4e4f5051525354555657"
                        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
                        "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
                        "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
                        "21f9664c97637da9768812f615c68b13b52e"
                        "c0875924c1c7987947deafd8780acf49")
                        .value();
  const auto message = OpenBox(key, box, FromHex("50515253c0c1c2c3c4c5c6c7").value());
  ASSERT_THAT(message, IsOk());
  EXPECT_EQ(TextOf(*message),
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
            "future, sunscreen would be it.");
}

TEST(Box, OpensToWhatWasSealedAndIsAnotherEachTime) {
  const auto random = MakeSeededRandom(1);
  const SecretBytes key = SecretBytes::Random(*random, kBoxKeyBytes);
  for (const std::string& message :
       {std::string(), std::string(kMessage), std::string(5000, 'x')}) {
    const Bytes box = SealBox(key, *random, AsBytes(message), AsBytes(kAbout));
    EXPECT_EQ(box.size(), message.size() + kBoxNonceBytes + kBoxTagBytes);
    EXPECT_NE(box, SealBox(key, *random, AsBytes(message), AsBytes(kAbout)));
    const auto opened = OpenBox(key, box, AsBytes(kAbout));
    ASSERT_THAT(opened, IsOk());
    EXPECT_EQ(TextOf(*opened), message);
  }
}

TEST(Box, StaysClosedWithAnyByteFlippedCutOffOrAdded) {
  const auto random = MakeSeededRandom(2);
  const SecretBytes key = SecretBytes::Random(*random, kBoxKeyBytes);
  const Bytes box = SealBox(key, *random, AsBytes(kMessage), AsBytes(kAbout));
  for (size_t i = 0; i < box.size(); ++i) {
    Bytes bad = box;
    bad[i] ^= 1;
    EXPECT_THAT(OpenBox(key, bad, AsBytes(kAbout)), StatusIs(Code::kDataLoss)) << i;
    EXPECT_THAT(OpenBox(key, ByteSpan(box).first(i), AsBytes(kAbout)), StatusIs(Code::kDataLoss));
  }
  Bytes longer = box;
  longer.push_back(0);
  EXPECT_THAT(OpenBox(key, longer, AsBytes(kAbout)), StatusIs(Code::kDataLoss));
}

TEST(Box, StaysClosedToAnotherKeyAndForAnotherPurpose) {
  const auto random = MakeSeededRandom(3);
  const SecretBytes key = SecretBytes::Random(*random, kBoxKeyBytes);
  const Bytes box = SealBox(key, *random, AsBytes(kMessage), AsBytes(kAbout));
  EXPECT_THAT(OpenBox(SecretBytes::Random(*random, kBoxKeyBytes), box, AsBytes(kAbout)),
              StatusIs(Code::kDataLoss));
  EXPECT_THAT(OpenBox(key, box, AsBytes("another")), StatusIs(Code::kDataLoss));
}

TEST(SealedBox, OpensToItsPersonAlone) {
  const auto random = MakeSeededRandom(4);
  const SigningKey auditor = SigningKey::Generate(*random);
  const SigningKey other = SigningKey::Generate(*random);
  const auto sealed = SealTo(auditor.public_key(), AsBytes(kMessage));
  ASSERT_THAT(sealed, IsOk());
  const auto opened = OpenSealed(auditor, *sealed);
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(TextOf(*opened), kMessage);
  EXPECT_THAT(OpenSealed(other, *sealed), StatusIs(Code::kUnauthenticated));
}

TEST(SealedBox, StaysClosedWithAnyByteFlippedOrCutOff) {
  const auto random = MakeSeededRandom(5);
  const SigningKey auditor = SigningKey::Generate(*random);
  const Bytes sealed = SealTo(auditor.public_key(), AsBytes(kMessage)).value();
  for (size_t i = 0; i < sealed.size(); ++i) {
    Bytes bad = sealed;
    bad[i] ^= 1;
    EXPECT_THAT(OpenSealed(auditor, bad), StatusIs(Code::kUnauthenticated)) << i;
    EXPECT_THAT(OpenSealed(auditor, ByteSpan(sealed).first(i)), StatusIs(Code::kUnauthenticated));
  }
}

TEST(SealedBox, IsNotMadeToWhatIsNoKey) {
  PublicKey zero;
  EXPECT_THAT(SealTo(zero, AsBytes(kMessage)), StatusIs(Code::kInvalidArgument));
}

// RFC 8032, test 1, on the Montgomery curve: what a sealed box to that person is opened with.
TEST(SigningKey, HasATwinOnTheMontgomeryCurve) {
  const SigningKey key =
      SigningKey::FromSeedText(
          ToBase64(
              FromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").value()))
          .value();
  // SHA-512 of the seed, clamped (RFC 8032, section 5.1.5).
  EXPECT_EQ(ToHex(key.X25519Secret().reveal()),
            "307c83864f2833cb427a2ef1c00a013cfdff2768d980c0a3a520f006904de94f");
}

}  // namespace
}  // namespace renkei::crypto
