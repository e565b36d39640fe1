// SPDX-License-Identifier: Apache-2.0
// Wiring that several commands share: a charter from its file, a peer from a charter, a book from
// a mirror.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/random.h"
#include "renkei/charter/charter.h"
#include "renkei/identity/party_authority.h"
#include "renkei/identity/peer_id.h"
#include "renkei/ledger/mirror.h"
#include "renkei/run/book.h"
#include "renkei/run/peer.h"

namespace renkei::apps {

inline constexpr uint64_t kCharterFileBytesMax = 1 << 20;

// The signed charter, verified at `now`; errors name the file.
StatusOr<charter::Charter> LoadCharter(Disk& disk, const std::string& file, Instant now,
                                       charter::Expiry expiry = charter::Expiry::kEnforced);

// The roots of all parties of the charter.
std::vector<identity::PartyRoot> RootsOf(const charter::Charter& charter);

// A peer to the charter's coordinator with the certificate in `tls`. Does not connect yet. Its
// running calls end once `stop` is asked.
std::unique_ptr<run::Peer> ConnectTo(const charter::Charter& charter, const identity::TlsFiles& tls,
                                     Clock& clock, Random& random, std::stop_token stop = {});

// Applies the mirror's entries from book.size() on.
Status Fold(const ledger::Mirror& mirror, run::Book& book);

// The text of a file, at most `size_bytes_max` long.
StatusOr<std::string> ReadText(Disk& disk, const std::string& path, uint64_t size_bytes_max);

}  // namespace renkei::apps
