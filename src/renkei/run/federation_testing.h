// SPDX-License-Identifier: Apache-2.0
// A small federation for tests: two parties, their people and sites with keys, a charter that all
// signed, and the records that each would write. Everything follows from the arguments.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "renkei/base/bytes.h"
#include "renkei/base/check.h"
#include "renkei/base/clock.h"
#include "renkei/base/random.h"
#include "renkei/charter/charter.h"
#include "renkei/charter/draft.h"
#include "renkei/crypto/hash.h"
#include "renkei/crypto/sign.h"
#include "renkei/crypto/x509.h"
#include "renkei/record/record.h"
#include "renkei/run/book.h"
#include "renkei/run/run_state.h"
#include "renkei/seal/envelope.h"

namespace renkei::run {

class TestFederation {
 public:
  struct Options {
    int sites = 4;  // "f0", "f1", ... of party-a and party-b in turn
    uint32_t approvals = 2;
    uint32_t rounds_max = 100;
    uint64_t weight_max = 1000;
    uint32_t officers = 1;  // of each party, who bind it together: "party-a", "party-a/2", ...
    // Certificates by party, where every byte has to be the same each time; else new ones.
    std::map<std::string, std::string> ca_pems = {};
  };

  explicit TestFederation(const Options& options) : random_(MakeSeededRandom(7)) {
    charter::DraftSpec draft;
    draft.name = "test";
    draft.purposes = {"defects"};
    draft.created = now - std::chrono::days(1);
    draft.expires = now + std::chrono::days(300);
    draft.approvals = options.approvals;
    draft.weight_max = options.weight_max;
    draft.rounds_max = options.rounds_max;
    coordinator = NewKey("coordinator");
    for (const std::string party : {"party-a", "party-b"}) {
      const auto given = options.ca_pems.find(party);
      draft.cards.push_back(
          Card(party, given == options.ca_pems.end() ? NewRoot(party) : given->second));
      AddOfficers(draft.cards.back().party, options.officers);
    }
    charter_toml = charter::Draft(draft).value();
    seal::Envelope envelope{.payload_type = std::string(charter::kPayloadType),
                            .payload = ToBytes(charter_toml),
                            .signatures = {}};
    for (const std::string party : {"party-a", "party-b"}) {
      for (uint32_t i = 1; i <= options.officers; ++i) {
        seal::AddSignature(envelope, key(OfficerOf(party, i)));
      }
    }
    charter_envelope = ToBytes(seal::DumpEnvelope(envelope));
    charter = charter::Verify(charter_envelope, now).value();
    for (int i = 0; i < options.sites; ++i) {
      sites.push_back(*SiteId::Parse(fmt::format("f{}", i)));
      NewKey(sites.back().text());
    }
  }

  // Keys by "coordinator", the party of a person, or the site.
  const crypto::SigningKey& key(std::string_view name) const {
    return *keys_.at(std::string(name));
  }
  static PartyId Party(std::string_view id) { return PartyId::Parse(id).value(); }
  PartyId PartyOf(const SiteId& site) const {
    for (size_t i = 0; i < sites.size(); ++i) {
      if (sites[i] == site) return Party(i % 2 == 0 ? "party-a" : "party-b");
    }
    return {};
  }
  record::Holder HolderOf(const SiteId& site) const {
    const PartyId party = PartyOf(site);
    return {.party = party, .site = site, .country = charter.FindParty(party)->country};
  }
  record::Holder OwnerHolder() const {
    return {.party = Party("party-a"), .site = {}, .country = "US"};
  }
  record::Holder CoordinatorHolder() const {
    return {.party = charter.coordinator.party,
            .site = charter.coordinator.site,
            .country = charter.coordinator.country};
  }
  std::vector<record::Holder> Everybody() const {
    std::vector<record::Holder> holders = {CoordinatorHolder(), OwnerHolder()};
    for (const SiteId& site : sites) holders.push_back(HolderOf(site));
    return holders;
  }

