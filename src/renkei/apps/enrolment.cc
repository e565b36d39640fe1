// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/enrolment.h"

#include <utility>

#include "renkei/apps/console.h"
#include "renkei/identity/invitation.h"
#include "renkei/identity/join.h"

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

}  // namespace

StatusOr<std::vector<Enrolled>> ApprovePending(PersonSession& session, const std::string& party_dir,
                                               const std::string& site) {
  RK_ASSIGN_OR_RETURN(const auto pending, session.peer().PendingJoins());
  std::vector<Enrolled> enrolled;
  for (const std::string& json : pending) {
    const auto request = identity::ParseJoinRequest(json);
    if (!request.ok() || (!site.empty() && request->site.text() != site)) continue;
    const auto invitation = identity::FindInvitation(session.disk(), party_dir, request->token_id);
    // Anybody may ask: an id that is unknown, malformed or spent must not hold up the others.
    if (!invitation.ok()) continue;
    const auto done = Enrol(session, party_dir, *request, *invitation);
    if (done.status().code() == Code::kUnauthenticated) {
      Console::Note(fmt::format("site {}: {}", request->site, Message(done.status())));
      continue;
    }
    if (!done.ok()) return Annotate(done.status(), "site " + request->site.text());
    enrolled.push_back(*done);
  }
  return enrolled;
}

}  // namespace renkei::apps
