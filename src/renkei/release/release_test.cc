// SPDX-License-Identifier: Apache-2.0
#include "renkei/release/release.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/charter/draft.h"
#include "renkei/crypto/hash.h"
#include "renkei/crypto/x509.h"
#include "renkei/ledger/ledger.h"
#include "renkei/record/record.h"
#include "renkei/release/statement.h"
#include "renkei/seal/envelope.h"
#include "renkei/store/blob_tree.h"
#include "renkei/tensor/writer.h"

namespace renkei::release {
namespace {

using testing::HasSubstr;

constexpr std::string_view kFiles[] = {kStatementFile, kCharterFile, kProofFile, kModelFile};

// Of each file; a longer one is tried at every n-th byte, to keep the test short.
constexpr size_t kBytesTried = 1500;

crypto::SigningKey KeyOf(uint64_t seed) {
  const auto random = MakeSeededRandom(seed);
  return crypto::SigningKey::Generate(*random);
}

// A charter of one party, a ledger in which it trained and released one round, and the model.
class Story {
 public:
  struct Options {
    uint32_t auditors = 0;
    std::set<charter::Role> roles = {charter::Role::kOfficer, charter::Role::kResearcher};
    std::string model_byte = "m";
    // Changes the entries before they are sealed.
    std::function<void(record::RoundReduced&, record::Released&)> change = {};
  };

  explicit Story(const Options& options) {
    MakeCharter(options);
    MakeModel(options.model_byte);
    const auto author_ledger =
        ledger::Ledger::Open(disk, "ledger", charter.LedgerOrigin(), coordinator).value();
    record::RoundReduced reduced{
        .run = run,
        .round = 1,
        .inputs = {{.site = *SiteId::Parse("s1"), .update = model, .weight = 10}},
        .algorithm = "weighted-mean-f64-1",
        .output = model,
        .at = now};
    record::Released released{.run = run,
                              .round = 1,
                              .party = party,
                              .model = model,
                              .model_sha256 = crypto::Sha256(model_bytes),
                              .at = now};
    if (options.change) options.change(reduced, released);
    std::vector<Bytes> entries = {
        record::Seal(record::CharterAdopted{.envelope = charter_envelope, .at = now}, coordinator)
            .value(),
        record::Seal(record::RunSubmitted{.run = run,
                                          .party = party,
                                          .spec = "name = \"first\"",
                                          .determination = 0,
                                          .at = now},
                     person)
            .value(),
        record::Seal(record::RunStopAsked{.run = run, .party = party, .at = now}, person).value(),
        record::Seal(reduced, coordinator).value(), record::Seal(released, person).value()};
    for (const Bytes& entry : entries) EXPECT_THAT(author_ledger->Append(entry), IsOk());
    mirror = ledger::Mirror::Open(disk, "mirror", charter.LedgerKey()).value();
    EXPECT_THAT(mirror->Extend(entries, author_ledger->checkpoint().value()), IsOk());
  }

  StatusOr<Built> Build() {
    return release::Build({.run = run, .round = 1, .party = party, .dir = "release"}, *mirror,
                          *blobs, person, disk);
  }
  Bytes Read(std::string_view name) { return ReadWhole(disk, Path(name), 1 << 20).value(); }
  void Write(std::string_view name, const Bytes& bytes) {
    ASSERT_THAT(WriteWhole(disk, Path(name), bytes), IsOk());
  }
  static std::string Path(std::string_view name) { return JoinPath("release", name); }
  Report Verify() { return release::Verify("release", disk); }

  LyingDisk disk;
  const Instant now = *ParseInstant("2026-11-24T00:00:00Z");
  const RunId run = *RunId::Parse("first");
  const PartyId party = *PartyId::Parse("pacific");
  const crypto::SigningKey coordinator = KeyOf(1);
  const crypto::SigningKey person = KeyOf(2);
  charter::Charter charter;
  Bytes charter_envelope;
  Bytes model_bytes;
  BlobId model;
  std::unique_ptr<store::Blobs> blobs = store::MakeMemoryBlobs();
  std::unique_ptr<ledger::Mirror> mirror;

