// SPDX-License-Identifier: Apache-2.0
// renkei site drain: lets a site finish what it began and begin nothing else.
#include <optional>
#include <string>

#include <fmt/format.h>

#include "renkei/apps/commands.h"
#include "renkei/apps/signals.h"
#include "renkei/base/clock.h"
#include "renkei/site/drain.h"
#include "renkei/site/site_files.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr Milliseconds kLook{250};

std::string Listed(const std::vector<std::string>& in_flight) {
  return in_flight.empty() ? "nothing" : fmt::format("{}", fmt::join(in_flight, "; "));
}

// Until the agent says, about this very order, that nothing is in flight.
//   DEADLINE_EXCEEDED  it does not say so in time
Status WaitUntilDrained(const site::SiteFiles& files, Disk& disk, Instant asked, uint32_t wait_s) {
  const auto clock = MakeSystemClock();
  const Milliseconds end = clock->Monotonic() + std::chrono::seconds(wait_s);
  std::optional<site::DrainState> told;
  do {
    RK_ASSIGN_OR_RETURN(auto state, site::ReadDrainState(files, disk));
    if (!state || state->asked != asked || state == told) continue;
    told = std::move(state);
    Console::Note("in flight: " + Listed(told->in_flight));
    if (told->in_flight.empty()) return Ok();
  } while (clock->Monotonic() < end && !StopSignalWithin(kLook));
  if (!told) {
    return Error(Code::kDeadlineExceeded,
                 "{}: no agent has answered; the order stands for when renkei site start runs "
                 "there, as a user who may read it",
                 files.dir);
  }
  return Error(Code::kDeadlineExceeded, "{}: still in flight: {}; the order stands", files.dir,
               Listed(told->in_flight));
}

Status Drain(const SiteDrainOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  const site::SiteFiles files{options.dir};
  RK_ASSIGN_OR_RETURN(const bool is_site, disk->Exists(files.config()));
  if (!is_site) return Error(Code::kNotFound, "{}: no site; it has no site.toml", options.dir);
  Value row = Value::Object();
  row.Set("dir", options.dir);
  if (options.undo) {
    RK_RETURN_IF_ERROR(site::TakeBackDrain(files, *disk));
    row.Set("state", "serving");
    console.Object(row);
    return Ok();
  }
  RK_ASSIGN_OR_RETURN(const Instant asked,
                      site::AskToDrain(files, *disk, MakeSystemClock()->Now()));
  if (options.wait_s > 0) {
    RK_RETURN_IF_ERROR(WaitUntilDrained(files, *disk, asked, options.wait_s));
  }
  row.Set("state", options.wait_s > 0 ? "drained" : "draining");
  row.Set("asked", FormatInstant(asked));
  console.Object(row);
  return Ok();
}

}  // namespace

Exit SiteDrain(const SiteDrainOptions& options, const Console& console) {
  CatchStopSignals();
  const Status drained = Drain(options, console);
  return drained.ok() ? Exit::kOk : Console::Fail(drained);
}

}  // namespace renkei::apps
