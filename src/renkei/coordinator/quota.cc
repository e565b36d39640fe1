// SPDX-License-Identifier: Apache-2.0
#include "renkei/coordinator/quota.h"

namespace renkei::coordinator {
namespace {
constexpr Milliseconds kMinute{60'000};
}  // namespace

bool Quota::Take(const std::string& key, Milliseconds now) {
  std::erase_if(used_, [&](const auto& item) { return now - item.second.since >= kMinute; });
  const auto found = used_.find(key);
  if (found == used_.end()) {
    if (used_.size() >= kQuotaKeysMax) return false;
    used_[key] = {.since = now, .count = 1};
    return true;
  }
  if (found->second.count >= per_minute_) return false;
  ++found->second.count;
  return true;
}

}  // namespace renkei::coordinator
