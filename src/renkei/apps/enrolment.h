// SPDX-License-Identifier: Apache-2.0
// A party's answer to its sites that ask to join or to renew their leaves. A join is checked
// against the invitation that the party made, the site is enrolled in the ledger, and its first
// leaf goes back; a renewal is checked against the enrolment, which is confirmed when it is too
// old.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "renkei/apps/person_session.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"

namespace renkei::apps {

struct Enrolled {
  SiteId site;
  uint64_t entry = 0;
  uint64_t examples = 0;
  crypto::PublicKey key;
};

// Answers every pending site of the session's party, or only `site` when it is not empty. Requests
// that this party did not invite are left alone; one that its token does not vouch for is told on
// standard error.
StatusOr<std::vector<Enrolled>> ApprovePending(PersonSession& session, const std::string& party_dir,
                                               const std::string& site);

}  // namespace renkei::apps
