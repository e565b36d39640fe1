// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259), read strictly: UTF-8 is taken as it is, but a duplicate key, a trailing byte
// or a depth above 32 is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "outcome.h"

namespace wafer {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  // in order of appearance

  Json() = default;  // null
  Json(bool value) : held_(value) {}
  Json(int value) : held_(int64_t{value}) {}
  Json(int64_t value) : held_(value) {}
  Json(double value) : held_(value) {}
  Json(std::string value) : held_(std::move(value)) {}
  Json(const char* value) : held_(std::string(value)) {}
  Json(Array value) : held_(std::move(value)) {}
  Json(Object value) : held_(std::move(value)) {}

  // Each null when the value is of another kind. A whole number counts as a number too.
  const bool* boolean() const { return std::get_if<bool>(&held_); }
  const int64_t* integer() const { return std::get_if<int64_t>(&held_); }
  const std::string* text() const { return std::get_if<std::string>(&held_); }
  const Array* array() const { return std::get_if<Array>(&held_); }
  const Object* object() const { return std::get_if<Object>(&held_); }
  bool is_number() const { return integer() != nullptr || std::holds_alternative<double>(held_); }
  double number() const;  // 0 when not a number

  const Json* Find(std::string_view key) const;  // null when absent or not an object

  std::string Dump() const;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> held_;
};

Outcome<Json> ParseJson(std::string_view text);

}  // namespace wafer
