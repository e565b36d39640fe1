// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/protocol.h"

#include <algorithm>

namespace renkei::wire {

StatusOr<uint32_t> AgreeOnProtocol(ProtocolRange server, ProtocolRange client,
                                   std::string_view client_version) {
  if (client.min == 0 || client.min > client.max) {
    return Error(Code::kInvalidArgument, "protocol versions {} to {} are not a range", client.min,
                 client.max);
  }
  const uint32_t agreed = std::min(server.max, client.max);
  if (agreed < std::max(server.min, client.min)) {
    return Error(Code::kFailedPrecondition,
                 "the coordinator speaks protocol {} to {}, the caller (renkei {}) speaks {} to "
                 "{}: upgrade the {}",
                 server.min, server.max, client_version, client.min, client.max,
                 client.max < server.min ? "caller" : "coordinator");
  }
  return agreed;
}

}  // namespace renkei::wire
