// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/console.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>
#include <utility>

#include <sys/ioctl.h>

#include "renkei/syntax/json.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr char kEscape = '\x1b';

// Bytes of the first character of `utf8`, or of the colour sequence "ESC [ ... m" there.
size_t LengthOfFirst(std::string_view utf8) {
  if (utf8.front() == kEscape) {
    const size_t end = utf8.find('m');
    return end == std::string_view::npos ? utf8.size() : end + 1;
  }
  size_t length = 1;
  while (length < utf8.size() && (static_cast<unsigned char>(utf8[length]) & 0xc0) == 0x80) {
    ++length;
  }
  return length;
}

size_t WidthOfFirst(std::string_view utf8) {
  if (utf8.front() == kEscape) return 0;
  // CJK blocks start with the lead bytes E3 to ED (U+3000 to U+DFFF) and EF BC (full width).
  const auto lead = static_cast<unsigned char>(utf8.front());
  const bool full_width =
      lead == 0xef && utf8.size() > 1 && static_cast<unsigned char>(utf8[1]) == 0xbc;
  return (lead >= 0xe3 && lead <= 0xed) || full_width ? 2 : 1;
}

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// What a table cell shows.
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
  return Printable(std::move(text));
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
  while (!utf8.empty()) {
    width += WidthOfFirst(utf8);
    utf8.remove_prefix(LengthOfFirst(utf8));
  }
  return width;
}

std::string Printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

TerminalSize SizeOfTerminal(int file_descriptor) {
  winsize size{};
  if (ioctl(file_descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {.columns = size.ws_col, .rows = size.ws_row};
}

std::string CutToWidth(std::string_view line, size_t columns) {
  if (DisplayWidth(line) <= columns) return std::string(line);
  size_t end = 0;
  size_t width = 0;
  bool coloured = false;
  while (width + WidthOfFirst(line.substr(end)) < columns) {
    coloured = coloured || line[end] == kEscape;
    width += WidthOfFirst(line.substr(end));
    end += LengthOfFirst(line.substr(end));
  }
  return std::string(line.substr(0, end)) + (coloured ? "\x1b[0m…" : "…");
}

std::string CsvText(const std::vector<syntax::Value>& rows) {
  const auto quoted = [](const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string safe = "\"";
    for (const char c : text) safe += c == '"' ? "\"\"" : std::string(1, c);
    return safe + "\"";
  };
  if (rows.empty()) return "";
  std::string text;
  const auto line = [&](const syntax::Value& row, bool names) {
    bool first = true;
    for (const auto& [key, value] : row.members()) {
      if (!first) text += ',';
      first = false;
      const bool is_text = value.kind() == syntax::Value::Kind::kText;
      text += quoted(names ? key : is_text ? value.text() : syntax::DumpJson(value));
    }
    text += "\r\n";
  };
  line(rows.front(), true);
  for (const syntax::Value& row : rows) line(row, false);
  return text;
}

}  // namespace renkei::apps
