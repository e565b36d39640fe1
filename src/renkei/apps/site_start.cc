// SPDX-License-Identifier: Apache-2.0
// renkei site start: serves a site until it is told to stop.
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "renkei/apps/commands.h"
#include "renkei/apps/connection.h"
#include "renkei/apps/signals.h"
#include "renkei/base/log.h"
#include "renkei/identity/party_authority.h"
#include "renkei/site/agent.h"
#include "renkei/site/site_config.h"
#include "renkei/site/site_files.h"

namespace renkei::apps {
namespace {

constexpr auto kRenewBefore = std::chrono::hours(12);  // half of a leaf's life
constexpr Milliseconds kLook{500};
constexpr uint64_t kPemBytesMax = 64 << 10;

// What trainers get of our own environment.
std::map<std::string, std::string> TrainerEnvironment() {
  std::map<std::string, std::string> environment;
  for (const char* name : {"PATH", "HOME", "LANG"}) {
    if (const char* value = std::getenv(name)) environment[name] = value;
  }
  return environment;
}

class Site {
 public:
  Status Open(const std::string& dir) {
    char* absolute = realpath(dir.c_str(), nullptr);
    if (absolute == nullptr) {
      return Error(Code::kNotFound, "{}: no such directory; renkei site join makes it", dir);
    }
    files_.dir = absolute;
    std::free(absolute);
    RK_ASSIGN_OR_RETURN(const std::string text,
                        ReadText(*disk_, files_.config(), site::kSiteConfigBytesMax));
    RK_ASSIGN_OR_RETURN(config_, site::ParseSiteConfig(text, files_.config()));
    RK_ASSIGN_OR_RETURN(charter_, LoadCharter(*disk_, files_.charter(), clock_->Now()));
    RK_ASSIGN_OR_RETURN(tls_.chain_pem, ReadText(*disk_, files_.tls_chain(), kPemBytesMax));
    RK_ASSIGN_OR_RETURN(tls_.key_pem, ReadText(*disk_, files_.tls_key(), kPemBytesMax));
    RK_ASSIGN_OR_RETURN(tls_.not_after, ValidUntil());
    RK_RETURN_IF_ERROR(RenewIfDue().status());
    if (peer_ == nullptr) peer_ = ConnectTo(charter_, tls_, *clock_, *random_);
    RK_ASSIGN_OR_RETURN(agent_, site::Agent::Open({.dir = files_.dir,
                                                   .config = config_,
                                                   .environment = TrainerEnvironment(),
                                                   .renewed_peer = [this] { return RenewIfDue(); }},
                                                  *disk_, *clock_, *random_, *peer_));
    return Ok();
  }

  Status Serve() {
    log::Info("site.serving",
              {{"site", config_.site.text()}, {"coordinator", config_.coordinator}});
    Status ended;
    std::atomic<bool> over = false;
    {
      std::jthread work([&](std::stop_token stop) {
        ended = agent_->Serve(stop);
        over = true;
      });
      while (!over && !StopSignalWithin(kLook)) {
      }
    }
    log::Info("site.stopped", {{"site", config_.site.text()}});
    return ended;
  }

 private:
  // Until when the leaf on disk counts: not at all when it does not verify now.
  StatusOr<Instant> ValidUntil() {
    const charter::Party* party = charter_.FindParty(config_.party);
    if (party == nullptr) {
      return Error(Code::kUnauthenticated, "{}: party {} is not in the charter", files_.config(),
                   config_.party);
    }
    const auto leaf = crypto::VerifyChain(tls_.chain_pem, party->ca_pem, clock_->Now());
    if (leaf.ok()) return leaf->not_after;
    log::Warn("site.leaf", {{"file", files_.tls_chain()}, {"why", Message(leaf.status())}});
    return Instant();
  }

  // A site that is its party's issuer renews its own leaf; others live as long as theirs.
  StatusOr<run::Peer*> RenewIfDue() {
    if (clock_->Now() + kRenewBefore < tls_.not_after) return nullptr;
    if (config_.issuer_dir.empty()) {
      if (clock_->Now() < tls_.not_after) return nullptr;
      return Error(Code::kUnauthenticated,
                   "{}: the certificate is not valid any more; set [issuer] in {} or join again "
                   "with a new token",
                   files_.tls_chain(), files_.config());
    }
    RK_ASSIGN_OR_RETURN(const auto authority,
                        identity::PartyAuthority::Open(*disk_, config_.issuer_dir));
    const identity::PeerId self = {
        .party = config_.party, .kind = identity::PeerKind::kSite, .name = config_.site.text()};
    RK_ASSIGN_OR_RETURN(tls_, authority.IssueTls(self, clock_->Now()));
    RK_RETURN_IF_ERROR(WriteWhole(*disk_, files_.tls_key(), AsBytes(tls_.key_pem)));
    RK_RETURN_IF_ERROR(WriteWhole(*disk_, files_.tls_chain(), AsBytes(tls_.chain_pem)));
    log::Info("site.leaf-renewed", {{"until", FormatInstant(tls_.not_after)}});
    former_peer_ = std::move(peer_);
    peer_ = ConnectTo(charter_, tls_, *clock_, *random_);
    return peer_.get();
  }

  std::unique_ptr<Disk> disk_ = MakeRealDisk();
  std::unique_ptr<Clock> clock_ = MakeSystemClock();
  std::unique_ptr<Random> random_ = MakeSystemRandom();
  site::SiteFiles files_;
  site::SiteConfig config_;
  charter::Charter charter_;
  identity::TlsFiles tls_;
  std::unique_ptr<run::Peer> former_peer_;  // until the next one: calls may still run on it
  std::unique_ptr<run::Peer> peer_;
  std::unique_ptr<site::Agent> agent_;
};

}  // namespace

Exit SiteStart(const std::string& dir) {
  CatchStopSignals();
  Site site;
  Status status = site.Open(dir);
  if (status.ok()) status = site.Serve();
  return status.ok() ? Exit::kOk : Console::Fail(status);
}

}  // namespace renkei::apps
