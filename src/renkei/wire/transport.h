// SPDX-License-Identifier: Apache-2.0
// HTTP/2 settings of both sides: windows that bound memory, pings that keep NATs open.
#pragma once

#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include "renkei/base/clock.h"

namespace renkei::wire {

// `keepalive`: a connection that is silent for so long is pinged, and given up after as long again
// without an answer. `handshake_limit`: for TLS and the first frame of HTTP/2.
void ConfigureServer(grpc::ServerBuilder& builder, Milliseconds keepalive,
                     Milliseconds handshake_limit);
grpc::ChannelArguments ClientArguments(Milliseconds keepalive);

}  // namespace renkei::wire
