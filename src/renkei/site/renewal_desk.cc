// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/renewal_desk.h"

#include <utility>
#include <vector>

#include "renkei/base/log.h"
#include "renkei/identity/letters.h"
#include "renkei/identity/party_authority.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"

namespace renkei::site {
namespace {

using syntax::Value;

constexpr std::string_view kFormat = "renkei-renewals/1";
constexpr uint64_t kFileBytesMax = 1 << 20;

}  // namespace

Status CheckMayHaveLeaf(const run::Book& book, const record::SiteEnrolled& enrolled, Instant now) {
  if (book.left().contains(enrolled.party)) {
    return Error(Code::kPermissionDenied, "{}: {} has left this charter; no leaf for its sites",
                 run::kPartyLeft, enrolled.party);
  }
  if (book.suspensions().Cover(
          {.party = enrolled.party, .site = enrolled.site, .country = enrolled.country})) {
    return Error(Code::kPermissionDenied,
                 "{} has suspended the crossings of site {}: no leaf before renkei resume",
                 enrolled.party, enrolled.site);
  }
  const Instant end = enrolled.at + identity::kRenewalLife;
  if (now < end) return Ok();
  return Error(
      Code::kFailedPrecondition,
      "site {} was enrolled at {}; its key could renew until {}: an officer or operator of "
      "{} confirms it for 30 days more with renkei site approve --site {}",
      enrolled.site, FormatInstant(enrolled.at), FormatInstant(end), enrolled.party, enrolled.site);
}

StatusOr<RenewalDesk> RenewalDesk::Open(Disk& disk, Clock& clock, std::string issuer_dir,
                                        std::string file, PartyId party) {
  RenewalDesk desk(disk, clock, std::move(issuer_dir), std::move(file), std::move(party));
  RK_ASSIGN_OR_RETURN(const bool there, disk.Exists(desk.file_));
  if (there) RK_RETURN_IF_ERROR(desk.Load());
  return desk;
}

Status RenewalDesk::Load() {
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(*disk_, file_, kFileBytesMax));
  const auto lost = [&](const Status& why) {
    return Error(Code::kDataLoss,
                 "{}: {}; remove it when no request of the last 20 minutes can come again", file_,
                 Message(why));
  };
  const auto document = syntax::ParseJson(AsText(bytes));
  if (!document.ok()) return lost(document.status());
  syntax::Fields fields(*document, "renewals.json");
  if (fields.Text("format") != kFormat) fields.Fail("format", "another format");
  const auto answered = fields.Objects("answered");
  if (const Status whole = fields.Finish(); !whole.ok()) return lost(whole);
  for (const Value* object : answered) {
    syntax::Fields one(*object, "renewals.json: answered");
    const auto site = one.NameOf<SiteId>("site");
    answered_[site] = one.Time("at");
    if (const Status whole = one.Finish(); !whole.ok()) return lost(whole);
  }
  return Ok();
}

Status RenewalDesk::Save() const {
  Value answered = Value::Array();
  for (const auto& [site, at] : answered_) {
    Value object = Value::Object();
    object.Set("site", site.text());
    object.Set("at", FormatInstant(at));
    answered.Push(std::move(object));
  }
  Value document = Value::Object();
  document.Set("format", kFormat);
  document.Set("answered", std::move(answered));
  return WriteWhole(*disk_, file_, AsBytes(syntax::DumpJson(document)));
}

Status RenewalDesk::Answer(run::Peer& peer, const run::Book& book) {
  if (clock_->Monotonic() < next_) return Ok();
  next_ = clock_->Monotonic() + kAnswerEvery;
  RK_ASSIGN_OR_RETURN(const auto pending, peer.PendingJoins());
  for (const std::string& json : pending) {
    const auto parsed = identity::ParseRequest(json);
    if (!parsed.ok()) continue;
    const auto* request = std::get_if<identity::RenewalRequest>(&*parsed);
    if (request == nullptr) continue;
    const Status answered = AnswerOne(peer, book, *request);
    if (answered.ok()) {
      log::Info("issuer.renewed", {{"site", request->site.text()}});
      told_.erase(request->site);
    } else if (std::string& told = told_[request->site]; told != Message(answered)) {
      told = Message(answered);
      log::Warn("issuer.not-renewed", {{"site", request->site.text()}, {"why", told}});
    }
  }
  return Ok();
}

Status RenewalDesk::AnswerOne(run::Peer& peer, const run::Book& book,
                              const identity::RenewalRequest& request) {
  const run::SiteState* site = book.FindSite(request.site);
  if (site == nullptr || site->enrolled.party != party_ || request.party != party_) {
    return Error(Code::kUnauthenticated, "{} has enrolled no such site", party_);
  }
  const Instant now = clock_->Now();
  RK_RETURN_IF_ERROR(identity::CheckRenewalRequest(request, site->enrolled.key, now));
  if (request.charter_sha256 != book.charter()->sha256) {
    return Error(Code::kFailedPrecondition, "made under another charter");
  }
  RK_RETURN_IF_ERROR(CheckMayHaveLeaf(book, site->enrolled, now));
  const auto answered = answered_.find(request.site);
  if (answered != answered_.end() && request.at <= answered->second) {
    return Error(Code::kAlreadyExists, "a request as old as one that was answered");
  }
  RK_ASSIGN_OR_RETURN(const auto authority, identity::PartyAuthority::Open(*disk_, issuer_dir_));
  RK_ASSIGN_OR_RETURN(
      const std::string chain,
      authority.IssueChain(
          {.party = party_, .kind = identity::PeerKind::kSite, .name = request.site.text()},
          request.tls_public_key_pem, now));
  // First the memory, then the answer: what is lost between is asked for again, by a new request.
  answered_[request.site] = request.at;
  RK_RETURN_IF_ERROR(Save());
  return peer.GrantJoin(identity::DumpRenewalGrant(
      {.nonce = request.nonce, .site = request.site, .chain_pem = chain}));
}

}  // namespace renkei::site
