// SPDX-License-Identifier: Apache-2.0
// Wafer maps as the network sees them: 32x32 cells of two channels, in steps of 1/255. The first is
// the share of failing dies among the dies of the cell. The second is the share of the cell that
// holds dies, times the fineness of the die grid: what counts as a defect differs between
// products, and a site that sees few of them cannot learn to tell them apart by texture alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "outcome.h"
#include "wafer_map.h"

namespace wafer {

inline constexpr int kSide = 32;
inline constexpr int kChannels = 2;
inline constexpr size_t kCellBytes = size_t{kSide} * kSide * kChannels;
using Cells = std::array<uint8_t, kCellBytes>;  // [row][col][channel]

// (sqrt(rows * cols) - 16) / 48, from 0.05 to 1: about 0.2 for 26x26 dies, 0.8 for 53x52.
double Fineness(const WaferMap& map);

// Every die is spread over the cells that it overlaps, by area.
Cells Resample(const WaferMap& map);

struct Examples {
  std::vector<uint64_t> ids;
  std::vector<uint8_t> labels;
  std::vector<Cells> cells;

  size_t size() const { return labels.size(); }
  void Add(const Examples& other, size_t index);
};

// The digest of the decimal text of a wafer's id, a number that nobody chose: parts of a data
// set are told by it.
//
// The test part: SHA-256(text of wafer_id), read as a big-endian integer, mod 5 = 0.
bool InTestPart(uint64_t wafer_id);
// The remainder of that integer by `divisor`, from 1 to 65536.
uint32_t IdRemainder(uint64_t wafer_id, uint32_t divisor);

enum class Part { kAll, kTrain, kTest };

Outcome<Examples> LoadExamples(const std::string& directory, Part part = Part::kAll);

// The same, from a cache file in `cache_directory` when there is one for these very bytes; else
// the cache is written there, or left out when the folder cannot be written to.
Outcome<Examples> LoadExamplesCached(const std::string& directory,
                                     std::span<const std::string> cache_directories);

// The examples that a site holds out of training to measure models on: one in `divisor` by id.
// With divisor 0, or when one side would be empty, both sides are all examples.
struct TrainAndHeldOut {
  Examples train;
  Examples held_out;
};
TrainAndHeldOut HoldOut(const Examples& all, uint32_t divisor);

// SHA-256 over the names and bytes of the files that LoadExamples reads, in hex.
Outcome<std::string> ContentKey(const std::string& directory);

}  // namespace wafer
