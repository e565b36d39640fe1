// SPDX-License-Identifier: Apache-2.0
// HTTP/2 settings of both sides: windows that bound memory, pings that keep NATs open.
#pragma once

#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include "renkei/base/clock.h"

namespace renkei::wire {

void ConfigureServer(grpc::ServerBuilder& builder, Milliseconds handshake_limit);
grpc::ChannelArguments ClientArguments();

}  // namespace renkei::wire
