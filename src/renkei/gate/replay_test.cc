// SPDX-License-Identifier: Apache-2.0
// Crossings at random, each decided, written as an entry, read again and decided once more.
#include "renkei/gate/replay.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/gate/determine.h"
#include "renkei/rules/shipped_packs_testing.h"

namespace renkei::gate {
namespace {

using record::Determined;
using record::Holder;
using record::Verdict;
using std::chrono::days;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kSeed = 20261127;
constexpr const char* kCountries[] = {"US", "JP", "DE", "FR", "GB", "NL", "KR", "TW", "SG", "IN",
                                      "CN", "HK", "MO", "RU", "IR", "IL", "AE", "VN", "BR", "MX"};
constexpr size_t kParties = 40;
constexpr size_t kCharters = 16;

RuleShelf ShelfOf(const charter::ExportRules& rules, std::vector<rules::Pack> packs) {
  auto shelf = RuleShelf::Make(rules, std::move(packs));
  EXPECT_THAT(shelf, IsOk());
  return *std::move(shelf);
}

// Charters, crossings and instants, as the numbers of one sequence say.
class Generator {
 public:
  Generator(const rules::RuleBook& book, uint64_t seed)
      : book_(book), random_(MakeSeededRandom(seed)) {
    for (const rules::BookRule& rule : book.rules) CollectNumbers(rule.said.when);
  }

  charter::Charter MakeCharter(const std::map<std::string, Digest>& packs) {
    charter::Charter charter;
    charter.name = "random";
    charter.version = 1;
    charter.created = Instant(book_.epochs.front()) - days(400);
    charter.expires = Instant(book_.epochs.back()) + days(400);
    charter.runs = {.approvals = 1, .weight_max = 9, .rounds_max = 50, .purposes = {"research"}};
    for (size_t i = 0; i < kParties; ++i) {
      const std::string country = kCountries[i % std::size(kCountries)];
      charter::Party party{.id = *PartyId::Parse(fmt::format("party-{}", i)),
                           .name = "p",
                           .country = country,
                           .ca_pem = {},
                           .people = {}};
      party.facts = {{"like", "clean"}, {"hq", country}, {"ultimate_parent_hq", country}};
      if (random_->Below(6) == 0) AddFact(true, party.facts);
      charter.parties.push_back(std::move(party));
    }
    charter.permits.push_back({.items = {"*"},
                               .purposes = {"*"},
                               .from = {"*"},
                               .to = {"*"},
                               .classifications_us = {"*"},
                               .classifications_jp = {"*"}});
    charter.prohibits.push_back({.items = {"metrics"},
                                 .purposes = {"*"},
                                 .from = {"*"},
                                 .to = {"party-3", "party-4"},
                                 .classifications_us = {"*"},
                                 .classifications_jp = {"*"}});
    constexpr const char* kBindings[] = {"both", "codified", "enforced"};
    charter.export_rules = {.binding = Pick(kBindings),
                            .text_days = 400,
                            .hold_hours = 72,
                            .packs = packs,
                            .facts = {}};
    charter.sha256.bytes.fill(static_cast<uint8_t>(random_->Below(256)));
    return charter;
  }

  Crossing MakeCrossing() {
    constexpr const char* kItems[] = {"model", "update", "metrics", "ledger"};
    Crossing crossing{.item = Pick(kItems),
                      .run = *RunId::Parse("first"),
                      .from = MakeHolder(),
                      .recipients = {MakeHolder()},
                      .purposes = {"research"},
                      .classification_us = "EAR99",
                      .classification_jp = "not-listed"};
    while (random_->Below(4) == 0) crossing.recipients.push_back(MakeHolder());
    if (random_->Below(24) == 0) crossing.classification_us = ClassOf(rules::Jurisdiction::kUs);
    if (random_->Below(24) == 0) crossing.classification_jp = ClassOf(rules::Jurisdiction::kJp);
    if (random_->Below(200) != 0) crossing.facts["like"] = "clean";
    for (uint64_t more = random_->Below(4); more > 0; --more) AddFact(false, crossing.facts);
    if (random_->Below(8) == 0) crossing.facts["run.operations"] = "3e25";
    return crossing;
  }

