// SPDX-License-Identifier: Apache-2.0
// Tables of comma-separated values (RFC 4180), strict: UTF-8, a header of names that differ, as
// many fields in each record as in the header. Lines end with CRLF or LF; the last may lack its
// end. Quotes enclose a whole field, a quote in it is doubled; no quote stands anywhere else. No
// control character but tab, and line ends within quotes. Spaces belong to their field. A byte
// order mark at the very beginning is passed over. Errors begin with "line L, column C: ".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/status.h"
#include "renkei/syntax/parse_limits.h"
#include "renkei/syntax/value.h"

namespace renkei::syntax {

inline constexpr size_t kCsvColumnsMax = 1024;
inline constexpr size_t kCsvNameBytesMax = 256;

struct CsvField {
  std::string text{};
  Position at{};  // where it begins in the source

  bool operator==(const CsvField&) const = default;
};

struct CsvTable {
  std::vector<std::string> names{};              // the header
  std::vector<std::vector<CsvField>> records{};  // each as long as `names`

  std::optional<size_t> ColumnOf(std::string_view name) const;
};

//   INVALID_ARGUMENT    not such a table
//   RESOURCE_EXHAUSTED  longer than limits.size_bytes_max
StatusOr<CsvTable> ParseCsv(std::string_view text, const ParseLimits& limits = {});

}  // namespace renkei::syntax
