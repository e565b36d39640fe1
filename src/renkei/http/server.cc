// SPDX-License-Identifier: Apache-2.0
#include "renkei/http/server.h"

#include <charconv>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace renkei::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

constexpr size_t kHeadBytesMax = 8 << 10;
constexpr std::chrono::milliseconds kAcceptAgain{200};  // when there are no files left

StatusOr<tcp::endpoint> EndpointOf(const std::string& listen) {
  const auto bad = [&] {
    return Error(Code::kInvalidArgument,
                 "{}: a numeric address and a port are needed, such as 127.0.0.1:9464", listen);
  };
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return bad();
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  uint16_t port = 0;
  const char* const end = listen.data() + listen.size();
  const auto parsed = std::from_chars(listen.data() + colon + 1, end, port);
  if (error || parsed.ec != std::errc() || parsed.ptr != end) return bad();
  return tcp::endpoint(address, port);
}

// What all connections share; all of it is the loop's thread's.
struct Shared {
  const ServerOptions options;
  const Pages pages;
  size_t connections = 0;
  std::function<void()> on_room;  // a connection has ended
};

Answer AnswerTo(const Pages& pages, const beast::http::request<beast::http::empty_body>& request) {
  using beast::http::verb;
  if (request.method() != verb::get && request.method() != verb::head) {
    return {.status = 405, .body = "GET and HEAD alone\n"};
  }
  const std::string target(request.target());
  Question question{.path = target.substr(0, target.find('?')),
                    .accept = std::string(request[beast::http::field::accept])};
  const auto page = pages.find(question.path);
  if (page != pages.end()) return page->second(question);
  Answer answer{.status = 404, .body = "no such page; there are:\n"};
  for (const auto& [path, unused] : pages) answer.body += path + "\n";
  return answer;
}

// Owned by the operations that wait for its socket, so that it ends with the last of them.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared)
      : stream_(std::move(socket)), buffer_(kHeadBytesMax), shared_(shared) {
    ++shared_.connections;
  }
  ~Connection() {
    --shared_.connections;
    if (shared_.on_room) shared_.on_room();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Read() {
    parser_.emplace();
    parser_->header_limit(kHeadBytesMax);
    stream_.expires_after(shared_.options.request_limit);
    beast::http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](beast::error_code error, size_t) { self->Take(error); });
  }

 private:
  void Take(beast::error_code error) {
    using beast::http::error::buffer_overflow;
    using beast::http::error::end_of_stream;
    using beast::http::error::header_limit;
    if (!error) return Write(AnswerTo(shared_.pages, parser_->get()), parser_->keep_alive());
    if (error == end_of_stream || error.category() != make_error_code(end_of_stream).category()) {
      return;  // Gone, or too slow.
    }
    const bool is_long = error == header_limit || error == buffer_overflow;
    Write({.status = is_long ? 431U : 400U, .body = error.message() + "\n"}, false);
  }

  void Write(Answer answer, bool keep_alive) {
    const bool is_head = parser_->get().method() == beast::http::verb::head;
    response_ = {};
    response_.version(11);
    response_.result(answer.status);
    response_.set(beast::http::field::content_type, answer.content_type);
    response_.set(beast::http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    if (answer.status == 405) response_.set(beast::http::field::allow, "GET, HEAD");
    response_.keep_alive(keep_alive);
    response_.content_length(answer.body.size());
    if (!is_head) response_.body() = std::move(answer.body);
    stream_.expires_after(shared_.options.request_limit);
    beast::http::async_write(
        stream_, response_,
        [self = shared_from_this(), keep_alive](beast::error_code error, size_t) {
          if (error) return;
          if (keep_alive) return self->Read();
          self->stream_.socket().shutdown(tcp::socket::shutdown_send, error);
        });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::empty_body>> parser_;
  beast::http::response<beast::http::string_body> response_;
  Shared& shared_;
};

}  // namespace

class Server::Loop {
 public:
  Loop(ServerOptions options, Pages pages)
      : shared_{.options = std::move(options), .pages = std::move(pages), .on_room = {}} {}

  ~Loop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    shared_.on_room = {};  // The context takes its connections with it.
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Status Start() {
    const std::string& listen = shared_.options.listen;
    RK_ASSIGN_OR_RETURN(const tcp::endpoint endpoint, EndpointOf(listen));
    boost::system::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Error(Code::kUnavailable, "{}: cannot listen: {}; choose another port with --http",
                   listen, error.message());
    }
    port_ = acceptor_.local_endpoint().port();
    shared_.on_room = [this] {
      if (!accepting_) Accept();
    };
    Accept();
    thread_ = std::thread([this] { context_.run(); });
    return Ok();
  }

  int port() const { return port_; }

 private:
  void Accept() {
    accepting_ = true;
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) {
        again_.expires_after(kAcceptAgain);
        again_.async_wait([this](boost::system::error_code cancelled) {
          if (!cancelled) Accept();
        });
        return;
      }
      accepting_ = shared_.connections + 1 < shared_.options.connections_max;
      std::make_shared<Connection>(std::move(socket), shared_)->Read();
      if (accepting_) Accept();
    });
  }

  Shared shared_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  asio::steady_timer again_{context_};
  bool accepting_ = false;
  int port_ = 0;
  std::thread thread_;
};

Server::Server(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Server::~Server() = default;

StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options, Pages pages) {
  auto loop = std::make_unique<Loop>(std::move(options), std::move(pages));
  RK_RETURN_IF_ERROR(loop->Start());
  return std::unique_ptr<Server>(new Server(std::move(loop)));
}

int Server::port() const { return loop_->port(); }

}  // namespace renkei::http
