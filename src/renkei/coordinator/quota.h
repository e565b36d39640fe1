// SPDX-License-Identifier: Apache-2.0
// How often somebody may cause something durable: at most `per_minute` times in any minute that
// starts with a first take. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "renkei/base/clock.h"

namespace renkei::coordinator {

inline constexpr size_t kQuotaKeysMax = 4096;  // more in one minute: nobody new gets any

class Quota {
 public:
  explicit Quota(uint32_t per_minute) : per_minute_(per_minute) {}
  // `now` is monotonic. False when `key` has used up its share of the current minute.
  bool Take(const std::string& key, Milliseconds now);

 private:
  struct Used {
    Milliseconds since{0};
    uint32_t count = 0;
  };

  uint32_t per_minute_;
  std::map<std::string, Used> used_;
};

}  // namespace renkei::coordinator
