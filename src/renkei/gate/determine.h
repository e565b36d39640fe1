// SPDX-License-Identifier: Apache-2.0
// From one crossing to one determination: may this item go from this sender to these recipients?
// The sender asks before any byte moves, for every recipient that will come to hold it
// (docs/formats/determination.md).
//
// The charter's permits and prohibitions answer, and the export rules of each jurisdiction by the
// packs that the charter names. What is not known is never a yes: a missing fact is a hold that
// names it, a party outside the charter is a refusal. The answer lists what was not assessed. A
// compliance aid, not legal advice.
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
#include "renkei/gate/rule_shelf.h"
#include "renkei/record/record.h"
#include "renkei/rules/book.h"
#include "renkei/rules/words.h"
#include "renkei/syntax/stated.h"

namespace renkei::gate {

inline constexpr size_t kRecipientsMax = 2048;
// How long a determination stands at most; it never outlives its charter.
inline constexpr std::chrono::days kStandingMax{30};
inline constexpr std::string_view kLedgerItem = "ledger";  // what a site sees once it has joined
inline constexpr std::string_view kDisclaimer = "A compliance aid, not legal advice.";

using charter::kRunOperations;

struct Crossing {
  std::string item;  // model, update, metrics or ledger
  RunId run;
  record::Holder from;
  std::vector<record::Holder> recipients;
  std::vector<std::string> purposes;
  std::string classification_us;
  std::string classification_jp;
  syntax::Stated facts{};          // of the item and its use, the charter's own among them
  syntax::Stated private_facts{};  // on top; not in the determination
  std::vector<record::Commitment> commitments{};  // to them, and to private rule packs
  std::optional<BlobId> blob{};  // this very file; absent: whatever the run makes of the item
};

// The facts of a run: those of its spec over those of the charter, and as many operations as are
// planned, or as were done when those are more.
syntax::Stated FactsFor(const charter::ExportRules& rules, const syntax::Stated& spec,
                        double operations_done);

// What to decide on when `operations_done` are more than the spec plans: twice as many, so that
// what stands is not decided anew with every round.
void AddHeadroom(Crossing& crossing, const syntax::Stated& spec, double operations_done);

// What kRunOperations says; 0 when it is not stated, or no number.
double OperationsOf(const Crossing& crossing);

// What the author of `determined` asked its gate.
Crossing CrossingOf(const record::Determined& determined);

// Always an answer, never an error. `reasons` holds one for each pair of party and country among
// the recipients, in their order, then those of the export rules, then those about the crossing as
// a whole. The verdict is the worst of them: any refusal refuses, any hold holds. The same
// arguments give the same answer, to the last byte.
record::Determined Determine(const charter::Charter& charter, const RuleShelf& shelf,
                             const Crossing& crossing, Instant now);

// A determination that is no go stands in the way, unless officers have approved its hold.
enum class Hold { kStands, kApproved };

// OK when `crossing` may go under the earlier `determined`: a go, or an approved hold, for the same
// item, run, sender, classification and facts, for at least its recipients, purposes and
// operations, under the same charter and rule packs, still valid at `now`. FAILED_PRECONDITION
// names what differs: decide anew. Uses are counted by the ledger's fold, not here.
Status CheckCovers(const record::Determined& determined, const Crossing& crossing,
                   const charter::Charter& charter, Instant now, Hold hold = Hold::kStands);

// A few lines for people: the verdict, each reason with its paragraph, and what was not assessed.
// An entry names the latter in English: with the `book` that answered, in Japanese too.
std::string Explain(const record::Determined& determined,
                    rules::Language language = rules::Language::kEnglish,
                    const rules::RuleBook* book = nullptr);
// "go", "hold", "refuse", or that in Japanese.
std::string_view NameOf(record::Verdict verdict, rules::Language language);

}  // namespace renkei::gate
