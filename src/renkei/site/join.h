// SPDX-License-Identifier: Apache-2.0
// A site joins by its token (docs/formats/join-token.md): makes its keys, asks through the
// coordinator, waits for its own party's answer, checks it, and only then has a directory.
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/ids.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/identity/invitation.h"
#include "renkei/run/peer.h"
#include "renkei/site/site_config.h"

namespace renkei::site {

inline constexpr Milliseconds kReachWithin{30'000};  // the coordinator, before it counts as away

struct JoinOptions {
  std::string dir;  // of the new site: absent, or empty
  std::map<TrainerId, TrainerCommand> trainers;
  std::string issuer_dir;  // see SiteConfig
  uint64_t dataset_examples = 0;
  std::string dataset_digest;  // may be empty
  Milliseconds patience{0};    // for the party's answer; 0: for ever
  Milliseconds poll_every{500};
};

// The machine that a join uses.
struct JoinTools {
  Disk& disk;
  Clock& clock;
  Random& random;
};

// Blocks. `peer` needs no identity but must have checked the coordinator's against the
// invitation's root. While it waits, keys and request lie in "<dir>.joining"; at the end that is
// renamed to `dir`, so that there is a whole site or none. Called again with the same token, it
// goes on with the same keys.
//
//   ALREADY_EXISTS       `dir` holds something
//   FAILED_PRECONDITION  the charter has expired
//   UNAUTHENTICATED      the invitation has expired, the coordinator serves another charter than
//                        the invitation's, or the answer is not the party's
//   UNAVAILABLE          no coordinator within kReachWithin, or `patience` where that is less
//   DEADLINE_EXCEEDED    nobody answered within `patience`: call again
//   CANCELLED            asked to stop: call again
//   others               of run::Peer and of the disk
Status Join(const JoinOptions& options, const identity::Invitation& invitation, JoinTools tools,
            run::Peer& peer, std::stop_token stop);

}  // namespace renkei::site