  record::CharterAdopted Adopted() const { return {.envelope = charter_envelope, .at = now}; }
  record::SiteEnrolled Enrolled(const SiteId& site) const {
    return {.site = site,
            .party = PartyOf(site),
            .country = charter.FindParty(PartyOf(site))->country,
            .key = key(site.text()).public_key(),
            .token_id = "token-" + site.text(),
            .weight_max = 500,
            .dataset_examples = 500,
            .dataset_digest = "",
            .at = now};
  }
  record::Determined Determined(std::string item, const record::Holder& from) const {
    return {.item = std::move(item),
            .run = run,
            .from = from,
            .recipients = Everybody(),
            .purposes = {"defects"},
            .classification_us = "EAR99",
            .classification_jp = "not-listed",
            .blob = std::nullopt,
            .charter_sha256 = charter.sha256,
            .valid_until = now + std::chrono::days(30),
            .uses_max = 100,
            .verdict = record::Verdict::kGo,
            .reasons = {{.code = "permitted", .cite = "charter", .text = "permitted"}},
            .not_assessed = {"US EAR"},
            .text_as_of = "2026-11-23",
            .at = now};
  }
  record::RunSubmitted Submitted(const std::string& spec, uint64_t determination) const {
    return {.run = run,
            .party = Party("party-a"),
            .spec = spec,
            .determination = determination,
            .at = now};
  }
  record::RunApproved Approved(std::string_view party, const std::string& spec) const {
    return {
        .run = run, .party = Party(party), .spec_sha256 = crypto::Sha256(AsBytes(spec)), .at = now};
  }
  record::Contributed Contributed(const RunState& state, const SiteId& site,
                                  const BlobId& update) const {
    const Candidate* candidate = state.Find(site);
    return {.run = state.run,
            .round = state.current.round,
            .site = site,
            .base = state.current.base,
            .update = update,
            .encoding = "plain",
            .examples = 100,
            .metrics = {{"loss", 0.5}},
            .determination = candidate->update ? candidate->update->index : 0,
            .at = now};
  }
  record::Evaluated Evaluated(const RunState& state, const SiteId& site, double loss) const {
    return {.run = state.run,
            .round = state.current.round,
            .site = site,
            .model = state.current.output.value_or(BlobId{}),
            .examples = 100,
            .metrics = {{"loss", loss}},
            .at = now};
  }

  // A spec for `run` with the model; `more` is added to it before the tables.
  std::string Spec(const BlobId& model, uint32_t rounds, uint32_t quorum,
                   std::string_view more = "") const {
    return fmt::format(R"(format = "renkei-run/1"
name = "{}"
model = "{}"
trainer = "wafer"
rounds = {}
quorum = {}
deadline_s = 100
start_deadline_s = 50
evaluate_deadline_s = 30
purposes = ["defects"]
{}
[classification]
us = "EAR99"
jp = "not-listed"
[config]
rate = 0.03
)",
                       run, model.Text(), rounds, quorum, more);
  }

  // A blob id that no bytes need to have.
  static BlobId MadeUpBlob(uint64_t number) {
    return {.root = crypto::Sha256(AsBytes(fmt::format("blob {}", number))), .size_bytes = 1000};
  }

  Instant now = *ParseInstant("2026-11-24T00:00:00Z");
  RunId run = *RunId::Parse("wafer-1");
  std::vector<SiteId> sites;
  std::string charter_toml;
  Bytes charter_envelope;
  charter::Charter charter;
  const crypto::SigningKey* coordinator = nullptr;

 private:
  const crypto::SigningKey* NewKey(const std::string& name) {
    auto made = std::make_unique<crypto::SigningKey>(crypto::SigningKey::Generate(*random_));
    return (keys_[name] = std::move(made)).get();
  }

  std::string NewRoot(std::string_view id) const {
    const std::string ca_key = crypto::GenerateTlsKeyPem();
    crypto::CertificateSpec root;
    root.subject_name = std::string(id);
    root.uri_san = fmt::format("spiffe://{}", id);
    root.not_before = now - std::chrono::days(1);
    root.not_after = now + std::chrono::days(3650);
    root.is_ca = true;
    root.path_length = 1;
    root.public_key_pem = crypto::PublicKeyPem(ca_key).value();
    return crypto::SelfSign(root, ca_key).value();
  }

  charter::PartyCard Card(std::string_view id, std::string ca_pem) {
    charter::PartyCard card;
    card.party.id = Party(id);
    card.party.name = std::string(id);
    card.party.country = id == "party-a" ? "US" : "JP";
    card.party.ca_pem = std::move(ca_pem);
    card.party.people.push_back(
        {.id = *PersonId::Parse("alice"),
         .key = NewKey(std::string(id))->public_key(),
         .roles = {charter::Role::kOfficer, charter::Role::kOperator, charter::Role::kResearcher}});
    if (id == "party-a") {
      card.coordinator = charter::CoordinatorSite{.party = card.party.id,
                                                  .site = *SiteId::Parse("hub"),
                                                  .country = "US",
                                                  .address = "127.0.0.1:7400",
                                                  .key = coordinator->public_key()};
    }
    return card;
  }

  static std::string OfficerOf(const std::string& party, uint32_t number) {
    return number == 1 ? party : fmt::format("{}/{}", party, number);
  }

  void AddOfficers(charter::Party& party, uint32_t officers) {
    party.threshold = officers;
    for (uint32_t i = 2; i <= officers; ++i) {
      party.people.push_back({.id = *PersonId::Parse(fmt::format("officer-{}", i)),
                              .key = NewKey(OfficerOf(party.id.text(), i))->public_key(),
                              .roles = {charter::Role::kOfficer}});
    }
  }

  std::unique_ptr<Random> random_;
  std::map<std::string, std::unique_ptr<crypto::SigningKey>> keys_;
};

}  // namespace renkei::run
