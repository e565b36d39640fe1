// SPDX-License-Identifier: Apache-2.0
#include "renkei/coordinator/access.h"

#include <algorithm>

#include <fmt/format.h>

namespace renkei::coordinator {
namespace {

using identity::PeerKind;

bool IsSite(const identity::PeerId& caller, const record::Holder& holder) {
  return caller.kind == PeerKind::kSite && caller.party == holder.party &&
         caller.name == holder.site.text();
}

// A person who may let sites of `party` in.
bool MayAdmit(const run::Book& book, const identity::PeerId& caller, const PartyId& party) {
  const charter::Party* own = book.charter()->FindParty(caller.party);
  if (caller.kind != PeerKind::kPerson || own == nullptr || caller.party != party) return false;
  return std::ranges::any_of(own->people, [&](const charter::Person& person) {
    return person.id.text() == caller.name && (person.roles.contains(charter::Role::kOfficer) ||
                                               person.roles.contains(charter::Role::kOperator));
  });
}

// The caller's own enrolment, or nullptr.
const record::SiteEnrolled* EnrolmentOf(const run::Book& book, const identity::PeerId& caller) {
  if (caller.kind != PeerKind::kSite) return nullptr;
  const auto site = SiteId::Parse(caller.name);
  const run::SiteState* state = site.ok() ? book.FindSite(*site) : nullptr;
  return state != nullptr && state->enrolled.party == caller.party ? &state->enrolled : nullptr;
}

record::Holder HolderOf(const record::SiteEnrolled& enrolled) {
  return {.party = enrolled.party, .site = enrolled.site, .country = enrolled.country};
}

// As which recipient of the run's models the caller comes, if any.
std::optional<record::Holder> HolderOf(const run::RunState& run, const identity::PeerId& caller) {
  for (const auto& [site, candidate] : run.candidates) {
    if (IsSite(caller, candidate.holder)) {
      if (!candidate.MayYet()) return std::nullopt;
      return candidate.holder;
    }
  }
  if (caller.kind != PeerKind::kPerson) return std::nullopt;
  if (caller.party == run.owner_holder.party) return run.owner_holder;
  for (const record::Holder& holder : run::ResultRecipients(run)) {
    if (holder.party == caller.party) return holder;
  }
  return std::nullopt;
}

// A model of a run.
struct Model {
  uint32_t round = 0;    // that made it; 0: the spec's
  uint64_t deleted = 0;  // by this entry; 0: it was not
};
std::optional<Model> FindModel(const run::RunState& run, const BlobId& id) {
  if (run.spec.model == id) return Model{.round = 0, .deleted = run.model_deleted};
  for (const run::RoundRecord& round : run.rounds) {
    if (round.output == id) return Model{.round = round.round, .deleted = round.deleted};
  }
  return std::nullopt;
}

// The caller as it sends and receives: a site, or a party as a whole.
record::Holder SelfOf(const identity::PeerId& caller) {
  record::Holder self{.party = caller.party, .site = {}, .country = {}};
  if (caller.kind != PeerKind::kSite) return self;
  if (auto site = SiteId::Parse(caller.name); site.ok()) self.site = *std::move(site);
  return self;
}

// OK when nobody without whom the transfer may not be has suspended its crossings.
Status CheckMayCross(const run::Book& book, const run::RunState& run,
                     const identity::PeerId& caller) {
  RK_RETURN_IF_ERROR(CheckNotLeft(book, caller.party));
  for (const record::Holder& holder : {SelfOf(caller), run.owner_holder, run.coordinator}) {
    RK_RETURN_IF_ERROR(CheckNotSuspended(book, holder));
  }
  return Ok();
}

// OK when everybody whose work is in the model lets it go to `to`.
Status CheckCoverage(const run::RunState& run, uint32_t round, const record::Holder& to,
                     Instant now) {
  const bool over = run.phase == run::Phase::kFinished;
  if (!run.owner_go || !run::Covers(*run.owner_go, {to}) ||
      (!over && now >= run.owner_go->valid_until)) {
    return Error(Code::kPermissionDenied,
                 "the determination of {} for the model of run {} does not cover {}/{} now",
                 run.owner, run.run, to.party, to.site);
  }
  for (const auto& [index, cited] : run.lineage) {
    if (cited.first_round == 0 || cited.first_round > round) continue;
    if (run::Covers(cited.standing, {to})) continue;
    return Error(Code::kPermissionDenied,
                 "the determination of site {} (entry {}) for run {} does not cover {}/{}",
                 cited.standing.from.site, index, run.run, to.party, to.site);
  }
  return Ok();
}

}  // namespace

Status CheckNotSuspended(const run::Book& book, const record::Holder& holder) {
  if (!book.suspensions().Cover(holder)) return Ok();
  return Error(
      Code::kPermissionDenied,
      "suspended: {} has suspended the crossings of {}; an officer of it takes that back "
      "with renkei resume",
      holder.party,
      book.suspensions().parties.contains(holder.party) ? "the whole party" : holder.site.text());
}

Status CheckKnown(const identity::PeerId& caller) {
  if (caller.kind != PeerKind::kAnonymous) return Ok();
  return Error(Code::kUnauthenticated, "this call needs a certificate of a party of the charter");
}

Status CheckNotLeft(const run::Book& book, const PartyId& party) {
  const auto left = book.left().find(party);
  if (left == book.left().end()) return Ok();
  return Error(Code::kPermissionDenied,
               "{}: {} has left this charter with entry {}; it comes back by a new charter",
               run::kPartyLeft, party, left->second.index);
}

uint64_t EndFor(const run::Book& book, const identity::PeerId& caller) {
  const auto left = book.left().find(caller.party);
  return left == book.left().end() ? book.size() : left->second.index + 1;
}

Status CheckPerson(const identity::PeerId& caller) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  if (caller.kind == PeerKind::kPerson) return Ok();
  return Error(Code::kPermissionDenied, "this call is for people, not for {}", caller.Uri());
}

