// SPDX-License-Identifier: Apache-2.0
// site.toml: who this site is and which command stands behind each trainer id
// (docs/formats/site.md). It is the operator's own file; nothing in it comes from a peer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/site/hours.h"

namespace renkei::site {

inline constexpr std::string_view kSiteFormat = "renkei-site/1";
inline constexpr size_t kSiteConfigBytesMax = 256 << 10;
inline constexpr size_t kTrainersMax = 256;
inline constexpr size_t kCommandWordsMax = 256;
inline constexpr size_t kConsentsMax = 256;  // of each list
inline constexpr int64_t kTrainerSecondsMax = int64_t{30} * 24 * 3600;

struct TrainerCommand {
  std::vector<std::string> words;  // the program first, then its arguments
  int64_t timeout_s = 0;           // of one task; 0: none
  int64_t memory_mib = 0;          // address space of each process; 0: none
  int64_t threads = 0;             // OMP_NUM_THREADS and the like; 0: not set

  bool operator==(const TrainerCommand&) const = default;
};

// A chunk of an upload takes at most 17 s then, well within the stall limit of a transfer.
inline constexpr double kUploadMbitMin = 0.5;
inline constexpr double kUploadMbitMax = 1e6;
inline constexpr double kDiskGibMax = 1 << 20;
inline constexpr int64_t kParallelRunsMax = 4096;

// What the site gives to runs at most; 0, and no hours: no limit.
struct SiteLimits {
  double upload_mbit = 0;     // 10^6 bits a second, of all uploads together
  OpenHours hours = {};       // when it trains, evaluates and sends updates
  double disk_gib = 0;        // 2^30 bytes, of blobs/ and work/
  int64_t parallel_runs = 0;  // unfinished runs that it serves

  bool operator==(const SiteLimits&) const = default;
};

// Which runs this site serves. Without a list: every trainer that is mapped, every purpose of the
// charter.
struct Consent {
  std::optional<std::set<TrainerId>> trainers;
  std::optional<std::set<std::string, std::less<>>> purposes;

  // Whether a run for all of these purposes is served.
  bool Covers(const TrainerId& trainer, const std::vector<std::string>& run_purposes) const;
  bool operator==(const Consent&) const = default;
};

struct SiteConfig {
  SiteId site;
  PartyId party;
  std::string country;      // ISO 3166 alpha-2
  std::string coordinator;  // host:port
  std::map<TrainerId, TrainerCommand> trainers;
  std::string issuer_dir;  // of the party's authority, when this site renews its own leaf; or empty
  SiteLimits limits = {};
  Consent consent = {};

  bool operator==(const SiteConfig&) const = default;
};

// Errors read "<where>: line L, column C: <what>".
//   INVALID_ARGUMENT    syntax, unknown key, value out of range
//   RESOURCE_EXHAUSTED  longer than kSiteConfigBytesMax
StatusOr<SiteConfig> ParseSiteConfig(std::string_view toml, std::string_view where);

// TOML that ParseSiteConfig reads back as the same.
std::string DumpSiteConfig(const SiteConfig& config);

// "wafer-cnn=renkei-wafer task --data /data": words are separated by spaces; 'single' and
// "double" quotes hold words together; there is no other interpretation.
//   INVALID_ARGUMENT  no id, no command, an open quote
StatusOr<std::pair<TrainerId, TrainerCommand>> ParseTrainerOption(std::string_view text);

}  // namespace renkei::site
