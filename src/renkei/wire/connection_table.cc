// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/connection_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace renkei::wire {
namespace {

constexpr std::string_view kOpen = "%5B";
constexpr std::string_view kClose = "%5D";
constexpr size_t kNetworkBytes = 8;  // of a v6 address: what one subscriber is given

// The oldest member of the largest group above `share`; of groups of one size, the oldest of all.
std::optional<uint64_t> OldestOfLargest(const std::map<std::string, std::set<uint64_t>>& groups,
                                        size_t share) {
  size_t largest = share + 1;
  std::optional<uint64_t> oldest;
  for (const auto& [name, members] : groups) {
    if (members.size() < largest) continue;
    if (!oldest || members.size() > largest || *members.begin() < *oldest) {
      oldest = *members.begin();
    }
    largest = members.size();
  }
  return oldest;
}

}  // namespace

std::optional<Endpoint> Endpoint::FromGrpc(std::string_view peer) {
  const bool is_v6 = peer.starts_with("ipv6:");
  if (!is_v6 && !peer.starts_with("ipv4:")) return std::nullopt;
  peer.remove_prefix(5);
  const size_t colon = peer.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view address = peer.substr(0, colon);
  const std::string_view port = peer.substr(colon + 1);
  if (is_v6 && address.starts_with(kOpen) && address.ends_with(kClose)) {
    address = address.substr(kOpen.size(), address.size() - kOpen.size() - kClose.size());
  }
  Endpoint endpoint{.address = std::string(address)};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
  return endpoint;
}

std::string Endpoint::Neighbourhood() const {
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) != 1) return address;
  std::fill(std::begin(v6.s6_addr) + kNetworkBytes, std::end(v6.s6_addr), uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, &v6, text.data(), text.size());
  return std::string(text.data()) + "/64";
}

std::optional<uint64_t> ConnectionTable::Enter(uint64_t id, const Endpoint& remote) {
  const std::lock_guard lock(mutex_);
  Connection& connection = connections_[id];
  connection = {.remote = remote, .is_known = false, .group = remote.Neighbourhood(), .bytes = 0};
  by_remote_[remote] = id;
  strangers_[connection.group].insert(id);
  if (connections_.size() <= connections_max_) return std::nullopt;
  auto displaced = OldestOfLargest(known_, kIdentityShare);
  if (!displaced) displaced = OldestOfLargest(strangers_, 0);
  Remove(*displaced);
  return displaced;
}

std::optional<uint64_t> ConnectionTable::Receive(uint64_t id, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.is_known) return std::nullopt;
  strangers_bytes_ += bytes - std::exchange(found->second.bytes, bytes);
  std::optional<uint64_t> loudest;
  if (bytes > kStrangerBytesMax) loudest = id;
  if (!loudest && strangers_bytes_ > kStrangersBytesMax) {
    const auto quieter = [](const auto& a, const auto& b) {
      return a.second.bytes < b.second.bytes;
    };
    loudest = std::ranges::max_element(connections_, quieter)->first;
  }
  if (loudest) Remove(*loudest);
  return loudest;
}

void ConnectionTable::Identify(const Endpoint& remote, const std::string& identity) {
  const std::lock_guard lock(mutex_);
  const auto found = by_remote_.find(remote);
  if (found == by_remote_.end()) return;
  const uint64_t id = found->second;
  Connection& connection = connections_.at(id);
  if (connection.is_known && connection.group == identity) return;
  Groups& before = GroupsOf(connection);
  before[connection.group].erase(id);
  if (before[connection.group].empty()) before.erase(connection.group);
  strangers_bytes_ -= std::exchange(connection.bytes, 0);
  connection.is_known = true;
  connection.group = identity;
  known_[identity].insert(id);
}

void ConnectionTable::Leave(uint64_t id) {
  const std::lock_guard lock(mutex_);
  Remove(id);
}

void ConnectionTable::Remove(uint64_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const Connection& connection = found->second;
  Groups& groups = GroupsOf(connection);
  groups[connection.group].erase(id);
  if (groups[connection.group].empty()) groups.erase(connection.group);
  strangers_bytes_ -= connection.bytes;
  // A port that the far end has used again names the later connection.
  const auto named = by_remote_.find(connection.remote);
  if (named != by_remote_.end() && named->second == id) by_remote_.erase(named);
  connections_.erase(found);
}

bool ConnectionTable::IsKnown(uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(id);
  return found != connections_.end() && found->second.is_known;
}

size_t ConnectionTable::size() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

size_t ConnectionTable::strangers() const {
  const std::lock_guard lock(mutex_);
  size_t count = 0;
  for (const auto& [group, members] : strangers_) count += members.size();
  return count;
}

}  // namespace renkei::wire
