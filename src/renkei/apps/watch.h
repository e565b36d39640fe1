// SPDX-License-Identifier: Apache-2.0
// Follows a run on the screen until it ends.
#pragma once

#include <functional>
#include <string>

#include "renkei/apps/console.h"
#include "renkei/apps/person_session.h"
#include "renkei/base/ids.h"
#include "renkei/run/run_state.h"

namespace renkei::apps {

struct WatchOptions {
  RunId run;
  std::string title;
  // Asked between two looks; an error ends the watch with it (a child process died, say).
  std::function<Status()> still_well = [] { return Ok(); };
};

// Draws (kTable) or prints a JSON line per finished round (the other formats). Returns the run as
// it ended.   NOT_FOUND  no such run
StatusOr<run::RunState> Watch(PersonSession& session, const WatchOptions& options,
                              const Console& console);

}  // namespace renkei::apps
