// SPDX-License-Identifier: Apache-2.0
// The site's own log of what its gate said: a ledger of the house, signed by the site's key, that
// no one else can change. A determination is in here before it is shown to anybody.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"
#include "renkei/ledger/ledger.h"
#include "renkei/record/record.h"
#include "renkei/site/site_config.h"

namespace renkei::site {

// A determination with the sealed bytes that were, or will be, submitted.
struct LastWord {
  Bytes envelope;
  record::Determined determined;
};

// The name of a site's log in its checkpoints.
std::string LogOrigin(const SiteConfig& config);

class GateLog {
 public:
  // `origin` names the log in its checkpoints. `disk` and `key` outlive it. Errors as those of
  // ledger::Ledger::Open; DATA_LOSS also when an entry is no determination of `key`.
  static StatusOr<GateLog> Open(Disk& disk, const std::string& dir, const std::string& origin,
                                const crypto::SigningKey& key);

  // Seals and keeps it, durably; the envelope.
  StatusOr<Bytes> Append(const record::Determined& determined);
  // Whether these very words of this site are in the log.
  bool Holds(ByteSpan envelope) const;
  // Takes words of this site that the log has lost: it was restored from an older copy. Durable.
  //   DATA_LOSS  they are no determination of this site's key
  Status Restore(ByteSpan envelope);
  // Its disk failed so that nothing is added until it is opened again.
  bool broken() const { return broken_; }
  // The newest for an item of a run, or nullptr.
  const LastWord* Last(const RunId& run, const std::string& item) const;

 private:
  GateLog(std::unique_ptr<ledger::Ledger> log, const crypto::SigningKey& key)
      : log_(std::move(log)), key_(&key) {}

  std::unique_ptr<ledger::Ledger> log_;
  const crypto::SigningKey* key_;
  Status Keep(const Bytes& envelope);

  std::map<std::pair<RunId, std::string>, LastWord> last_;
  std::set<Digest> held_;  // SHA-256 of the envelopes
  bool broken_ = false;
};

}  // namespace renkei::site
