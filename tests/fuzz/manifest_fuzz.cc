// SPDX-License-Identifier: Apache-2.0
// Any bytes are refused or are the one text of a backup's list, whose paths stay below the
// directory.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "renkei/backup/manifest.h"
#include "renkei/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  namespace backup = renkei::backup;
  const std::string_view text = renkei::AsText({bytes, size});
  const auto manifest = backup::ParseManifest(text);
  if (!manifest.ok()) return 0;
  RK_CHECK(backup::DumpManifest(*manifest) == text);
  for (const backup::FilePart& file : manifest->files) {
    RK_CHECK(!file.path.empty() && file.path.front() != '/');
    RK_CHECK(("/" + file.path + "/").find("/../") == std::string_view::npos);
  }
  return 0;
}
