// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/console.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include "renkei/syntax/json.h"

namespace renkei::apps {
namespace {

using syntax::Value;

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// What a table cell shows. Control characters from a peer never reach the terminal.
std::string Cell(const Value& value) {
  std::string text;
  if (value.kind() == Value::Kind::kText) {
    text = value.text();
  } else if (value.kind() == Value::Kind::kArray) {
    for (const Value& item : value.items()) {
      if (!text.empty()) text += ' ';
      text += Cell(item);
    }
  } else if (value.kind() == Value::Kind::kNumber) {
    text = fmt::format("{:.4f}", value.number());
  } else if (value.kind() != Value::Kind::kNull) {
    text = syntax::DumpJson(value);
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

std::string Padded(const std::string& cell, size_t width) {
  const size_t shown = DisplayWidth(cell);
  return cell + std::string(width > shown ? width - shown : 0, ' ');
}

std::string TableOf(const std::vector<Value>& rows) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> heads;
  for (const auto& [key, value] : rows.front().members()) heads.push_back(key);
  lines.push_back(heads);
  for (const Value& row : rows) {
    std::vector<std::string> line;
    for (const auto& [key, value] : row.members()) line.push_back(Cell(value));
    line.resize(heads.size());
    lines.push_back(line);
  }
  std::vector<size_t> widths(heads.size(), 0);
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(line[i]));
    }
  }
  std::string text;
  for (const auto& line : lines) {
    std::string shown;
    for (size_t i = 0; i < line.size(); ++i) shown += Padded(line[i], widths[i]) + "  ";
    shown.erase(shown.find_last_not_of(' ') + 1);
    text += shown + "\n";
  }
  return text;
}

}  // namespace

Exit ExitFor(const Status& status) {
  switch (status.code()) {
    case Code::kOk:
      return Exit::kOk;
    case Code::kPermissionDenied:
      return Exit::kRefused;
    case Code::kUnauthenticated:
      return Exit::kIdentity;
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
      return Exit::kUnreachable;
    default:
      return Exit::kFailed;
  }
}

void Console::Rows(const std::vector<Value>& rows) const {
  if (format_ == OutputFormat::kJson) {
    Value all = Value::Array();
    for (const Value& row : rows) all.Push(row);
    Print(syntax::DumpJsonPretty(all));
  } else if (format_ == OutputFormat::kJsonLines) {
    for (const Value& row : rows) Print(syntax::DumpJson(row) + "\n");
  } else if (rows.empty()) {
    Note("(none)");
  } else {
    Print(TableOf(rows));
  }
}

void Console::Object(const Value& object) const {
  if (format_ == OutputFormat::kJson) return Print(syntax::DumpJsonPretty(object));
  if (format_ == OutputFormat::kJsonLines) return Print(syntax::DumpJson(object) + "\n");
  size_t width = 0;
  for (const auto& [key, value] : object.members()) width = std::max(width, key.size());
  for (const auto& [key, value] : object.members()) {
    Print(Padded(key, width) + "  " + Cell(value) + "\n");
  }
}

void Console::Text(std::string_view text) const {
  if (for_people()) Print(text);
}

void Console::Note(std::string_view text) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

Exit Console::Fail(const Status& status) {
  std::fprintf(stderr, "renkei: %s\n", Message(status).c_str());
  return ExitFor(status);
}

bool ColourOn(int file_descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(file_descriptor) != 0 && (no_color == nullptr || *no_color == '\0');
}

size_t DisplayWidth(std::string_view utf8) {
  size_t width = 0;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if ((byte & 0xc0) == 0x80) continue;
    // CJK blocks start with the lead bytes E3 to ED (U+3000 to U+DFFF) and EF BC (full width).
    const bool full_width =
        byte == 0xef && i + 1 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) == 0xbc;
    width += (byte >= 0xe3 && byte <= 0xed) || full_width ? 2 : 1;
  }
  return width;
}

}  // namespace renkei::apps