 private:
  void MakeCharter(const Options& options) {
    const std::string ca_key = crypto::GenerateTlsKeyPem();
    charter::PartyCard card;
    card.party.id = party;
    card.party.name = "Pacific Fab";
    card.party.country = "US";
    card.party.ca_pem = crypto::SelfSign({.subject_name = "pacific",
                                          .uri_san = "spiffe://pacific",
                                          .dns_sans = {},
                                          .not_before = now - std::chrono::days(1),
                                          .not_after = now + std::chrono::days(3650),
                                          .is_ca = true,
                                          .path_length = 1,
                                          .public_key_pem = crypto::PublicKeyPem(ca_key).value()},
                                         ca_key)
                            .value();
    card.party.people = {
        {.id = *PersonId::Parse("alice"), .key = person.public_key(), .roles = options.roles},
        {.id = *PersonId::Parse("olga"),
         .key = KeyOf(3).public_key(),
         .roles = {charter::Role::kOfficer, charter::Role::kResearcher}}};
    card.coordinator = charter::CoordinatorSite{.party = party,
                                                .site = *SiteId::Parse("hub"),
                                                .country = "US",
                                                .address = "127.0.0.1:7400",
                                                .key = coordinator.public_key()};
    const auto text = charter::Draft({.name = "wafers",
                                      .cards = {card},
                                      .purposes = {"research"},
                                      .created = now - std::chrono::days(1),
                                      .expires = now + std::chrono::days(300),
                                      .approvals = 1,
                                      .auditors = options.auditors});
    ASSERT_THAT(text, IsOk());
    seal::Envelope envelope{.payload_type = std::string(charter::kPayloadType),
                            .payload = ToBytes(*text),
                            .signatures = {}};
    seal::AddSignature(envelope, KeyOf(3));
    charter_envelope = ToBytes(seal::DumpEnvelope(envelope));
    charter = charter::Verify(charter_envelope, now).value();
  }

