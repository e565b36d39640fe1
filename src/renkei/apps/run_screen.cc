// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/run_screen.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>

#include <fmt/format.h>

#include "renkei/apps/plot.h"

namespace renkei::apps {
namespace {

constexpr size_t kBarColumns = 24;
constexpr size_t kPlotRows = 5;
constexpr size_t kPlotColumnsMin = 10;
constexpr size_t kPlotColumnsMax = 50;
constexpr size_t kScaleColumns = 7;  // left of a curve: a space, "12.34" and the axis
constexpr size_t kCrossingsShown = 6;

constexpr std::string_view kReset = "\x1b[0m";

std::string Paint(std::string_view code, const std::string& text, bool colour) {
  return colour ? fmt::format("\x1b[{}m{}{}", code, text, kReset) : text;
}

std::string Pad(const std::string& text, size_t width) {
  const size_t shown = DisplayWidth(text);
  return text + std::string(width > shown ? width - shown : 0, ' ');
}

std::vector<std::string> SiteLines(const Frame& frame, bool colour) {
  std::vector<std::string> lines;
  for (const ScreenSite& site : frame.sites) {
    lines.push_back(fmt::format("  {} {} {}  ▕{}▏ {}", Pad(site.site, 12), Pad(site.party, 14),
                                site.country, Paint("36", Bar(site.fraction, kBarColumns), colour),
                                site.phase));
  }
  return lines;
}

PlotSize PlotSizeIn(size_t columns) {
  const size_t half = columns / 2;
  const size_t room = half - std::min(half, kScaleColumns + 1);
  return {.columns = std::clamp(room, kPlotColumnsMin, kPlotColumnsMax), .rows = kPlotRows};
}

// Two curves side by side, each with its range on the left.
std::vector<std::string> CurveLines(const Frame& frame, size_t columns, bool colour) {
  const PlotSize plot = PlotSizeIn(columns);
  double loss_high = 0;
  for (const double loss : frame.loss)
    loss_high = std::isfinite(loss) ? std::max(loss_high, loss) : loss_high;
  if (loss_high == 0) loss_high = 1;
  const auto loss = Curve(frame.loss, frame.rounds, 0, loss_high, plot);
  const auto score = Curve(frame.macro_f1, frame.rounds, 0, 1, plot);
  const auto latest = [](const std::vector<double>& values) {
    const bool known = !values.empty() && std::isfinite(values.back());
    return known ? fmt::format("{:.3f}", values.back()) : std::string("-");
  };
  std::vector<std::string> lines = {
      "  " + Pad("loss at the sites: " + latest(frame.loss), plot.columns + kScaleColumns) +
      "macro-F1 at the sites: " + latest(frame.macro_f1)};
  for (size_t row = 0; row < plot.rows; ++row) {
    const auto scale = [&](double high) {
      if (row == 0) return fmt::format("{:5.2f}", high);
      return row + 1 == plot.rows ? fmt::format("{:5.2f}", 0.0) : std::string(5, ' ');
    };
    lines.push_back(fmt::format(" {}┤{} {}┤{}", scale(loss_high), Paint("33", loss[row], colour),
                                scale(1.0), Paint("32", score[row], colour)));
  }
  return lines;
}

void Append(std::vector<std::string> more, std::vector<std::string>& lines) {
  std::ranges::move(more, std::back_inserter(lines));
}

}  // namespace

std::string Screen::Picture(const Frame& frame, TerminalSize size, bool colour) {
  const double done = frame.rounds == 0 ? 0.0
                                        : static_cast<double>(frame.loss.size()) /
                                              static_cast<double>(frame.rounds);
  std::vector<std::string> lines = {
      Paint("1", frame.title, colour),
      fmt::format("  round {:>3} of {}  ▕{}▏ {:.0f} s", frame.round, frame.rounds,
                  Paint("32", Bar(done, kBarColumns), colour), frame.seconds),
      "  " + frame.phase};
  Append(SiteLines(frame, colour), lines);
  Append(CurveLines(frame, size.columns, colour), lines);
  lines.push_back(
      fmt::format("  crossings: {} go, {} hold, {} refuse", frame.go, frame.hold, frame.refuse));
  const size_t lines_max = size.rows - 1;
  const size_t shown = std::min(
      {frame.crossings.size(), kCrossingsShown, lines_max - std::min(lines_max, lines.size())});
  for (auto line = frame.crossings.end() - static_cast<ptrdiff_t>(shown);
       line != frame.crossings.end(); ++line) {
    lines.push_back("    " + *line);
  }
  std::string text;
  for (size_t i = 0; i < std::min(lines.size(), lines_max); ++i) {
    text += CutToWidth(lines[i], std::max<size_t>(size.columns, 2) - 1) + "\n";
  }
  return text;
}

void Screen::Draw(const Frame& frame) {
  if (!terminal_) return PrintChanges(frame);
  std::string out;
  if (lines_drawn_ > 0) out += fmt::format("\x1b[{}A", lines_drawn_);
  const std::string picture =
      Picture(frame, SizeOfTerminal(fileno(stdout)), ColourOn(fileno(stdout)));
  // Each line ends with "erase to the end of line"; what an older, longer picture left goes too.
  for (const char c : picture) out += c == '\n' ? std::string("\x1b[K\n") : std::string(1, c);
  out += "\x1b[J";
  lines_drawn_ = static_cast<size_t>(std::count(picture.begin(), picture.end(), '\n'));
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

void Screen::PrintChanges(const Frame& frame) {
  for (; crossings_told_ < frame.crossings.size(); ++crossings_told_) {
    std::printf("  crossing  %s\n", frame.crossings[crossings_told_].c_str());
  }
  for (; rounds_told_ < frame.loss.size(); ++rounds_told_) {
    const double score = rounds_told_ < frame.macro_f1.size() ? frame.macro_f1[rounds_told_] : 0.0;
    std::printf("  round %3zu of %u  loss %.4f  macro-F1 %.4f  %s  %.0f s\n", rounds_told_ + 1,
                frame.rounds, frame.loss[rounds_told_], score, Bar(score, kBarColumns).c_str(),
                frame.seconds);
  }
  std::fflush(stdout);
}

}  // namespace renkei::apps
