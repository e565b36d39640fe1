// SPDX-License-Identifier: Apache-2.0
#include "cutting_proxy.h"

#include <array>
#include <poll.h>
#include <stop_token>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace renkei::link {
namespace {

constexpr int kPollMs = 20;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool SendAll(int socket, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(socket, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
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

void CuttingProxy::Carry(std::stop_token stop, int client, int number) {
  const int server = ConnectTo(target_port_);
  std::array<pollfd, 2> ends = {pollfd{.fd = client, .events = POLLIN, .revents = 0},
                                pollfd{.fd = server, .events = POLLIN, .revents = 0}};
  std::array<char, 16384> window;
  uint64_t carried = 0;
  bool open = server >= 0;
  while (open && !stop.stop_requested()) {
    if (number == stalled_connection_ && carried >= stall_after_bytes_) {
      poll(nullptr, 0, kPollMs);
      continue;
    }
    if (poll(ends.data(), ends.size(), kPollMs) <= 0) continue;
    for (size_t i = 0; i < ends.size() && open; ++i) {
      if (ends[i].revents == 0) continue;
      const ssize_t got = recv(ends[i].fd, window.data(), window.size(), 0);
      open = got > 0 && SendAll(ends[1 - i].fd, window.data(), static_cast<size_t>(got));
      if (open) carried += static_cast<uint64_t>(got);
      if (open) carried_bytes_ += static_cast<uint64_t>(got);
      const uint64_t cut_after = cut_after_bytes_;
      if (cut_after != 0 && carried >= cut_after) open = false;
    }
  }
  Break(client);
  if (server >= 0) Break(server);
}

}  // namespace renkei::link
