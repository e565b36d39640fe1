// SPDX-License-Identifier: Apache-2.0
// A small HTTP/1.1 server for the pages of one process: GET and HEAD, no body, no TLS, one thread.
// It is meant for the machine itself or a network that is watched over: it asks nobody who he is.
//
// Connections are bounded, and each request has a limit in time from its first byte to its last,
// so that slow clients cost a socket each and nobody's time. Beyond the bound, newcomers wait.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"
#include "renkei/http/page.h"

namespace renkei::http {

struct ServerOptions {
  std::string listen = "127.0.0.1:0";  // numeric address and port; port 0 takes a free one
  size_t connections_max = 64;
  // For a request to come, idle time before it included, and again for its answer to go.
  Milliseconds request_limit{5'000};
};

class Server {
 public:
  //   INVALID_ARGUMENT  `listen` is no address:port
  //   UNAVAILABLE       the address is in use, or not of this machine
  static StatusOr<std::unique_ptr<Server>> Start(ServerOptions options, Pages pages);
  // Ends at once; answers under way are cut.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;

 private:
  class Loop;  // Boost.Beast
  explicit Server(std::unique_ptr<Loop> loop);

  std::unique_ptr<Loop> loop_;
};

}  // namespace renkei::http
