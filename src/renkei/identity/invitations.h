// SPDX-License-Identifier: Apache-2.0
// The invitations that a party has made, each in <party dir>/invites/<token id>.toml with its
// secret. An invitation serves one request, also when commands run at the same time or crash.
#pragma once

#include <string>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/identity/join.h"
#include "renkei/identity/join_token.h"

namespace renkei::identity {

class Invitations {
 public:
  Invitations(Disk& disk, const std::string& party_dir);

  // Durable when it returns.   ALREADY_EXISTS  an invitation with that secret is there
  Status Add(const Invitation& invitation);
  //   NOT_FOUND  no such invitation of this party
  StatusOr<Invitation> Find(const std::string& token_id);
  // Checks `request` and spends its invitation on it, durably. The same request again is fine: a
  // command that died before it could answer may be repeated.
  //   as CheckJoinRequest, NOT_FOUND as Find, and
  //   ALREADY_EXISTS  spent on another request
  //   UNAVAILABLE     another command is at it
  Status MarkUsed(const JoinRequest& request, Instant now);

 private:
  std::string PathOf(const std::string& token_id) const;

  Disk& disk_;
  const std::string dir_;
};

}  // namespace renkei::identity
