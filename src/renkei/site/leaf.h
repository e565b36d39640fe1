// SPDX-License-Identifier: Apache-2.0
// The site's certificate, kept in tls/ and renewed when half of its life is over: by the party's
// issuer where it is at hand, else by asking the party with the enrolled key, also when the leaf
// has expired already. One thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/crypto/sign.h"
#include "renkei/identity/party_authority.h"
#include "renkei/identity/renewal.h"
#include "renkei/run/book.h"
#include "renkei/run/peer.h"
#include "renkei/site/site_config.h"
#include "renkei/site/site_files.h"

namespace renkei::site {

inline constexpr auto kRenewBefore = identity::kLeafLife / 2;
inline constexpr Milliseconds kAskAgainEvery{120'000};  // without an answer, with a new request
inline constexpr Milliseconds kLookForAnswerEvery{2'000};

struct LeafOptions {
  SiteFiles files;
  SiteConfig config;
  charter::Charter charter;
  // A way to the coordinator without a certificate, for the letters of a renewal.
  std::function<std::unique_ptr<run::Peer>()> stranger;
};

class Leaf {
 public:
  // `disk`, `clock` and `random` outlive it. A chain that does not count now, or is not there, is
  // taken as expired.
  //   NOT_FOUND        there is no site.key
  //   UNAUTHENTICATED  the site's party is not in the charter
  static StatusOr<std::unique_ptr<Leaf>> Load(LeafOptions options, Disk& disk, Clock& clock,
                                              Random& random);

  const identity::TlsFiles& tls() const { return tls_; }

  // Does what is due now, without waiting for anybody: true when there is a new leaf, kept and to
  // be used. `book`: as the site has verified it.
  //   UNAUTHENTICATED  the leaf has expired and there is no other yet: says what was tried, and
  //   what
  //                    to do. The same call later goes on.
  //   others           of the disk
  StatusOr<bool> Renew(const run::Book& book);

 private:
  struct Asked {
    identity::RenewalRequest request;
    Milliseconds since{0};
    Milliseconds looked{0};
  };

  Leaf(LeafOptions options, Disk& disk, Clock& clock, Random& random, crypto::SigningKey key)
      : options_(std::move(options)),
        disk_(disk),
        clock_(clock),
        random_(random),
        key_(std::move(key)) {}

  const std::string& root() const;
  Instant ValidUntil() const;
  StatusOr<bool> IssueOwn();
  Status AskParty();
  Status TakeAnswer();
  Status SendRequest();
  Status Keep(identity::TlsFiles tls);
  StatusOr<bool> Without(const Status& why);

  LeafOptions options_;
  Disk& disk_;
  Clock& clock_;
  Random& random_;
  crypto::SigningKey key_;
  identity::TlsFiles tls_;
  std::unique_ptr<run::Peer> stranger_;  // while an answer is awaited
  std::string next_key_pem_;
  std::optional<Asked> asked_;
  std::string told_;  // why there is none, so that it is logged once
};

}  // namespace renkei::site
