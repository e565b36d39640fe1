// SPDX-License-Identifier: Apache-2.0
// A value, or the sentence that says why there is none, where, and how to mend it.
#pragma once

#include <sstream>
#include <string>
#include <utility>
#include <variant>

namespace wafer {

struct Failure {
  std::string message;
};

template <class... Parts>
Failure Fail(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return {text.str()};
}

template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Failure failure) : held_(std::in_place_index<1>, std::move(failure)) {}

  bool ok() const { return held_.index() == 0; }
  const Failure& failure() const { return std::get<1>(held_); }
  const std::string& message() const { return failure().message; }
  T& operator*() { return std::get<0>(held_); }
  const T& operator*() const { return std::get<0>(held_); }
  T* operator->() { return &std::get<0>(held_); }
  const T* operator->() const { return &std::get<0>(held_); }

 private:
  std::variant<T, Failure> held_;
};

using Done = Outcome<std::monostate>;
inline Done Success() { return std::monostate{}; }

}  // namespace wafer

#define WAFER_JOIN_(a, b) a##b
#define WAFER_JOIN(a, b) WAFER_JOIN_(a, b)
#define WAFER_RETURN_IF_FAILED(expression)            \
  if (auto outcome_ = (expression); !outcome_.ok()) { \
    return outcome_.failure();                        \
  }
#define WAFER_ASSIGN_OR_RETURN(left, expression) \
  WAFER_ASSIGN_OR_RETURN_(WAFER_JOIN(outcome_, __LINE__), left, expression)
#define WAFER_ASSIGN_OR_RETURN_(held, left, expression) \
  auto held = (expression);                             \
  if (!held.ok()) {                                     \
    return held.failure();                              \
  }                                                     \
  left = std::move(*held)