Status CheckMayGrant(const run::Book& book, const identity::PeerId& caller,
                     const std::string& token_id) {
  const auto site = std::ranges::find_if(
      book.sites(), [&](const auto& item) { return item.second.enrolled.token_id == token_id; });
  if (site == book.sites().end()) {
    return Error(Code::kFailedPrecondition,
                 "no site was enrolled with join token {}: submit its site.enrolled first",
                 token_id);
  }
  RK_RETURN_IF_ERROR(CheckNotLeft(book, site->second.enrolled.party));
  if (MayAdmit(book, caller, site->second.enrolled.party)) return Ok();
  return Error(Code::kPermissionDenied, "only an officer or operator of {} may let site {} in",
               site->second.enrolled.party, site->first);
}

Status CheckRenewal(const run::Book& book, const identity::RenewalRequest& request, Instant now) {
  const run::SiteState* site = book.FindSite(request.site);
  if (site == nullptr || site->enrolled.party != request.party) {
    return Error(Code::kUnauthenticated, "{} has enrolled no site {} in this ledger", request.party,
                 request.site);
  }
  RK_RETURN_IF_ERROR(identity::CheckRenewalRequest(request, site->enrolled.key, now));
  if (request.charter_sha256 != book.charter()->sha256) {
    return Error(Code::kFailedPrecondition, "site {} asks under charter {}, here {} is in force",
                 request.site, request.charter_sha256.hex(), book.charter()->sha256.hex());
  }
  RK_RETURN_IF_ERROR(CheckNotLeft(book, request.party));
  return CheckNotSuspended(book, HolderOf(site->enrolled));
}

Status CheckMaySeeLetters(const run::Book& book, const identity::PeerId& caller) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  RK_RETURN_IF_ERROR(CheckNotLeft(book, caller.party));
  if (caller.kind == PeerKind::kPerson) return Ok();
  const record::SiteEnrolled* own = EnrolmentOf(book, caller);
  if (own == nullptr) {
    return Error(Code::kPermissionDenied, "{} is no site that is enrolled here", caller.Uri());
  }
  return CheckNotSuspended(book, HolderOf(*own));
}

