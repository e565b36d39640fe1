// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/join.h"

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "renkei/base/log.h"
#include "renkei/charter/charter.h"
#include "renkei/crypto/secret.h"
#include "renkei/crypto/sign.h"
#include "renkei/crypto/x509.h"
#include "renkei/identity/join.h"
#include "renkei/identity/peer_id.h"
#include "renkei/site/site_files.h"

namespace renkei::site {
namespace {

constexpr uint64_t kTlsKeyBytesMax = 64 << 10;
constexpr uint64_t kTokenIdBytesMax = 256;

class Joiner {
 public:
  Joiner(const JoinOptions& options, const identity::Invitation& invitation, JoinTools tools,
         run::Peer& peer)
      : options_(options),
        invitation_(invitation),
        tools_(tools),
        peer_(peer),
        staging_{options.dir + ".joining"} {}

  Status Run(std::stop_token stop) {
    RK_RETURN_IF_ERROR(CheckDirectory());
    if (tools_.clock.Now() >= invitation_.expires) {
      return Error(Code::kUnauthenticated, "the invitation expired at {}; ask for a new one",
                   FormatInstant(invitation_.expires));
    }
    Status joined = Reach(stop, [this] { return FetchCharter(); });
    if (joined.ok()) joined = MakeKeys();
    if (joined.ok()) joined = Reach(stop, [this] { return Ask(); });
    if (joined.ok()) joined = AwaitAnswer(stop);
    if (joined.ok()) joined = Finish();
    if (joined.ok() || MayGoOnLater(joined)) return joined;
    const Status removed = RemoveTree(tools_.disk, staging_.dir);
    if (!removed.ok()) log::Warn("join.left-over", {{"reason", Message(removed)}});
    return joined;
  }

 private:
  static bool MayGoOnLater(const Status& status) {
    return status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded ||
           status.code() == Code::kCancelled;
  }

  // A coordinator that is just starting, or a link that blinks, is no reason to give up.
  template <typename Work>
  Status Reach(std::stop_token stop, Work work) {
    const Milliseconds started = tools_.clock.Monotonic();
    for (;;) {
      const Status done = work();
      const Milliseconds tried = tools_.clock.Monotonic() - started;
      const bool impatient = options_.patience.count() > 0 && tried >= options_.patience;
      if (done.code() != Code::kUnavailable || impatient || tried >= kReachWithin ||
          stop.stop_requested()) {
        return done;
      }
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, stop, options_.poll_every, [] { return false; });
    }
  }

  Status CheckDirectory() {
    RK_ASSIGN_OR_RETURN(const bool exists, tools_.disk.Exists(options_.dir));
    if (!exists) return Ok();
    RK_ASSIGN_OR_RETURN(const auto names, tools_.disk.List(options_.dir));
    if (names.empty()) return Ok();
    return Error(Code::kAlreadyExists, "{} is not empty; a site needs a directory of its own",
                 options_.dir);
  }

  Status FetchCharter() {
    RK_ASSIGN_OR_RETURN(run::Welcome welcome, peer_.Hello());
    auto charter = charter::Verify(welcome.charter_envelope, tools_.clock.Now());
    if (!charter.ok() && charter.status().code() == Code::kFailedPrecondition) {
      return charter.status();
    }
    if (!charter.ok()) {
      return Error(Code::kUnauthenticated, "the coordinator's charter: {}",
                   Message(charter.status()));
    }
    if (charter->sha256 != invitation_.charter_sha256) {
      return Error(Code::kUnauthenticated, "the coordinator serves charter {}, invited to {}",
                   charter->sha256.hex(), invitation_.charter_sha256.hex());
    }
    party_ = charter->FindParty(invitation_.party);
    if (party_ == nullptr || charter->coordinator.party != invitation_.coordinator_party) {
      return Error(Code::kUnauthenticated, "the invitation does not fit charter {}", charter->name);
    }
    charter_ = *std::move(charter);
    party_ = charter_.FindParty(invitation_.party);
    charter_envelope_ = std::move(welcome.charter_envelope);
    return Ok();
  }

  std::string TokenFile() const { return staging_.dir + "/token-id"; }

  // The keys of an earlier call with this token, if there was one: its request may be granted.
  StatusOr<bool> FindKeys() {
    const auto token = ReadWhole(tools_.disk, TokenFile(), kTokenIdBytesMax);
    if (token.status().code() == Code::kNotFound) return false;
    RK_RETURN_IF_ERROR(token.status());
    if (AsText(*token) != token_id_) return false;
    RK_ASSIGN_OR_RETURN(const crypto::SigningKey key, ReadSiteKey(tools_.disk, staging_.key()));
    key_ = key.public_key();
    RK_ASSIGN_OR_RETURN(Bytes tls_key, ReadWhole(tools_.disk, staging_.tls_key(), kTlsKeyBytesMax));
    auto tls_public_key = crypto::PublicKeyPem(AsText(tls_key));
    crypto::Wipe(tls_key);
    RK_RETURN_IF_ERROR(tls_public_key.status());
    tls_public_key_pem_ = *std::move(tls_public_key);
    return true;
  }

