// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/listener.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netdb.h>
#include <optional>
#include <poll.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "renkei/base/log.h"

namespace renkei::wire {
namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptsAtOnce = 64;
constexpr int kEventsAtOnce = 128;
constexpr unsigned kAnswerMs =
    20'000;  // data that is not acknowledged for longer ends a connection
constexpr size_t kFilesOfTheRest = 256;  // ledger, blobs, logs
constexpr size_t kFilesPerConnection = 2;
constexpr int kShortOfFilesPauseMs = 100;
constexpr Milliseconds kComplainEvery{60'000};

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses Resolve(const std::string& host, const std::string& port) {
  addrinfo wish{};
  wish.ai_socktype = SOCK_STREAM;
  wish.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &wish, &found) != 0) found = nullptr;
  return {found, &freeaddrinfo};
}

void SetPort(sockaddr* address, int port) {
  const uint16_t number = htons(static_cast<uint16_t>(port));
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = number;
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = number;
  }
}

int PortOf(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                           : reinterpret_cast<sockaddr_in&>(bound).sin_port);
}

// A listening socket, or the errno of what failed.
struct Bound {
  Descriptor socket;
  int error = 0;
};

// Connections inherit the options of TCP from the socket that they come in by.
Bound BindTo(const addrinfo& address) {
  Descriptor made(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (made.get() < 0) return {.socket = Descriptor(), .error = errno};
  const int on = 1;
  const int off = 0;
  // Connections of the past in TIME_WAIT do not count.
  setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(made.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kAnswerMs, sizeof kAnswerMs);
  if (address.ai_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(*address.ai_addr);
    const bool any = IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr);
    setsockopt(made.get(), IPPROTO_IPV6, IPV6_V6ONLY, any ? &off : &on, sizeof on);
  }
  if (bind(made.get(), address.ai_addr, address.ai_addrlen) != 0 ||
      listen(made.get(), kBacklog) != 0) {
    return {.socket = Descriptor(), .error = errno};
  }
  return {.socket = std::move(made)};
}

// One socket for each address of the name that this machine has, all on the port of the first.
StatusOr<std::vector<Descriptor>> BindAll(const std::string& host, const std::string& port) {
  const Addresses found = Resolve(host, port);
  if (found == nullptr) return Error(Code::kUnavailable, "not a known address");
  std::vector<Descriptor> sockets;
  int missing = 0;
  for (const addrinfo* one = found.get(); one != nullptr; one = one->ai_next) {
    if (!sockets.empty()) SetPort(one->ai_addr, PortOf(sockets.front().get()));
    Bound bound = BindTo(*one);
    if (bound.error == 0) {
      sockets.push_back(std::move(bound.socket));
    } else if (bound.error == EAFNOSUPPORT || bound.error == EADDRNOTAVAIL) {
      missing = bound.error;
    } else {
      return Error(Code::kUnavailable, "{}", std::generic_category().message(bound.error));
    }
  }
  if (!sockets.empty()) return sockets;
  if (host == "::") return BindAll("0.0.0.0", port);  // a machine without IPv6
  return Error(Code::kUnavailable, "{}", std::generic_category().message(missing));
}

Endpoint EndpointOf(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return {.address = text.data(), .port = ntohs(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return {.address = text.data(), .port = ntohs(v6.sin6_port)};
}

bool Watch(int epoll, int fd, uint32_t events, uint64_t id) {
  epoll_event wish{.events = events, .data = {.u64 = id}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wish) == 0;
}

constexpr uint64_t kWakeId = 0;  // of the events; then the sockets, then the connections

}  // namespace

size_t AffordableConnections(size_t wish) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return wish;
  const size_t rest = std::min<size_t>(kFilesOfTheRest, files.rlim_cur / 2);
  return std::min(wish, (files.rlim_cur - rest) / kFilesPerConnection);
}

StatusOr<std::unique_ptr<Listener>> Listener::Open(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return Error(Code::kInvalidArgument, "{} is not an address to listen on: expected host:port",
                 address);
  }
  std::string host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  auto bound = BindAll(host, address.substr(colon + 1));
  if (!bound.ok()) return Annotate(bound.status(), "cannot listen on " + address);
  std::vector<Descriptor> sockets = *std::move(bound);
  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  bool watched = Watch(epoll.get(), wake.get(), EPOLLIN, kWakeId);
  for (size_t i = 0; i < sockets.size() && watched; ++i) {
    watched = Watch(epoll.get(), sockets[i].get(), EPOLLIN, i + 1);
  }
  if (!watched) {
    return Error(Code::kResourceExhausted, "cannot listen on {}: {}", address,
                 std::generic_category().message(errno));
  }
  const int port = PortOf(sockets.front().get());
  return std::unique_ptr<Listener>(
      new Listener(std::move(sockets), port, std::move(epoll), std::move(wake)));
}

