// SPDX-License-Identifier: Apache-2.0
// What a site has to do next, as a pure function of the ledger and a few local facts. Said again
// after every entry and every restart until it is done: nothing else is remembered.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/gate/determine.h"
#include "renkei/run/book.h"
#include "renkei/site/site_config.h"

namespace renkei::site {

// Ask the own gate whether `item` of the run may go out, and record the answer.
struct DetermineItem {
  RunId run;
  std::string item;  // update or metrics
  auto operator<=>(const DetermineItem&) const = default;
};

// Tell that this site does not take part, and why.
struct DeclineRound {
  RunId run;
  uint32_t round = 0;
  std::string code;
  auto operator<=>(const DeclineRound&) const = default;
};

// Send the bytes of a contribution that the ledger has, and get the receipt.
struct Deliver {
  RunId run;
  uint32_t round = 0;
  uint64_t entry = 0;
  BlobId update;
  bool bytes_wanted = true;  // false: the round is closed and counted them
  auto operator<=>(const Deliver&) const = default;
};

struct EvaluateModel {
  RunId run;
  uint32_t round = 0;
  BlobId model;
  auto operator<=>(const EvaluateModel&) const = default;
};

struct TrainRound {
  RunId run;
  uint32_t round = 0;
  BlobId base;
  auto operator<=>(const TrainRound&) const = default;
};

using Duty = std::variant<DetermineItem, DeclineRound, Deliver, EvaluateModel, TrainRound>;

// Takes no time: done also while a trainer runs.
bool IsQuick(const Duty& duty);
RunId RunOf(const Duty& duty);
std::string Describe(const Duty& duty);

struct LocalFacts {
  Instant now{};
  std::set<TrainerId> trainers;  // that site.toml maps
  // (run, item) whose last determination was no go, has been recorded, and is too young to be
  // asked again.
  std::set<std::pair<RunId, std::string>> held;
  std::set<uint64_t> receipted;  // contributions whose receipt is here, or will never come
  Consent consent = {};
  bool draining = false;                     // no new work: what is not in `begun` is declined
  std::set<Duty> begun = {};                 // of TrainRound and EvaluateModel; when draining
  std::optional<Duty> running = {};          // of the same, now
  std::optional<Instant> closed_until = {};  // outside the site's hours: when they begin again
  int64_t runs_max = 0;                      // unfinished runs to serve, oldest first; 0: all
};

// In the order in which to do them: quick ones of all runs first, then runs by age. None while
// `own` is not enrolled, and when its party has left.
std::vector<Duty> DutiesOf(const run::Book& book, const SiteId& own, const LocalFacts& facts);

// What a site that drains has to finish before it can be left alone: work that it began and
// updates that it promised, also where it has to wait with them, and declines not yet said.
std::vector<Duty> InFlight(const run::Book& book, const SiteId& own, LocalFacts facts);

// One item of the run from `own` to everybody who will come to hold what is made of it.
gate::Crossing CrossingOf(const charter::Charter& charter, const run::RunState& run,
                          const record::Holder& own, std::string_view item);

}  // namespace renkei::site
