// SPDX-License-Identifier: Apache-2.0
// Which connections are open, whose they are, and which one goes when there is one too many.
//
// A connection is a stranger's until a call on it has proved who is there. The one that goes is
// the oldest of an identity that has more than its share, else the oldest stranger of the address
// that has most of them. So nobody without a certificate displaces somebody with one, no address
// another that has fewer, and a newcomer has the time that as many others take to come.
//
// A stranger has little to say, and all strangers together not much: messages are read whole
// before it shows who sends them, and memory is everybody's.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace renkei::wire {

inline constexpr size_t kIdentityShare = 64;  // connections; a peer needs two
// A peer can send what the window of a stream holds (4 MiB) before its first call is looked at.
inline constexpr uint64_t kStrangerBytesMax = 8 << 20;
inline constexpr uint64_t kStrangersBytesMax = 32 << 20;

// The far end of a connection. `address` is numeric; a v4 address in v6 clothes is a v4 address.
struct Endpoint {
  std::string address;
  int port = 0;

  // "ipv4:192.0.2.1:7400", "ipv6:%5B2001:db8::1%5D:7400": what gRPC calls the peer of a call.
  static std::optional<Endpoint> FromGrpc(std::string_view peer);
  // Who counts as one: a v4 address, the /64 of a v6 address.
  std::string Neighbourhood() const;
  auto operator<=>(const Endpoint&) const = default;
};

// Thread-safe.
class ConnectionTable {
 public:
  explicit ConnectionTable(size_t connections_max) : connections_max_(connections_max) {}

  // Connection `id`, larger than any before, from `remote`. When that is one too many: the one
  // that has left the table for it and is to be closed, the new one itself at worst.
  std::optional<uint64_t> Enter(uint64_t id, const Endpoint& remote);
  // So much has come on connection `id` since it is open. When that is too much: the connection
  // that has left the table and is to be closed, which is the stranger that has sent most.
  std::optional<uint64_t> Receive(uint64_t id, uint64_t bytes);
  // A call from `remote` proved to be `identity`'s.
  void Identify(const Endpoint& remote, const std::string& identity);
  // Closed. One that is not here is fine.
  void Leave(uint64_t id);

  bool IsKnown(uint64_t id) const;
  size_t size() const;
  size_t strangers() const;

 private:
  struct Connection {
    Endpoint remote;
    bool is_known = false;
    std::string group;   // the neighbourhood of a stranger, or the identity
    uint64_t bytes = 0;  // received from a stranger
  };
  using Groups = std::map<std::string, std::set<uint64_t>>;

  Groups& GroupsOf(const Connection& connection) {
    return connection.is_known ? known_ : strangers_;
  }
  void Remove(uint64_t id);  // from all that follows

  const size_t connections_max_;
  mutable std::mutex mutex_;
  std::map<uint64_t, Connection> connections_;
  std::map<Endpoint, uint64_t> by_remote_;
  Groups strangers_;
  Groups known_;
  uint64_t strangers_bytes_ = 0;
};

}  // namespace renkei::wire
