// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/disk_need.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include <fmt/format.h>

namespace renkei::run {
namespace {

// Specs are strangers' words: sums and products end at the largest number that JSON carries.
constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();

uint64_t Sum(uint64_t a, uint64_t b) { return a > kMost || b > kMost - a ? kMost : a + b; }
uint64_t Product(uint64_t a, uint64_t b) { return b != 0 && a > kMost / b ? kMost : a * b; }

}  // namespace

DiskNeed DiskNeedOf(const RunState& run) {
  DiskNeed need;
  if (run.phase == Phase::kFinished) return need;
  need.sites = static_cast<uint64_t>(std::ranges::count_if(
      run.candidates, [](const auto& candidate) { return candidate.second.MayYet(); }));
  need.rounds = run.spec.rounds - std::min<uint64_t>(run.spec.rounds, run.rounds.size());
  need.round_bytes = Product(run.spec.model.size_bytes, need.sites + 1);
  need.bytes = Product(need.round_bytes, need.rounds);
  if (run.current.round == 0) need.bytes = Sum(need.bytes, run.spec.model.size_bytes);
  return need;
}

std::string LackOfRoom(const RunState& run, uint64_t free_bytes, uint64_t promised_bytes,
                       const std::string& directory) {
  const DiskNeed need = DiskNeedOf(run);
  const bool is_first = run.current.round == 0;
  const uint64_t own = is_first ? need.bytes : need.round_bytes;
  const uint64_t wanted = Sum(own, Sum(promised_bytes, kDiskReserveBytes));
  if (wanted <= free_bytes) return "";
  return fmt::format(
      "room on the coordinator's disk: {}: {} needs {} there ({} sites, {} rounds of {}), other "
      "runs {}, "
      "{} are kept free, and {} are free; make room, move the directory to a larger disk, or stop "
      "a run",
      directory, is_first ? "the run" : "the next round", SizeText(own), need.sites, need.rounds,
      SizeText(need.round_bytes), SizeText(promised_bytes), SizeText(kDiskReserveBytes),
      SizeText(free_bytes));
}

std::string SizeText(uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  double size = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (size >= 1024 && unit + 1 < kUnits.size()) {
    size /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

}  // namespace renkei::run
