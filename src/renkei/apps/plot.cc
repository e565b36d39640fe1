// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace renkei::apps {
namespace {

std::string Utf8(uint32_t code_point) {  // U+0800 to U+FFFF
  return {static_cast<char>(0xe0 | code_point >> 12),
          static_cast<char>(0x80 | (code_point >> 6 & 0x3f)),
          static_cast<char>(0x80 | (code_point & 0x3f))};
}

// One bit per dot of a braille character, by row and column (Unicode 15, block U+2800).
constexpr uint8_t kDot[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

class Canvas {
 public:
  explicit Canvas(PlotSize size) : size_(size), cells_(size.columns * size.rows, 0) {}

  size_t width() const { return size_.columns * 2; }
  size_t height() const { return size_.rows * 4; }

  void Set(size_t x, size_t y) {
    if (x < width() && y < height()) cells_[y / 4 * size_.columns + x / 2] |= kDot[y % 4][x % 2];
  }

  // From the last point drawn to (x, y), without gaps.
  void LineTo(size_t x, size_t y) {
    if (started_) {
      const auto dx = static_cast<double>(x) - static_cast<double>(x_);
      const auto dy = static_cast<double>(y) - static_cast<double>(y_);
      const double steps = std::max({std::abs(dx), std::abs(dy), 1.0});
      for (double i = 0; i < steps; ++i) {
        Set(static_cast<size_t>(std::lround(static_cast<double>(x_) + dx * i / steps)),
            static_cast<size_t>(std::lround(static_cast<double>(y_) + dy * i / steps)));
      }
    }
    Set(x, y);
    started_ = true;
    x_ = x;
    y_ = y;
  }

  std::vector<std::string> Lines() const {
    std::vector<std::string> lines(size_.rows);
    for (size_t i = 0; i < cells_.size(); ++i) {
      lines[i / size_.columns] += Utf8(0x2800u + cells_[i]);
    }
    return lines;
  }

 private:
  PlotSize size_;
  std::vector<uint8_t> cells_;
  bool started_ = false;
  size_t x_ = 0;
  size_t y_ = 0;
};

}  // namespace

std::string Bar(double fraction, size_t width) {
  fraction = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  const auto eighths = static_cast<size_t>(std::lround(fraction * static_cast<double>(width * 8)));
  std::string bar;
  for (size_t i = 0; i < width; ++i) {
    const size_t filled = std::min<size_t>(8, eighths - std::min(eighths, i * 8));
    // U+2588 is a full block, U+258F an eighth.
    bar += filled == 0 ? " " : Utf8(static_cast<uint32_t>(0x2590 - filled));
  }
  return bar;
}

std::vector<std::string> Curve(std::span<const double> values, size_t points, double low,
                               double high, PlotSize size) {
  Canvas canvas(size);
  const double span = high > low ? high - low : 1.0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    const double across = points > 1 ? static_cast<double>(i) / static_cast<double>(points - 1) : 0;
    const double up = std::clamp((values[i] - low) / span, 0.0, 1.0);
    canvas.LineTo(
        static_cast<size_t>(std::lround(across * static_cast<double>(canvas.width() - 1))),
        static_cast<size_t>(std::lround((1 - up) * static_cast<double>(canvas.height() - 1))));
  }
  return canvas.Lines();
}

}  // namespace renkei::apps
