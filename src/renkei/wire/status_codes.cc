// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/status_codes.h"

#include <string>

#include "renkei/wire/protocol.h"

namespace renkei::wire {

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  std::string message = Message(status);
  if (message.size() > kErrorBytesMax) {
    size_t end = kErrorBytesMax - 3;
    while ((message[end] & 0xC0) == 0x80) --end;  // not in the middle of a UTF-8 character
    message.resize(end);
    message += "...";
  }
  for (char& c : message) {
    if ((c >= 0 && c < ' ') || c == 0x7F) c = '?';
  }
  return {static_cast<grpc::StatusCode>(status.code()), message};
}

Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return Ok();
  return MakeError(static_cast<Code>(status.error_code()), status.error_message());
}

}  // namespace renkei::wire
