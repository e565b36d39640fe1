// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/run_screen.h"

#include <cmath>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace renkei::apps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Frame FrameOf(size_t sites, size_t crossings) {
  Frame frame{.title = "renkei demo: 4 sites in 2 countries, charter a841c043c068",
              .phase = "training: update of site fab-hudson and 3 more",
              .round = 3,
              .rounds = 30,
              .seconds = 12.4,
              .sites = {},
              .loss = {12.5, 3.25},
              .macro_f1 = {0.25, 0.5},
              .crossings = {}};
  for (size_t i = 0; i < sites; ++i) {
    frame.sites.push_back({.site = fmt::format("fab-{}", i),
                           .party = "sierra-semi",
                           .country = "US",
                           .phase = "training",
                           .fraction = 0.5});
  }
  for (size_t i = 0; i < crossings; ++i) {
    frame.crossings.push_back(fmt::format("go     update   fab-{} {}", i, std::string(200, 'x')));
  }
  return frame;
}

std::vector<std::string> LinesOf(const std::string& picture) {
  std::istringstream stream(picture);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Screen, NeverReachesTheLastColumnNorTheLastRow) {
  const TerminalSize sizes[] = {{1, 1}, {10, 5}, {40, 12}, {80, 24}, {120, 40}, {300, 100}};
  for (const TerminalSize& size : sizes) {
    for (const size_t sites : {0, 4, 60}) {
      for (const bool colour : {false, true}) {
        const auto lines = LinesOf(Screen::Picture(FrameOf(sites, 9), size, colour));
        EXPECT_LT(lines.size(), size.rows) << size.columns << " columns, " << sites << " sites";
        for (const std::string& line : lines) {
          EXPECT_LE(DisplayWidth(line), std::max<size_t>(size.columns - 1, 1)) << line;
        }
      }
    }
  }
}

TEST(Screen, ShowsEverythingOfASmallFederationOnAnOrdinaryTerminal) {
  const std::string picture = Screen::Picture(FrameOf(4, 9), {.columns = 80, .rows = 24}, false);
  EXPECT_THAT(picture, HasSubstr("round   3 of 30  ▕█▋"));
  EXPECT_THAT(picture, HasSubstr("training: update of site fab-hudson and 3 more\n"));
  EXPECT_THAT(picture, HasSubstr("fab-3        sierra-semi    US  ▕████████████            ▏"));
  EXPECT_THAT(picture, HasSubstr("macro-F1 at the sites: 0.500\n"));
  EXPECT_THAT(picture, HasSubstr("go     update   fab-3 x"));
  EXPECT_THAT(picture, HasSubstr("go     update   fab-8 x"));
  EXPECT_GT(picture.find("…"), picture.find("fab-3 x"));  // Nothing above is cut.
}

TEST(Screen, DropsTheOldestCrossingsWhereRowsAreFew) {
  const auto lines = LinesOf(Screen::Picture(FrameOf(4, 9), {.columns = 30, .rows = 17}, false));
  ASSERT_EQ(lines.size(), 16u);
  EXPECT_THAT(std::vector(lines.end() - 2, lines.end()),
              ElementsAre("    go     update   fab-7 xx…", "    go     update   fab-8 xx…"));
}

TEST(Screen, ShowsADashForWhatTheTrainerDoesNotTell) {
  Frame frame = FrameOf(1, 0);
  frame.loss = {NAN};
  const std::string picture = Screen::Picture(frame, {}, false);
  EXPECT_THAT(picture, HasSubstr("loss at the sites: - "));
  EXPECT_THAT(picture, testing::Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace renkei::apps
