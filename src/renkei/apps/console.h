// SPDX-License-Identifier: Apache-2.0
// What a command prints: results on standard output as a table, JSON or JSON lines; words for
// people on standard error. Colour only on a terminal, and never when NO_COLOR is set.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/status.h"
#include "renkei/syntax/value.h"

namespace renkei::apps {

enum class OutputFormat { kTable, kJson, kJsonLines };

// The exit codes of every command (design, section 5).
enum class Exit {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kRefused = 3,  // by charter or gate
  kIdentity = 4,
  kUnreachable = 5,  // or timed out
  kLedger = 6,       // verification failed
  kWaiting = 7,      // for an approval
};

// The code that tells `status` to a script. A DATA_LOSS is kFailed here: the commands whose very
// question is "does it verify?" say kLedger themselves.
Exit ExitFor(const Status& status);

class Console {
 public:
  explicit Console(OutputFormat format) : format_(format) {}

  OutputFormat format() const { return format_; }
  bool for_people() const { return format_ == OutputFormat::kTable; }

  // Rows of one shape: each an object with the same keys. kTable aligns columns, kJson prints
  // one array, kJsonLines a line each.
  void Rows(const std::vector<syntax::Value>& rows) const;
  // One object: "key  value" lines, or JSON.
  void Object(const syntax::Value& object) const;
  // A text for people on standard output; nothing in the JSON formats.
  void Text(std::string_view text) const;
  // A line on standard error.
  static void Note(std::string_view text);
  // Prints "renkei: what: message" on standard error and gives the exit code.
  static Exit Fail(const Status& status);

 private:
  OutputFormat format_;
};

bool ColourOn(int file_descriptor);

// Columns that a terminal needs to show `utf8`: wide East Asian characters count two.
size_t DisplayWidth(std::string_view utf8);

// `text` with its control characters as spaces: what a peer wrote never steers the terminal.
std::string Printable(std::string text);

struct TerminalSize {
  size_t columns = 80;
  size_t rows = 24;
};

// Of the terminal behind `file_descriptor`; the default where there is none.
TerminalSize SizeOfTerminal(int file_descriptor);

// `line`, which may hold colours, cut with an ellipsis so that it takes at most `columns` (> 0).
std::string CutToWidth(std::string_view line, size_t columns);

// The same rows as CSV (RFC 4180), the keys of the first in the first line.
std::string CsvText(const std::vector<syntax::Value>& rows);

}  // namespace renkei::apps