  void MakeModel(const std::string& byte) {
    const tensor::NewTensor tensors[] = {
        {.name = "weight", .dtype = tensor::DType::kU8, .shape = {64}}};
    model_bytes = ToBytes(tensor::DumpHeader(tensor::MakeLayout(tensors).value()));
    for (int i = 0; i < 64; ++i) model_bytes.push_back(static_cast<uint8_t>(byte[0]));
    const auto draft = blobs->Create().value();
    ASSERT_THAT(draft->Append(model_bytes), IsOk());
    model = draft->Finish().value();
  }
};

TEST(Release, VerifiesAsItWasBuilt) {
  Story story({});
  const auto built = story.Build();
  ASSERT_THAT(built, IsOk());
  const Report report = story.Verify();
  EXPECT_TRUE(report.verified()) << Explain(report);
  EXPECT_EQ(report.model_sha256, crypto::Sha256(story.model_bytes));
  EXPECT_EQ(report.statement_sha256, built->statement_sha256);
  EXPECT_EQ(report.charter_sha256, story.charter.sha256);
  EXPECT_EQ(report.person, "alice");
  EXPECT_EQ(report.sum, "not checked");
  EXPECT_EQ(report.ledger_size, 5U);
  EXPECT_EQ(story.Read(kModelFile), story.model_bytes);
  EXPECT_THAT(Explain(report), HasSubstr("verified; sum not checked"));
  EXPECT_TRUE(Verify("release", story.disk, story.charter.sha256).verified());
  EXPECT_FALSE(Verify("release", story.disk, Digest{}).verified());
  EXPECT_THAT(story.Build(), StatusIs(Code::kAlreadyExists));
}

TEST(Release, IsFoundOutWhenAnyByteOfAnyFileIsAnother) {
  Story story({});
  ASSERT_THAT(story.Build(), IsOk());
  for (const std::string_view name : kFiles) {
    const Bytes original = story.Read(name);
    const size_t stride = 1 + original.size() / kBytesTried;
    for (size_t i = 0; i < original.size(); i += stride) {
      story.disk.FlipBit(Story::Path(name), i * 8 + i % 8);
      ASSERT_FALSE(story.Verify().verified()) << name << " byte " << i;
      story.disk.FlipBit(Story::Path(name), i * 8 + i % 8);
    }
    Bytes longer = original;
    longer.push_back('\n');
    story.Write(name, longer);
    EXPECT_FALSE(story.Verify().verified()) << name << " longer";
    story.Write(name, Bytes(original.begin(), original.end() - 1));
    EXPECT_FALSE(story.Verify().verified()) << name << " shorter";
    ASSERT_THAT(story.disk.Remove(Story::Path(name)), IsOk());
    EXPECT_FALSE(story.Verify().verified()) << name << " missing";
    story.Write(name, original);
  }
  EXPECT_TRUE(story.Verify().verified());
}

TEST(Release, IsFoundOutWhenAFileComesFromAnotherRelease) {
  Story story({});
  Story other({.model_byte = "n"});
  ASSERT_THAT(story.Build(), IsOk());
  ASSERT_THAT(other.Build(), IsOk());
  for (const std::string_view name : kFiles) {
    const Bytes original = story.Read(name);
    story.Write(name, other.Read(name));
    EXPECT_FALSE(story.Verify().verified()) << name;
    story.Write(name, original);
  }
}

TEST(Release, IsNotBuiltOrFoundOutWhenTheLedgerTellsAnotherStory) {
  using Reduced = record::RoundReduced;
  using Released = record::Released;
  const BlobId made_up{.root = crypto::Sha256(AsBytes("other")), .size_bytes = 5};
  const struct {
    const char* what;
    std::function<void(Reduced&, Released&)> change;
    Code code;
  } cases[] = {
      {"another round was reduced", [](Reduced& r, Released&) { r.round = 2; }, Code::kNotFound},
      {"another run was reduced", [](Reduced& r, Released&) { r.run = *RunId::Parse("second"); },
       Code::kNotFound},
      {"another round was released", [](Reduced&, Released& r) { r.round = 2; }, Code::kNotFound},
      {"another party released", [](Reduced&, Released& r) { r.party = *PartyId::Parse("other"); },
       Code::kNotFound},
      {"another model was reduced", [&](Reduced& r, Released&) { r.output = made_up; },
       Code::kNotFound},
      {"another model was released", [&](Reduced&, Released& r) { r.model = made_up; },
       Code::kDataLoss},
      {"another file was released", [](Reduced&, Released& r) { r.model_sha256 = {}; },
       Code::kDataLoss},
  };
  for (const auto& c : cases) {
    Story story({.change = c.change});
    EXPECT_THAT(story.Build(), StatusIs(c.code)) << c.what;
    EXPECT_THAT(story.disk.Exists("release"), IsOkAndHolds(false)) << c.what;
  }
}

TEST(Release, NeedsTheRightPersonAndNoAuditors) {
  Story researcher({.roles = {charter::Role::kResearcher}});
  EXPECT_THAT(researcher.Build(), IsOk());
  Story operator_only({.roles = {charter::Role::kOperator}});
  EXPECT_THAT(operator_only.Build(), StatusIs(Code::kPermissionDenied));
  Story stranger({});
  EXPECT_THAT(Build({.run = stranger.run, .round = 1, .party = stranger.party, .dir = "release"},
                    *stranger.mirror, *stranger.blobs, KeyOf(9), stranger.disk),
              StatusIs(Code::kPermissionDenied));
}

// release.json signed anew by somebody with a key of the charter, over changed claims.
TEST(Release, IsFoundOutWhenAPersonSignsAFalseClaim) {
  Story story({});
  ASSERT_THAT(story.Build(), IsOk());
  const Claim claim = OpenClaim(seal::ParseEnvelope(story.Read(kStatementFile)).value()).value();
  const struct {
    const char* what;
    std::function<void(Claim&)> change;
  } cases[] = {
      {"round", [](Claim& c) { c.round = 2; }},
      {"run", [](Claim& c) { c.run = *RunId::Parse("second"); }},
      {"party", [](Claim& c) { c.party = *PartyId::Parse("other"); }},
      {"weight of an input", [](Claim& c) { c.inputs[0].weight = 11; }},
      {"one input less", [](Claim& c) { c.inputs.clear(); }},
      {"algorithm", [](Claim& c) { c.algorithm = "median"; }},
      {"sum", [](Claim& c) { c.sum = "checked by 3 auditors"; }},
      {"charter's digest", [](Claim& c) { c.charter_sha256 = {}; }},
      {"charter file", [](Claim& c) { c.charter_file_sha256 = {}; }},
      {"proof file", [](Claim& c) { c.proof_file_sha256 = {}; }},
      {"model's SHA-256", [](Claim& c) { c.model_sha256 = {}; }},
      {"model's blob id", [](Claim& c) { c.model.root = {}; }},
      {"time", [](Claim& c) { c.at += std::chrono::hours(1); }},
      {"after the charter's end", [](Claim& c) { c.at += std::chrono::days(400); }},
  };
  for (const auto& c : cases) {
    Claim changed = claim;
    c.change(changed);
    story.Write(kStatementFile, ToBytes(seal::DumpEnvelope(SealClaim(changed, story.person))));
    EXPECT_FALSE(story.Verify().verified()) << c.what;
  }
  story.Write(kStatementFile, ToBytes(seal::DumpEnvelope(SealClaim(claim, KeyOf(9)))));
  EXPECT_FALSE(story.Verify().verified()) << "a key that is nobody's";
  story.Write(kStatementFile, ToBytes(seal::DumpEnvelope(SealClaim(claim, story.person))));
  EXPECT_TRUE(story.Verify().verified());
}

TEST(Release, IsFoundOutWhenAnEntryIsLeftOutOrSwapped) {
  Story story({});
  ASSERT_THAT(story.Build(), IsOk());
  const Claim claim = OpenClaim(seal::ParseEnvelope(story.Read(kStatementFile)).value()).value();
  const auto entries = ParseProof(AsText(story.Read(kProofFile))).value();
  for (size_t i = 0; i < entries.size(); ++i) {
    for (size_t j = 0; j < entries.size(); ++j) {
      if (i == j) continue;
      auto changed = entries;
      changed[i] = entries[j];
      const std::string text = DumpProof(changed);
      story.Write(kProofFile, ToBytes(text));
      Claim reclaimed = claim;
      reclaimed.proof_file_sha256 = crypto::Sha256(AsBytes(text));
      story.Write(kStatementFile, ToBytes(seal::DumpEnvelope(SealClaim(reclaimed, story.person))));
      EXPECT_FALSE(story.Verify().verified()) << i << " " << j;
    }
  }
}

TEST(Release, AppearsWholeOrNotAtAllWhenTheDiskFails) {
  for (uint64_t steps = 1;; ++steps) {
    Story story({});
    story.disk.FailAfter(steps);
    const auto built = story.Build();
    story.disk.ClearFaults();
    story.disk.Crash();
    const bool is_there = story.disk.Exists("release").value();
    if (is_there) {
      EXPECT_TRUE(story.Verify().verified()) << steps;
    }
    if (built.ok()) {
      EXPECT_TRUE(is_there);
      break;
    }
    if (!is_there) {
      EXPECT_THAT(story.Build(), IsOk()) << steps;
    }
  }
}

}  // namespace
}  // namespace renkei::release
