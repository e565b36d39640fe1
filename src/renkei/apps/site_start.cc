// SPDX-License-Identifier: Apache-2.0
// renkei site start: serves a site until it is told to stop.
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "renkei/apps/commands.h"
#include "renkei/apps/connection.h"
#include "renkei/apps/signals.h"
#include "renkei/apps/supervisor.h"
#include "renkei/base/log.h"
#include "renkei/base/steady_clock.h"
#include "renkei/site/agent.h"
#include "renkei/site/leaf.h"
#include "renkei/site/site_config.h"
#include "renkei/site/site_files.h"

namespace renkei::apps {
namespace {

constexpr Milliseconds kLook{500};

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
    RK_ASSIGN_OR_RETURN(leaf_, site::Leaf::Load({.files = files_,
                                                 .config = config_,
                                                 .charter = charter_,
                                                 .stranger = [this] { return Connect({}); }},
                                                *disk_, *clock_, *random_));
    peer_ = Connect(leaf_->tls());
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
    TellReady(fmt::format("site {} of {}", config_.site, config_.coordinator));
    Status ended;
    std::atomic<bool> over = false;
    {
      std::jthread work([&] {
        ended = agent_->Serve(stop_.get_token());
        over = true;
      });
      while (!over && !StopSignalWithin(kLook)) {
      }
      TellStopping();
      if (!over) log::Info("site.stopping", {{"site", config_.site.text()}});
      stop_.request_stop();
    }
    log::Info("site.stopped", {{"site", config_.site.text()}});
    return ended;
  }

 private:
  std::unique_ptr<run::Peer> Connect(const identity::TlsFiles& tls) {
    return ConnectTo(charter_, tls, *clock_, *random_, stop_.get_token());
  }

  StatusOr<run::Peer*> RenewIfDue() {
    RK_ASSIGN_OR_RETURN(const bool renewed, leaf_->Renew(agent_->book()));
    if (!renewed) return nullptr;
    former_peer_ = std::move(peer_);
    peer_ = Connect(leaf_->tls());
    return peer_.get();
  }

  std::stop_source stop_;
  std::unique_ptr<Disk> disk_ = MakeRealDisk();
  std::unique_ptr<Clock> wall_clock_ = MakeSystemClock();
  std::unique_ptr<Clock> clock_ = std::make_unique<SteadyClock>(*wall_clock_);
  std::unique_ptr<Random> random_ = MakeSystemRandom();
  site::SiteFiles files_;
  site::SiteConfig config_;
  charter::Charter charter_;
  std::unique_ptr<site::Leaf> leaf_;
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
