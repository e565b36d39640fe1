// SPDX-License-Identifier: Apache-2.0
// Whose crossings their own parties have suspended, as the ledger tells it. A party and its sites
// are suspended apart: resuming the one leaves the other.
#pragma once

#include <set>

#include "renkei/base/ids.h"
#include "renkei/record/record.h"

namespace renkei::run {

struct Suspensions {
  std::set<PartyId> parties;
  std::set<SiteId> sites;

  // True when `holder` may neither send nor receive.
  bool Cover(const record::Holder& holder) const {
    return parties.contains(holder.party) || sites.contains(holder.site);
  }
};

// True when the entry was one about suspensions; it is in `suspensions` then.
bool FoldSuspension(Suspensions& suspensions, const record::Record& record);

}  // namespace renkei::run