Status CheckMayRenew(const run::Book& book, const identity::PeerId& caller, const SiteId& site) {
  RK_RETURN_IF_ERROR(CheckNotLeft(book, caller.party));
  const run::SiteState* asking = book.FindSite(site);
  if (asking != nullptr && asking->enrolled.party == caller.party) {
    RK_RETURN_IF_ERROR(CheckNotSuspended(book, HolderOf(asking->enrolled)));
    if (MayAdmit(book, caller, caller.party)) return Ok();
    if (const record::SiteEnrolled* own = EnrolmentOf(book, caller)) {
      return CheckNotSuspended(book, HolderOf(*own));
    }
  }
  return Error(Code::kPermissionDenied,
               "only an officer, an operator or another site of its party may renew site {}", site);
}

run::Decision CheckAuthorIsCaller(const run::Book& book, const identity::PeerId& caller,
                                  std::string_view key_id) {
  const auto author = book.FindAuthor(key_id);
  if (!author) return {};
  const bool same = author->party == caller.party &&
                    author->kind != run::AuthorKind::kCoordinator &&
                    (author->kind == run::AuthorKind::kPerson || caller.name == author->name);
  if (same) return {};
  return run::Refuse("not-for-this-author",
                     fmt::format("{} brings an entry of {}", caller.Uri(), author->name));
}

StatusOr<Upload> FindUpload(const run::Book& book, const identity::PeerId& caller,
                            const BlobId& id) {
  RK_RETURN_IF_ERROR(CheckNotLeft(book, caller.party));
  Status why = Error(Code::kPermissionDenied,
                     "no entry of {} in the ledger names {}: submit the entry first", caller.Uri(),
                     id.Text());
  for (const auto& [name, run] : book.runs()) {
    const bool over = run.phase == run::Phase::kFinished;
    if (caller.kind == PeerKind::kPerson && !over && run.owner == caller.party &&
        run.spec.model == id) {
      RK_RETURN_IF_ERROR(CheckMayCross(book, run, caller));
      return Upload{.run = name, .round = 0, .site = {}, .base = {}};
    }
    if (caller.kind != PeerKind::kSite) continue;
    for (const auto& [site, contribution] : run.current.contributed) {
      if (contribution.update != id || !IsSite(caller, run.Find(site)->holder)) continue;
      if (run.phase != run::Phase::kTraining) {
        // Another run may wait for the very same bytes.
        why = Error(Code::kFailedPrecondition, "round {} of {} is closed; {} came too late",
                    run.current.round, name, id.Text());
        continue;
      }
      RK_RETURN_IF_ERROR(CheckMayCross(book, run, caller));
      return Upload{
          .run = name, .round = run.current.round, .site = site, .base = run.current.base};
    }
  }
  return why;
}

StatusOr<Download> FindDownload(const run::Book& book, const identity::PeerId& caller,
                                const BlobId& id, Instant now) {
  RK_RETURN_IF_ERROR(CheckNotLeft(book, caller.party));
  Status why =
      Error(Code::kPermissionDenied, "no run names {} a recipient of {}", caller.Uri(), id.Text());
  for (const auto& [name, run] : book.runs()) {
    const auto model = FindModel(run, id);
    // Before a round opens, the model has no recipient but its owner.
    const bool owner = caller.kind == PeerKind::kPerson && caller.party == run.owner;
    if (!model || (run.current.round == 0 && !owner)) continue;
    const auto holder = HolderOf(run, caller);
    if (!holder) continue;
    why = CheckMayCross(book, run, caller);
    if (why.ok()) why = CheckCoverage(run, model->round, *holder, now);
    if (why.ok() && model->deleted != 0) {
      why = Error(Code::kNotFound, "{} was deleted with entry {} of the ledger", id.Text(),
                  model->deleted);
    }
    if (why.ok()) return Download{.run = name, .to = *holder};
  }
  return why;
}

}  // namespace renkei::coordinator
