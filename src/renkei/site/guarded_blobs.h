// SPDX-License-Identifier: Apache-2.0
// The site's gate at every chunk: blobs whose bytes go out, or come in, only as long as a question
// is answered yes. A transfer that was allowed when it began ends when that changes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "renkei/base/status.h"
#include "renkei/store/blobs.h"

namespace renkei::site {

// `blobs` outlives what is returned. `may` is asked before each read of an opened blob and each
// write of one that is received, with the number of their bytes; it may take its time. Its refusal
// is what that read or write fails with.
std::unique_ptr<store::Blobs> GuardBlobs(store::Blobs& blobs,
                                         std::function<Status(uint64_t bytes)> may);

}  // namespace renkei::site
