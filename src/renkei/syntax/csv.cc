// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/csv.h"

#include <algorithm>
#include <set>
#include <utility>

#include "renkei/syntax/fields.h"
#include "renkei/syntax/utf8.h"

namespace renkei::syntax {
namespace {

Status ErrorAt(const Position& at, std::string_view what) {
  return Error(Code::kInvalidArgument, "{}{}", PositionText(at), what);
}

bool IsControl(char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F; }

using Record = std::vector<CsvField>;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return next_ == text_.size(); }

  // With its line end, which the last may lack.
  StatusOr<Record> ReadRecord() {
    const Position begin = at_;
    Record record;
    for (;;) {
      const bool is_quoted = Sees('"');
      CsvField field{.at = at_};
      RK_RETURN_IF_ERROR(is_quoted ? ReadQuoted(field.text) : ReadPlain(field.text));
      if (record.empty() && !is_quoted && field.text.empty() && !Sees(',')) {
        return ErrorAt(begin, "an empty line; take it out");
      }
      record.push_back(std::move(field));
      if (record.size() > kCsvColumnsMax) {
        return ErrorAt(record.back().at, fmt::format("more than {} fields", kCsvColumnsMax));
      }
      if (!Sees(',')) break;
      Pass();
    }
    if (Sees('\r')) Pass();
    if (Sees('\n')) Pass();
    return record;
  }

 private:
  bool Sees(char c) const { return !at_end() && text_[next_] == c; }
  bool SeesLineEnd() const { return Sees('\n') || text_.substr(next_, 2) == "\r\n"; }

  char Pass() {
    const char c = text_[next_++];
    if (c == '\n') {
      at_ = {.line = at_.line + 1, .column = 1};
    } else if (at_end() || (text_[next_] & 0xC0) != 0x80) {
      ++at_.column;
    }
    return c;
  }

  Status ReadPlain(std::string& field) {
    while (!at_end() && !Sees(',') && !SeesLineEnd()) {
      if (Sees('"')) {
        return ErrorAt(at_, "a quote within a field; put the field in quotes and double this one");
      }
      if (IsControl(text_[next_])) return ErrorAt(at_, "a control character");
      field.push_back(Pass());
    }
    return Ok();
  }

  Status ReadQuoted(std::string& field) {
    const Position begin = at_;
    Pass();
    for (;;) {
      if (at_end()) return ErrorAt(begin, "a quote that nothing closes");
      if (Sees('"')) {
        Pass();
        if (!Sees('"')) break;
      } else if (SeesLineEnd()) {
        if (Sees('\r')) field.push_back(Pass());
      } else if (IsControl(text_[next_])) {
        return ErrorAt(at_, "a control character");
      }
      field.push_back(Pass());
    }
    if (at_end() || Sees(',') || SeesLineEnd()) return Ok();
    return ErrorAt(at_, "a comma or the end of the line belongs after the quote");
  }

  const std::string_view text_;
  size_t next_ = 0;
  Position at_{.line = 1, .column = 1};
};

StatusOr<std::vector<std::string>> NamesOf(const Record& header) {
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  for (const CsvField& field : header) {
    if (field.text.empty()) return ErrorAt(field.at, "a column without a name");
    if (field.text.size() > kCsvNameBytesMax) {
      return ErrorAt(field.at, fmt::format("a name above {} bytes", kCsvNameBytesMax));
    }
    if (!seen.insert(field.text).second) return ErrorAt(field.at, "a second column of this name");
    names.push_back(field.text);
  }
  return names;
}

}  // namespace

std::optional<size_t> CsvTable::ColumnOf(std::string_view name) const {
  const auto at = std::ranges::find(names, name);
  if (at == names.end()) return std::nullopt;
  return static_cast<size_t>(at - names.begin());
}

StatusOr<CsvTable> ParseCsv(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.size_bytes_max) {
    return Error(Code::kResourceExhausted, "{} bytes, at most {}", text.size(),
                 limits.size_bytes_max);
  }
  if (const size_t good = Utf8Prefix(text); good != text.size()) {
    return ErrorAt(PositionOf(text, good), "a byte that is not UTF-8");
  }
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Reader reader(text);
  if (reader.at_end())
    return ErrorAt({.line = 1, .column = 1}, "a line with the names belongs here");
  RK_ASSIGN_OR_RETURN(const Record header, reader.ReadRecord());
  CsvTable table;
  RK_ASSIGN_OR_RETURN(table.names, NamesOf(header));
  while (!reader.at_end()) {
    RK_ASSIGN_OR_RETURN(Record record, reader.ReadRecord());
    if (record.size() != header.size()) {
      const size_t odd = std::min(record.size() - 1, header.size());
      return ErrorAt(record[odd].at, fmt::format("a record of {} fields; the header has {}",
                                                 record.size(), header.size()));
    }
    table.records.push_back(std::move(record));
  }
  return table;
}

}  // namespace renkei::syntax
