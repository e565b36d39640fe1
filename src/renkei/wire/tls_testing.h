// SPDX-License-Identifier: Apache-2.0
// Parties with real certificates, a clock that can jump, and peers of a server. Tests only.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "renkei/base/check.h"
#include "renkei/base/clock.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/random.h"
#include "renkei/identity/party_authority.h"
#include "renkei/identity/peer_id.h"
#include "renkei/wire/grpc_peer.h"
#include "renkei/wire/server.h"

namespace renkei::wire {

// Real time, whose wall clock a test may shift.
class ShiftedClock final : public Clock {
 public:
  Instant Now() override { return system_->Now() + Milliseconds(shift_ms_.load()); }
  Milliseconds Monotonic() override { return system_->Monotonic(); }
  void Shift(Milliseconds by) { shift_ms_ += by.count(); }

 private:
  const std::unique_ptr<Clock> system_ = MakeSystemClock();
  std::atomic<int64_t> shift_ms_ = 0;
};

template <typename T>
T Must(StatusOr<T> value) {
  RK_CHECK(value.ok());
  return std::move(value).value();
}

// A party's root and issuer, in memory.
class TestParty {
 public:
  TestParty(const std::string& id, Random& random, Clock& clock)
      : id_(Must(PartyId::Parse(id))), clock_(clock) {
    RK_CHECK(identity::PartyAuthority::Create(disk_, "/" + id, id_, random, clock).ok());
    authority_ = std::make_unique<identity::PartyAuthority>(
        Must(identity::PartyAuthority::Open(disk_, "/" + id)));
  }

  const PartyId& id() const { return id_; }
  identity::PartyRoot Root() const { return {.party = id_, .ca_pem = authority_->root_pem()}; }
  identity::PeerId Named(identity::PeerKind kind, const std::string& name) const {
    return {.party = id_, .kind = kind, .name = name};
  }
  identity::TlsFiles Issue(identity::PeerKind kind, const std::string& name) {
    return Must(authority_->IssueTls(Named(kind, name), clock_.Now()));
  }

 private:
  const PartyId id_;
  Clock& clock_;
  LyingDisk disk_;
  std::unique_ptr<identity::PartyAuthority> authority_;
};

}  // namespace renkei::wire
