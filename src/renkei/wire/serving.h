// SPDX-License-Identifier: Apache-2.0
// What all calls of one server share.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <grpcpp/server_context.h>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"
#include "renkei/identity/peer_id.h"
#include "renkei/wire/connection_table.h"
#include "renkei/wire/desk.h"
#include "renkei/wire/doorkeeper.h"
#include "renkei/wire/protocol.h"
#include "renkei/wire/stall_watch.h"
#include "renkei/wire/transfer_table.h"

namespace renkei::wire {

// Each holds a thread; the ones beyond get an empty page at once and come back.
inline constexpr int kLongPollsMax = 160;
inline constexpr int kThreadsMax = 256;

struct Serving {
  Serving(Desk& desk_in, Clock& clock_in, ProtocolRange protocols_in, Milliseconds stall_limit,
          size_t connections_max)
      : desk(desk_in),
        clock(clock_in),
        protocols(protocols_in),
        connections(connections_max),
        door(desk_in, clock_in),
        stalls(clock_in, stall_limit) {}

  Desk& desk;
  Clock& clock;
  const ProtocolRange protocols;
  ConnectionTable connections;
  Doorkeeper door;
  StallWatch stalls;
  TransferTable transfers;
  std::atomic<int> long_polls = 0;
  std::atomic<bool> closing = false;
};

enum class Access { kAnyone, kPeers };

// The caller of a call that may begin: not while the server closes, not without an agreed
// protocol (Hello alone agrees on one), not without an identity where one is needed.
StatusOr<identity::PeerId> Begin(Serving& serving, const grpc::ServerContext& context,
                                 Access access);
StatusOr<identity::PeerId> BeginHello(Serving& serving, const grpc::ServerContext& context);

}  // namespace renkei::wire
