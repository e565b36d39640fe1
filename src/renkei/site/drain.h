// SPDX-License-Identifier: Apache-2.0
// Draining a site: an order that lies in its directory until it is taken back, over restarts, and
// what the agent there says about it (docs/formats/site.md, "Draining").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/site/site_files.h"

namespace renkei::site {

// What an agent that drains has still to finish.
struct DrainState {
  Instant asked{};  // of the order that it speaks of
  std::vector<std::string> in_flight;

  bool operator==(const DrainState&) const = default;
};

// Gives the order, durably; when it was given. An older one stands.
StatusOr<Instant> AskToDrain(const SiteFiles& files, Disk& disk, Instant now);
// Takes it back; that there is none is fine.
Status TakeBackDrain(const SiteFiles& files, Disk& disk);
// When the order was given, if there is one. INVALID_ARGUMENT: the file is damaged; names it.
StatusOr<std::optional<Instant>> ReadDrainOrder(const SiteFiles& files, Disk& disk);

Status WriteDrainState(const SiteFiles& files, Disk& disk, const DrainState& state);
// What the agent said last, if anything. INVALID_ARGUMENT: the file is damaged; names it.
StatusOr<std::optional<DrainState>> ReadDrainState(const SiteFiles& files, Disk& disk);

}  // namespace renkei::site
