// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/decision.h"

#include <utility>

#include <fmt/format.h>

#include "renkei/base/check.h"

namespace renkei::run {
namespace {

struct CatalogueRow {
  std::string_view reason;
  Code code;
  std::string_view cite;
  std::string_view text;
};

constexpr Code kDenied = Code::kPermissionDenied;
constexpr Code kMoment = Code::kFailedPrecondition;
constexpr Code kReplay = Code::kAlreadyExists;
constexpr Code kInvalid = Code::kInvalidArgument;

constexpr CatalogueRow kCatalogue[] = {
    {"not-an-entry", kInvalid, "formats: entries", "the bytes are no ledger entry"},
    {"author-unknown", Code::kUnauthenticated, "charter [[party.person]]",
     "the signing key belongs to nobody in the charter and to no enrolled site"},
    {"signature-false", Code::kUnauthenticated, "formats: entries",
     "the signature does not verify over the entry's bytes"},
    {"clock-ahead", kMoment, "formats: entries", "the entry's time lies in the future"},
    {"charter-missing", kMoment, "formats: entries", "a ledger begins with its charter"},
    {"charter-adopted-already", kReplay, "formats: entries", "the ledger has its charter"},
    {"charter-not-valid", kDenied, "charter parties_to_adopt",
     "the charter is not adopted by its parties"},
    {"charter-expired", kDenied, "charter expires", "the charter has expired"},
    {"role-missing", kDenied, "charter [[party.person]] roles",
     "the author's roles do not allow this"},
    {"not-for-this-author", kDenied, "formats: entries", "the author may not speak for another"},
    {"site-known", kReplay, "formats: entries", "the site is enrolled already"},
    {"site-name-taken", kDenied, "charter [coordinator]", "the coordinator has this name"},
    {"token-spent", kReplay, "formats: entries", "the join token was used before"},
    {"key-known", kReplay, "formats: entries", "the key belongs to somebody already"},
    {"sites-limit", Code::kResourceExhausted, "limits", "no more sites fit in this ledger"},
    {"weight-above-charter", kDenied, "charter [runs] weight_max",
     "the weight is above the charter's cap"},
    {"spec-not-valid", kInvalid, "formats: run spec", "the run spec is not valid"},
    {"run-known", kReplay, "formats: run spec", "a run of this name exists"},
    {"run-unknown", kMoment, "formats: run spec", "there is no such run"},
    {"runs-limit", Code::kResourceExhausted, "limits", "no more runs fit in this ledger"},
    {"run-sites-limit", Code::kResourceExhausted, "limits",
     "too many sites for the entries of a run"},
    {"auditors-lack", kDenied, "charter [runs] auditors",
     "the charter asks for auditors, and this version has none"},
    {"rounds-above-charter", kDenied, "charter [runs] rounds_max",
     "more rounds than the charter allows"},
    {"purpose-not-in-charter", kDenied, "charter [runs] purposes",
     "the charter does not have this purpose"},
    {"determination-missing", kDenied, "design: the gate",
     "no valid determination with verdict go of this sender is cited"},
    {"determination-does-not-cover", kDenied, "design: the gate",
     "the cited determination does not cover the item or a recipient"},
    {"gate-refuses", kDenied, "charter [[permit]]", "the charter does not permit this crossing"},
    {"participants-unknown", kMoment, "formats: run spec",
     "a participant is not enrolled in this ledger"},
    {"quorum-impossible", kMoment, "formats: run spec",
     "fewer sites may take part than the quorum"},
    {"not-now", kMoment, "formats: run spec", "the run's phase does not allow this"},
    {"approved-already", kReplay, "charter [runs] approvals", "the party has approved already"},
    {"spec-digest-differs", kMoment, "formats: run spec",
     "the approval is for another text of the spec"},
    {"stop-asked-already", kReplay, "formats: run spec", "a stop was asked for already"},
    {"paused-already", kReplay, "run.pause-asked", "the party has paused the run already"},
    {"not-paused", kReplay, "run.resume-asked", "the party has not paused the run"},
    {"not-a-participant", kDenied, "formats: run spec", "the site does not take part"},
    {"round-differs", kMoment, "formats: run spec", "this is not the round that is going on"},
    {"base-differs", kMoment, "formats: run spec", "the update is of another base model"},
    {"contributed-already", kReplay, "formats: run spec", "the site has contributed already"},
    {"declined-already", kReplay, "formats: run spec", "the site has declined already"},
    {"weight-above-limit", kDenied, "site.enrolled weight_max",
     "more examples than the site committed itself to"},
    {"no-examples", kInvalid, "formats: entries", "a contribution needs at least one example"},
    {"encoding-differs", kInvalid, "formats: run spec", "the spec asks for another encoding"},
    {"evaluated-already", kReplay, "formats: run spec", "the site has evaluated already"},
    {"model-differs", kMoment, "formats: run spec", "this is not the model in question"},
    {"released-already", kReplay, "formats: entries", "the party has released this round already"},
    {"round-unknown", kMoment, "formats: run spec", "the round has no model"},
    {"site-unknown", kMoment, "formats: entries", "there is no such site"},
    // Of the moment, and no refusal: the author may say the same again once it is resumed.
    {"suspended", kMoment, "crossings.suspended", "the party has suspended these crossings"},
    {"suspended-already", kReplay, "crossings.suspended", "these crossings are suspended already"},
    {"not-suspended", kReplay, "crossings.resumed", "these crossings are not suspended"},
    {"party-left", kDenied, "party.left",
     "the author's party has left the charter; it comes back by a new charter"},
    {"party-coordinates", kDenied, "charter [coordinator]",
     "the party that runs the coordinator cannot leave its ledger: agree on a charter with "
     "another"},
    {"participants-left", kDenied, "party.left", "the party of a participant has left the charter"},
    {"approvals-impossible", kDenied, "charter [runs] approvals",
     "too few parties are left to approve a run; agree on a new charter"},
    {"model-deleted", kMoment, "blobs.deleted", "the model of the round was deleted"},
    {"join-held", kMoment, "crossing.determined",
     "the gate holds what the site would see; once an officer of the coordinator's party has "
     "approved, approve the site again"},
    {"hold-unknown", kMoment, "crossing.determined", "no hold of this entry is known"},
    {"hold-timed-out", kDenied, "charter [export] hold_hours",
     "nobody decided in time, which is a refusal; ask the gate again"},
    {"denied-already", kReplay, "crossing.denied", "an officer has denied it already"},
    {"approval-not-valid", kInvalid, "crossing.approved", "the approval cannot stand"},
    {"licence-unknown", kMoment, "licence.recorded", "the party has no such licence"},
    {"licence-spent", kDenied, "licence.recorded", "the licence does not reach that far"},
    {"licence-ends", kDenied, "licence.recorded", "the licence ends before the approval"},
    {"licence-differs", kMoment, "licence.recorded", "the licence is counted in another unit"},
    {"licences-limit", Code::kResourceExhausted, "limits", "no more licences fit in this ledger"},
    {"auditor-unknown", kMoment, "charter [[party.person]]", "no such person in the charter"},
    {"coordinator-contradicts", kDenied, "formats: run spec",
     "the coordinator's entry contradicts the ledger"},
};

}  // namespace

Status Decision::ToStatus() const {
  if (ok()) return Ok();
  const std::string more = detail.empty() ? "" : fmt::format(": {}", detail);
  return Error(code, "{}: {}{} ({})", reason.code, reason.text, more, reason.cite);
}

Decision Refuse(std::string_view reason_code, std::string detail) {
  for (const CatalogueRow& row : kCatalogue) {
    if (row.reason != reason_code) continue;
    return {.code = row.code,
            .reason = {.code = std::string(row.reason),
                       .cite = std::string(row.cite),
                       .text = std::string(row.text)},
            .detail = std::move(detail)};
  }
  CheckFailed(__FILE__, __LINE__, "the catalogue has the reason");
}

std::vector<std::string_view> RefusalCodes() {
  std::vector<std::string_view> codes;
  for (const CatalogueRow& row : kCatalogue) codes.push_back(row.reason);
  return codes;
}

}  // namespace renkei::run
