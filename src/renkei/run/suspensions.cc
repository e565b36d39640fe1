// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/suspensions.h"

#include <variant>

namespace renkei::run {

bool FoldSuspension(Suspensions& suspensions, const record::Record& record) {
  if (const auto* suspended = std::get_if<record::CrossingsSuspended>(&record)) {
    if (suspended->site.empty()) {
      suspensions.parties.insert(suspended->party);
    } else {
      suspensions.sites.insert(suspended->site);
    }
    return true;
  }
  if (const auto* resumed = std::get_if<record::CrossingsResumed>(&record)) {
    if (resumed->site.empty()) {
      suspensions.parties.erase(resumed->party);
    } else {
      suspensions.sites.erase(resumed->site);
    }
    return true;
  }
  return false;
}

}  // namespace renkei::run
