// SPDX-License-Identifier: Apache-2.0
// renkei coordinator: serves a charter's runs and its ledger until it is told to stop.
#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include "renkei/apps/commands.h"
#include "renkei/apps/connection.h"
#include "renkei/apps/instruments.h"
#include "renkei/apps/pack_files.h"
#include "renkei/apps/party_files.h"
#include "renkei/apps/signals.h"
#include "renkei/apps/supervisor.h"
#include "renkei/base/log.h"
#include "renkei/base/steady_clock.h"
#include "renkei/base/watched_disk.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/wire/coordinator_desk.h"
#include "renkei/wire/server.h"

namespace renkei::apps {
namespace {

constexpr Milliseconds kShutdownGrace{3000};
constexpr Milliseconds kLook{1000};
constexpr Milliseconds kRenewCheck{60'000};
constexpr auto kRenewBefore = std::chrono::hours(12);  // half of a leaf's life

// "[::]:<port of the charter's address>": every address of both families.
std::string DefaultListen(const std::string& address) {
  return "[::]" + address.substr(address.rfind(':'));
}

// As many open files as the system lets this process have: connections and blobs take them.
void RaiseFileLimit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  const rlim_t was = std::exchange(files.rlim_cur, files.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) files.rlim_cur = was;
  log::Info("coordinator.file-limit", {{"was", was}, {"now", files.rlim_cur}});
}

// A coordinator behind its server. When the disk fails so that the ledger has to be opened again,
// both are closed and opened until that succeeds; the instruments stay.
class Service {
 public:
  explicit Service(const CoordinatorOptions& options)
      : options_(options), disk_(*real_disk_, *clock_, CoordinatorPlaces(options.dir)) {}

  Status Open() {
    RK_ASSIGN_OR_RETURN(charter_, LoadCharter(disk_, options_.charter_file, clock_->Now()));
    RK_ASSIGN_OR_RETURN(auto authority, identity::PartyAuthority::Open(disk_, options_.party_dir));
    authority_ = std::make_unique<identity::PartyAuthority>(std::move(authority));
    RK_ASSIGN_OR_RETURN(auto key, LoadKey(disk_, CoordinatorKeyFile(options_.party_dir)));
    key_ = std::make_unique<crypto::SigningKey>(std::move(key));
    RK_RETURN_IF_ERROR(OpenCoordinator());
    RK_ASSIGN_OR_RETURN(http_,
                        ShowInstruments(options_.http, {.health = [this] { return Health(); },
                                                        .readiness = [this] { return Readiness(); },
                                                        .figures = [this] { return Figures(); }}));
    return Ok();
  }

  void Serve() {
    log::Info("coordinator.serving", {{"charter", charter_.name}, {"port", server_->port()}});
    const std::string serving =
        fmt::format("serving charter {} on port {}", charter_.name, server_->port());
    TellReady(serving);
    const Milliseconds look = std::min(kLook, AliveInterval().value_or(kLook));
    while (!StopSignalWithin(look)) {
      disk_.Probe();
      TellAlive();
      if (coordinator_ == nullptr) {
        OpenAgain();
        continue;
      }
      coordinator_->LookAtDisk();
      // Takes the lock that every call takes: a coordinator that hangs says nothing any more.
      const Status health = coordinator_->Health();
      TellStatus(health.ok() ? serving : Message(health));
      if (coordinator_->broken()) {
        log::Error("coordinator.closed", {{"why", Message(health)}});
        Close();
        continue;
      }
      if (clock_->Now() + kRenewBefore >= tls_.not_after) RenewLeaf();
    }
    log::Info("coordinator.stopping");
    TellStopping();
    Close();
    log::Info("coordinator.stopped");
  }

 private:
  Status OpenCoordinator() {
    RK_ASSIGN_OR_RETURN(Bytes envelope,
                        ReadWhole(disk_, options_.charter_file, kCharterFileBytesMax));
    RK_ASSIGN_OR_RETURN(auto coordinator,
                        coordinator::Coordinator::Open(
                            {.dir = options_.dir,
                             .key = key_.get(),
                             .charter_envelope = std::move(envelope),
                             .rules = RulesOrHold(disk_, charter_.export_rules, options_.packs,
                                                  options_.dir + "/rulepacks"),
                             .keep_updates = std::chrono::days(options_.keep_updates_days)},
                            disk_, *clock_));
    auto desk = wire::MakeCoordinatorDesk(*coordinator);
    {
      const std::lock_guard lock(mutex_);
      RK_RETURN_IF_ERROR(IssueLeaf());
    }
    RK_ASSIGN_OR_RETURN(
        auto server, wire::StartServer({.listen = options_.listen.empty()
                                                      ? DefaultListen(charter_.coordinator.address)
                                                      : options_.listen,
                                        .chain_pem = tls_.chain_pem,
                                        .key_pem = tls_.key_pem},
                                       *desk, *clock_));
    const std::lock_guard lock(mutex_);
    coordinator_ = std::move(coordinator);
    desk_ = std::move(desk);
    server_ = std::move(server);
    closed_ = Ok();
    rounds_ =
        std::jthread([hub = coordinator_.get()](const std::stop_token& stop) { hub->Serve(stop); });
    return Ok();
  }

