// SPDX-License-Identifier: Apache-2.0
// The coordinator's gRPC server: TLS 1.3 alone, a client certificate asked for but not required
// (joining is anonymous), every other call only from a peer whose chain ends in the root of its
// own party (docs/formats/wire.md). Connections, threads, streams, messages and buffers are
// bounded; who is turned away when there are too many, connection_table.h says.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"
#include "renkei/wire/desk.h"
#include "renkei/wire/protocol.h"

namespace renkei::wire {

inline constexpr size_t kConnectionsMax = 1000;

struct ServerOptions {
  std::string listen = "127.0.0.1:0";  // host:port; port 0 takes a free one
  std::string chain_pem;               // the coordinator's leaf and its issuer
  std::string key_pem;
  ProtocolRange protocols = kProtocols;
  Milliseconds stall_limit{60'000};     // a transfer that stands still for longer is broken
  Milliseconds keepalive = kKeepalive;  // a silent connection is pinged, and left after twice that
  // From the first byte to the end of TLS and the first frame of HTTP/2.
  Milliseconds handshake_limit{10'000};
  // Fewer where the process may not open as many files; a warning says so.
  size_t connections_max = kConnectionsMax;
};

class Server {
 public:
  virtual ~Server() = default;  // Shutdown, if that has not been called

  virtual int port() const = 0;
  // Open connections, those of strangers too.
  virtual size_t connections() const = 0;
  // Goes on with a renewed leaf: new connections see it, old ones are asked to reconnect when
  // their calls are done. On error the old leaf stays.
  virtual Status Renew(const std::string& chain_pem, const std::string& key_pem) = 0;
  // Takes no new calls, lets short ones end within `grace`, and breaks long polls and transfers,
  // which their peers resume elsewhere or later. Returns when no call runs any more.
  virtual void Shutdown(Milliseconds grace) = 0;
};

//   INVALID_ARGUMENT  the certificate does not prove a coordinator now, or the key is not its own
//   UNAVAILABLE       cannot listen on the address: in use, or not of this machine
// `desk` and `clock` outlive the server.
StatusOr<std::unique_ptr<Server>> StartServer(ServerOptions options, Desk& desk, Clock& clock);

}  // namespace renkei::wire
