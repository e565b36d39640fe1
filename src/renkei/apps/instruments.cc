// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/instruments.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "renkei/base/log.h"

namespace renkei::apps {
namespace {

using http::Family;
using http::Kind;

double Seconds(Milliseconds time) { return static_cast<double>(time.count()) / 1000; }

Family Counter(std::string name, std::string help, uint64_t value) {
  return {.name = std::move(name),
          .help = std::move(help),
          .kind = Kind::kCounter,
          .samples = {{.labels = {}, .value = static_cast<double>(value)}},
          .histogram = {}};
}

// Of a line "VmRSS:    1234 kB" in /proc/self/status, in bytes.
std::optional<double> FieldOfStatus(Disk& disk, std::string_view field) {
  const auto file = disk.Open("/proc/self/status", OpenMode::kRead);
  if (!file.ok()) return std::nullopt;
  Bytes bytes(8192);
  const auto size = (*file)->ReadAt(0, bytes);
  if (!size.ok()) return std::nullopt;
  const std::string text = ToText(ByteSpan(bytes).first(*size));
  size_t at = text.find(fmt::format("\n{}:", field));
  if (at == std::string::npos) return std::nullopt;
  at = text.find_first_of("0123456789", at);
  if (at == std::string::npos) return std::nullopt;
  uint64_t kib = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), kib);
  return static_cast<double>(kib) * 1024;
}

Family AppendTimes(const coordinator::Counts& counts) {
  Family family{.name = "renkei_ledger_append_seconds",
                .help = "Time of a durable append, to the millisecond",
                .kind = Kind::kHistogram,
                .samples = {},
                .histogram = {.bounds = {}, .counts = {}, .sum = Seconds(counts.append_time)}};
  for (const Milliseconds bound : coordinator::kAppendClasses) {
    family.histogram.bounds.push_back(Seconds(bound));
  }
  family.histogram.counts.assign(counts.appends.begin(), counts.appends.end());
  return family;
}

Family Contributions(const coordinator::Counts& counts) {
  Family family = Counter("renkei_contributions_total",
                          "Contributions in closed rounds: counted, or the code why not", 0);
  family.samples = {
      {.labels = {{"result", "counted"}}, .value = static_cast<double>(counts.counted)}};
  for (const auto& [code, count] : counts.not_counted) {
    family.samples.push_back({.labels = {{"result", code}}, .value = static_cast<double>(count)});
  }
  return family;
}

}  // namespace

http::Check CheckBook::Tell(const std::string& name, const Status& status, std::string when_ok) {
  const std::lock_guard lock(mutex_);
  const auto [found, is_new] =
      last_.try_emplace(name, Last{.ok = status.ok(), .since = clock_.Now()});
  Last& last = found->second;
  if (last.ok != status.ok()) last = {.ok = status.ok(), .since = clock_.Now()};
  return {.name = name,
          .ok = status.ok(),
          .text = status.ok() ? std::move(when_ok) : Message(status),
          .since = last.since};
}

std::vector<WatchedDisk::Place> CoordinatorPlaces(const std::string& dir) {
  return {{.name = "own", .directory = dir},
          {.name = "ledger", .directory = JoinPath(dir, "ledger")},
          {.name = "blobs", .directory = JoinPath(dir, "blobs")}};
}

std::vector<WatchedDisk::Place> SitePlaces(const std::string& dir) {
  std::vector<WatchedDisk::Place> places = {{.name = "own", .directory = dir}};
  for (const char* name : {"mirror", "log", "blobs", "work", "receipts"}) {
    places.push_back({.name = name, .directory = JoinPath(dir, name)});
  }
  return places;
}

void AddDiskChecks(const WatchedDisk& disk, std::vector<http::Check>& checks) {
  for (const WatchedDisk::Condition& condition : disk.Conditions()) {
    const bool ok = condition.failure.ok();
    checks.push_back({.name = "disk-" + condition.place.name,
                      .ok = ok,
                      .text = ok ? condition.place.directory : Message(condition.failure),
                      .since = condition.since});
  }
}

Family Gauge(std::string name, std::string help, double value) {
  return {.name = std::move(name),
          .help = std::move(help),
          .kind = Kind::kGauge,
          .samples = {{.labels = {}, .value = value}},
          .histogram = {}};
}

