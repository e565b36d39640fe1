// SPDX-License-Identifier: Apache-2.0
// Errors from outside (peer, disk, file, user) as values: absl::Status, whose codes are gRPC's.
// A message says what is wrong, where, and how to mend it. Bugs are RK_CHECK (check.h); an
// answer of "no" is a value of its own, not an error.
#pragma once

#include <string>
#include <utility>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

namespace renkei {

using Status = absl::Status;
template <typename T>
using StatusOr = absl::StatusOr<T>;
using Code = absl::StatusCode;

Status MakeError(Code code, std::string message);

// Error(Code::kDataLoss, "leaf {} differs", index)
template <typename... Args>
Status Error(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return MakeError(code, fmt::format(format, std::forward<Args>(args)...));
}

inline Status Ok() { return absl::OkStatus(); }

// The message of `status` as a std::string (Debian's absl::string_view converts neither way).
std::string Message(const Status& status);

// "INVALID_ARGUMENT: message".
std::string Text(const Status& status);

// The same code with "where: " before the message; OK stays OK.
Status Annotate(const Status& status, const std::string& where);

}  // namespace renkei

#define RK_RETURN_IF_ERROR(expression)                                       \
  do {                                                                       \
    if (auto rk_status_ = (expression); !rk_status_.ok()) return rk_status_; \
  } while (false)

#define RK_CONCAT_INNER_(a, b) a##b
#define RK_CONCAT_(a, b) RK_CONCAT_INNER_(a, b)
#define RK_ASSIGN_OR_RETURN(target, expression) \
  RK_ASSIGN_OR_RETURN_INNER_(RK_CONCAT_(rk_value_, __LINE__), target, expression)
#define RK_ASSIGN_OR_RETURN_INNER_(holder, target, expression) \
  auto holder = (expression);                                  \
  if (!holder.ok()) return std::move(holder).status();         \
  target = std::move(holder).value()
