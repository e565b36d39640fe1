// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/stated.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "renkei/syntax/fields.h"
#include "renkei/syntax/toml.h"

namespace renkei::syntax {
namespace {

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= kStatedBytesMax && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

bool IsLine(std::string_view text) {
  return !text.empty() && text.size() <= kStatedBytesMax &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

std::optional<std::string> TextOf(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kText:
      return value.text();
    case Value::Kind::kBool:
      return value.boolean() ? "yes" : "no";
    case Value::Kind::kInteger:
      return fmt::format("{}", value.integer());
    case Value::Kind::kNumber:
      return fmt::format("{}", value.number());
    case Value::Kind::kArray: {
      if (value.items().size() != 2) return std::nullopt;
      const auto lo = TextOf(value.items()[0]), hi = TextOf(value.items()[1]);
      if (!lo || !hi || lo->starts_with('[') || hi->starts_with('[')) return std::nullopt;
      return fmt::format("[{}, {}]", *lo, *hi);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

StatusOr<Stated> ReadStated(const Value& table, const std::string& where) {
  const auto refuse = [&](const Value& at, std::string_view what) {
    return Error(Code::kInvalidArgument, "{}: {}{}", where, PositionText(at.at), what);
  };
  if (table.kind() != Value::Kind::kObject) return refuse(table, "a table of facts belongs here");
  if (table.members().size() > kStatedMax) {
    return refuse(table, fmt::format("more than {} facts", kStatedMax));
  }
  Stated stated;
  for (const auto& [id, value] : table.members()) {
    if (!IsId(id)) return refuse(value, "a fact's name is made of letters, digits, '.', '_', '-'");
    const auto text = TextOf(value);
    if (!text || !IsLine(*text)) {
      return refuse(value, fmt::format("{}: text, true or false, a number or two that it lies "
                                       "between, of at most {} bytes, belongs here",
                                       id, kStatedBytesMax));
    }
    stated.emplace(id, *text);
  }
  return stated;
}

Value StatedValue(std::string_view text) {
  const size_t comma = text.find(", ");
  if (!text.starts_with('[') || !text.ends_with(']') || comma == std::string_view::npos) {
    return std::string(text);
  }
  Value pair = Value::Array();
  pair.Push(std::string(text.substr(1, comma - 1)));
  pair.Push(std::string(text.substr(comma + 2, text.size() - comma - 3)));
  return pair;
}

std::string DumpStated(const Stated& stated) {
  std::vector<std::string> parts;
  for (const auto& [id, text] : stated) {
    const std::string key = id.find('.') == std::string::npos ? id : TomlQuoted(id);
    const Value value = StatedValue(text);
    parts.push_back(value.kind() == Value::Kind::kArray
                        ? fmt::format("{} = [{}, {}]", key, TomlQuoted(value.items()[0].text()),
                                      TomlQuoted(value.items()[1].text()))
                        : fmt::format("{} = {}", key, TomlQuoted(text)));
  }
  return parts.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(parts, ", "));
}

}  // namespace renkei::syntax
