// SPDX-License-Identifier: Apache-2.0
#include "renkei/charter/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "renkei/charter/draft.h"
#include "renkei/crypto/x509.h"
#include "renkei/seal/envelope.h"

namespace renkei::charter {
namespace {

// A function: the tests call it before main begins.
Instant Created() { return *ParseInstant("2026-11-24T00:00:00Z"); }

Person PersonOf(std::string_view id, uint8_t key, std::set<Role> roles) {
  return {.id = *PersonId::Parse(id), .key = TestKey(key).public_key(), .roles = std::move(roles)};
}

Party PartyOf(std::string_view id, std::string_view country, std::vector<Person> people) {
  return {.id = *PartyId::Parse(id),
          .name = fmt::format("The {}", id),
          .country = std::string(country),
          .threshold = 1,
          .ca_pem = TestRoot(id),
          .people = std::move(people)};
}

}  // namespace

crypto::SigningKey TestKey(uint8_t fill) {
  return *crypto::SigningKey::FromSeedText(ToBase64(Bytes(32, fill)));
}

std::string TestRoot(std::string_view party) {
  const std::string key = crypto::GenerateTlsKeyPem();
  return *crypto::SelfSign({.subject_name = std::string(party),
                            .uri_san = fmt::format("spiffe://{}", party),
                            .dns_sans = {},
                            .not_before = Created(),
                            .not_after = Created() + std::chrono::years(10),
                            .is_ca = true,
                            .path_length = 1,
                            .public_key_pem = *crypto::PublicKeyPem(key)},
                           key);
}

std::vector<PartyCard> TestCards() {
  const std::set<Role> all = {Role::kOfficer, Role::kOperator, Role::kResearcher};
  std::vector<PartyCard> cards(4);
  cards[0].party = PartyOf("pacific-fab", "US", {PersonOf("alice", 1, all)});
  cards[0].coordinator = CoordinatorSite{.party = cards[0].party.id,
                                         .site = *SiteId::Parse("coordinator"),
                                         .country = "US",
                                         .address = "coordinator.pacific-fab.example:7400",
                                         .key = TestKey(9).public_key()};
  cards[1].party = PartyOf("cascade-lab", "US", {PersonOf("bob", 2, all)});
  cards[2].party = PartyOf("kyushu-fab", "JP",
                           {PersonOf("haruka", 3, all), PersonOf("ren", 4, {Role::kOfficer}),
                            PersonOf("sora", 5, {Role::kResearcher, Role::kAuditor})});
  cards[2].party.threshold = 2;
  cards[3].party = PartyOf("hokkaido-lab", "JP", {PersonOf("yuki", 6, all)});
  return cards;
}

std::string TestToml() {
  DraftSpec spec;
  spec.name = "wafer-defects";
  spec.cards = TestCards();
  spec.purposes = {"semiconductor-defect-research"};
  spec.created = Created();
  spec.expires = Created() + std::chrono::days(365);
  return *Draft(spec);
}

Bytes SignedBy(std::string_view toml, std::initializer_list<uint8_t> keys) {
  seal::Envelope envelope{
      .payload_type = std::string(kPayloadType), .payload = ToBytes(toml), .signatures = {}};
  for (const uint8_t key : keys) seal::AddSignature(envelope, TestKey(key));
  return ToBytes(seal::DumpEnvelope(envelope));
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "there is no " << from;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << "there are two of " << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace renkei::charter
