// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/run_screen.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "renkei/apps/console.h"
#include "renkei/apps/plot.h"

namespace renkei::apps {
namespace {

constexpr size_t kBarColumns = 24;
constexpr PlotSize kPlot = {.columns = 34, .rows = 5};
constexpr size_t kCrossingsShown = 6;

constexpr std::string_view kReset = "\x1b[0m";

std::string Paint(std::string_view code, const std::string& text, bool colour) {
  return colour ? fmt::format("\x1b[{}m{}{}", code, text, kReset) : text;
}

std::string Pad(const std::string& text, size_t width) {
  const size_t shown = DisplayWidth(text);
  return text + std::string(width > shown ? width - shown : 0, ' ');
}

std::string SiteLines(const Frame& frame, bool colour) {
  std::string text;
  for (const ScreenSite& site : frame.sites) {
    text +=
        fmt::format("  {} {} {}  ▕{}▏ {}\n", Pad(site.site, 12), Pad(site.party, 14), site.country,
                    Paint("36", Bar(site.fraction, kBarColumns), colour), site.phase);
  }
  return text;
}

// Two curves side by side, each with its range on the left.
std::string CurveLines(const Frame& frame, bool colour) {
  const double loss_high =
      frame.loss.empty() ? 1.0 : *std::max_element(frame.loss.begin(), frame.loss.end());
  const auto loss = Curve(frame.loss, frame.rounds, 0, loss_high, kPlot);
  const auto score = Curve(frame.macro_f1, frame.rounds, 0, 1, kPlot);
  const auto latest = [](const std::vector<double>& values) {
    return values.empty() ? std::string("-") : fmt::format("{:.3f}", values.back());
  };
  std::string text =
      fmt::format("  {}   {}\n", Pad("loss at the sites: " + latest(frame.loss), kPlot.columns + 6),
                  "macro-F1 at the sites: " + latest(frame.macro_f1));
  for (size_t row = 0; row < kPlot.rows; ++row) {
    const auto scale = [&](double high) {
      if (row == 0) return fmt::format("{:5.2f}", high);
      return row + 1 == kPlot.rows ? fmt::format("{:5.2f}", 0.0) : std::string(5, ' ');
    };
    text += fmt::format(" {}┤{}  {}┤{}\n", scale(loss_high), Paint("33", loss[row], colour),
                        scale(1.0), Paint("32", score[row], colour));
  }
  return text;
}

}  // namespace

std::string Screen::Picture(const Frame& frame, bool colour) {
  const double done = frame.rounds == 0 ? 0.0
                                        : static_cast<double>(frame.loss.size()) /
                                              static_cast<double>(frame.rounds);
  std::string text = Paint("1", frame.title, colour) + "\n";
  text += fmt::format("  round {:>3} of {}  ▕{}▏  {}  {:.0f} s\n", frame.round, frame.rounds,
                      Paint("32", Bar(done, kBarColumns), colour), frame.phase, frame.seconds);
  text += SiteLines(frame, colour);
  text += CurveLines(frame, colour);
  text +=
      fmt::format("  crossings: {} go, {} hold, {} refuse\n", frame.go, frame.hold, frame.refuse);
  const size_t first = frame.crossings.size() - std::min(frame.crossings.size(), kCrossingsShown);
  for (size_t i = first; i < frame.crossings.size(); ++i) {
    text += "    " + frame.crossings[i] + "\n";
  }
  return text;
}

void Screen::Draw(const Frame& frame) {
  if (!terminal_) return PrintChanges(frame);
  std::string out;
  if (lines_drawn_ > 0) out += fmt::format("\x1b[{}A", lines_drawn_);
  const std::string picture = Picture(frame, ColourOn(fileno(stdout)));
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
