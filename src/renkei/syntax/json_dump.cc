// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "renkei/syntax/json.h"
#include "renkei/syntax/utf8.h"

namespace renkei::syntax {
namespace {

void AppendText(std::string& out, std::string_view text) {
  out += '"';
  const auto is_plain = [](unsigned char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
  };
  for (size_t at = 0; at < text.size();) {
    const auto rest = text.substr(at);
    const auto plain = static_cast<size_t>(std::ranges::find_if_not(rest, is_plain) - rest.begin());
    out += rest.substr(0, plain);
    at += plain;
    if (at == text.size()) break;
    const char c = text[at];
    const size_t length = CharacterLength(text, at);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
  out += '"';
}

void AppendNumber(std::string& out, double number) {
  RK_CHECK(std::isfinite(number));
  char text[32];
  const auto result = std::to_chars(text, text + sizeof(text), number);
  const std::string_view shown(text, static_cast<size_t>(result.ptr - text));
  out += shown;
  if (shown.find_first_of(".e") == std::string_view::npos) out += ".0";
}

// `indent` is the depth of the value; negative for the compact form.
void Append(std::string& out, const Value& value, int indent) {
  const int inner = indent < 0 ? indent : indent + 1;
  const auto new_line = [&](int depth) {
    if (depth >= 0) out += '\n' + std::string(2 * static_cast<size_t>(depth), ' ');
  };
  bool first = true;
  const auto separate = [&] {
    if (!first) out += ',';
    first = false;
    new_line(inner);
  };
  switch (value.kind()) {
    case Value::Kind::kNull:
      out += "null";
      return;
    case Value::Kind::kBool:
      out += value.boolean() ? "true" : "false";
      return;
    case Value::Kind::kInteger:
      out += fmt::format("{}", value.integer());
      return;
    case Value::Kind::kNumber:
      return AppendNumber(out, value.number());
    case Value::Kind::kText:
      return AppendText(out, value.text());
    case Value::Kind::kArray:
      out += '[';
      for (const Value& item : value.items()) {
        separate();
        Append(out, item, inner);
      }
      if (!first) new_line(indent);
      out += ']';
      return;
    case Value::Kind::kObject:
      out += '{';
      for (const auto& [key, item] : value.members()) {
        separate();
        AppendText(out, key);
        out += indent < 0 ? ":" : ": ";
        Append(out, item, inner);
      }
      if (!first) new_line(indent);
      out += '}';
      return;
  }
}

}  // namespace

std::string DumpJson(const Value& value) {
  std::string out;
  Append(out, value, -1);
  return out;
}

std::string DumpJsonPretty(const Value& value) {
  std::string out;
  Append(out, value, 0);
  return out + '\n';
}

}  // namespace renkei::syntax
