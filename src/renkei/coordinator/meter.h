// SPDX-License-Identifier: Apache-2.0
// What has happened at a coordinator since its process started, in numbers. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "renkei/base/clock.h"
#include "renkei/record/record.h"

namespace renkei::coordinator {

// Upper bounds of the classes that append times are counted in; one more class is above them all.
inline constexpr std::array<Milliseconds, 10> kAppendClasses = {
    Milliseconds(1),  Milliseconds(2),   Milliseconds(5),   Milliseconds(10),   Milliseconds(20),
    Milliseconds(50), Milliseconds(100), Milliseconds(200), Milliseconds(1000), Milliseconds(5000)};
inline constexpr size_t kCodesMax = 32;  // codes beyond are counted as "other"

struct Counts {
  uint64_t rounds_opened = 0;
  uint64_t rounds_closed = 0;
  uint64_t rounds_reduced = 0;
  uint64_t refusals = 0;
  uint64_t counted = 0;                                       // contributions
  std::map<std::string, uint64_t> not_counted;                // contributions, by code
  std::array<uint64_t, kAppendClasses.size() + 1> appends{};  // by time, kAppendClasses
  Milliseconds append_time{0};                                // of all together
};

class Meter {
 public:
  // An entry was appended.
  void Count(const record::Record& record);
  // An append, durable, took so long.
  void CountAppend(Milliseconds took);
  Counts counts() const;

 private:
  mutable std::mutex mutex_;
  Counts counts_;
};

}  // namespace renkei::coordinator
