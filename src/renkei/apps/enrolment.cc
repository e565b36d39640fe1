// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/enrolment.h"

#include <optional>
#include <utility>
#include <variant>

#include "renkei/apps/console.h"
#include "renkei/identity/invitation.h"
#include "renkei/identity/letters.h"
#include "renkei/site/renewal_desk.h"

namespace renkei::apps {
namespace {

// Ledger first, then the certificate, then the mark: cut off anywhere, the same approval can be
// given again. An enrolment that is in the ledger already is not made twice.
StatusOr<Enrolled> Enrol(PersonSession& session, const std::string& party_dir,
                         const identity::JoinRequest& request,
                         const identity::Invitation& invitation) {
  const Instant now = session.clock().Now();
  RK_RETURN_IF_ERROR(identity::CheckJoinRequest(request, invitation, now));
  Enrolled enrolled = {
      .site = request.site, .entry = 0, .examples = request.dataset_examples, .key = request.key};
  const run::SiteState* known = session.book().FindSite(request.site);
  if (known != nullptr && known->enrolled.token_id == request.token_id &&
      known->enrolled.key == request.key) {
    enrolled.entry = known->index;
  } else {
    RK_ASSIGN_OR_RETURN(enrolled.entry, session.Submit(record::SiteEnrolled{
                                            .site = request.site,
                                            .party = invitation.party,
                                            .country = invitation.country,
                                            .key = request.key,
                                            .token_id = request.token_id,
                                            .weight_max = invitation.weight_max,
                                            .dataset_examples = request.dataset_examples,
                                            .dataset_digest = request.dataset_digest,
                                            .at = now}));
  }
  const identity::PeerId peer = {
      .party = invitation.party, .kind = identity::PeerKind::kSite, .name = request.site.text()};
  RK_ASSIGN_OR_RETURN(const std::string chain,
                      session.authority().IssueChain(peer, request.tls_public_key_pem, now));
  RK_RETURN_IF_ERROR(session.peer().GrantJoin(identity::DumpJoinGrant(
      identity::MakeJoinGrant(invitation, chain, session.authority().root_pem()))));
  RK_RETURN_IF_ERROR(identity::SpendInvitation(session.disk(), party_dir, request.token_id));
  return enrolled;
}

// A site of this party asks for a new leaf. When its enrolment is too old for its issuer to answer,
// a person who does confirms it: the same enrolment once more, from now on.
StatusOr<Enrolled> Renew(PersonSession& session, const identity::RenewalRequest& request) {
  const Instant now = session.clock().Now();
  const run::SiteState* site = session.book().FindSite(request.site);
  if (site == nullptr || site->enrolled.party != session.party().id) {
    return Error(Code::kUnauthenticated, "{} has enrolled no such site", session.party().id);
  }
  record::SiteEnrolled enrolment = site->enrolled;
  Enrolled enrolled = {.site = request.site,
                       .entry = site->index,
                       .examples = enrolment.dataset_examples,
                       .key = enrolment.key};
  RK_RETURN_IF_ERROR(identity::CheckRenewalRequest(request, enrolment.key, now));
  const Status may = site::CheckMayHaveLeaf(session.book(), enrolment, now);
  if (may.code() == Code::kFailedPrecondition) {
    enrolment.token_id = "renewal/" + request.nonce;
    enrolment.at = now;
    RK_ASSIGN_OR_RETURN(enrolled.entry, session.Submit(enrolment));
  } else if (!may.ok()) {
    return may;
  }
  RK_ASSIGN_OR_RETURN(const std::string chain,
                      session.authority().IssueChain({.party = session.party().id,
                                                      .kind = identity::PeerKind::kSite,
                                                      .name = request.site.text()},
                                                     request.tls_public_key_pem, now));
  RK_RETURN_IF_ERROR(session.peer().GrantJoin(identity::DumpRenewalGrant(
      {.nonce = request.nonce, .site = request.site, .chain_pem = chain})));
  return enrolled;
}

// None for a request that is not for this party to answer.
StatusOr<std::optional<Enrolled>> Approve(PersonSession& session, const std::string& party_dir,
                                          const identity::Request& request) {
  if (const auto* renewal = std::get_if<identity::RenewalRequest>(&request)) {
    if (renewal->party != session.party().id) return std::nullopt;
    return Renew(session, *renewal);
  }
  const auto& join = std::get<identity::JoinRequest>(request);
  const auto invitation = identity::FindInvitation(session.disk(), party_dir, join.token_id);
  // Anybody may ask: an id that is unknown, malformed or spent must not hold up the others.
  if (!invitation.ok()) return std::nullopt;
  return Enrol(session, party_dir, join, *invitation);
}

SiteId SiteOf(const identity::Request& request) {
  return std::visit([](const auto& asked) { return asked.site; }, request);
}

}  // namespace

StatusOr<std::vector<Enrolled>> ApprovePending(PersonSession& session, const std::string& party_dir,
                                               const std::string& site) {
  RK_ASSIGN_OR_RETURN(const auto pending, session.peer().PendingJoins());
  std::vector<Enrolled> enrolled;
  for (const std::string& json : pending) {
    const auto request = identity::ParseRequest(json);
    if (!request.ok()) continue;
    const SiteId asking = SiteOf(*request);
    if (!site.empty() && asking.text() != site) continue;
    const auto done = Approve(session, party_dir, *request);
    const Code code = done.status().code();
    const bool renewal = std::holds_alternative<identity::RenewalRequest>(*request);
    if (code == Code::kUnauthenticated ||
        (renewal && (code == Code::kPermissionDenied || code == Code::kFailedPrecondition))) {
      Console::Note(fmt::format("site {}: {}", asking, Message(done.status())));
      continue;
    }
    if (!done.ok()) return Annotate(done.status(), "site " + asking.text());
    if (*done) enrolled.push_back(**done);
  }
  return enrolled;
}

}  // namespace renkei::apps
