// SPDX-License-Identifier: Apache-2.0
#include "renkei/http/health.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "renkei/syntax/json.h"
#include "renkei/syntax/value.h"

namespace renkei::http {
namespace {

// One line, whatever a message holds.
std::string OneLine(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

std::string AsJson(const std::vector<Check>& checks, bool ok) {
  syntax::Value rows = syntax::Value::Array();
  for (const Check& check : checks) {
    syntax::Value row = syntax::Value::Object();
    row.Set("name", check.name);
    row.Set("ok", check.ok);
    row.Set("text", check.text);
    row.Set("since", FormatInstant(check.since));
    rows.Push(std::move(row));
  }
  syntax::Value document = syntax::Value::Object();
  document.Set("ok", ok);
  document.Set("checks", std::move(rows));
  return syntax::DumpJson(document) + "\n";
}

}  // namespace

Answer HealthPage(const std::vector<Check>& checks, const Question& question) {
  const bool ok = std::ranges::all_of(checks, [](const Check& check) { return check.ok; });
  Answer answer{.status = ok ? 200U : 503U};
  if (question.accept.find("application/json") != std::string::npos) {
    answer.content_type = "application/json";
    answer.body = AsJson(checks, ok);
    return answer;
  }
  answer.body = ok ? "ok\n" : "failing\n";
  for (const Check& check : checks) {
    if (check.ok) continue;
    answer.body += fmt::format("{} since {}: {}\n", check.name, FormatInstant(check.since),
                               OneLine(check.text));
  }
  return answer;
}

}  // namespace renkei::http
