// SPDX-License-Identifier: Apache-2.0
// Wafer maps and the folder layout of WM-811K: every X.pgm[.gz] holds binary PGM images (P5,
// maxval 2) one after another, and line k below the header of X-labels.csv[.gz] tells of image k.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files.h"
#include "outcome.h"

namespace wafer {

inline constexpr int kClasses = 9;
inline constexpr std::array<std::string_view, kClasses> kClassNames = {
    "none", "Center", "Donut", "Edge-Loc", "Edge-Ring", "Loc", "Near-full", "Random", "Scratch"};
std::optional<int> ClassNamed(std::string_view name);

inline constexpr int kMapSideMax = 1024;
inline constexpr uint64_t kWafersMax = 10'000'000;  // in one folder

enum Die : uint8_t { kNoDie = 0, kPass = 1, kFail = 2 };

struct WaferMap {
  int rows = 0;
  int cols = 0;
  std::vector<uint8_t> dies;  // [rows][cols], of Die

  uint8_t At(int row, int col) const { return dies[static_cast<size_t>(row * cols + col)]; }
  bool operator==(const WaferMap&) const = default;
};

struct Wafer {
  uint64_t id = 0;
  int label = 0;  // index into kClassNames
  WaferMap map;
};

// Calls `each` for every wafer of `directory`, files by name, wafers in file order. Fails when
// there is no pair of files, an image or a line is wrong (the message names file and record), or
// two wafers have one id.
Done ReadWafers(const std::string& directory, const std::function<Done(Wafer)>& each);

// The files that ReadWafers would read, by name.
struct FilePair {
  std::string maps;
  std::string labels;
};
Outcome<std::vector<FilePair>> FindPairs(const std::string& directory);

// Writes wafers.pgm.gz and wafers-labels.csv.gz.
class WaferWriter {
 public:
  static Outcome<WaferWriter> Open(const std::string& directory);

  Done Add(const Wafer& wafer);
  Done Close();
  uint64_t wafers() const { return wafers_; }

 private:
  WaferWriter(Writer maps, Writer labels) : maps_(std::move(maps)), labels_(std::move(labels)) {}

  Writer maps_;
  Writer labels_;
  uint64_t wafers_ = 0;
};

}  // namespace wafer