  // A day on which some rule changes, within minutes of it, or any instant between.
  Instant MakeInstant() {
    const Instant change(book_.epochs[random_->Below(book_.epochs.size())]);
    const auto hours = std::chrono::hours(static_cast<int64_t>(random_->Below(49)) - 24);
    const auto off = Milliseconds(static_cast<int64_t>(random_->Below(120'001)) - 60'000);
    return change + hours + off + days(random_->Below(2) * random_->Below(90));
  }

 private:
  void CollectNumbers(const rules::Condition& condition) {
    if (condition.kind == rules::Condition::Kind::kCompare) {
      numbers_[condition.name].push_back(condition.number);
    }
    for (const rules::Condition& part : condition.parts) CollectNumbers(part);
  }

  template <size_t kSize>
  const char* Pick(const char* const (&words)[kSize]) {
    return words[random_->Below(kSize)];
  }

  Holder MakeHolder() {
    const uint64_t party = random_->Below(kParties);
    const bool abroad = random_->Below(8) == 0;
    return {.party = *PartyId::Parse(fmt::format("party-{}", party)),
            .site = *SiteId::Parse(fmt::format("site-{}", random_->Below(3))),
            .country = abroad ? Pick(kCountries) : kCountries[party % std::size(kCountries)]};
  }

  std::string ClassOf(rules::Jurisdiction jurisdiction) {
    for (;;) {
      const rules::BookClass& each = book_.classes[random_->Below(book_.classes.size())];
      if (each.jurisdiction == jurisdiction) return each.id;
    }
  }

  std::string NumberOf(const std::string& id) {
    const auto known = numbers_.find(id);
    if (known == numbers_.end())
      return rules::FormatNumber(static_cast<double>(random_->Below(100)));
    const double number = known->second[random_->Below(known->second.size())];
    constexpr double kTimes[] = {0.5, 0.999, 1, 1.001, 2};
    return rules::FormatNumber(number * kTimes[random_->Below(std::size(kTimes))]);
  }

  void AddFact(bool of_party, syntax::Stated& facts) {
    uint64_t index = random_->Below(book_.facts.size());
    while (book_.facts[index].of_party != of_party) index = random_->Below(book_.facts.size());
    const rules::Fact& fact = book_.facts[index];
    std::string id = fact.said.id;
    if (of_party) id = id.substr(rules::kPartyPrefix.size());
    if (random_->Below(30) == 0) {
      facts[id] = "unknown";
      return;
    }
    switch (fact.said.type) {
      case rules::FactType::kTruth:
        facts[id] = random_->Below(2) == 0 ? "no" : "yes";
        return;
      case rules::FactType::kWord:
        facts[id] = fact.said.words[random_->Below(fact.said.words.size())];
        return;
      case rules::FactType::kCountry:
        facts[id] = Pick(kCountries);
        return;
      case rules::FactType::kNumber:
        facts[id] = NumberOf(fact.said.id);
    }
  }

  const rules::RuleBook& book_;
  std::unique_ptr<Random> random_;
  std::map<std::string, std::vector<double>> numbers_{};
};

struct Tally {
  std::map<Verdict, size_t> verdicts{};
  std::map<std::string, size_t> outcomes{};
  std::vector<std::string> failures{};
};

// What the author says, as an entry, and what a reader finds whose packs were put together in
// another order.
std::string CheckOnce(const charter::Charter& charter, const RuleShelf& author,
                      const RuleShelf& reader, const crypto::SigningKey& key,
                      const Crossing& crossing, Instant now, Tally& tally) {
  const Determined said = Determine(charter, author, crossing, now);
  ++tally.verdicts[said.verdict];
  for (const record::RuleOutcome& outcome : said.rules) ++tally.outcomes[outcome.outcome];
  const auto sealed = record::Seal(said, key);
  if (!sealed.ok()) return Message(sealed.status());
  const auto entry = record::Open(*sealed);
  if (!entry.ok()) return Message(entry.status());
  const auto& read = std::get<Determined>(entry->record);
  if (read != said) return "the entry reads otherwise";
  const Determined again = Determine(charter, reader, CrossingOf(read), read.at);
  const auto text = record::StatementOf(again);
  if (!text.ok() || *text != *record::StatementOf(said))
    return "decided otherwise:\n" + Explain(said) + Explain(again);
  return "";
}

// `tools/soak.sh replay` asks for a million.
size_t CasesWanted() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr size_t kCases = 10'000;
#else
  constexpr size_t kCases = 100'000;
#endif
  const char* wanted = std::getenv("RENKEI_REPLAY_CASES");
  return wanted == nullptr ? kCases : std::strtoull(wanted, nullptr, 10);
}

class Replaying : public testing::Test {
 protected:
  void SetUp() override {
    packs_ = rules::ReadShippedPacks();
    for (const rules::Pack& pack : packs_) rules_.packs.emplace(pack.id, pack.sha256);
    author_ = ShelfOf(rules_, packs_);
    const auto random = MakeSeededRandom(kSeed);
    std::vector<rules::Pack> others = packs_;
    for (size_t i = others.size(); i > 1; --i) std::swap(others[i - 1], others[random->Below(i)]);
    reader_ = ShelfOf(rules_, std::move(others));
  }

