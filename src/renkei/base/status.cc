// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/status.h"

namespace renkei {

Status MakeError(Code code, std::string message) {
  return Status(code, absl::string_view(message.data(), message.size()));
}

std::string Message(const Status& status) {
  return std::string(status.message().data(), status.message().size());
}

std::string Text(const Status& status) {
  if (status.ok()) return "OK";
  return absl::StatusCodeToString(status.code()) + ": " + Message(status);
}

Status Annotate(const Status& status, const std::string& where) {
  if (status.ok()) return status;
  return MakeError(status.code(), where + ": " + Message(status));
}

}  // namespace renkei