  void OpenAgain() {
    const Status opened = OpenCoordinator();
    if (opened.ok()) return log::Info("coordinator.serving-again", {{"port", server_->port()}});
    const std::lock_guard lock(mutex_);
    if (Message(opened) != Message(closed_)) {
      log::Error("coordinator.cannot-open", {{"why", Message(opened)}});
    }
    closed_ = opened;
  }

  void Close() {
    if (coordinator_ == nullptr) return;
    rounds_.request_stop();
    server_->Shutdown(kShutdownGrace);
    rounds_.join();
    const std::lock_guard lock(mutex_);
    closed_ = coordinator_->Health();
    server_.reset();
    desk_.reset();
    coordinator_.reset();
  }

  void RenewLeaf() {
    const Milliseconds now = clock_->Monotonic();
    if (renewal_tried_ && now - *renewal_tried_ < kRenewCheck) return;
    renewal_tried_ = now;
    const std::lock_guard lock(mutex_);
    Status renewed = IssueLeaf();
    if (renewed.ok()) renewed = server_->Renew(tls_.chain_pem, tls_.key_pem);
    if (!renewed.ok()) log::Error("coordinator.leaf", {{"error", Message(renewed)}});
  }

  Status IssueLeaf() {
    const identity::PeerId self = {.party = charter_.coordinator.party,
                                   .kind = identity::PeerKind::kCoordinator,
                                   .name = charter_.coordinator.site.text()};
    RK_ASSIGN_OR_RETURN(tls_, authority_->IssueTls(self, clock_->Now()));
    return Ok();
  }

  // The instruments; `mutex_` is held by none of these when called.
  std::vector<http::Check> Health() {
    const std::lock_guard lock(mutex_);
    return HealthLocked();
  }
  std::vector<http::Check> HealthLocked() {
    std::vector<http::Check> checks;
    checks.push_back(
        book_.Tell("ledger", coordinator_ == nullptr ? closed_ : coordinator_->Health()));
    AddDiskChecks(disk_, checks);
    return checks;
  }
  std::vector<http::Check> Readiness() {
    const std::lock_guard lock(mutex_);
    const bool expired = clock_->Now() >= tls_.not_after;
    return {book_.Tell("serving", coordinator_ == nullptr ? closed_ : coordinator_->Health()),
            book_.Tell("leaf", expired ? Error(Code::kUnauthenticated,
                                               "the coordinator's certificate has expired; {} must "
                                               "be readable",
                                               options_.party_dir)
                                       : Ok())};
  }
  std::vector<http::Family> Figures() {
    const std::lock_guard lock(mutex_);
    std::vector<http::Family> families = ProcessFamilies(HealthLocked(), disk_, options_.dir);
    const double left = std::chrono::duration<double>(tls_.not_after - clock_->Now()).count();
    families.push_back(Gauge("renkei_leaf_seconds", "Until the certificate expires", left));
    if (coordinator_ == nullptr) return families;
    families.push_back(Gauge("renkei_connections", "Open connections of peers and strangers",
                             static_cast<double>(server_->connections())));
    AddCoordinatorFamilies(coordinator_->FiguresNow(), families);
    return families;
  }

  const CoordinatorOptions& options_;
  std::unique_ptr<Disk> real_disk_ = MakeRealDisk();
  std::unique_ptr<Clock> wall_clock_ = MakeSystemClock();
  std::unique_ptr<Clock> clock_ = std::make_unique<SteadyClock>(*wall_clock_);
  WatchedDisk disk_;
  CheckBook book_{*clock_};
  charter::Charter charter_;
  std::unique_ptr<identity::PartyAuthority> authority_;
  std::unique_ptr<crypto::SigningKey> key_;
  std::optional<Milliseconds> renewal_tried_;

  std::mutex mutex_;  // against the instruments' thread; guards the rest
  identity::TlsFiles tls_;
  Status closed_;  // why there is no coordinator now
  std::unique_ptr<coordinator::Coordinator> coordinator_;
  std::unique_ptr<wire::Desk> desk_;
  std::unique_ptr<wire::Server> server_;
  std::jthread rounds_;
  std::unique_ptr<http::Server> http_;  // last: ends before what it shows
};

}  // namespace

Exit CoordinatorRun(const CoordinatorOptions& options) {
  CatchStopSignals();
  RaiseFileLimit();
  Service service(options);
  if (const Status opened = service.Open(); !opened.ok()) {
    // Nobody's gate is asked here: it is the file system that does not permit.
    const Exit exit = Console::Fail(opened);
    return exit == Exit::kRefused ? Exit::kFailed : exit;
  }
  service.Serve();
  return Exit::kOk;
}

}  // namespace renkei::apps
