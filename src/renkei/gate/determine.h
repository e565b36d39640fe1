// SPDX-License-Identifier: Apache-2.0
// From one crossing to one determination: may this item go from this sender to these recipients?
// The sender asks before any byte moves, for every recipient that will come to hold it
// (docs/formats/determination.md).
//
// Today the rules are the charter's permits and prohibitions. What is not known is never a yes:
// a missing fact is a hold that names it, a party outside the charter is a refusal. The answer
// lists what was not assessed. A compliance aid, not legal advice.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/record/record.h"

namespace renkei::gate {

inline constexpr size_t kRecipientsMax = 2048;
// How long a determination stands at most; it never outlives its charter.
inline constexpr std::chrono::days kStandingMax{30};
inline constexpr std::string_view kDisclaimer = "A compliance aid, not legal advice.";

struct Crossing {
  std::string item;  // model, update or metrics
  RunId run;
  record::Holder from;
  std::vector<record::Holder> recipients;
  std::vector<std::string> purposes;
  std::string classification_us;
  std::string classification_jp;
  std::optional<BlobId> blob;  // this very file; absent: whatever the run makes of the item
};

// Always an answer, never an error. `reasons` holds one for each pair of party and country among
// the recipients, in their order, then those about the crossing as a whole. The verdict is the
// worst of them: any refusal refuses, any hold holds.
record::Determined Determine(const charter::Charter& charter, const Crossing& crossing,
                             Instant now);

// OK when `crossing` may go under the earlier `determined`: a go for the same item, run, sender
// and classification, for at least its recipients and purposes, under the same charter, still
// valid at `now`. FAILED_PRECONDITION names what differs: decide anew. Uses are counted by the
// ledger's fold, not here.
Status CheckCovers(const record::Determined& determined, const Crossing& crossing,
                   const charter::Charter& charter, Instant now);

// A few lines for people: the verdict, each reason with its paragraph, and what was not assessed.
std::string Explain(const record::Determined& determined);

}  // namespace renkei::gate
