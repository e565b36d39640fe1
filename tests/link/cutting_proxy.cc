// SPDX-License-Identifier: Apache-2.0
#include "cutting_proxy.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <poll.h>
#include <stop_token>
#include <string>
#include <time.h>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace renkei::link {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kPollMs = 20;
constexpr size_t kPieceBytes = 16 << 10;
constexpr size_t kHeldBytesMax = 32 << 20;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// One direction of a connection: what came in and when it may go out.
class Way {
 public:
  Way(int from, int to) : from_(from), to_(to) {}

  bool WantsIn(Clock::time_point now) const {
    return !ended_ && held_bytes_ < kHeldBytesMax && now >= next_in_;
  }
  bool WantsOut(Clock::time_point now) const { return !parcels_.empty() && now >= Due(); }
  bool over() const { return broken_ || (ended_ && parcels_.empty()); }

  // The next moment at which one of the two may change by itself.
  Clock::time_point Next(Clock::time_point now) const {
    Clock::time_point next = now + milliseconds(kPollMs);
    if (!parcels_.empty()) next = std::min(next, std::max(now, Due()));
    if (!ended_ && next_in_ > now) next = std::min(next, next_in_);
    return next;
  }

  void TakeIn(Clock::time_point now, milliseconds delay, uint64_t rate) {
    std::string bytes(kPieceBytes, 0);
    const ssize_t got = recv(from_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      ended_ = true;
      return;
    }
    bytes.resize(static_cast<size_t>(got));
    held_bytes_ += bytes.size();
    if (rate > 0) {
      const auto took = std::chrono::nanoseconds(bytes.size() * 1'000'000'000 / rate);
      next_in_ = std::max(next_in_, now - milliseconds(kPollMs)) + took;
    }
    parcels_.push_back({.due = now + delay, .bytes = std::move(bytes)});
  }

  // How many bytes went out.
  uint64_t LetOut() {
    Parcel& parcel = parcels_.front();
    const ssize_t sent =
        send(to_, parcel.bytes.data(), parcel.bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      broken_ = errno != EAGAIN && errno != EINTR;
      return 0;
    }
    held_bytes_ -= static_cast<size_t>(sent);
    parcel.bytes.erase(0, static_cast<size_t>(sent));
    if (parcel.bytes.empty()) parcels_.pop_front();
    return static_cast<uint64_t>(sent);
  }

 private:
  struct Parcel {
    Clock::time_point due;
    std::string bytes;
  };
  Clock::time_point Due() const { return parcels_.front().due; }

  int from_;
  int to_;
  std::deque<Parcel> parcels_;
  size_t held_bytes_ = 0;
  Clock::time_point next_in_{};
  bool ended_ = false;
  bool broken_ = false;
};

timespec UntilNext(Clock::time_point now, Clock::time_point next) {
  const auto pause = std::chrono::duration_cast<std::chrono::nanoseconds>(next - now);
  return {.tv_sec = 0, .tv_nsec = pause.count()};
}

// A reset, as a broken link gives, and not a polite end.
void Break(int socket) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(socket);
}

}  // namespace

int ConnectTo(int port) {
  const int made = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = Loopback(port);
  if (connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(made);
    return -1;
  }
  const int on = 1;
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return made;
}

CuttingProxy::CuttingProxy(int target_port, uint64_t cut_after_bytes)
    : target_port_(target_port), cut_after_bytes_(cut_after_bytes) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(0);
  bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  listen(listener_, 64);
  socklen_t length = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](std::stop_token stop) { Accept(stop); });
}

CuttingProxy::~CuttingProxy() {
  acceptor_.request_stop();
  acceptor_.join();
  const std::lock_guard lock(mutex_);
  carriers_.clear();  // each is asked to stop and joined
  close(listener_);
}

void CuttingProxy::Accept(std::stop_token stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, kPollMs) <= 0) continue;
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    const int number = ++connections_;
    const std::lock_guard lock(mutex_);
    carriers_.emplace_back(
        [this, client, number](std::stop_token own) { Carry(own, client, number); });
  }
}

bool CuttingProxy::StandsStill(int number, uint64_t carried) const {
  return number <= forgotten_ || (number == stalled_connection_ && carried >= stall_after_bytes_);
}

void CuttingProxy::Carry(std::stop_token stop, int client, int number) {
  const int server = ConnectTo(target_port_);
  std::array<Way, 2> ways = {Way(client, server), Way(server, client)};
  const Clock::time_point began = Clock::now();
  uint64_t carried = 0;
  const auto cut = [&](Clock::time_point now) {
    const milliseconds age = cut_at_age_;
    const uint64_t bytes = cut_after_bytes_;
    return (age.count() != 0 && now - began >= age) || (bytes != 0 && carried >= bytes);
  };
  while (server >= 0 && !stop.stop_requested() && !ways[0].over() && !ways[1].over()) {
    Clock::time_point now = Clock::now();
    if (cut(now)) break;
    if (StandsStill(number, carried)) {
      poll(nullptr, 0, kPollMs);
      continue;
    }
    std::array<short, 2> wanted{};
    for (size_t i = 0; i < ways.size(); ++i) {
      if (ways[i].WantsIn(now)) wanted[i] |= POLLIN;
      if (ways[i].WantsOut(now)) wanted[1 - i] |= POLLOUT;
    }
    // An end of which nothing is wanted would wake this by its mere end.
    std::array<pollfd, 2> ends = {
        pollfd{.fd = wanted[0] != 0 ? client : -1, .events = wanted[0], .revents = 0},
        pollfd{.fd = wanted[1] != 0 ? server : -1, .events = wanted[1], .revents = 0}};
    const timespec limit = UntilNext(now, std::min(ways[0].Next(now), ways[1].Next(now)));
    if (ppoll(ends.data(), ends.size(), &limit, nullptr) < 0) continue;
    now = Clock::now();
    for (size_t i = 0; i < ways.size(); ++i) {
      if (ends[i].revents != 0 && ways[i].WantsIn(now)) ways[i].TakeIn(now, delay_, rate_);
      while (ways[i].WantsOut(now) && !cut(now)) {
        const uint64_t sent = ways[i].LetOut();
        carried += sent;
        carried_bytes_ += sent;
        if (sent == 0) break;
      }
    }
  }
  Break(client);
  if (server >= 0) Break(server);
}

}  // namespace renkei::link
