// SPDX-License-Identifier: Apache-2.0
// A TCP proxy on loopback that behaves like the worst link: it cuts each connection after some
// bytes, or stops moving them while the connection stays up.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace renkei::link {

class CuttingProxy {
 public:
  // Every connection is cut once `cut_after_bytes` went through it, both directions together.
  // 0: never.
  explicit CuttingProxy(int target_port, uint64_t cut_after_bytes = 0);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  int port() const { return port_; }
  int connections() const { return connections_; }
  uint64_t carried_bytes() const { return carried_bytes_; }  // of all connections
  void SetCutAfter(uint64_t bytes) { cut_after_bytes_ = bytes; }
  void SetTarget(int port) { target_port_ = port; }  // of connections from now on
  // Connection `number` (from 1) moves nothing more once `after_bytes` went through it; nothing
  // is closed.
  void StallConnection(int number, uint64_t after_bytes) {
    stall_after_bytes_ = after_bytes;
    stalled_connection_ = number;
  }

 private:
  void Accept(std::stop_token stop);
  void Carry(std::stop_token stop, int client, int number);

  std::atomic<int> target_port_;
  std::atomic<uint64_t> cut_after_bytes_;
  std::atomic<uint64_t> stall_after_bytes_ = 0;
  std::atomic<int> stalled_connection_ = 0;
  std::atomic<uint64_t> carried_bytes_ = 0;
  std::atomic<int> connections_ = 0;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<std::jthread> carriers_;
  std::jthread acceptor_;
};

// A connected socket to a port of loopback; -1 on failure.
int ConnectTo(int port);

}  // namespace renkei::link
