// SPDX-License-Identifier: Apache-2.0
// The picture of a joint run while it goes: redrawn in place on a terminal, a line per change
// elsewhere (a log, a pipe, CI).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "renkei/apps/console.h"

namespace renkei::apps {

struct ScreenSite {
  std::string site;
  std::string party;
  std::string country;
  std::string phase;    // idle, fetching, training, contributing, evaluating, waiting
  double fraction = 0;  // of the phase, 0 to 1
};

struct Frame {
  std::string title;
  std::string phase;  // of the run, with what it waits for
  uint32_t round = 0;
  uint32_t rounds = 0;
  double seconds = 0;
  std::vector<ScreenSite> sites;
  std::vector<double> loss;  // mean over the sites, a value per finished round
  std::vector<double> macro_f1;
  std::vector<std::string> crossings;  // every one so far, oldest first, a line each
  uint64_t go = 0;
  uint64_t hold = 0;
  uint64_t refuse = 0;
};

class Screen {
 public:
  // `terminal`: redraw in place, with colour.
  explicit Screen(bool terminal) : terminal_(terminal) {}

  void Draw(const Frame& frame);
  // What a terminal of `size` shows for `frame`: no line reaches its last column, nor the last
  // line its last row, so that it can be redrawn in place.
  static std::string Picture(const Frame& frame, TerminalSize size, bool colour);

 private:
  void PrintChanges(const Frame& frame);

  bool terminal_;
  size_t lines_drawn_ = 0;
  size_t crossings_told_ = 0;
  size_t rounds_told_ = 0;
};

}  // namespace renkei::apps
