// SPDX-License-Identifier: Apache-2.0
#include "renkei/record/record.h"

#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/record/fixture.h"
#include "renkei/record/limits.h"
#include "renkei/seal/envelope.h"

namespace renkei::record {
namespace {

using testing::HasSubstr;

TEST(Entry, EveryKindComesBackAsItWas) {
  const auto key = TestKey(1);
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
    EXPECT_FALSE(SignedBy(*envelope, TestKey(2).public_key()));
    EXPECT_THAT(Seal(entry->record, key), IsOkAndHolds(*envelope)) << "one record, one text";
    EXPECT_LE(envelope->size(), kEnvelopeBytesMax);
    EXPECT_EQ(AtOf(record), AtOf(entry->record));
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Record>);
}

TEST(Entry, NoFlippedByteGoesUnseen) {
  const auto key = TestKey(1);
  const auto random = MakeSeededRandom(3);
  std::set<size_t> kinds;
  for (const Record& record : Examples()) {
    if (!kinds.insert(record.index()).second) continue;
    const Bytes envelope = *Seal(record, key);
    // Every byte of a manifest; of the others a sample, to save time.
    const bool every = std::holds_alternative<Contributed>(record);
    for (size_t i = 0; i < envelope.size(); i += every ? 1 : 1 + random->Below(8)) {
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
  const auto key = TestKey(1);
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
  const Contributed contributed = ExampleOf<Contributed>();
  const Determined determined = ExampleOf<Determined>();
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
  const auto key = TestKey(1);
  const Bytes good = *Seal(ExampleOf<RunStopAsked>(), key);
  seal::Envelope envelope = *seal::ParseEnvelope(good);
  seal::AddSignature(envelope, TestKey(2));
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
  T changed = ExampleOf<T>();
  change(changed);
  return changed;
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
    EXPECT_THAT(Seal(c.record, TestKey(1)), StatusIs(Code::kInvalidArgument, HasSubstr(c.field)))
        << c.field;
  }
}

TEST(Entry, SealRefusesStatementsThatDoNotFitAnEntry) {
  const auto longer = [](size_t bytes) {
    return With<RunSubmitted>([&](auto& r) { r.spec.assign(bytes, 'x'); });
  };
  EXPECT_THAT(Seal(longer(kStatementBytesMax - 1000), TestKey(1)), IsOk());
  EXPECT_THAT(Seal(longer(kStatementBytesMax), TestKey(1)), StatusIs(Code::kResourceExhausted));
  const auto charter = [](size_t bytes) {
    return CharterAdopted{.envelope = Bytes(bytes, 'x'), .at = {}};
  };
  const auto largest = Seal(charter(kCharterStatementBytesMax - 400), TestKey(1));
  ASSERT_THAT(largest, IsOk());
  EXPECT_THAT(Open(*largest), IsOk());
  EXPECT_THAT(Seal(charter(kCharterStatementBytesMax), TestKey(1)),
              StatusIs(Code::kResourceExhausted));
}

TEST(Record, SummariesAreOneLineAndNameTheRun) {
  for (const Record& record : Examples()) {
    const std::string line = Summary(record);
    EXPECT_FALSE(line.empty());
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
  EXPECT_EQ(Summary(ExampleOf<RoundClosed>()),
            "round 3 of wafer-1 closed: counts 1 site; not kyushu-2 (late)");
  EXPECT_EQ(Summary(ExampleOf<Determined>()),
            "go (permitted): update of run wafer-1 from kyushu-fab/kyushu-1 (JP) to 2 recipients "
            "in JP, US");
}

}  // namespace
}  // namespace renkei::record
