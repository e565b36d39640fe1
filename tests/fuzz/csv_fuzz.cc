// SPDX-License-Identifier: Apache-2.0
// Any bytes are refused with their place or read as a table whose records fit its header, and
// which reads the same when every field is written in quotes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "renkei/base/check.h"
#include "renkei/syntax/csv.h"

namespace {

void Append(std::string_view field, std::string& line) {
  line += line.empty() ? "\"" : ",\"";
  for (const char c : field) line.append(c == '"' ? 2 : 1, c);
  line += '"';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto table = renkei::syntax::ParseCsv({reinterpret_cast<const char*>(bytes), size});
  if (!table.ok()) {
    RK_CHECK(table.status().code() == renkei::Code::kInvalidArgument);
    RK_CHECK(renkei::Message(table.status()).starts_with("line "));
    return 0;
  }
  std::string text, line;
  for (const std::string& name : table->names) Append(name, line);
  text = line + '\n';
  for (const auto& record : table->records) {
    RK_CHECK(record.size() == table->names.size());
    line.clear();
    for (const auto& field : record) Append(field.text, line);
    text += line + '\n';
  }
  const auto again = renkei::syntax::ParseCsv(text, {.size_bytes_max = 64 << 20});
  RK_CHECK(again.ok());
  RK_CHECK(again->names == table->names);
  RK_CHECK(again->records.size() == table->records.size());
  for (size_t i = 0; i < table->records.size(); ++i) {
    for (size_t f = 0; f < table->names.size(); ++f) {
      RK_CHECK(again->records[i][f].text == table->records[i][f].text);
    }
  }
  return 0;
}
