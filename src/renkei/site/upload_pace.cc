// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/upload_pace.h"

#include <algorithm>
#include <cmath>

namespace renkei::site {

Milliseconds UploadPace::Next(uint64_t bytes, Milliseconds now) {
  if (bytes_per_ms_ <= 0) return now;
  const double due = std::max(free_at_ms_, static_cast<double>(now.count()));
  free_at_ms_ = due + static_cast<double>(bytes) / bytes_per_ms_;
  return Milliseconds(static_cast<int64_t>(std::ceil(due)));
}

}  // namespace renkei::site
