// SPDX-License-Identifier: Apache-2.0
// The real coordinator behind the real server.
#include "renkei/wire/coordinator_desk.h"

#include <chrono>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/charter/charter.h"
#include "renkei/charter/draft.h"
#include "renkei/charter/party_card.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/crypto/sign.h"
#include "renkei/seal/envelope.h"
#include "renkei/wire/tls_testing.h"

namespace renkei::wire {
namespace {

using identity::PeerKind;

class CoordinatorDeskTest : public testing::Test {
 protected:
  CoordinatorDeskTest() {
    charter_envelope_ = SignedCharter();
    coordinator_ = Must(coordinator::Coordinator::Open(
        {.dir = "hub", .key = &key_, .charter_envelope = charter_envelope_}, disk_, clock_));
    desk_ = MakeCoordinatorDesk(*coordinator_);
    const identity::TlsFiles tls = us_.Issue(PeerKind::kCoordinator, "hub");
    ServerOptions options;
    options.chain_pem = tls.chain_pem;
    options.key_pem = tls.key_pem;
    server_ = Must(StartServer(options, *desk_, clock_));
  }

  charter::PartyCard Card(const TestParty& party, const crypto::SigningKey& officer) const {
    charter::PartyCard card;
    card.party.id = party.id();
    card.party.name = party.id().text();
    card.party.country = party.id() == us_.id() ? "US" : "JP";
    card.party.ca_pem = party.Root().ca_pem;
    card.party.people.push_back(
        {.id = Must(PersonId::Parse("alice")),
         .key = officer.public_key(),
         .roles = {charter::Role::kOfficer, charter::Role::kOperator, charter::Role::kResearcher}});
    if (party.id() == us_.id()) {
      card.coordinator = charter::CoordinatorSite{.party = party.id(),
                                                  .site = Must(SiteId::Parse("hub")),
                                                  .country = "US",
                                                  .address = "127.0.0.1:7400",
                                                  .key = key_.public_key()};
    }
    return card;
  }

  Bytes SignedCharter() {
    charter::DraftSpec draft;
    draft.name = "test";
    draft.purposes = {"defects"};
    draft.created = clock_.Now() - std::chrono::days(1);
    draft.expires = clock_.Now() + std::chrono::days(300);
    draft.cards = {Card(us_, us_officer_), Card(jp_, jp_officer_)};
    seal::Envelope envelope{.payload_type = std::string(charter::kPayloadType),
                            .payload = ToBytes(Must(charter::Draft(draft))),
                            .signatures = {}};
    seal::AddSignature(envelope, us_officer_);
    seal::AddSignature(envelope, jp_officer_);
    return ToBytes(seal::DumpEnvelope(envelope));
  }

  std::unique_ptr<run::Peer> Peer(const identity::TlsFiles& tls) {
    PeerOptions options;
    options.address = "127.0.0.1:" + std::to_string(server_->port());
    options.roots = {us_.Root()};
    options.coordinator = us_.Named(PeerKind::kCoordinator, "hub");
    options.chain_pem = tls.chain_pem;
    options.key_pem = tls.key_pem;
    return MakeGrpcPeer(options, clock_, *random_);
  }

  ShiftedClock clock_;
  const std::unique_ptr<Random> random_ = MakeSystemRandom();
  LyingDisk disk_;
  TestParty us_{"fab-us", *random_, clock_};
  TestParty jp_{"fab-jp", *random_, clock_};
  const crypto::SigningKey key_ = crypto::SigningKey::Generate(*random_);
  const crypto::SigningKey us_officer_ = crypto::SigningKey::Generate(*random_);
  const crypto::SigningKey jp_officer_ = crypto::SigningKey::Generate(*random_);
  Bytes charter_envelope_;
  std::unique_ptr<coordinator::Coordinator> coordinator_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Server> server_;
};

TEST_F(CoordinatorDeskTest, APersonOfAPartyReadsTheLedgerOfItsCharter) {
  const auto peer = Peer(jp_.Issue(PeerKind::kPerson, "alice"));
  const auto welcome = peer->Hello();
  ASSERT_THAT(welcome, IsOk());
  EXPECT_EQ(welcome->charter_envelope, charter_envelope_);
  EXPECT_EQ(welcome->checkpoint, Must(coordinator_->checkpoint()));

  const auto page = peer->Read(0, 10, Milliseconds(0));
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->entries.size(), 1u);  // the charter
  EXPECT_EQ(page->checkpoint, Must(coordinator_->checkpoint()));
  EXPECT_THAT(peer->ProveInclusion(0, 1), IsOk());
  EXPECT_THAT(peer->ProveInclusion(7, 8), StatusIs(Code::kOutOfRange));
  EXPECT_THAT(peer->Submit(AsBytes("not an entry")), StatusIs(Code::kInvalidArgument));
}

TEST_F(CoordinatorDeskTest, BytesThatNoEntryNamesDoNotMove) {
  const auto peer = Peer(us_.Issue(PeerKind::kPerson, "alice"));
  const auto blobs = store::MakeMemoryBlobs();
  const auto draft = Must(blobs->Create());
  ASSERT_THAT(draft->Append(AsBytes("weights")), IsOk());
  const BlobId id = Must(draft->Finish());
  EXPECT_THAT(peer->Upload(*blobs, id, {}), StatusIs(Code::kPermissionDenied));
  const BlobId absent{.root = {}, .size_bytes = 5};
  EXPECT_FALSE(peer->Download(absent, *blobs, {}).ok());
}

TEST_F(CoordinatorDeskTest, WithoutACertificateTheCharterIsSeenAndTheLedgerIsNot) {
  const auto peer = Peer({});
  const auto welcome = peer->Hello();
  ASSERT_THAT(welcome, IsOk());
  EXPECT_EQ(welcome->charter_envelope, charter_envelope_);
  EXPECT_EQ(welcome->checkpoint, "");
  EXPECT_THAT(peer->Read(0, 1, Milliseconds(0)), StatusIs(Code::kUnauthenticated));
}

}  // namespace
}  // namespace renkei::wire
