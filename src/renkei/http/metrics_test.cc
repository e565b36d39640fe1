// SPDX-License-Identifier: Apache-2.0
#include "renkei/http/metrics.h"

#include <map>
#include <regex>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace renkei::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

// The text as a reader of the format sees it: samples by name and labels, and each family's type.
// Any line that the format does not have is a failure, and so is a sample before its TYPE.
struct Parsed {
  std::map<std::string, double> samples;
  std::map<std::string, std::string> types;
};

Parsed Parse(const std::string& text) {
  static const std::regex kComment(R"(# (HELP|TYPE) ([a-z_][a-z0-9_]*) (.+))");
  static const std::regex kSample(
      R"(([a-z_][a-z0-9_]*)(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? ([-+]?(?:[0-9.]+(?:e[-+]?[0-9]+)?|Inf)|NaN))");
  Parsed parsed;
  EXPECT_TRUE(text.empty() || text.ends_with('\n'));
  std::istringstream lines(text);
  std::string help;
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, kComment)) {
      if (match[1] == "HELP") {
        help = match[2];
      } else {
        EXPECT_EQ(help, match[2]) << "TYPE without its HELP: " << line;
        EXPECT_TRUE(parsed.types.emplace(match[2], match[3]).second) << line;
      }
      continue;
    }
    EXPECT_TRUE(std::regex_match(line, match, kSample)) << line;
    const std::string name = match[1];
    const bool in_family =
        parsed.types.contains(name) ||
        (parsed.types.contains(help) && parsed.types[help] == "histogram" &&
         (name == help + "_bucket" || name == help + "_sum" || name == help + "_count"));
    EXPECT_TRUE(in_family) << line;
    const std::string key = name + match[2].str();
    EXPECT_TRUE(parsed.samples.emplace(key, std::stod(match[3])).second) << "twice: " << line;
  }
  return parsed;
}

TEST(MetricsText, IsReadByTheRulesOfTheFormat) {
  const std::string text = MetricsText({
      {.name = "renkei_bytes_total",
       .help = "Bytes\nmoved \\ so far",
       .kind = Kind::kCounter,
       .samples = {{.labels = {{"direction", "up"}}, .value = 3e15},
                   {.labels = {{"direction", "down"}}, .value = 0}},
       .histogram = {}},
      {.name = "renkei_leaf_seconds",
       .help = "Left",
       .kind = Kind::kGauge,
       .samples = {{.labels = {}, .value = -1.5}},
       .histogram = {}},
  });
  const Parsed parsed = Parse(text);
  EXPECT_THAT(parsed.samples, ElementsAre(Pair("renkei_bytes_total{direction=\"down\"}", 0),
                                          Pair("renkei_bytes_total{direction=\"up\"}", 3e15),
                                          Pair("renkei_leaf_seconds", -1.5)));
  EXPECT_THAT(parsed.types, ElementsAre(Pair("renkei_bytes_total", "counter"),
                                        Pair("renkei_leaf_seconds", "gauge")));
}

TEST(MetricsText, SumsUpTheBucketsOfAHistogram) {
  const Parsed parsed = Parse(
      MetricsText({{.name = "renkei_append_seconds",
                    .help = "Time",
                    .kind = Kind::kHistogram,
                    .samples = {},
                    .histogram = {.bounds = {0.001, 0.1}, .counts = {5, 2, 1}, .sum = 2.25}}}));
  EXPECT_THAT(parsed.samples, ElementsAre(Pair("renkei_append_seconds_bucket{le=\"+Inf\"}", 8),
                                          Pair("renkei_append_seconds_bucket{le=\"0.001\"}", 5),
                                          Pair("renkei_append_seconds_bucket{le=\"0.1\"}", 7),
                                          Pair("renkei_append_seconds_count", 8),
                                          Pair("renkei_append_seconds_sum", 2.25)));
}

TEST(MetricsText, KeepsAnyTextInsideItsQuotes) {
  const Parsed parsed = Parse(
      MetricsText({{.name = "renkei_run",
                    .help = "Runs",
                    .kind = Kind::kGauge,
                    .samples = {{.labels = {{"run", "a\"b\\c\nrenkei_health 0"}}, .value = 1}},
                    .histogram = {}}}));
  EXPECT_THAT(parsed.samples,
              ElementsAre(Pair("renkei_run{run=\"a\\\"b\\\\c\\nrenkei_health 0\"}", 1)));
}

TEST(MetricsText, ShowsABoundedNumberOfSamplesAndNoEmptyFamily) {
  Family many{
      .name = "renkei_many", .help = "Many", .kind = Kind::kGauge, .samples = {}, .histogram = {}};
  Family none = many;
  none.name = "renkei_none";
  for (size_t i = 0; i < kSamplesMax + 10; ++i) {
    many.samples.push_back({.labels = {{"run", fmt::format("{}", i)}}, .value = 1});
  }
  const Parsed parsed = Parse(MetricsText({many, none}));
  EXPECT_EQ(parsed.samples.size(), kSamplesMax);
  EXPECT_THAT(parsed.types, ElementsAre(Pair("renkei_many", "gauge")));
}

}  // namespace
}  // namespace renkei::http
