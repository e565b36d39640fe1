// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/toml.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include "renkei/base/clock.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/utf8.h"

namespace renkei::syntax {
namespace {

Status ErrorAt(const Position& at, std::string_view what) {
  return Error(Code::kInvalidArgument, "{}{}", PositionText(at), what);
}

Position At(const toml::source_region& source) {
  return {.line = static_cast<int>(source.begin.line),
          .column = static_cast<int>(source.begin.column)};
}

StatusOr<Value> Convert(const toml::date_time& time, const Position& at) {
  if (!time.offset) {
    return ErrorAt(at, "a date-time needs an offset, such as 2026-11-24T01:02:03Z");
  }
  constexpr uint32_t kNanosecondsInMillisecond = 1'000'000;
  if (time.time.nanosecond % kNanosecondsInMillisecond != 0) {
    return ErrorAt(at, "a date-time finer than milliseconds");
  }
  const std::chrono::year_month_day date{std::chrono::year(time.date.year),
                                         std::chrono::month(time.date.month),
                                         std::chrono::day(time.date.day)};
  const Instant instant = std::chrono::sys_days(date) + std::chrono::hours(time.time.hour) +
                          std::chrono::minutes(time.time.minute) +
                          std::chrono::seconds(time.time.second) +
                          Milliseconds(time.time.nanosecond / kNanosecondsInMillisecond) -
                          std::chrono::minutes(time.offset->minutes);
  const std::string text = FormatInstant(instant);
  const auto back = ParseInstant(text);
  if (!date.ok() || !back.ok() || *back != instant) {
    return ErrorAt(at, "a date-time that no calendar has");
  }
  return Value(text);
}

StatusOr<Value> Convert(const toml::node& node, int depth_left);

StatusOr<Value> Convert(const toml::array& array, int depth_left) {
  Value value = Value::Array();
  for (const toml::node& item : array) {
    RK_ASSIGN_OR_RETURN(Value converted, Convert(item, depth_left));
    value.Push(std::move(converted));
  }
  return value;
}

StatusOr<Value> Convert(const toml::table& table, int depth_left) {
  Value::Members members;
  std::vector<std::pair<Position, size_t>> order;
  for (const auto& [key, item] : table) {
    RK_ASSIGN_OR_RETURN(Value converted, Convert(item, depth_left));
    order.emplace_back(At(key.source()), members.size());
    members.emplace_back(std::string(key.str()), std::move(converted));
  }
  std::ranges::sort(order);
  Value::Members sorted;
  for (const auto& [at, index] : order) sorted.push_back(std::move(members[index]));
  return Value::FromUnique(std::move(sorted));
}

StatusOr<Value> ConvertScalar(const toml::node& node, const Position& at) {
  if (const auto* text = node.as_string()) return Value(text->get());
  if (const auto* integer = node.as_integer()) return Value(integer->get());
  if (const auto* flag = node.as_boolean()) return Value(flag->get());
  if (const auto* number = node.as_floating_point()) {
    if (std::isfinite(number->get())) return Value(number->get());
    return ErrorAt(at, "inf and nan are not numbers here");
  }
  if (const auto* time = node.as_date_time()) return Convert(time->get(), at);
  return ErrorAt(at, "a local date or time; write a date-time with its offset");
}

StatusOr<Value> Convert(const toml::node& node, int depth_left) {
  const Position at = At(node.source());
  if ((node.is_table() || node.is_array()) && depth_left == 0) {
    return ErrorAt(at, "nested too deep");
  }
  auto value = node.is_table()   ? Convert(*node.as_table(), depth_left - 1)
               : node.is_array() ? Convert(*node.as_array(), depth_left - 1)
                                 : ConvertScalar(node, at);
  if (value.ok()) value->at = at;
  return value;
}

std::string Printable(std::string_view said) {
  std::string text(said.substr(0, 300));
  for (char& c : text) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return text;
}

}  // namespace

StatusOr<Value> ParseToml(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.size_bytes_max) {
    return Error(Code::kResourceExhausted, "{} bytes, at most {}", text.size(),
                 limits.size_bytes_max);
  }
  if (const size_t good = Utf8Prefix(text); good != text.size()) {
    return ErrorAt(PositionOf(text, good), "a byte that is not UTF-8");
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return ErrorAt(At(parsed.error().source()), Printable(parsed.error().description()));
  }
  return Convert(static_cast<const toml::node&>(parsed.table()), limits.depth_max);
}

std::string TomlQuoted(std::string_view text) {
  // JSON's escapes are all TOML's too.
  return DumpJson(Value(text));
}

}  // namespace renkei::syntax
