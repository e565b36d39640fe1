// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/listen_address.h"

#include <cerrno>
#include <memory>
#include <netdb.h>
#include <system_error>
#include <unistd.h>

#include <sys/socket.h>

namespace renkei::wire {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses Resolve(const std::string& host, const std::string& port) {
  addrinfo wish{};
  wish.ai_socktype = SOCK_STREAM;
  wish.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &wish, &found) != 0) found = nullptr;
  return {found, &freeaddrinfo};
}

// The errno of binding alone; 0 when it can be had.
int BindAlone(const addrinfo& address) {
  const int made = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) return errno;
  const int on = 1;  // connections of the past in TIME_WAIT do not count
  setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const int error = bind(made, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  close(made);
  return error;
}

}  // namespace

Status CheckFree(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return Error(Code::kInvalidArgument, "{} is not an address to listen on: expected host:port",
                 address);
  }
  std::string host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const Addresses found = Resolve(host, address.substr(colon + 1));
  if (found == nullptr) {
    return Error(Code::kUnavailable, "cannot listen on {}: not a known address", address);
  }
  if (const int error = BindAlone(*found); error != 0) {
    return Error(Code::kUnavailable, "cannot listen on {}: {}", address,
                 std::generic_category().message(error));
  }
  return Ok();
}

}  // namespace renkei::wire
