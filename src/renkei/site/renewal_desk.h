// SPDX-License-Identifier: Apache-2.0
// The issuer agent of a party: a site that has the party's issuer answers the sites of its party
// that ask for a new leaf (docs/formats/join-token.md, "Renewal"). Whether one may have it, it
// reads in its own verified copy of the ledger.
#pragma once

#include <map>
#include <string>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/identity/renewal.h"
#include "renkei/run/book.h"
#include "renkei/run/peer.h"

namespace renkei::site {

inline constexpr Milliseconds kAnswerEvery{2'000};

// Whether the key of a site may have leaves now.
//   FAILED_PRECONDITION  its enrolment is older than identity::kRenewalLife; says what to do
//   PERMISSION_DENIED    its crossings are suspended
Status CheckMayHaveLeaf(const run::Book& book, const record::SiteEnrolled& enrolled, Instant now);

class RenewalDesk {
 public:
  // `issuer_dir` holds the party's authority; `file`, what was answered. `disk` and `clock` outlive
  // the desk.   DATA_LOSS  `file` cannot be understood
  static StatusOr<RenewalDesk> Open(Disk& disk, Clock& clock, std::string issuer_dir,
                                    std::string file, PartyId party);

  // Answers what waits; asked again within kAnswerEvery, does nothing. A request that may not be
  // answered is logged and left; it does not hold up the others.
  //   others  of run::Peer, of the disk
  Status Answer(run::Peer& peer, const run::Book& book);

 private:
  RenewalDesk(Disk& disk, Clock& clock, std::string issuer_dir, std::string file, PartyId party)
      : disk_(&disk),
        clock_(&clock),
        issuer_dir_(std::move(issuer_dir)),
        file_(std::move(file)),
        party_(std::move(party)) {}

  Status Load();
  Status Save() const;
  Status AnswerOne(run::Peer& peer, const run::Book& book, const identity::RenewalRequest& request);

  Disk* disk_;
  Clock* clock_;
  std::string issuer_dir_;
  std::string file_;
  PartyId party_;
  std::map<SiteId, Instant> answered_;  // the instant of the newest request of each site
  std::map<SiteId, std::string> told_;  // why not, so that it is logged once
  Milliseconds next_{0};
};

}  // namespace renkei::site