Listener::~Listener() { Stop(); }

void Listener::Start(ConnectionTable& table, Clock& clock, Take take) {
  table_ = &table;
  clock_ = &clock;
  take_ = std::move(take);
  complained_ = clock.Monotonic() - kComplainEvery;
  next_id_ = sockets_.size() + 1;
  thread_ = std::jthread([this](const std::stop_token& stop) { Serve(stop); });
}

void Listener::Stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
    thread_.join();
  }
  sockets_.clear();
  open_.clear();
}

void Listener::Serve(const std::stop_token& stop) {
  std::array<epoll_event, kEventsAtOnce> events;
  while (!stop.stop_requested()) {
    const int count = epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, -1);
    // Ends first: they make room for those that come.
    for (int i = 0; i < count; ++i) {
      const uint64_t id = events[i].data.u64;
      if (id <= sockets_.size()) continue;
      if ((events[i].events & EPOLLHUP) != 0) {
        End(id, /*by_us=*/false);
      } else {
        Hear(id);
      }
    }
    for (int i = 0; i < count && !stop.stop_requested(); ++i) {
      const uint64_t id = events[i].data.u64;
      if (id != kWakeId && id <= sockets_.size()) AcceptFrom(sockets_[id - 1].get());
    }
  }
}

void Listener::AcceptFrom(int socket) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    sockaddr_storage remote{};
    socklen_t size = sizeof remote;
    Descriptor connection(
        accept4(socket, reinterpret_cast<sockaddr*>(&remote), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connection.get() >= 0) {
      Admit(std::move(connection), EndpointOf(remote));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      Complain("wire.cannot-accept", std::generic_category().message(errno).c_str());
      pollfd woken{.fd = wake_.get(), .events = POLLIN, .revents = 0};
      poll(&woken, 1, kShortOfFilesPauseMs);
    }
    // Else: nobody waits any more, or the one that did is gone.
    return;
  }
}

void Listener::Admit(Descriptor connection, const Endpoint& remote) {
  const uint64_t id = next_id_++;
  // Tells when something comes, and when both directions are shut: gRPC shuts them before it
  // closes its descriptor.
  Descriptor watched(fcntl(connection.get(), F_DUPFD_CLOEXEC, 0));
  if (!Watch(epoll_.get(), watched.get(), EPOLLIN | EPOLLET, id)) {
    Complain("wire.cannot-accept", std::generic_category().message(errno).c_str());
    return;
  }
  const auto displaced = table_->Enter(id, remote);
  if (displaced) {
    ++turned_away_;
    Complain("wire.connections-full", "the oldest unidentified connections are closed");
  }
  open_.emplace(id, std::move(watched));
  if (displaced) End(*displaced, /*by_us=*/true);
  if (displaced != id) take_(connection.Release());
}

// How much a stranger says matters; what a peer says does not concern us.
void Listener::Hear(uint64_t id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  const int watched = found->second.get();
  if (table_->IsKnown(id)) {
    epoll_event end_only{.events = EPOLLET, .data = {.u64 = id}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, watched, &end_only);
    return;
  }
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(watched, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
  const auto loudest = table_->Receive(id, info.tcpi_bytes_received);
  if (!loudest) return;
  ++turned_away_;
  Complain("wire.strangers-loud", "the unidentified connections that send most are closed");
  End(*loudest, /*by_us=*/true);
}

// With `by_us`, gRPC sees the end of the stream and closes its own descriptor.
void Listener::End(uint64_t id, bool by_us) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  if (by_us) shutdown(found->second.get(), SHUT_RDWR);
  // Removed by hand: an epoll forgets a socket only with its last descriptor.
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.get(), nullptr);
  open_.erase(found);
  table_->Leave(id);
}

// Strangers can cause this at will: once a minute is enough.
void Listener::Complain(const char* event, const char* reason) {
  const Milliseconds now = clock_->Monotonic();
  if (now - complained_ < kComplainEvery) return;
  complained_ = now;
  log::Warn(event, {{"open", table_->size()},
                    {"strangers", table_->strangers()},
                    {"turned_away", std::exchange(turned_away_, 0)},
                    {"reason", reason}});
}

}  // namespace renkei::wire
