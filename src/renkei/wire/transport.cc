// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/transport.h"

#include <string>

#include <grpc/grpc.h>

#include "renkei/wire/protocol.h"

namespace renkei::wire {
namespace {

// What the other side may send ahead on one stream. A connection's own window is 64 KiB and the
// message that is being read: one chunk is under way, and memory is bounded. gRPC's probe of the
// link would open that window, but by what it measures and not by what we can hold: buffers then
// run full, and gRPC fails the calls of others.
constexpr int kWindowBytes = 4 << 20;
constexpr int kFrameBytes = (1 << 20) + 4096;  // a chunk in one frame
constexpr int kStreamsPerConnectionMax = 64;
constexpr int kReconnectFirstMs = 100;
constexpr int kReconnectCapMs = 10'000;

template <typename Set>
void ForBothSides(Milliseconds keepalive, Set set) {
  set(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(keepalive.count()));
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(keepalive.count()));
  set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  set(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // no limit
  set(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  set(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindowBytes);
  set(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kFrameBytes);
  set(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, static_cast<int>(kMessageBytesMax));
  set(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, static_cast<int>(kMessageBytesMax));
}

}  // namespace

void ConfigureServer(grpc::ServerBuilder& builder, Milliseconds keepalive,
                     Milliseconds handshake_limit) {
  ForBothSides(keepalive,
               [&](const char* name, int value) { builder.AddChannelArgument(name, value); });
  // A peer that pings more than twice as often as it should is sent away.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             static_cast<int>(keepalive.count() / 2));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(handshake_limit.count()));
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
}

grpc::ChannelArguments ClientArguments(Milliseconds keepalive) {
  grpc::ChannelArguments arguments;
  ForBothSides(keepalive, [&](const char* name, int value) { arguments.SetInt(name, value); });
  arguments.SetSslTargetNameOverride(std::string(kTlsName));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectCapMs);
  // Bulk data and long polls each get a connection of their own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // ours know what may be sent twice
  // Neither the environment nor DNS records steer where a site connects.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return arguments;
}

}  // namespace renkei::wire
