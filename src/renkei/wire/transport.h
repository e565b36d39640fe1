// SPDX-License-Identifier: Apache-2.0
// HTTP/2 settings of both sides: windows that bound memory, pings that keep NATs open.
#pragma once

#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

namespace renkei::wire {

void ConfigureServer(grpc::ServerBuilder& builder);
grpc::ChannelArguments ClientArguments();

}  // namespace renkei::wire
