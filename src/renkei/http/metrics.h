// SPDX-License-Identifier: Apache-2.0
// Figures as the text that Prometheus reads (exposition format 0.0.4). Names are renkei_*, in base
// units (seconds, bytes); counters end in _total and start at zero with the process.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "renkei/http/page.h"

namespace renkei::http {

inline constexpr size_t kSamplesMax = 200;  // of one family: labels have few values

using Labels = std::vector<std::pair<std::string, std::string>>;  // any UTF-8 in a value

struct Sample {
  Labels labels;
  double value = 0;
};

// Observations by size: counts[i] of those at most bounds[i] and above the bound before, the last
// count those above all bounds.
struct Histogram {
  std::vector<double> bounds;    // ascending
  std::vector<uint64_t> counts;  // one more than bounds
  double sum = 0;
};

enum class Kind { kCounter, kGauge, kHistogram };

struct Family {
  std::string name;
  std::string help;
  Kind kind = Kind::kGauge;
  std::vector<Sample> samples;  // the first kSamplesMax are shown; none of a histogram
  Histogram histogram;
};

// A family without samples is left out. Our bug: a name or label that is none.
std::string MetricsText(const std::vector<Family>& families);
Answer MetricsPage(const std::vector<Family>& families);

}  // namespace renkei::http
