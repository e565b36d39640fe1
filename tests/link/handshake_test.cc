// SPDX-License-Identifier: Apache-2.0
// What comes in on the port that is not our protocol.
#include <poll.h>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "cutting_proxy.h"
#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/wire/wire_testing.h"

namespace renkei::link {
namespace {

constexpr uint8_t kAlert = 21;
constexpr uint8_t kHandshake = 22;
constexpr uint8_t kServerHello = 2;
constexpr size_t kRecordHeader = 5;

// Sends `bytes` and returns the first record that comes back, or nothing when the server closes.
Bytes Exchange(int port, ByteSpan bytes) {
  const int socket = ConnectTo(port);
  Bytes answer(4096);
  ssize_t got = 0;
  if (send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
      static_cast<ssize_t>(bytes.size())) {
    pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, 10'000) > 0) got = recv(socket, answer.data(), answer.size(), 0);
  }
  close(socket);
  answer.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  return answer;
}

Bytes Number(size_t value, int size) {
  Bytes bytes;
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<uint8_t>(value >> shift));
  }
  return bytes;
}

// `content` behind its length in `size` bytes.
std::string Sized(int size, const std::string& content) {
  return ToText(Number(content.size(), size)) + content;
}

std::string Hex(const std::string& hex) { return ToText(*FromHex(hex)); }

// RFC 5246 7.4.1.2: all suites that a TLS 1.2 client of OpenSSL's defaults offers with ECDSA and
// RSA certificates, P-256, h2. With `also_1_3`, the extensions of RFC 8446 that offer 1.3.
Bytes ClientHello(bool also_1_3) {
  const auto random = MakeSeededRandom(1);
  std::string suites = Hex("c02cc02bcca9c024c023c00ac009") + Hex("c030c02fcca8c028c027c014c013") +
                       Hex("009d009c003d003c0035002f");
  if (also_1_3) suites += Hex("130213011303");
  const auto extension = [](const std::string& type, const std::string& content) {
    return Hex(type) + Sized(2, content);
  };
  std::string extensions =
      extension("000a", Sized(2, Hex("0017"))) +  // secp256r1
      extension("000b", Sized(1, Hex("00"))) +    // uncompressed
      extension("000d", Sized(2, Hex("0403050306030804080508060401050106010203"))) +
      extension("0010", Sized(2, Sized(1, "h2")));
  if (also_1_3) {
    // The generator of P-256 is a point as good as any.
    const std::string point =
        Hex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    extensions += extension("002b", Sized(1, Hex("0304"))) +
                  extension("0033", Sized(2, Hex("0017") + Sized(2, point)));
  }
  const std::string body = Hex("0303") + ToText(random->Take(32)) + Sized(1, "") +
                           Sized(2, suites) + Sized(1, Hex("00")) + Sized(2, extensions);
  const std::string message = Hex("01") + Sized(3, body);
  return ToBytes(Hex("160301") + Sized(2, message));
}

class Handshake : public testing::Test {
 protected:
  void ExpectStillServing() { EXPECT_THAT(wire_.Peer(wire_.Site())->Submit(AsBytes("x")), IsOk()); }
  int port() { return wire_.server().port(); }

  wire::TestWire wire_;
};

TEST_F(Handshake, Tls13IsSpoken) {
  const Bytes answer = Exchange(port(), ClientHello(/*also_1_3=*/true));
  ASSERT_GT(answer.size(), kRecordHeader);
  EXPECT_EQ(answer[0], kHandshake);
  EXPECT_EQ(answer[kRecordHeader], kServerHello);
}

TEST_F(Handshake, Tls12IsRefusedWithAnAlert) {
  const Bytes answer = Exchange(port(), ClientHello(/*also_1_3=*/false));
  EXPECT_TRUE(answer.empty() || answer[0] == kAlert) << ToHex(answer);
  ExpectStillServing();
}

TEST_F(Handshake, GarbageIsDroppedAndTheServerLives) {
  const auto random = MakeSeededRandom(3);
  const Bytes half = ClientHello(true);
  const std::string cases[] = {
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      std::string(100'000, '\0'),
      ToText(random->Take(100'000)),
      Hex("1603014000") + std::string(0x4000, 'x'),
      Hex("1603010005") + Hex("01ffffff00"),
  };
  for (const std::string& garbage : cases) {
    const Bytes answer = Exchange(port(), AsBytes(garbage));
    EXPECT_TRUE(answer.empty() || answer[0] == kAlert) << ToHex(answer);
  }
  const int silent = ConnectTo(port());  // half a hello, then nothing
  send(silent, half.data(), half.size() / 2, MSG_NOSIGNAL);
  ExpectStillServing();
  close(silent);
}

}  // namespace
}  // namespace renkei::link
