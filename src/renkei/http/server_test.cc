// SPDX-License-Identifier: Apache-2.0
#include "renkei/http/server.h"

#include <unistd.h>
#include <vector>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "renkei/base/descriptor.h"
#include "renkei/base/status_testing.h"

namespace renkei::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

Descriptor Connect(int port) {
  Descriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return client;
}
void Say(const Descriptor& client, const std::string& text) {
  EXPECT_EQ(send(client.get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}
// All that comes until the server closes.
std::string Hear(const Descriptor& client) {
  std::string heard;
  char buffer[4096];
  for (;;) {
    const ssize_t got = recv(client.get(), buffer, sizeof buffer, 0);
    if (got <= 0) return heard;
    heard.append(buffer, static_cast<size_t>(got));
  }
}
std::string Ask(int port, const std::string& request) {
  const Descriptor client = Connect(port);
  Say(client, request);
  return Hear(client);
}

std::unique_ptr<Server> Serve(ServerOptions options = {}) {
  auto server = Server::Start(
      std::move(options),
      {{"/healthz", [](const Question& question) {
          return Answer{.status = 503, .content_type = "text/x", .body = question.accept + "!\n"};
        }}});
  EXPECT_THAT(server, IsOk());
  return *std::move(server);
}

constexpr char kClose[] = "Host: x\r\nConnection: close\r\n\r\n";

TEST(HttpServer, AnswersGetAndHeadWithThePage) {
  const auto server = Serve();
  const std::string get = Ask(server->port(), std::string("GET /healthz?x=1 HTTP/1.1\r\n") +
                                                  "Accept: text/plain\r\n" + kClose);
  EXPECT_THAT(get, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(get, HasSubstr("Content-Type: text/x\r\n"));
  EXPECT_THAT(get, HasSubstr("Content-Length: 12\r\n"));
  EXPECT_THAT(get, EndsWith("\r\n\r\ntext/plain!\n"));
  const std::string head = Ask(server->port(), std::string("HEAD /healthz HTTP/1.1\r\n") + kClose);
  EXPECT_THAT(head, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(head, HasSubstr("Content-Length: 2\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
}

TEST(HttpServer, RefusesWhatItDoesNotHave) {
  const auto server = Serve();
  const struct {
    const char* why;
    std::string request;
    const char* status;
  } cases[] = {
      {"no such page", std::string("GET /etc/passwd HTTP/1.1\r\n") + kClose, "HTTP/1.1 404 "},
      {"no such path", std::string("GET /healthz/../x HTTP/1.1\r\n") + kClose, "HTTP/1.1 404 "},
      {"method", std::string("DELETE /healthz HTTP/1.1\r\n") + kClose, "HTTP/1.1 405 "},
      {"not HTTP", "\x16\x03\x01 hello\r\n\r\n", "HTTP/1.1 400 "},
      {"a body", "POST /healthz HTTP/1.1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
       "HTTP/1.1 400 "},
      {"a long head", "GET /healthz HTTP/1.1\r\nX: " + std::string(10'000, 'x'), "HTTP/1.1 431 "},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Ask(server->port(), c.request), StartsWith(c.status)) << c.why;
  }
}

TEST(HttpServer, AnswersSeveralQuestionsOnOneConnection) {
  const auto server = Serve();
  const std::string both =
      Ask(server->port(), std::string("GET /healthz HTTP/1.1\r\n") + "Accept: a\r\n\r\n" +
                              "GET /healthz HTTP/1.1\r\nAccept: b\r\n" + kClose);
  EXPECT_THAT(both, HasSubstr("a!\n"));
  EXPECT_THAT(both, EndsWith("b!\n"));
}

TEST(HttpServer, LeavesSlowClientsSoThatOthersAreAnswered) {
  const auto server = Serve({.connections_max = 4, .request_limit = Milliseconds(100)});
  std::vector<Descriptor> slow;
  for (int i = 0; i < 12; ++i) {
    slow.push_back(Connect(server->port()));
    Say(slow.back(), "G");
  }
  EXPECT_THAT(Ask(server->port(), std::string("GET /healthz HTTP/1.1\r\n") + kClose),
              StartsWith("HTTP/1.1 503 "));
  for (const Descriptor& client : slow) EXPECT_EQ(Hear(client), "");
}

TEST(HttpServer, EndsWithOpenConnections) {
  auto server = Serve();
  const Descriptor idle = Connect(server->port());
  Say(idle, "GET /heal");
  server.reset();
  EXPECT_EQ(Hear(idle), "");
}

TEST(HttpServer, SaysWhyItCannotListen) {
  const auto server = Serve();
  EXPECT_THAT(Server::Start({.listen = fmt::format("127.0.0.1:{}", server->port())}, {}).status(),
              StatusIs(Code::kUnavailable, HasSubstr("--http")));
  for (const char* bad : {"", "9464", "localhost:9464", "127.0.0.1:", "127.0.0.1:99999"}) {
    EXPECT_THAT(Server::Start({.listen = bad}, {}).status(), StatusIs(Code::kInvalidArgument))
        << bad;
  }
}

}  // namespace
}  // namespace renkei::http
