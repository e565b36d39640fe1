// SPDX-License-Identifier: Apache-2.0
// What sites ask their own parties, and the answers: to join, and to renew a leaf.
#include "renkei/identity/letters.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "renkei/coordinator/access.h"
#include "renkei/coordinator/coordinator.h"

namespace renkei::coordinator {
namespace {

std::string SenderOf(const identity::RenewalRequest& request) {
  return fmt::format("site/{}", request.site);
}

}  // namespace

Status Coordinator::AskJoin(const identity::PeerId&, const std::string& request_json) {
  if (request_json.size() > kLetterBytesMax) {
    return Error(Code::kResourceExhausted, "a request has at most {} bytes", kLetterBytesMax);
  }
  RK_ASSIGN_OR_RETURN(const identity::Request request, identity::ParseRequest(request_json));
  if (const auto* renewal = std::get_if<identity::RenewalRequest>(&request)) {
    return TakeRenewal(*renewal, request_json);
  }
  return TakeJoin(std::get<identity::JoinRequest>(request), request_json);
}

Status Coordinator::TakeJoin(const identity::JoinRequest& request,
                             const std::string& request_json) {
  {
    const std::scoped_lock lock(append_mutex_);
    if (!asks_.Take("", clock_.Monotonic())) {
      return Error(Code::kResourceExhausted, "too many requests to join; try again in a minute");
    }
  }
  {
    // The same site may ask again, after a crash say; nobody else with a token that is spent.
    const std::shared_lock lock(state_mutex_);
    const run::SiteState* site = book_.FindSite(request.site);
    const bool same = site != nullptr && site->enrolled.token_id == request.token_id &&
                      site->enrolled.key == request.key;
    if (book_.TokenSpent(request.token_id) && !same) {
      return Error(Code::kUnauthenticated,
                   "this join token was used; the party makes a new one with renkei site invite");
    }
  }
  const Instant now = clock_.Now();
  return letters_->Ask({.id = request.token_id,
                        .from = request.token_id,
                        .known = false,
                        .json = request_json,
                        .until = now + kLetterLifetime},
                       now);
}

// The caller need not show a certificate: the one it had may be what has expired. Its signature
// says who it is, before anything is kept.
Status Coordinator::TakeRenewal(const identity::RenewalRequest& request,
                                const std::string& request_json) {
  const Instant now = clock_.Now();
  {
    const std::shared_lock lock(state_mutex_);
    RK_RETURN_IF_ERROR(CheckRenewal(book_, request, now));
  }
  {
    const std::scoped_lock lock(append_mutex_);
    if (!renewals_.Take(request.site.text(), clock_.Monotonic())) {
      return Error(Code::kResourceExhausted, "site {} asks too often; try again in a minute",
                   request.site);
    }
    // An older request of the site, brought again by somebody, does not replace its latest.
    Instant& latest = renewal_asked_[request.site];
    if (request.at < latest) {
      return Error(Code::kAlreadyExists, "site {} has asked again since, at {}", request.site,
                   FormatInstant(latest));
    }
    latest = request.at;
  }
  return letters_->Ask({.id = request.nonce,
                        .from = SenderOf(request),
                        .known = true,
                        .json = request_json,
                        .until = now + identity::kRenewalFresh},
                       now);
}

StatusOr<std::string> Coordinator::PollJoin(const identity::PeerId&, const std::string& letter_id) {
  return letters_->Poll(letter_id, clock_.Now());
}

StatusOr<std::vector<std::string>> Coordinator::PendingJoins(const identity::PeerId& caller) {
  {
    const std::shared_lock lock(state_mutex_);
    RK_RETURN_IF_ERROR(CheckMaySeeLetters(book_, caller));
  }
  std::vector<std::string> requests;
  for (Letter& letter : letters_->Pending(clock_.Now())) {
    const auto request = identity::ParseRequest(letter.json);
    if (!request.ok()) continue;
    const auto* renewal = std::get_if<identity::RenewalRequest>(&*request);
    const bool shown = renewal == nullptr ? caller.kind == identity::PeerKind::kPerson
                                          : renewal->party == caller.party;
    if (shown) requests.push_back(std::move(letter.json));
  }
  return requests;
}

Status Coordinator::GrantJoin(const identity::PeerId& caller, const std::string& grant_json) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  RK_ASSIGN_OR_RETURN(const identity::Grant grant, identity::ParseGrant(grant_json));
  const Instant now = clock_.Now();
  Letter answer{
      .id = {}, .from = {}, .known = true, .json = grant_json, .until = now + kLetterLifetime};
  if (const auto* renewal = std::get_if<identity::RenewalGrant>(&grant)) {
    const auto asked = letters_->FindPending(renewal->nonce, now);
    if (!asked || asked->from != fmt::format("site/{}", renewal->site)) {
      return Error(Code::kFailedPrecondition, "no request {} of site {} waits for an answer",
                   renewal->nonce, renewal->site);
    }
    answer.id = renewal->nonce;
    answer.from = asked->from;
    const std::shared_lock lock(state_mutex_);
    RK_RETURN_IF_ERROR(CheckMayRenew(book_, caller, renewal->site));
  } else {
    answer.id = std::get<identity::JoinGrant>(grant).token_id;
    answer.from = answer.id;
    const std::shared_lock lock(state_mutex_);
    RK_RETURN_IF_ERROR(CheckPerson(caller));
    RK_RETURN_IF_ERROR(CheckMayGrant(book_, caller, answer.id));
  }
  return letters_->Answer(std::move(answer), now);
}

}  // namespace renkei::coordinator
