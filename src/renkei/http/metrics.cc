// SPDX-License-Identifier: Apache-2.0
#include "renkei/http/metrics.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "renkei/base/check.h"

namespace renkei::http {
namespace {

bool IsName(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, fits);
}

std::string Escaped(std::string_view text, bool quotes) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (c == '\n') {
      escaped += "\\n";
    } else if (c == '"' && quotes) {
      escaped += "\\\"";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string LabelsText(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    RK_CHECK(IsName(name));
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, Escaped(value, true));
  }
  return text.empty() ? text : fmt::format("{{{}}}", text);
}

void AddHistogram(const Family& family, std::string& text) {
  const Histogram& histogram = family.histogram;
  RK_CHECK(histogram.counts.size() == histogram.bounds.size() + 1);
  uint64_t count = 0;
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    count += histogram.counts[i];
    const std::string bound =
        i < histogram.bounds.size() ? NumberText(histogram.bounds[i]) : "+Inf";
    text += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", family.name, bound, count);
  }
  text += fmt::format("{}_sum {}\n{}_count {}\n", family.name, NumberText(histogram.sum),
                      family.name, count);
}

constexpr std::string_view kKindNames[] = {"counter", "gauge", "histogram"};

}  // namespace

std::string MetricsText(const std::vector<Family>& families) {
  std::string text;
  for (const Family& family : families) {
    RK_CHECK(IsName(family.name));
    if (family.samples.empty() && family.kind != Kind::kHistogram) continue;
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family.name, Escaped(family.help, false),
                        family.name, kKindNames[static_cast<size_t>(family.kind)]);
    if (family.kind == Kind::kHistogram) {
      AddHistogram(family, text);
      continue;
    }
    const size_t shown = std::min(family.samples.size(), kSamplesMax);
    for (size_t i = 0; i < shown; ++i) {
      const Sample& sample = family.samples[i];
      text += fmt::format("{}{} {}\n", family.name, LabelsText(sample.labels),
                          NumberText(sample.value));
    }
  }
  return text;
}

Answer MetricsPage(const std::vector<Family>& families) {
  return {.status = 200,
          .content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = MetricsText(families)};
}

}  // namespace renkei::http