  Tally Check(uint64_t seed, size_t cases) const {
    Generator generator(*author_.book(), seed);
    std::vector<charter::Charter> charters;
    for (size_t i = 0; i < kCharters; ++i) charters.push_back(generator.MakeCharter(rules_.packs));
    const auto key = crypto::SigningKey::Generate(*MakeSeededRandom(seed));
    Tally tally;
    for (size_t i = 0; i < cases && tally.failures.size() < 3; ++i) {
      const Crossing crossing = generator.MakeCrossing();
      const Instant now = generator.MakeInstant();
      std::string failure =
          CheckOnce(charters[i % kCharters], author_, reader_, key, crossing, now, tally);
      if (!failure.empty()) tally.failures.push_back(fmt::format("{}, {}: {}", seed, i, failure));
    }
    return tally;
  }

  std::vector<rules::Pack> packs_;
  charter::ExportRules rules_{
      .binding = "both", .text_days = 400, .hold_hours = 72, .packs = {}, .facts = {}};
  RuleShelf author_;
  RuleShelf reader_;
};

TEST_F(Replaying, SaysWhatWasAskedAgainAndWhichFieldsDiffer) {
  Generator generator(*author_.book(), kSeed);
  charter::Charter charter = generator.MakeCharter(rules_.packs);
  Determined said;
  do {
    said = Determine(charter, author_, generator.MakeCrossing(), generator.MakeInstant());
  } while (said.verdict != Verdict::kGo);
  EXPECT_EQ(ReplayOf(charter, reader_, said).outcome, Replayed::kSame);
  EXPECT_EQ(ReplayOf(charter, {}, said).outcome, Replayed::kPacksMissing);

  Determined other = said;
  other.rules.front().outcome = "EXC(NAC)";
  other.text_as_of = "2020-01-01";
  EXPECT_EQ(ReplayOf(charter, reader_, other).outcome, Replayed::kDifferent);
  EXPECT_THAT(ReplayOf(charter, reader_, other).fields, ElementsAre("rules", "text_as_of"));
  other.commitments.push_back({.group = "facts", .sha256 = {}});
  EXPECT_EQ(ReplayOf(charter, reader_, other).outcome, Replayed::kPrivate);
  other.reasons.clear();
  EXPECT_EQ(ReplayOf(charter, reader_, other).outcome, Replayed::kDifferent);
  EXPECT_THAT(ReplayOf(charter, reader_, other).fields, ElementsAre("reasons"));
  charter.sha256.bytes[0] ^= 1;
  EXPECT_THAT(ReplayOf(charter, {}, said).fields, ElementsAre("charter_sha256"));
}

TEST_F(Replaying, FindsTheSameWhereTheSendersGateHadNoPacks) {
  Generator generator(*author_.book(), kSeed);
  const charter::Charter charter = generator.MakeCharter(rules_.packs);
  Crossing crossing = generator.MakeCrossing();
  crossing.item = "update";
  const Determined said = Determine(charter, {}, crossing, generator.MakeInstant());
  ASSERT_EQ(said.verdict, Verdict::kHold);
  EXPECT_EQ(ReplayOf(charter, reader_, said).outcome, Replayed::kSame);
  Determined bold = said;  // a go that no pack answered
  bold.verdict = Verdict::kGo;
  std::erase_if(bold.reasons, [](const auto& reason) { return reason.code != "permitted"; });
  EXPECT_THAT(ReplayOf(charter, reader_, bold).fields, Contains("packs_sha256"));
}

TEST_F(Replaying, GivesTheSameBytesForEveryCrossingWhateverTheOrderOfThePacks) {
  constexpr size_t kPart = 2'000;
  constexpr size_t kThreads = 2;
  const size_t parts = (CasesWanted() + kPart - 1) / kPart;
  Tally all;
  std::mutex mutex;  // guards all
  std::atomic<size_t> next{0};
  {
    std::vector<std::jthread> threads;
    for (size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (size_t part = next++; part < parts; part = next++) {
          const Tally tally = Check(kSeed + part, kPart);
          const std::scoped_lock lock(mutex);
          for (const auto& [verdict, count] : tally.verdicts) all.verdicts[verdict] += count;
          for (const auto& [outcome, count] : tally.outcomes) all.outcomes[outcome] += count;
          all.failures.insert(all.failures.end(), tally.failures.begin(), tally.failures.end());
          if (!tally.failures.empty()) next = parts;
        }
      });
    }
  }
  EXPECT_THAT(all.failures, IsEmpty());
  for (const Verdict verdict : {Verdict::kGo, Verdict::kHold, Verdict::kRefuse}) {
    EXPECT_GT(all.verdicts[verdict], parts * kPart / 100) << record::NameOf(verdict);
  }
  for (const auto& [verdict, count] : all.verdicts) {
    RecordProperty(std::string(record::NameOf(verdict)), static_cast<int>(count));
  }
  EXPECT_GE(all.outcomes.size(), 8u);
}

}  // namespace
}  // namespace renkei::gate
