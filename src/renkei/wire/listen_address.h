// SPDX-License-Identifier: Apache-2.0
// Addresses to listen on.
#pragma once

#include <string>

#include "renkei/base/status.h"

namespace renkei::wire {

// Whether "host:port" or "[v6]:port" can be had alone. gRPC shares ports (SO_REUSEPORT), which a
// renewed leaf needs for a moment; two coordinators on one port would each get half of the calls.
//   INVALID_ARGUMENT  not of that form
//   UNAVAILABLE       in use, or no address of this machine
Status CheckFree(const std::string& address);

}  // namespace renkei::wire
