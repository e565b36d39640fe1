// SPDX-License-Identifier: Apache-2.0
#include "renkei/crypto/hash.h"

#include <string>

#include <gtest/gtest.h>

namespace renkei::crypto {
namespace {

TEST(Sha256, GivesTheValuesOfFips180) {
  const struct {
    std::string message;
    std::string_view hex;
  } cases[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1'000'000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const auto& c : cases) EXPECT_EQ(Sha256(AsBytes(c.message)).hex(), c.hex);
}

TEST(Sha256Stream, GivesTheSameForAnyPiecesAndStartsAnew) {
  const std::string message(1000, 'x');
  Sha256Stream stream;
  for (size_t piece : {1, 7, 63, 64, 65, 999, 1000}) {
    for (size_t i = 0; i < message.size(); i += piece) {
      stream.Update(AsBytes(message).subspan(i, std::min(piece, message.size() - i)));
    }
    EXPECT_EQ(stream.Finish(), Sha256(AsBytes(message))) << piece;
  }
  EXPECT_EQ(stream.Finish(), Sha256({}));
}

// RFC 4231 section 4.3 and 4.7; the whole of Wycheproof is in seal's tests.
TEST(HmacSha256, GivesTheValuesOfRfc4231) {
  EXPECT_EQ(HmacSha256(AsBytes("Jefe"), AsBytes("what do ya want for nothing?")).hex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HmacSha256(Bytes(131, 0xaa),
                       AsBytes("Test Using Larger Than Block-Size Key - Hash Key First"))
                .hex(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, TakesAnEmptyKeyAndAnEmptyMessage) {
  EXPECT_EQ(HmacSha256({}, {}).hex(),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(HkdfSha256, GivesTheFirstCaseOfRfc5869AndItsPrefixes) {
  const Bytes secret(22, 0x0b);
  const Bytes salt = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const Bytes context = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9};
  const std::string whole =
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
  for (size_t length : {0, 1, 31, 32, 33, 42}) {
    EXPECT_EQ(ToHex(HkdfSha256(secret, salt, context, length)), whole.substr(0, 2 * length));
  }
}

TEST(EqualInConstantTime, ComparesContentAndLength) {
  EXPECT_TRUE(EqualInConstantTime({}, {}));
  EXPECT_TRUE(EqualInConstantTime(AsBytes("same"), AsBytes("same")));
  EXPECT_FALSE(EqualInConstantTime(AsBytes("same"), AsBytes("sane")));
  EXPECT_FALSE(EqualInConstantTime(AsBytes("same"), AsBytes("sam")));
}

}  // namespace
}  // namespace renkei::crypto
