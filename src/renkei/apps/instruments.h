// SPDX-License-Identifier: Apache-2.0
// What a coordinator and a site show of themselves over HTTP: health, readiness and figures
// (docs/formats/http.md).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"
#include "renkei/base/watched_disk.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/http/health.h"
#include "renkei/http/metrics.h"
#include "renkei/http/server.h"
#include "renkei/site/agent.h"

namespace renkei::apps {

// Since when each check is as it is. Thread-safe. `clock` outlives it.
class CheckBook {
 public:
  explicit CheckBook(Clock& clock) : clock_(clock) {}
  http::Check Tell(const std::string& name, const Status& status, std::string when_ok = "");

 private:
  struct Last {
    bool ok = true;
    Instant since{};
  };

  Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Last> last_;
};

// The watched places of a coordinator's and of a site's directory.
std::vector<WatchedDisk::Place> CoordinatorPlaces(const std::string& dir);
std::vector<WatchedDisk::Place> SitePlaces(const std::string& dir);

// One check for each watched place: "disk-ledger".
void AddDiskChecks(const WatchedDisk& disk, std::vector<http::Check>& checks);

// What every process has: its checks, memory, open files, and the room on the disk of `dir`.
std::vector<http::Family> ProcessFamilies(const std::vector<http::Check>& checks, Disk& disk,
                                          const std::string& dir);
void AddCoordinatorFamilies(const coordinator::Figures& figures,
                            std::vector<http::Family>& families);
void AddSiteFamilies(const site::AgentFigures& figures, Milliseconds now,
                     std::vector<http::Family>& families);
http::Family Gauge(std::string name, std::string help, double value);

// What the three pages ask for; in the server's thread.
struct Instruments {
  std::function<std::vector<http::Check>()> health;
  std::function<std::vector<http::Check>()> readiness;
  std::function<std::vector<http::Family>()> figures;
};
// Serves them at `listen`; nothing when that is empty.
StatusOr<std::unique_ptr<http::Server>> ShowInstruments(const std::string& listen,
                                                        Instruments instruments);

}  // namespace renkei::apps
