// SPDX-License-Identifier: Apache-2.0
// A person of a party at work under a charter: the connection, a verified mirror of the ledger in
// the party's directory, the book folded from it, and signing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "renkei/apps/commands.h"
#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/random.h"
#include "renkei/charter/charter.h"
#include "renkei/crypto/sign.h"
#include "renkei/gate/rule_shelf.h"
#include "renkei/identity/party_authority.h"
#include "renkei/ledger/mirror.h"
#include "renkei/record/record.h"
#include "renkei/run/book.h"
#include "renkei/run/peer.h"

namespace renkei::apps {

class PersonSession {
 public:
  // Reads charter and key and makes the connection; nothing is sent yet.
  //   NOT_FOUND, INVALID_ARGUMENT    a file is missing or wrong, named
  //   UNAUTHENTICATED                the key is not one of the charter's people
  static StatusOr<std::unique_ptr<PersonSession>> Open(const ActorOptions& actor);
  ~PersonSession();

  // Brings mirror and book up to the coordinator's latest checkpoint. DATA_LOSS when what it
  // serves does not verify: it is not to be trusted further.
  Status Sync();
  // Signs, submits, and waits until the mirror holds the entry. PERMISSION_DENIED with the
  // reasons when it is refused.
  StatusOr<uint64_t> Submit(const record::Record& record);

  const charter::Charter& charter() const { return charter_; }
  const run::Book& book() const { return *book_; }
  // The rule packs of the charter: read when first asked for.
  //   NOT_FOUND, INVALID_ARGUMENT  a pack is missing or wrong, named
  StatusOr<gate::RuleShelf> Rules();
  const ledger::Mirror& mirror() const { return *mirror_; }
  const std::string& mirror_dir() const { return mirror_dir_; }
  const charter::Party& party() const { return *party_; }
  const identity::PartyAuthority& authority() const { return *authority_; }
  identity::PartyAuthority& authority() { return *authority_; }
  const crypto::SigningKey& key() const { return *key_; }
  run::Peer& peer() { return *peer_; }
  Disk& disk() { return *disk_; }
  Clock& clock() { return *clock_; }
  Random& random() { return *random_; }

 private:
  PersonSession() = default;
  Status OpenFiles(const ActorOptions& actor);
  Status OpenMirror(const std::string& party_dir);
  Status Connect(const ActorOptions& actor);

  std::unique_ptr<Disk> disk_ = MakeRealDisk();
  std::unique_ptr<Clock> clock_ = MakeSystemClock();
  std::unique_ptr<Random> random_ = MakeSystemRandom();
  std::string party_dir_;
  std::vector<std::string> pack_places_;
  charter::Charter charter_;
  const charter::Party* party_ = nullptr;
  std::unique_ptr<identity::PartyAuthority> authority_;
  std::unique_ptr<crypto::SigningKey> key_;
  std::string mirror_dir_;
  bool mirror_is_temporary_ = false;
  std::unique_ptr<ledger::Mirror> mirror_;
  std::unique_ptr<run::Book> book_;
  std::unique_ptr<run::Peer> peer_;
};

}  // namespace renkei::apps
