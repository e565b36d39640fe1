// SPDX-License-Identifier: Apache-2.0
#include "renkei/record/record.h"

#include <cfloat>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/hash.h"
#include "renkei/record/limits.h"
#include "renkei/seal/envelope.h"

namespace renkei::record {
namespace {

using testing::HasSubstr;

crypto::SigningKey KeyOf(uint8_t fill) {
  return *crypto::SigningKey::FromSeedText(ToBase64(Bytes(32, fill)));
}

template <class Id>
Id Named(std::string_view text) {
  return *Id::Parse(text);
}

Digest DigestOf(std::string_view text) { return crypto::Sha256(AsBytes(text)); }
BlobId BlobOf(std::string_view text, uint64_t size) {
  return {.root = DigestOf(text), .size_bytes = size};
}
Instant At(std::string_view text) { return *ParseInstant(text); }

const Instant kAt = At("2026-11-24T01:02:03.456Z");
const std::string kLongName(63, 'a');

Holder FabOf(std::string_view site) {
  return {.party = Named<PartyId>("kyushu-fab"),
          .site = site.empty() ? SiteId() : Named<SiteId>(site),
          .country = "JP"};
}

Determined DeterminedExample() {
  return {.item = "update",
          .run = Named<RunId>("wafer-1"),
          .from = FabOf("kyushu-1"),
          .recipients = {FabOf(""),
                         {.party = Named<PartyId>("pacific-fab"),
                          .site = Named<SiteId>("coordinator"),
                          .country = "US"}},
          .purposes = {"semiconductor-defect-research"},
          .classification_us = "EAR99",
          .classification_jp = "not-listed",
          .blob = std::nullopt,
          .charter_sha256 = DigestOf("charter"),
          .valid_until = At("2026-12-24T00:00:00Z"),
          .uses_max = 1000,
          .verdict = Verdict::kGo,
          .reasons = {{.code = "permitted", .cite = "charter [[permit]] 1", .text = "to 工場"}},
          .not_assessed = {"EAR", "FEFA", "party screening"},
          .text_as_of = "2026-11-24",
          .at = kAt};
}

// One of each kind, and the extremes of those that have them.
std::vector<Record> Examples() {
  const auto run = Named<RunId>("wafer-1");
  const auto party = Named<PartyId>("kyushu-fab");
  const auto site = Named<SiteId>("kyushu-1");
  const auto other = Named<SiteId>("kyushu-2");
  const BlobId model = BlobOf("model", 76'543);
  Determined extreme = DeterminedExample();
  extreme.blob = BlobOf("", 0);
  extreme.recipients.clear();
  extreme.reasons.clear();
  extreme.not_assessed.clear();
  extreme.purposes.clear();
  extreme.classification_us.clear();
  extreme.uses_max = kIntegerMax;
  extreme.verdict = Verdict::kHold;
  extreme.valid_until = At("9999-12-31T23:59:59.999Z");
  Metrics many;
  for (size_t i = 0; i < kMetricsMax; ++i) many[fmt::format("f1/Edge-Ring.{}", i)] = DBL_MIN / 3;
  return {
      CharterAdopted{.envelope = ToBytes("{\"payload\":\"工\\n\"}"), .at = kAt},
      SiteEnrolled{.site = site,
                   .party = party,
                   .country = "JP",
                   .key = KeyOf(7).public_key(),
                   .token_id = "0123abcd",
                   .weight_max = 29'000,
                   .dataset_examples = 28'733,
                   .dataset_digest = "sha256:" + DigestOf("maps").hex(),
                   .at = kAt},
      SiteEnrolled{.site = Named<SiteId>(kLongName),
                   .party = Named<PartyId>("0"),
                   .country = "US",
                   .key = KeyOf(8).public_key(),
                   .token_id = std::string(kSubjectBytesMax, 'A'),
                   .weight_max = kWeightMax,
                   .dataset_examples = kIntegerMax,
                   .dataset_digest = "",
                   .at = At("0000-01-01T00:00:00Z")},
      RunSubmitted{.run = run,
                   .party = party,
                   .spec = "format = \"renkei-run/1\"\n\t# 連携 \"quoted\" \\ \x01\n",
                   .determination = 5,
                   .at = kAt},
      RunApproved{.run = run, .party = party, .spec_sha256 = DigestOf("spec"), .at = kAt},
      RunStopAsked{.run = run, .party = party, .at = kAt},
      DeterminedExample(),
      extreme,
      RoundOpened{.run = run,
                  .round = 1,
                  .base = model,
                  .participants = {site, other},
                  .recipients = {FabOf("kyushu-1"), FabOf("")},
                  .deadline = kAt + std::chrono::hours(1),
                  .owner_determination = 4,
                  .at = kAt},
      RoundOpened{.run = run,
                  .round = kRoundMax,
                  .base = BlobOf("x", std::numeric_limits<uint64_t>::max()),
                  .participants = {},
                  .recipients = {},
                  .deadline = kAt,
                  .owner_determination = 0,
                  .at = kAt},
      Contributed{.run = run,
                  .round = 2,
                  .site = site,
                  .base = model,
                  .update = BlobOf("update", 76'543),
                  .encoding = "plain",
                  .examples = 28'733,
                  .metrics = {{"loss", 0.25}, {"macro_f1", 1.0}},
                  .determination = 9,
                  .at = kAt},
      Contributed{.run = run,
                  .round = 0,
                  .site = site,
                  .base = model,
                  .update = model,
                  .encoding = "plain",
                  .examples = kIntegerMax,
                  .metrics = {{"a", DBL_MAX}, {"b", -DBL_TRUE_MIN}, {"c", -0.0}, {"d", 1e22}},
                  .determination = kIntegerMax,
                  .at = kAt},
      Declined{.run = run, .round = 3, .site = site, .code = "trainer-not-mapped", .at = kAt},
      RoundClosed{.run = run,
                  .round = 3,
                  .counted = {{.site = site, .entry = 11, .weight = kWeightMax}},
                  .not_counted = {{.site = other, .code = "late"}},
                  .at = kAt},
      RoundReduced{.run = run,
                   .round = 3,
                   .inputs = {{.site = site, .update = model, .weight = 1},
                              {.site = other, .update = model, .weight = 2}},
                   .algorithm = "weighted-mean-f64-1",
                   .output = model,
                   .at = kAt},
      Evaluated{.run = run,
                .round = 3,
                .site = site,
                .model = model,
                .examples = 0,
                .metrics = many,
                .at = kAt},
      RunFinished{
          .run = run, .rounds = 28, .outcome = "completed", .code = "", .model = model, .at = kAt},
      RunFinished{.run = run,
                  .rounds = 0,
                  .outcome = "failed",
                  .code = "quorum-impossible",
                  .model = std::nullopt,
                  .at = kAt},
      Refused{.what = "run",
              .subject = "wafer-1",
              .reasons = {{.code = "charter-silent", .cite = "charter [[permit]]", .text = ""}},
              .at = kAt},
      Released{.run = run,
               .round = 28,
               .party = party,
               .model = model,
               .model_sha256 = DigestOf("file"),
               .at = kAt},
  };
}

TEST(Entry, EveryKindComesBackAsItWas) {
  const auto key = KeyOf(1);
  std::set<std::string> kinds;
  for (const Record& record : Examples()) {
    kinds.insert(KindOf(record));
    const auto envelope = Seal(record, key);
    ASSERT_THAT(envelope, IsOk()) << KindOf(record);
    const auto entry = Open(*envelope);
    ASSERT_THAT(entry, IsOk()) << KindOf(record);
    EXPECT_EQ(entry->record, record) << KindOf(record);
    EXPECT_EQ(entry->key_id, key.public_key().KeyId());
    EXPECT_TRUE(SignedBy(*envelope, key.public_key()));
    EXPECT_FALSE(SignedBy(*envelope, KeyOf(2).public_key()));
    EXPECT_THAT(Seal(entry->record, key), IsOkAndHolds(*envelope)) << "one record, one text";
    EXPECT_LE(envelope->size(), kEnvelopeBytesMax);
    EXPECT_EQ(AtOf(record), AtOf(entry->record));
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Record>);
}

TEST(Entry, NoFlippedByteGoesUnseen) {
  const auto key = KeyOf(1);
  const auto random = MakeSeededRandom(3);
  std::set<size_t> kinds;
  for (const Record& record : Examples()) {
    if (!kinds.insert(record.index()).second) continue;
    const Bytes envelope = *Seal(record, key);
    for (size_t i = 0; i < envelope.size(); ++i) {
      Bytes bad = envelope;
      bad[i] ^= static_cast<uint8_t>(1u << random->Below(8));
      const auto entry = Open(bad);
      ASSERT_FALSE(entry.ok() && entry->key_id == key.public_key().KeyId() &&
                   SignedBy(bad, key.public_key()))
          << KindOf(record) << " byte " << i;
    }
  }
}

// A statement with `from` replaced by `to`, signed anew.
Bytes Tampered(const Record& record, std::string_view from, std::string_view to) {
  const auto key = KeyOf(1);
  seal::Envelope envelope = *seal::ParseEnvelope(*Seal(record, key));
  std::string text = ToText(envelope.payload);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " in " << text;
  text.replace(at, from.size(), to);
  envelope.payload = ToBytes(text);
  envelope.signatures.clear();
  seal::AddSignature(envelope, key);
  return ToBytes(seal::DumpEnvelope(envelope));
}

TEST(Entry, OpenRefusesWhatSealDoesNotWriteThoughItIsSigned) {
  const Contributed contributed = std::get<Contributed>(Examples()[10]);
  const Determined determined = DeterminedExample();
  const struct {
    const char* why;
    Record record;
    const char* from;
    const char* to;
    const char* message;
  } cases[] = {
      {"unknown field", contributed, "\"round\":2", "\"round\":2,\"extra\":1", "extra"},
      {"missing field", contributed, "\"round\":2,", "", "round: is missing"},
      {"twice", contributed, "\"round\":2", "\"round\":2,\"round\":2", "twice"},
      {"order of fields", contributed, "\"run\":\"wafer-1\",\"round\":2",
       "\"round\":2,\"run\":\"wafer-1\"", "not the one text"},
      {"a space", contributed, "\"round\":2", "\"round\": 2", "not the one text"},
      {"an escape", contributed, "\"wafer-1\"", "\"\\u0077afer-1\"", "not the one text"},
      {"an integer with a point", contributed, "\"round\":2", "\"round\":2.0", "round"},
      {"a metric without one", contributed, "\"macro_f1\":1.0", "\"macro_f1\":1", "macro_f1"},
      {"a longer metric", contributed, "0.25", "0.250", "not the one text"},
      {"order of metrics", contributed, "\"loss\":0.25,\"macro_f1\":1.0",
       "\"macro_f1\":1.0,\"loss\":0.25", "not the one text"},
      {"negative", contributed, "\"round\":2", "\"round\":-2", "round"},
      {"too large", contributed, "\"round\":2", "\"round\":1000001", "round"},
      {"another encoding", contributed, "\"plain\"", "\"masked\"", "encoding"},
      {"another kind of text", contributed, "\"examples\":28733", "\"examples\":\"28733\"",
       "examples"},
      {"another subject", contributed, "update/kyushu-1", "update/kyushu-2", "not the one text"},
      {"a name that is none", contributed, "\"site\":\"kyushu-1\"", "\"site\":\"Kyushu 1\"",
       "site"},
      {"seconds only", contributed, "01:02:03.456Z", "01:02:03Z", "not the one text"},
      {"another version", contributed, "contributed:1", "contributed:2", "predicateType"},
      {"another kind", contributed, "update.contributed", "update.forgotten", "kind"},
      {"no kind", contributed, "urn:renkei:entry:update.contributed:1", "urn:renkei:entry:1",
       "predicateType"},
      {"another verdict", determined, "\"verdict\":\"go\"", "\"verdict\":\"yes\"", "verdict"},
      {"a nested field", determined, "\"country\":\"JP\"}", "\"country\":\"JP\",\"x\":1}", "x"},
      {"an empty site", determined, "\"party\":\"kyushu-fab\",\"country\"",
       "\"party\":\"kyushu-fab\",\"site\":\"\",\"country\"", "site"},
      {"a null blob", determined, "\"charter_sha256\"", "\"blob\":null,\"charter_sha256\"", "blob"},
      {"a day that is none", determined, "\"2026-11-24\"", "\"2026-13-24\"", "text_as_of"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Open(Tampered(c.record, c.from, c.to)),
                StatusIs(Code::kInvalidArgument, HasSubstr(c.message)))
        << c.why;
  }
}

TEST(Entry, OpenRefusesOtherEnvelopes) {
  const auto key = KeyOf(1);
  const Bytes good = *Seal(Examples()[5], key);
  seal::Envelope envelope = *seal::ParseEnvelope(good);
  seal::AddSignature(envelope, KeyOf(2));
  EXPECT_THAT(Open(AsBytes(seal::DumpEnvelope(envelope))),
              StatusIs(Code::kInvalidArgument, HasSubstr("2 signatures")));
  envelope.signatures.clear();
  EXPECT_THAT(Open(AsBytes(seal::DumpEnvelope(envelope))),
              StatusIs(Code::kInvalidArgument, HasSubstr("0 signatures")));
  envelope.payload_type = "text/plain";
  seal::AddSignature(envelope, key);
  EXPECT_THAT(Open(AsBytes(seal::DumpEnvelope(envelope))), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(Open(AsBytes(ToText(good) + "\n")),
              StatusIs(Code::kInvalidArgument, HasSubstr("one text")));
  EXPECT_THAT(Open({}), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(Open(Bytes(kEnvelopeBytesMax + 1, ' ')), StatusIs(Code::kInvalidArgument));
}

template <class T>
Record With(std::function<void(T&)> change) {
  for (const Record& record : Examples()) {
    if (const T* found = std::get_if<T>(&record)) {
      T changed = *found;
      change(changed);
      return changed;
    }
  }
  ADD_FAILURE();
  return {};
}

TEST(Entry, SealRefusesWhatBreaksAFormatAndNamesTheField) {
  const struct {
    const char* field;
    Record record;
  } cases[] = {
      {"envelope", With<CharterAdopted>([](auto& r) { r.envelope = {0xFF}; })},
      {"site", With<SiteEnrolled>([](auto& r) { r.site = {}; })},
      {"country", With<SiteEnrolled>([](auto& r) { r.country = "jp"; })},
      {"token_id", With<SiteEnrolled>([](auto& r) { r.token_id = "a b"; })},
      {"token_id", With<SiteEnrolled>([](auto& r) { r.token_id.clear(); })},
      {"weight_max", With<SiteEnrolled>([](auto& r) { r.weight_max = kWeightMax + 1; })},
      {"dataset_examples", With<SiteEnrolled>([](auto& r) { r.dataset_examples = ~0ull; })},
      {"spec", With<RunSubmitted>([](auto& r) { r.spec = "\xC3"; })},
      {"item", With<Determined>([](auto& r) { r.item = "data"; })},
      {"item", With<Determined>([](auto& r) { r.item = "model update"; })},
      {"item", With<Determined>([](auto& r) { r.item.clear(); })},
      {"recipients", With<Determined>([](auto& r) { r.recipients[0].country = ""; })},
      {"recipients", With<Determined>([](auto& r) { r.recipients.resize(kItemsMax + 1, r.from); })},
      {"purposes", With<Determined>([](auto& r) { r.purposes = {"a\nb"}; })},
      {"reasons", With<Determined>([](auto& r) { r.reasons[0].code = "two words"; })},
      {"text", With<Determined>([](auto& r) { r.reasons[0].text.assign(513, 'x'); })},
      {"text_as_of", With<Determined>([](auto& r) { r.text_as_of = "today"; })},
      {"round", With<RoundOpened>([](auto& r) { r.round = kRoundMax + 1; })},
      {"participants",
       With<RoundOpened>([](auto& r) { std::swap(r.participants[0], r.participants[1]); })},
      {"participants", With<RoundOpened>([](auto& r) { r.participants[1] = r.participants[0]; })},
      {"metrics", With<Contributed>([](auto& r) { r.metrics["x"] = NAN; })},
      {"metrics", With<Contributed>([](auto& r) { r.metrics["x"] = INFINITY; })},
      {"metrics", With<Contributed>([](auto& r) { r.metrics["my text"] = 1; })},
      {"metrics", With<Evaluated>([](auto& r) { r.metrics["one-more"] = 1; })},
      {"encoding", With<Contributed>([](auto& r) { r.encoding = "masked"; })},
      {"code", With<Declined>([](auto& r) { r.code = "tired"; })},
      {"counted", With<RoundClosed>([](auto& r) { r.counted.push_back(r.counted[0]); })},
      {"not_counted",
       With<RoundClosed>([](auto& r) { r.not_counted.push_back(r.not_counted[0]); })},
      {"inputs", With<RoundReduced>([](auto& r) { std::swap(r.inputs[0], r.inputs[1]); })},
      {"algorithm", With<RoundReduced>([](auto& r) { r.algorithm = ""; })},
      {"outcome", With<RunFinished>([](auto& r) { r.outcome = "won"; })},
      {"what", With<Refused>([](auto& r) { r.what = "person"; })},
      {"subject", With<Refused>([](auto& r) { r.subject = "Mr. X"; })},
      {"at", With<Released>([](auto& r) { r.at += std::chrono::years(9000); })},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Seal(c.record, KeyOf(1)), StatusIs(Code::kInvalidArgument, HasSubstr(c.field)))
        << c.field;
  }
}

TEST(Entry, SealRefusesStatementsThatDoNotFitAnEntry) {
  const auto longer = [](size_t bytes) {
    return With<RunSubmitted>([&](auto& r) { r.spec.assign(bytes, 'x'); });
  };
  EXPECT_THAT(Seal(longer(kStatementBytesMax - 1000), KeyOf(1)), IsOk());
  EXPECT_THAT(Seal(longer(kStatementBytesMax), KeyOf(1)), StatusIs(Code::kResourceExhausted));
  const auto charter = [](size_t bytes) { return CharterAdopted{Bytes(bytes, 'x'), kAt}; };
  const auto largest = Seal(charter(kCharterStatementBytesMax - 400), KeyOf(1));
  ASSERT_THAT(largest, IsOk());
  EXPECT_THAT(Open(*largest), IsOk());
  EXPECT_THAT(Seal(charter(kCharterStatementBytesMax), KeyOf(1)),
              StatusIs(Code::kResourceExhausted));
}

TEST(Record, SummariesAreOneLineAndNameTheRun) {
  for (const Record& record : Examples()) {
    const std::string line = Summary(record);
    EXPECT_FALSE(line.empty());
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
  EXPECT_EQ(Summary(Examples()[13]),
            "round 3 of wafer-1 closed: counts 1 site; not kyushu-2 (late)");
  EXPECT_EQ(Summary(DeterminedExample()),
            "go (permitted): update of run wafer-1 from kyushu-fab/kyushu-1 (JP) to 2 recipients "
            "in JP, US");
}

}  // namespace
}  // namespace renkei::record
