// SPDX-License-Identifier: Apache-2.0
#include "progress_file.h"

#include "files.h"
#include "json.h"

namespace wafer {

void ProgressFile::Show(double fraction) {
  const auto now = std::chrono::steady_clock::now();
  if (path_.empty() || (fraction < 1 && now < next_)) {
    return;
  }
  next_ = now + std::chrono::milliseconds(200);
  const Done written = WriteFile(path_, Json(Json::Object{{"fraction", fraction}}).Dump() + "\n");
  static_cast<void>(written.ok());
}

}  // namespace wafer
