// SPDX-License-Identifier: Apache-2.0
// Small drawings for a terminal, in Unicode: bars and curves.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace renkei::apps {

// "██████▌   " of `width` columns for `fraction` in [0, 1]; values outside are clamped.
std::string Bar(double fraction, size_t width);

struct PlotSize {
  size_t columns = 0;
  size_t rows = 0;
};

// A curve of `values` over their index in braille dots, `size.rows` lines of `size.columns`
// characters, between `low` at the bottom and `high` at the top. The x axis always has room for
// `points` values, so that a curve grows to the right. Values that are not finite are left out.
std::vector<std::string> Curve(std::span<const double> values, size_t points, double low,
                               double high, PlotSize size);

}  // namespace renkei::apps