  Status MakeKeys() {
    token_id_ = identity::TokenId(invitation_.secret);
    RK_ASSIGN_OR_RETURN(const bool found, FindKeys());
    if (found) return Ok();
    Disk& disk = tools_.disk;
    RK_RETURN_IF_ERROR(RemoveTree(disk, staging_.dir));
    RK_RETURN_IF_ERROR(disk.MakeDirs(staging_.tls_dir()));
    const crypto::SigningKey key = crypto::SigningKey::Generate(tools_.random);
    RK_RETURN_IF_ERROR(WriteWhole(disk, staging_.key(), key.SeedText().reveal()));
    std::string tls_key = crypto::GenerateTlsKeyPem();
    const Status kept = WriteWhole(disk, staging_.tls_key(), AsBytes(tls_key));
    auto tls_public_key = crypto::PublicKeyPem(tls_key);
    crypto::Wipe({reinterpret_cast<uint8_t*>(tls_key.data()), tls_key.size()});
    RK_RETURN_IF_ERROR(kept);
    RK_RETURN_IF_ERROR(tls_public_key.status());
    key_ = key.public_key();
    tls_public_key_pem_ = *std::move(tls_public_key);
    // Last: with it, the keys are whole.
    return WriteWhole(disk, TokenFile(), AsBytes(token_id_));
  }

  Status Ask() {
    return peer_.AskJoin(identity::DumpJoinRequest(
        identity::MakeJoinRequest(invitation_, {.key = key_,
                                                .tls_public_key_pem = tls_public_key_pem_,
                                                .dataset_examples = options_.dataset_examples,
                                                .dataset_digest = options_.dataset_digest})));
  }

  Status AwaitAnswer(std::stop_token stop) {
    const Milliseconds started = tools_.clock.Monotonic();
    for (;;) {
      auto answer = peer_.PollJoin(token_id_);
      if (answer.ok()) {
        answer_json_ = *std::move(answer);
        return Ok();
      }
      const Code code = answer.status().code();
      if (code != Code::kNotFound && code != Code::kUnavailable) return answer.status();
      if (stop.stop_requested()) {
        return Error(Code::kCancelled,
                     "stopped while waiting for {} to answer; the same command "
                     "goes on waiting",
                     invitation_.party);
      }
      const Milliseconds waited = tools_.clock.Monotonic() - started;
      if (options_.patience.count() > 0 && waited >= options_.patience) {
        return Error(Code::kDeadlineExceeded,
                     "{} has not approved site {} yet (renkei site approve); the same command "
                     "goes on waiting",
                     invitation_.party, invitation_.site);
      }
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, stop, options_.poll_every, [] { return false; });
    }
  }

  Status CheckAnswer(const identity::JoinGrant& grant) {
    if (grant.token_id != token_id_) {
      return Error(Code::kUnauthenticated, "the answer is to another request");
    }
    RK_RETURN_IF_ERROR(identity::CheckJoinGrant(grant, invitation_));
    RK_ASSIGN_OR_RETURN(const Digest pinned, crypto::CertificateSha256(party_->ca_pem));
    RK_ASSIGN_OR_RETURN(const Digest root, crypto::CertificateSha256(grant.root_pem));
    if (root != pinned) {
      return Error(Code::kUnauthenticated, "the answer names another root of {} than the charter",
                   invitation_.party);
    }
    const identity::PartyRoot roots[] = {{invitation_.party, party_->ca_pem}};
    RK_ASSIGN_OR_RETURN(const identity::PeerId peer,
                        identity::VerifyPeer(grant.chain_pem, roots, tools_.clock.Now()));
    const identity::PeerId expected{.party = invitation_.party,
                                    .kind = identity::PeerKind::kSite,
                                    .name = invitation_.site.text()};
    if (peer == expected) return Ok();
    return Error(Code::kUnauthenticated, "the certificate is for {}, not for {}", peer.Uri(),
                 expected.Uri());
  }

  Status Finish() {
    RK_ASSIGN_OR_RETURN(const identity::JoinGrant grant, identity::ParseJoinGrant(answer_json_));
    RK_RETURN_IF_ERROR(CheckAnswer(grant));
    Disk& disk = tools_.disk;
    const SiteConfig config{.site = invitation_.site,
                            .party = invitation_.party,
                            .country = invitation_.country,
                            .coordinator = invitation_.coordinator,
                            .trainers = options_.trainers,
                            .issuer_dir = options_.issuer_dir};
    RK_RETURN_IF_ERROR(WriteWhole(disk, staging_.tls_chain(), AsBytes(grant.chain_pem)));
    RK_RETURN_IF_ERROR(WriteWhole(disk, staging_.charter(), charter_envelope_));
    RK_RETURN_IF_ERROR(WriteWhole(disk, staging_.config(), AsBytes(DumpSiteConfig(config))));
    RK_RETURN_IF_ERROR(disk.Remove(TokenFile()));
    RK_RETURN_IF_ERROR(disk.SyncDir(staging_.dir));
    RK_ASSIGN_OR_RETURN(const bool empty_one, disk.Exists(options_.dir));
    if (empty_one) RK_RETURN_IF_ERROR(disk.Remove(options_.dir));
    RK_RETURN_IF_ERROR(disk.Rename(staging_.dir, options_.dir));
    return disk.SyncDir(ParentOf(options_.dir));
  }

  const JoinOptions& options_;
  const identity::Invitation& invitation_;
  JoinTools tools_;
  run::Peer& peer_;
  SiteFiles staging_;
  std::string token_id_;
  charter::Charter charter_;
  const charter::Party* party_ = nullptr;
  Bytes charter_envelope_;
  crypto::PublicKey key_;
  std::string tls_public_key_pem_;
  std::string answer_json_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
};

}  // namespace

Status Join(const JoinOptions& options, const identity::Invitation& invitation, JoinTools tools,
            run::Peer& peer, std::stop_token stop) {
  return Joiner(options, invitation, tools, peer).Run(std::move(stop));
}

}  // namespace renkei::site
