// SPDX-License-Identifier: Apache-2.0
// renkei coordinator: serves a charter's runs and its ledger until it is told to stop.
#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <sys/resource.h>

#include "renkei/apps/commands.h"
#include "renkei/apps/connection.h"
#include "renkei/apps/party_files.h"
#include "renkei/apps/signals.h"
#include "renkei/apps/supervisor.h"
#include "renkei/base/log.h"
#include "renkei/base/steady_clock.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/wire/coordinator_desk.h"
#include "renkei/wire/server.h"

namespace renkei::apps {
namespace {

constexpr Milliseconds kShutdownGrace{3000};
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

class Service {
 public:
  Status Open(const CoordinatorOptions& options) {
    RK_ASSIGN_OR_RETURN(charter_, LoadCharter(*disk_, options.charter_file, clock_->Now()));
    RK_ASSIGN_OR_RETURN(auto authority, identity::PartyAuthority::Open(*disk_, options.party_dir));
    authority_ = std::make_unique<identity::PartyAuthority>(std::move(authority));
    RK_ASSIGN_OR_RETURN(auto key, LoadKey(*disk_, CoordinatorKeyFile(options.party_dir)));
    key_ = std::make_unique<crypto::SigningKey>(std::move(key));
    RK_ASSIGN_OR_RETURN(Bytes envelope,
                        ReadWhole(*disk_, options.charter_file, kCharterFileBytesMax));
    RK_ASSIGN_OR_RETURN(coordinator_,
                        coordinator::Coordinator::Open(
                            {.dir = options.dir,
                             .key = key_.get(),
                             .charter_envelope = std::move(envelope),
                             .keep_updates = std::chrono::days(options.keep_updates_days)},
                            *disk_, *clock_));
    desk_ = wire::MakeCoordinatorDesk(*coordinator_);
    RK_RETURN_IF_ERROR(IssueLeaf());
    RK_ASSIGN_OR_RETURN(
        server_, wire::StartServer(
                     {.listen = options.listen.empty() ? DefaultListen(charter_.coordinator.address)
                                                       : options.listen,
                      .chain_pem = tls_.chain_pem,
                      .key_pem = tls_.key_pem},
                     *desk_, *clock_));
    return Ok();
  }

  void Serve() {
    log::Info("coordinator.serving", {{"charter", charter_.name}, {"port", server_->port()}});
    std::jthread rounds([this](std::stop_token stop) { coordinator_->Serve(stop); });
    const std::string serving =
        fmt::format("serving charter {} on port {}", charter_.name, server_->port());
    TellReady(serving);
    const Milliseconds look = std::min(kRenewCheck, AliveInterval().value_or(kRenewCheck));
    while (!StopSignalWithin(look)) {
      // Takes the lock that every call takes: a coordinator that hangs says nothing any more.
      const Status health = coordinator_->Health();
      TellStatus(health.ok() ? serving : Message(health));
      TellAlive();
      RenewLeaf();
    }
    log::Info("coordinator.stopping");
    TellStopping();
    rounds.request_stop();
    server_->Shutdown(kShutdownGrace);
    rounds.join();
    log::Info("coordinator.stopped");
  }

 private:
  Status IssueLeaf() {
    const identity::PeerId self = {.party = charter_.coordinator.party,
                                   .kind = identity::PeerKind::kCoordinator,
                                   .name = charter_.coordinator.site.text()};
    RK_ASSIGN_OR_RETURN(tls_, authority_->IssueTls(self, clock_->Now()));
    return Ok();
  }

  void RenewLeaf() {
    if (clock_->Now() + kRenewBefore < tls_.not_after) return;
    Status renewed = IssueLeaf();
    if (renewed.ok()) renewed = server_->Renew(tls_.chain_pem, tls_.key_pem);
    if (!renewed.ok()) log::Error("coordinator.leaf", {{"error", Message(renewed)}});
  }

  std::unique_ptr<Disk> disk_ = MakeRealDisk();
  std::unique_ptr<Clock> wall_clock_ = MakeSystemClock();
  std::unique_ptr<Clock> clock_ = std::make_unique<SteadyClock>(*wall_clock_);
  charter::Charter charter_;
  std::unique_ptr<identity::PartyAuthority> authority_;
  std::unique_ptr<crypto::SigningKey> key_;
  identity::TlsFiles tls_;
  std::unique_ptr<coordinator::Coordinator> coordinator_;
  std::unique_ptr<wire::Desk> desk_;
  std::unique_ptr<wire::Server> server_;
};

}  // namespace

Exit CoordinatorRun(const CoordinatorOptions& options) {
  CatchStopSignals();
  RaiseFileLimit();
  Service service;
  if (const Status opened = service.Open(options); !opened.ok()) return Console::Fail(opened);
  service.Serve();
  return Exit::kOk;
}

}  // namespace renkei::apps
