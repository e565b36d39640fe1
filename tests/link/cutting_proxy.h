// SPDX-License-Identifier: Apache-2.0
// A TCP proxy on loopback that behaves like the worst link: it delays and slows what it carries,
// cuts connections, or stops moving them while they stay up.
#pragma once

#include <atomic>
#include <chrono>
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
  // Every connection is cut at this age. 0: never.
  void SetCutAtAge(std::chrono::milliseconds age) { cut_at_age_ = age; }
  // What comes in goes out so much later, each way.
  void SetDelay(std::chrono::milliseconds each_way) { delay_ = each_way; }
  // Of each connection, each way; 0: as fast as it goes.
  void SetRate(uint64_t bytes_per_second) { rate_ = bytes_per_second; }
  void SetTarget(int port) { target_port_ = port; }  // of connections from now on
  // Connection `number` (from 1) moves nothing more once `after_bytes` went through it; nothing
  // is closed.
  void StallConnection(int number, uint64_t after_bytes) {
    stall_after_bytes_ = after_bytes;
    stalled_connection_ = number;
  }
  // All connections of now move nothing more and stay open, as behind a NAT that has forgotten
  // them. New ones work.
  void ForgetConnections() { forgotten_ = connections_.load(); }

 private:
  void Accept(std::stop_token stop);
  void Carry(std::stop_token stop, int client, int number);
  bool StandsStill(int number, uint64_t carried) const;

  std::atomic<int> target_port_;
  std::atomic<uint64_t> cut_after_bytes_;
  std::atomic<std::chrono::milliseconds> cut_at_age_{};
  std::atomic<std::chrono::milliseconds> delay_{};
  std::atomic<uint64_t> rate_ = 0;
  std::atomic<uint64_t> stall_after_bytes_ = 0;
  std::atomic<int> stalled_connection_ = 0;
  std::atomic<int> forgotten_ = 0;  // connections up to this number
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
