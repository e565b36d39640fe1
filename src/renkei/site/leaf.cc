// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/leaf.h"

#include <utility>

#include <fmt/format.h>

#include "renkei/base/log.h"
#include "renkei/crypto/secret.h"
#include "renkei/crypto/x509.h"
#include "renkei/site/renewal_desk.h"

namespace renkei::site {
namespace {

constexpr uint64_t kPemBytesMax = 64 << 10;

// Empty where there is none: a site that was restored without its keys asks for another leaf.
StatusOr<std::string> ReadPem(Disk& disk, const std::string& path) {
  auto bytes = ReadWhole(disk, path, kPemBytesMax);
  if (bytes.status().code() == Code::kNotFound) return std::string();
  RK_RETURN_IF_ERROR(bytes.status());
  std::string text = ToText(*bytes);
  crypto::Wipe(*bytes);
  return text;
}

}  // namespace

StatusOr<std::unique_ptr<Leaf>> Leaf::Load(LeafOptions options, Disk& disk, Clock& clock,
                                           Random& random) {
  if (options.charter.FindParty(options.config.party) == nullptr) {
    return Error(Code::kUnauthenticated, "{}: party {} is not in the charter",
                 options.files.config(), options.config.party);
  }
  RK_ASSIGN_OR_RETURN(crypto::SigningKey key, ReadSiteKey(disk, options.files.key()));
  std::unique_ptr<Leaf> leaf(new Leaf(std::move(options), disk, clock, random, std::move(key)));
  RK_ASSIGN_OR_RETURN(leaf->tls_.chain_pem, ReadPem(disk, leaf->options_.files.tls_chain()));
  RK_ASSIGN_OR_RETURN(leaf->tls_.key_pem, ReadPem(disk, leaf->options_.files.tls_key()));
  leaf->tls_.not_after = leaf->ValidUntil();
  return leaf;
}

const std::string& Leaf::root() const {
  return options_.charter.FindParty(options_.config.party)->ca_pem;
}

// Not at all when the chain does not verify now, or when the machine stopped between the writing of
// the key and that of its chain.
Instant Leaf::ValidUntil() const {
  const auto leaf = crypto::VerifyChain(tls_.chain_pem, root(), clock_.Now());
  const auto key = crypto::PublicKeyPem(tls_.key_pem);
  if (leaf.ok() && key.ok() && leaf->public_key_pem == *key) return leaf->not_after;
  log::Warn("site.leaf", {{"file", options_.files.tls_chain()},
                          {"why", leaf.ok() ? "it is of another key than tls/key.pem"
                                            : Message(leaf.status())}});
  return {};
}

StatusOr<bool> Leaf::Renew(const run::Book& book) {
  const Instant now = clock_.Now();
  if (now + kRenewBefore < tls_.not_after) return false;
  const run::SiteState* site = book.FindSite(options_.config.site);
  const Status may = site == nullptr ? Ok() : CheckMayHaveLeaf(book, site->enrolled, now);
  if (may.ok() && !options_.config.issuer_dir.empty()) return IssueOwn();
  const Status why = AskParty();
  if (why.ok()) return true;
  // Asked for even when it may not be: a person of the party may confirm the site, or resume it.
  return Without(may.ok() ? why : may);
}

StatusOr<bool> Leaf::IssueOwn() {
  RK_ASSIGN_OR_RETURN(const auto authority,
                      identity::PartyAuthority::Open(disk_, options_.config.issuer_dir));
  RK_ASSIGN_OR_RETURN(identity::TlsFiles tls,
                      authority.IssueTls({.party = options_.config.party,
                                          .kind = identity::PeerKind::kSite,
                                          .name = options_.config.site.text()},
                                         clock_.Now()));
  RK_RETURN_IF_ERROR(Keep(std::move(tls)));
  return true;
}

// OK when there is a new leaf; else why there is none yet.
Status Leaf::AskParty() {
  if (asked_) {
    const Status taken = TakeAnswer();
    if (taken.ok()) return taken;
    const bool waits = clock_.Monotonic() - asked_->since < kAskAgainEvery;
    if (waits && taken.code() != Code::kNotFound) return taken;
    if (!waits) asked_.reset();  // also after an answer that proves nothing
  }
  if (!asked_) RK_RETURN_IF_ERROR(SendRequest());
  return Error(
      Code::kUnavailable,
      "{} was asked at {} to renew it and has not answered yet: a site of it with [issuer] "
      "answers by itself, a person with renkei site approve --site {}",
      options_.config.party, FormatInstant(asked_->request.at), options_.config.site);
}

// NOT_FOUND while there is none.
Status Leaf::TakeAnswer() {
  const Status none = Error(Code::kNotFound, "no answer yet");
  if (clock_.Monotonic() - asked_->looked < kLookForAnswerEvery) return none;
  asked_->looked = clock_.Monotonic();
  const auto answer = stranger_->PollJoin(asked_->request.nonce);
  if (!answer.ok()) return answer.status();
  const auto grant = identity::ParseRenewalGrant(*answer);
  if (!grant.ok()) return grant.status();
  const Instant now = clock_.Now();
  const Status proven = identity::CheckRenewalGrant(*grant, asked_->request, root(), now);
  if (!proven.ok()) return proven;
  RK_ASSIGN_OR_RETURN(const auto leaf, crypto::VerifyChain(grant->chain_pem, root(), now));
  return Keep(
      {.chain_pem = grant->chain_pem, .key_pem = next_key_pem_, .not_after = leaf.not_after});
}

Status Leaf::SendRequest() {
  if (next_key_pem_.empty()) next_key_pem_ = crypto::GenerateTlsKeyPem();
  RK_ASSIGN_OR_RETURN(std::string public_pem, crypto::PublicKeyPem(next_key_pem_));
  const identity::RenewalRequest request =
      identity::MakeRenewalRequest({.site = options_.config.site,
                                    .party = options_.config.party,
                                    .charter_sha256 = options_.charter.sha256,
                                    .tls_public_key_pem = std::move(public_pem),
                                    .at = clock_.Now()},
                                   key_, random_);
  if (stranger_ == nullptr) stranger_ = options_.stranger();
  RK_RETURN_IF_ERROR(stranger_->AskJoin(identity::DumpRenewalRequest(request)));
  const Milliseconds now = clock_.Monotonic();
  asked_ = Asked{.request = request, .since = now, .looked = now};
  return Ok();
}

Status Leaf::Keep(identity::TlsFiles tls) {
  RK_RETURN_IF_ERROR(disk_.MakeDirs(options_.files.tls_dir()));
  RK_RETURN_IF_ERROR(WriteWhole(disk_, options_.files.tls_key(), AsBytes(tls.key_pem)));
  RK_RETURN_IF_ERROR(WriteWhole(disk_, options_.files.tls_chain(), AsBytes(tls.chain_pem)));
  tls_ = std::move(tls);
  asked_.reset();
  next_key_pem_.clear();
  stranger_.reset();
  told_.clear();
  log::Info("site.leaf-renewed", {{"until", FormatInstant(tls_.not_after)}});
  return Ok();
}

// There is no new leaf, for the reason `why`: good enough as long as the old one counts.
StatusOr<bool> Leaf::Without(const Status& why) {
  const bool expired = clock_.Now() >= tls_.not_after;
  std::string text = fmt::format("{}: the certificate {}; {}", options_.files.tls_chain(),
                                 expired ? "does not count any more" : "is due", Message(why));
  if (text != told_) log::Warn("site.leaf-not-renewed", {{"why", text}});
  told_ = text;
  if (!expired) return false;
  return MakeError(Code::kUnauthenticated, std::move(text));
}

}  // namespace renkei::site
