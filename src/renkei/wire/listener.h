// SPDX-License-Identifier: Apache-2.0
// Accepts the connections of one address, so many at a time, and hands them on. gRPC owns what it
// is handed; a second descriptor of each connection tells here when it has ended, and ends it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/descriptor.h"
#include "renkei/base/status.h"
#include "renkei/wire/connection_table.h"

namespace renkei::wire {

// How many connections may be open: `wish`, or what is left of the limit of open files (two for
// each connection) after those that the rest of the process needs.
size_t AffordableConnections(size_t wish);

class Listener {
 public:
  // Called from the listener's thread; owns the connected, non-blocking socket.
  using Take = std::function<void(int socket)>;

  // Binds "host:port" or "[v6]:port", alone; port 0 takes a free one. "[::]" is every address of
  // both families. Connections wait until Start.
  //   INVALID_ARGUMENT  not of that form
  //   UNAVAILABLE       in use, or no address of this machine
  static StatusOr<std::unique_ptr<Listener>> Open(const std::string& address);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  // `table` and `clock` outlive the listener.
  void Start(ConnectionTable& table, Clock& clock, Take take);
  // Accepts no more and does not listen any longer. Connections that were handed on live on.
  void Stop();

 private:
  Listener(std::vector<Descriptor> sockets, int port, Descriptor epoll, Descriptor wake)
      : sockets_(std::move(sockets)),
        port_(port),
        epoll_(std::move(epoll)),
        wake_(std::move(wake)) {}

  void Serve(const std::stop_token& stop);
  void AcceptFrom(int socket);
  void Admit(Descriptor connection, const Endpoint& remote);
  void Hear(uint64_t id);
  void End(uint64_t id, bool by_us);
  void Complain(const char* event, const char* reason);

  std::vector<Descriptor> sockets_;
  int port_;
  Descriptor epoll_;
  Descriptor wake_;
  ConnectionTable* table_ = nullptr;
  Clock* clock_ = nullptr;
  Take take_;
  std::map<uint64_t, Descriptor> open_;  // of the thread
  uint64_t next_id_ = 0;
  uint64_t turned_away_ = 0;  // since the last complaint
  Milliseconds complained_{0};
  std::jthread thread_;
};

}  // namespace renkei::wire