std::vector<Family> ProcessFamilies(const std::vector<http::Check>& checks, Disk& disk,
                                    const std::string& dir) {
  std::vector<Family> families;
  Family health = Gauge("renkei_health", "1 when the check is fine, 0 when it fails", 0);
  health.samples.clear();
  for (const http::Check& check : checks) {
    health.samples.push_back({.labels = {{"check", check.name}}, .value = check.ok ? 1.0 : 0.0});
  }
  families.push_back(std::move(health));
  if (const auto rss = FieldOfStatus(disk, "VmRSS")) {
    families.push_back(Gauge("renkei_resident_memory_bytes", "Resident memory", *rss));
  }
  if (const auto peak = FieldOfStatus(disk, "VmHWM")) {
    families.push_back(
        Gauge("renkei_resident_memory_peak_bytes", "Most resident memory so far", *peak));
  }
  if (const auto files = disk.List("/proc/self/fd"); files.ok()) {
    families.push_back(
        Gauge("renkei_open_files", "Open files", static_cast<double>(files->size())));
  }
  if (const auto free = disk.FreeBytes(dir); free.ok()) {
    families.push_back(Gauge("renkei_disk_free_bytes", "Free bytes on the disk of the directory",
                             static_cast<double>(*free)));
  }
  return families;
}

void AddCoordinatorFamilies(const coordinator::Figures& figures, std::vector<Family>& families) {
  const coordinator::Counts& counts = figures.counts;
  families.push_back(Gauge("renkei_ledger_entries", "Entries of the ledger",
                           static_cast<double>(figures.entries)));
  families.push_back(AppendTimes(counts));
  families.push_back(Gauge("renkei_sites", "Enrolled sites", static_cast<double>(figures.sites)));
  families.push_back(Counter("renkei_rounds_opened_total", "Rounds opened", counts.rounds_opened));
  families.push_back(Counter("renkei_rounds_closed_total", "Rounds closed", counts.rounds_closed));
  families.push_back(
      Counter("renkei_rounds_reduced_total", "Rounds with a new model", counts.rounds_reduced));
  families.push_back(Contributions(counts));
  families.push_back(
      Counter("renkei_entries_refused_total", "Entries refused on the record", counts.refusals));
  Family moved = Counter("renkei_blob_bytes_total", "Bytes of models and updates that moved", 0);
  moved.samples = {
      {.labels = {{"direction", "received"}}, .value = static_cast<double>(figures.received_bytes)},
      {.labels = {{"direction", "sent"}}, .value = static_cast<double>(figures.sent_bytes)}};
  families.push_back(std::move(moved));
  Family rounds = Gauge("renkei_run_round", "The round that a run is in, of the first runs", 0);
  rounds.samples.clear();
  for (const auto& run : figures.runs) {
    rounds.samples.push_back({.labels = {{"run", run.run.text()}, {"phase", run.phase}},
                              .value = static_cast<double>(run.round)});
  }
  families.push_back(std::move(rounds));
}

void AddSiteFamilies(const site::AgentFigures& figures, Milliseconds now,
                     std::vector<Family>& families) {
  families.push_back(Gauge("renkei_mirror_entries", "Entries of the site's copy of the ledger",
                           static_cast<double>(figures.entries)));
  if (figures.heard) {
    families.push_back(Gauge("renkei_mirror_age_seconds",
                             "Time since the copy was last known to be up to date",
                             Seconds(now - *figures.heard)));
  }
  families.push_back(
      Counter("renkei_tasks_started_total", "Trainers started", figures.tasks_started));
  families.push_back(
      Counter("renkei_tasks_done_total", "Trainers that ended with status 0", figures.tasks_done));
  families.push_back(Gauge("renkei_receipts", "Receipts for contributions that the site holds",
                           static_cast<double>(figures.receipts)));
}

StatusOr<std::unique_ptr<http::Server>> ShowInstruments(const std::string& listen,
                                                        Instruments instruments) {
  if (listen.empty()) return std::unique_ptr<http::Server>();
  http::Pages pages;
  pages["/healthz"] = [ask = std::move(instruments.health)](const http::Question& question) {
    return http::HealthPage(ask(), question);
  };
  pages["/readyz"] = [ask = std::move(instruments.readiness)](const http::Question& question) {
    return http::HealthPage(ask(), question);
  };
  pages["/metrics"] = [ask = std::move(instruments.figures)](const http::Question&) {
    return http::MetricsPage(ask());
  };
  RK_ASSIGN_OR_RETURN(auto server, http::Server::Start({.listen = listen}, std::move(pages)));
  log::Info("http.serving", {{"listen", listen}, {"port", server->port()}});
  return server;
}

}  // namespace renkei::apps
