// SPDX-License-Identifier: Apache-2.0
#include "renkei/coordinator/meter.h"

#include <algorithm>
#include <variant>

namespace renkei::coordinator {

void Meter::Count(const record::Record& record) {
  const std::lock_guard lock(mutex_);
  counts_.rounds_opened += std::holds_alternative<record::RoundOpened>(record) ? 1 : 0;
  counts_.rounds_reduced += std::holds_alternative<record::RoundReduced>(record) ? 1 : 0;
  counts_.refusals += std::holds_alternative<record::Refused>(record) ? 1 : 0;
  const auto* closed = std::get_if<record::RoundClosed>(&record);
  if (closed == nullptr) return;
  ++counts_.rounds_closed;
  counts_.counted += closed->counted.size();
  for (const record::NotCounted& left_out : closed->not_counted) {
    const bool is_new = !counts_.not_counted.contains(left_out.code);
    const bool is_full = is_new && counts_.not_counted.size() >= kCodesMax;
    ++counts_.not_counted[is_full ? "other" : left_out.code];
  }
}

void Meter::CountAppend(Milliseconds took) {
  const std::lock_guard lock(mutex_);
  const auto fits = std::ranges::lower_bound(kAppendClasses, took);
  ++counts_.appends[static_cast<size_t>(fits - kAppendClasses.begin())];
  counts_.append_time += took;
}

Counts Meter::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace renkei::coordinator
