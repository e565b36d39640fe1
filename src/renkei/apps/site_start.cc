// SPDX-License-Identifier: Apache-2.0
// renkei site start: serves a site until it is told to stop.
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "renkei/apps/commands.h"
#include "renkei/apps/connection.h"
#include "renkei/apps/instruments.h"
#include "renkei/apps/pack_files.h"
#include "renkei/apps/signals.h"
#include "renkei/apps/supervisor.h"
#include "renkei/base/log.h"
#include "renkei/base/steady_clock.h"
#include "renkei/base/watched_disk.h"
#include "renkei/site/agent.h"
#include "renkei/site/leaf.h"
#include "renkei/site/site_config.h"
#include "renkei/site/site_files.h"

namespace renkei::apps {
namespace {

constexpr Milliseconds kLook{500};
constexpr Milliseconds kMirrorAgeMax{120'000};

// What trainers get of our own environment.
std::map<std::string, std::string> TrainerEnvironment() {
  std::map<std::string, std::string> environment;
  for (const char* name : {"PATH", "HOME", "LANG"}) {
    if (const char* value = std::getenv(name)) environment[name] = value;
  }
  return environment;
}

StatusOr<std::string> AbsolutePath(const std::string& dir) {
  char* absolute = realpath(dir.c_str(), nullptr);
  if (absolute == nullptr) {
    return Error(Code::kNotFound, "{}: no such directory; renkei site join makes it", dir);
  }
  std::string path = absolute;
  std::free(absolute);
  return path;
}

class Site {
 public:
  explicit Site(const std::string& dir)
      : files_{dir}, disk_(std::make_unique<WatchedDisk>(*real_disk_, *clock_, SitePlaces(dir))) {}

  Status Open(const SiteStartOptions& options) {
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
    RK_ASSIGN_OR_RETURN(
        agent_, site::Agent::Open({.dir = files_.dir,
                                   .config = config_,
                                   .environment = TrainerEnvironment(),
                                   .renewed_peer = [this] { return RenewIfDue(); },
                                   .rules = RulesOrHold(*disk_, charter_.export_rules,
                                                        options.packs, files_.dir + "/rulepacks")},
                                  *disk_, *clock_, *random_, *peer_));
    leaf_until_ = leaf_->tls().not_after;
    RK_ASSIGN_OR_RETURN(http_,
                        ShowInstruments(options.http, {.health = [this] { return Health(); },
                                                       .readiness = [this] { return Readiness(); },
                                                       .figures = [this] { return Figures(); }}));
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
      while (!over && !StopSignalWithin(kLook)) disk_->Probe();
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
    leaf_until_ = leaf_->tls().not_after;
    former_peer_ = std::move(peer_);
    peer_ = Connect(leaf_->tls());
    return peer_.get();
  }

  std::stop_source stop_;
  // The instruments, in a thread of their own.
  std::vector<http::Check> Health() {
    std::vector<http::Check> checks = {book_.Tell("clock", agent_->FiguresNow().clock)};
    AddDiskChecks(*disk_, checks);
    return checks;
  }
  std::vector<http::Check> Readiness() {
    const site::AgentFigures figures = agent_->FiguresNow();
    const bool fresh = figures.heard && clock_->Monotonic() - *figures.heard <= kMirrorAgeMax;
    Status heard;
    if (!fresh) {
      heard =
          Error(Code::kUnavailable, "nothing new from the coordinator at {} for more than {} s: {}",
                config_.coordinator, kMirrorAgeMax.count() / 1000,
                figures.failure.ok() ? "a call is under way" : Message(figures.failure));
    }
    Status leaf;
    if (clock_->Now() >= leaf_until_.load()) {
      leaf = Error(
          Code::kUnauthenticated,
          "the certificate has expired; the party's issuer renews it, or renkei site approve");
    }
    return {book_.Tell("coordinator", heard, config_.coordinator), book_.Tell("leaf", leaf),
            book_.Tell("clock", figures.clock)};
  }
  std::vector<http::Family> Figures() {
    std::vector<http::Family> families = ProcessFamilies(Health(), *disk_, files_.dir);
    const double left = std::chrono::duration<double>(leaf_until_.load() - clock_->Now()).count();
    families.push_back(Gauge("renkei_leaf_seconds", "Until the certificate expires", left));
    AddSiteFamilies(agent_->FiguresNow(), clock_->Monotonic(), families);
    return families;
  }

  std::unique_ptr<Disk> real_disk_ = MakeRealDisk();
  std::unique_ptr<Clock> wall_clock_ = MakeSystemClock();
  std::unique_ptr<Clock> clock_ = std::make_unique<SteadyClock>(*wall_clock_);
  std::unique_ptr<Random> random_ = MakeSystemRandom();
  CheckBook book_{*clock_};
  site::SiteFiles files_;
  std::unique_ptr<WatchedDisk> disk_;
  site::SiteConfig config_;
  charter::Charter charter_;
  std::unique_ptr<site::Leaf> leaf_;
  std::unique_ptr<run::Peer> former_peer_;  // until the next one: calls may still run on it
  std::unique_ptr<run::Peer> peer_;
  std::unique_ptr<site::Agent> agent_;
  std::atomic<Instant> leaf_until_{};
  std::unique_ptr<http::Server> http_;  // last: ends before what it shows
};

}  // namespace

Exit SiteStart(const SiteStartOptions& options) {
  CatchStopSignals();
  const auto dir = AbsolutePath(options.dir);
  if (!dir.ok()) return Console::Fail(dir.status());
  Site site(*dir);
  Status status = site.Open(options);
  if (status.ok()) status = site.Serve();
  return status.ok() ? Exit::kOk : Console::Fail(status);
}

}  // namespace renkei::apps
