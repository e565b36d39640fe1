// SPDX-License-Identifier: Apache-2.0
// Errors across the wire: absl's codes are numerically gRPC's, so nothing is lost either way.
#pragma once

#include <grpcpp/support/status.h>

#include "renkei/base/status.h"

namespace renkei::wire {

// Messages longer than kErrorBytesMax are cut; control characters become '?'.
grpc::Status ToGrpc(const Status& status);
Status FromGrpc(const grpc::Status& status);

}  // namespace renkei::wire
