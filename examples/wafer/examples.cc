// SPDX-License-Identifier: Apache-2.0
#include "examples.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "files.h"
#include "sha256.h"

namespace wafer {
namespace {

constexpr size_t kDataFileBytesMax = size_t{4} << 30;
constexpr std::string_view kCacheMagic = "wafer-cells-2\n";

// Overlap of source interval `at` (length kSide) with the cell interval `cell` (length `length`)
// on an axis of kSide * length units, so that all areas are whole numbers.
struct Overlap {
  int source;
  int units;
};

std::vector<std::vector<Overlap>> Axis(int length) {
  std::vector<std::vector<Overlap>> cells(kSide);
  for (int cell = 0; cell < kSide; ++cell) {
    const int begin = cell * length;
    const int end = begin + length;
    for (int source = begin / kSide; source * kSide < end; ++source) {
      const int units = std::min(end, (source + 1) * kSide) - std::max(begin, source * kSide);
      cells[static_cast<size_t>(cell)].push_back({source, units});
    }
  }
  return cells;
}

uint8_t Byte(int64_t part, int64_t whole) {
  return static_cast<uint8_t>(whole == 0 ? 0 : (255 * part + whole / 2) / whole);
}

// magic, key, count, then ids, labels and cells as they lie in memory.
// The cache never leaves the machine, so the byte order is the machine's own.
std::string PackCache(const std::string& key, const Examples& examples) {
  std::string bytes(kCacheMagic);
  bytes += key;
  const uint64_t count = examples.size();
  bytes.append(reinterpret_cast<const char*>(&count), sizeof count);
  bytes.append(reinterpret_cast<const char*>(examples.ids.data()), count * sizeof(uint64_t));
  bytes.append(reinterpret_cast<const char*>(examples.labels.data()), count);
  bytes.append(reinterpret_cast<const char*>(examples.cells.data()), count * kCellBytes);
  return bytes;
}

bool UnpackCache(std::string_view bytes, const std::string& key, Examples& examples) {
  const std::string head = std::string(kCacheMagic) + key;
  uint64_t count = 0;
  if (!bytes.starts_with(head) || bytes.size() < head.size() + sizeof count) {
    return false;
  }
  bytes.remove_prefix(head.size());
  std::memcpy(&count, bytes.data(), sizeof count);
  bytes.remove_prefix(sizeof count);
  if (count > kWafersMax || bytes.size() != count * (sizeof(uint64_t) + 1 + kCellBytes)) {
    return false;
  }
  examples.ids.resize(count);
  examples.labels.resize(count);
  examples.cells.resize(count);
  const char* at = bytes.data();
  std::memcpy(examples.ids.data(), at, count * sizeof(uint64_t));
  at += count * sizeof(uint64_t);
  std::memcpy(examples.labels.data(), at, count);
  std::memcpy(examples.cells.data(), at + count, count * kCellBytes);
  return std::all_of(examples.labels.begin(), examples.labels.end(),
                     [](uint8_t label) { return label < kClasses; });
}

}  // namespace

double Fineness(const WaferMap& map) {
  const double dies_per_side = std::sqrt(static_cast<double>(map.rows * map.cols));
  return std::clamp((dies_per_side - 16) / 48, 0.05, 1.0);
}

Cells Resample(const WaferMap& map) {
  const auto rows = Axis(map.rows);
  const auto cols = Axis(map.cols);
  const int64_t area = int64_t{map.rows} * map.cols;
  const auto fineness = static_cast<int64_t>(std::lround(255 * Fineness(map)));
  Cells cells;
  uint8_t* out = cells.data();
  for (const auto& row_overlaps : rows) {
    for (const auto& col_overlaps : cols) {
      int64_t present = 0;
      int64_t failing = 0;
      for (const Overlap& row : row_overlaps) {
        for (const Overlap& col : col_overlaps) {
          const uint8_t die = map.At(row.source, col.source);
          const int units = row.units * col.units;
          present += die == kNoDie ? 0 : units;
          failing += die == kFail ? units : 0;
        }
      }
      *out++ = Byte(failing, present);
      *out++ = Byte(present * fineness, area * 255);
    }
  }
  return cells;
}

void Examples::Add(const Examples& other, size_t index) {
  ids.push_back(other.ids[index]);
  labels.push_back(other.labels[index]);
  cells.push_back(other.cells[index]);
}

uint32_t IdRemainder(uint64_t wafer_id, uint32_t divisor) {
  uint32_t remainder = 0;
  for (const uint8_t byte : Sha256Of(std::to_string(wafer_id))) {
    remainder = (remainder * 256 + byte) % divisor;
  }
  return remainder;
}

bool InTestPart(uint64_t wafer_id) { return IdRemainder(wafer_id, 5) == 0; }

Outcome<Examples> LoadExamples(const std::string& directory, Part part) {
  Examples examples;
  WAFER_RETURN_IF_FAILED(ReadWafers(directory, [&](Wafer wafer) {
    if (part == Part::kAll || InTestPart(wafer.id) == (part == Part::kTest)) {
      examples.ids.push_back(wafer.id);
      examples.labels.push_back(static_cast<uint8_t>(wafer.label));
      examples.cells.push_back(Resample(wafer.map));
    }
    return Success();
  }));
  if (examples.size() == 0) {
    return Fail(directory, ": no wafers");
  }
  return examples;
}

Outcome<std::string> ContentKey(const std::string& directory) {
  WAFER_ASSIGN_OR_RETURN(const std::vector<FilePair> pairs, FindPairs(directory));
  Sha256 hash;
  for (const FilePair& pair : pairs) {
    for (const std::string& path : {pair.maps, pair.labels}) {
      WAFER_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kDataFileBytesMax));
      hash.Update(path.substr(directory.size()) + "\n" + std::to_string(bytes.size()) + "\n");
      hash.Update(bytes);
    }
  }
  return Hex(hash.Finish());
}

Outcome<Examples> LoadExamplesCached(const std::string& directory,
                                     std::span<const std::string> cache_directories) {
  WAFER_ASSIGN_OR_RETURN(const std::string key, ContentKey(directory));
  const std::string name = "/.wafer-cells-" + key.substr(0, 16);
  for (const std::string& cache : cache_directories) {
    const Outcome<std::string> bytes = ReadFile(cache + name, kDataFileBytesMax);
    Examples examples;
    if (bytes.ok() && UnpackCache(*bytes, key, examples)) {
      return examples;
    }
  }
  WAFER_ASSIGN_OR_RETURN(Examples examples, LoadExamples(directory));
  const std::string packed = PackCache(key, examples);
  for (const std::string& cache : cache_directories) {
    if (WriteFile(cache + name, packed).ok()) {
      break;
    }
  }
  return examples;
}

TrainAndHeldOut HoldOut(const Examples& all, uint32_t divisor) {
  TrainAndHeldOut sides;
  for (size_t i = 0; divisor > 0 && i < all.size(); ++i) {
    (IdRemainder(all.ids[i], divisor) == 0 ? sides.held_out : sides.train).Add(all, i);
  }
  if (sides.train.size() == 0 || sides.held_out.size() == 0) {
    return {.train = all, .held_out = all};
  }
  return sides;
}

}  // namespace wafer
