// SPDX-License-Identifier: Apache-2.0
// A party's own certificate authority, in the party's directory. docs/formats/identity.md.
//
//   <dir>/ca/root.pem    pinned in the charter; signs the issuer and nothing else
//   <dir>/ca/root.key    not read after Create: may be taken offline
//   <dir>/ca/issuer.pem  signs the leaves
//   <dir>/ca/issuer.key
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/ids.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/crypto/x509.h"
#include "renkei/identity/peer_id.h"

namespace renkei::identity {

inline constexpr std::chrono::hours kRootLife{24 * 3652};
inline constexpr std::chrono::hours kIssuerLife{24 * 1826};
inline constexpr std::chrono::hours kLeafLife{24};
// Certificates begin this much in the past, for peers whose clocks are behind.
inline constexpr std::chrono::minutes kLeafBackdated{5};
// The DNS name of every coordinator's leaf: TLS wants one, but the id in the URI is what counts.
inline constexpr std::string_view kCoordinatorDnsName = "renkei.internal";

struct TlsFiles {
  std::string chain_pem;  // leaf and issuer
  std::string key_pem;
  Instant not_after{};
};

class PartyAuthority {
 public:
  // Makes root and issuer. `random` names this generation in their subjects, for people to tell
  // two apart.
  //   ALREADY_EXISTS  there is an authority; nothing changes
  static Status Create(Disk& disk, const std::string& dir, const PartyId& party, Random& random,
                       Clock& clock);
  //   NOT_FOUND  no authority there
  static StatusOr<PartyAuthority> Open(Disk& disk, const std::string& dir);

  const PartyId& party() const { return party_; }
  const std::string& root_pem() const { return root_pem_; }

  // A leaf for `peer` over its public key, valid kLeafLife from `now`, and the issuer.
  //   PERMISSION_DENIED    a peer of another party
  //   INVALID_ARGUMENT     kAnonymous, a name that is none, or not a P-256 public key
  //   FAILED_PRECONDITION  the issuer does not belong to the root, or one of them is not valid
  StatusOr<std::string> IssueChain(const PeerId& peer, std::string_view public_key_pem,
                                   Instant now) const;
  // The same over a new key. The caller keeps the key out of logs and in a 0600 file.
  StatusOr<TlsFiles> IssueTls(const PeerId& peer, Instant now) const;

 private:
  PartyAuthority() = default;

  PartyId party_;
  std::string root_pem_;
  std::string issuer_pem_;
  std::string issuer_key_pem_;
};

}  // namespace renkei::identity
