// SPDX-License-Identifier: Apache-2.0
// Chips of data sheets against the packs that we ship.
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/rules/chip.h"
#include "renkei/rules/classify.h"
#include "renkei/rules/shipped_packs_testing.h"
#include "renkei/syntax/json.h"

namespace renkei::rules {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kColumns =
    "name,best_dtype,dense_tops,bit_length,die_area_mm2,data_center\n";

const RuleBook& Book() {
  static const RuleBook book = *Compile(ReadShippedPacks());
  return book;
}

Date Day(std::string_view text) { return *ParseDate(text); }

StatusOr<std::vector<Chip>> Read(const std::string& csv) {
  const auto table = syntax::ParseCsv(csv);
  EXPECT_THAT(table, IsOk()) << csv;
  return ReadChips(*table, "chips.csv");
}

// Of one row, without its name.
Classification Classify(const std::string& row, std::string_view on = "2026-10-01") {
  const auto chips = Read(std::string(kColumns) + "chip," + row + "\n");
  EXPECT_THAT(chips, IsOk()) << row;
  const auto classifier = ChipClassifier::Make(Book(), Day(on));
  EXPECT_THAT(classifier, IsOk());
  return classifier->Classify(chips->at(0));
}

TEST(Chips, TheParagraphFollowsTheFigures) {
  const struct {
    const char* row;
    const char* paragraph;
    Truth japan;
    const char* why;
  } cases[] = {
      {"INT8,296,8,814,yes", "none", Truth::kNo, "H20: PD 2.91, below 3.2"},
      {"FP4;FP6,10066.3;10066.3,4;6,1700,yes", "3A090.a", Truth::kYes, "MI355X, by FP6"},
      {"FP8,2614.9,8,2400,yes", "3A090.a", Truth::kYes, "MI300X with its IO dies"},
      {"INT8,250,8,628,yes", "none", Truth::kNo, "A10: PD 3.185"},
      {"INT8,239,8,609,yes", "none", Truth::kNo, "L20: PD 3.140"},
      {"FP8,262,8,670,unclear", "none", Truth::kNo, "Wormhole: PD 3.128, either way"},
      {"INT8,200,8,500,yes", "3A090.b", Truth::kNo, "exactly 1600 and exactly 3.2"},
      {"INT8,199.9,8,10,yes", "none", Truth::kNo, "below 1600, however dense"},
      {"INT8,200,8,,yes", "review", Truth::kNo, "exactly 1600, no area"},
      {"INT8,199.9,8,,yes", "none", Truth::kNo, "below 1600 no area is needed"},
      {"INT8,750,8,725,yes", "3A090.a", Truth::kYes, "exactly 6000 is in Japan's list"},
      {"INT8,749.9,8,725,yes", "3A090.a", Truth::kNo, "below it is not"},
      {"INT8,600,8,,yes", "3A090.a", Truth::kNo, "exactly 4800 no area is needed"},
      {"INT8,599.9,8,600,no", "none", Truth::kNo, "below, not for data centres"},
      {"INT8,599.9,8,600,yes", "3A090.a", Truth::kNo, "below, for data centres, PD 8"},
      {"INT8,660.6,8,608,no", "3A090.a", Truth::kNo, "RTX 4090"},
      {"INT8,362,8,609,yes", "3A090.b", Truth::kNo, "L40"},
      {"INT8,592,8,800,yes", "3A090.a", Truth::kNo, "PD of exactly 5.92"},
      {"INT8,592,8,801,yes", "3A090.b", Truth::kNo, "just below"},
      {"INT8,300,8,1500,yes", "3A090.b", Truth::kNo, "exactly 2400 and exactly 1.6"},
      {"INT8,300,8,1501,yes", "none", Truth::kNo, "just below 1.6"},
      {"FP16,154.8,16,628,unclear", "review", Truth::kNo, "A6000: the market decides"},
      {"INT8,700,8,0,yes", "3A090.a", Truth::kNo, "no non-planar die: a.1 still holds"},
      {"INT8,500,8,0,yes", "none", Truth::kNo, "no non-planar die: no density"},
      {"unknown,,8,,yes", "review", Truth::kUnknown, "MI308X: nothing is published"},
      {"FP8,700-800,8,814,yes", "3A090.a", Truth::kUnknown, "5600 to 6400"},
  };
  for (const auto& c : cases) {
    const Classification made = Classify(c.row);
    EXPECT_EQ(made.paragraph, c.paragraph) << c.why;
    EXPECT_EQ(made.japan_listed, c.japan) << c.why;
  }
}

TEST(Chips, TppIsTheHighestProductOfAllRates) {
  EXPECT_DOUBLE_EQ(Classify("FP4;FP6,10066.3;10066.3,4;6,1700,yes").tpp.lo, 60397.8);
  EXPECT_DOUBLE_EQ(Classify("FP4,10066.3,4,1700,yes").tpp.lo, 40265.2);
  // One rate that is not known leaves it open above.
  const Classification half = Classify("INT8;FP16,1979;,8;16,814,yes");
  EXPECT_EQ(half.tpp, (Interval{15832, kInfinite}));
  EXPECT_EQ(half.paragraph, "3A090.a");
}

TEST(Chips, Tf32IsAReviewWhereItsBitLengthDecides) {
  const Classification open = Classify("BF16;TF32,190;190,16;19,900,yes");
  EXPECT_EQ(open.tpp, (Interval{3610, 6080}));
  EXPECT_EQ(open.paragraph, "review");
  EXPECT_THAT(open.possible, ElementsAre("3A090.a", "3A090.b"));
  EXPECT_THAT(open.missing, Contains("ic.tpp"));
  EXPECT_EQ(open.japan_listed, Truth::kUnknown);
  EXPECT_EQ(Classify("TF32,190,32,200,yes").paragraph, "3A090.a") << "dense enough either way";
  EXPECT_EQ(Classify("TF16,190,16,900,yes").tpp, (Interval{3040, 3040}));
}

TEST(Chips, AReviewNamesTheFactsThatDecideAndNoOther) {
  EXPECT_THAT(Classify("FP16,154.8,16,628,unclear").missing, ElementsAre("item.data_center"));
  EXPECT_THAT(Classify("INT8,256,8,,yes").missing, ElementsAre("ic.pd"));
  EXPECT_THAT(Classify("INT8,256,8,,unclear").missing,
              testing::UnorderedElementsAre("ic.pd", "item.data_center"));
  EXPECT_THAT(Classify("INT8,1979,8,,unclear").missing, IsEmpty());
  EXPECT_THAT(Classify("unknown,,8,,yes").possible, ElementsAre("3A090.a", "3A090.b", "none"));
  EXPECT_THAT(Classify("FP8,700-800,8,814,yes").missing, ElementsAre("ic.tpp"));
}

TEST(Chips, CitesWhatItIsInOrOfNoneWhatItIsNotIn) {
  const auto listed = Classify("FP8,1979,8,814,yes").cites;
  EXPECT_THAT(listed, Contains(HasSubstr("3A090.a")));
  EXPECT_THAT(listed, Not(Contains(HasSubstr("3A090.b"))));
  EXPECT_THAT(listed, Contains(HasSubstr("6条1号ヨ")));
  const auto none = Classify("INT8,296,8,814,yes").cites;
  EXPECT_THAT(none, Contains(HasSubstr("3A090.a")));
  EXPECT_THAT(none, Contains(HasSubstr("3A090.b")));
  EXPECT_THAT(none, Not(Contains(HasSubstr("6条1号ヨ"))));
}

TEST(Chips, BeforeJapansLimitItsListIsNotKnown) {
  EXPECT_EQ(Classify("FP8,1979,8,814,yes", "2025-05-28").japan_listed, Truth::kYes);
  EXPECT_EQ(Classify("FP8,1979,8,814,yes", "2025-05-27").japan_listed, Truth::kUnknown);
}

TEST(Chips, BeforeTheParagraphsThereIsNoAnswer) {
  EXPECT_THAT(ChipClassifier::Make(Book(), Day("2000-01-01")),
              StatusIs(Code::kFailedPrecondition, HasSubstr("3A090")));
  std::vector<Pack> words = ReadShippedPacks();
  std::erase_if(words, [](const Pack& pack) { return pack.id != "vocabulary"; });
  const auto book = Compile(std::move(words));
  ASSERT_THAT(book, IsOk());
  EXPECT_THAT(ChipClassifier::Make(*book, Day("2026-10-01")),
              StatusIs(Code::kFailedPrecondition, HasSubstr("3A090.a")));
}

TEST(Chips, BecomesJson) {
  const Classification made{.name = "chip",
                            .tpp = {1596, 1600},
                            .pd = {0, kInfinite},
                            .paragraph = "review",
                            .possible = {"3A090.b", "none"},
                            .japan_listed = Truth::kNo,
                            .missing = {"ic.pd"},
                            .cites = {"774 Supp. 1, 3A090.b"},
                            .certainty = "low"};
  EXPECT_EQ(syntax::DumpJson(ToJson(made)),
            R"({"name":"chip","tpp":[1596.0,1600.0],"pd":[0.0,null],"paragraph":"review",)"
            R"("possible":["3A090.b","none"],"japan_listed":"no","missing":["ic.pd"],)"
            R"("cites":["774 Supp. 1, 3A090.b"],"certainty":"low"})");
}

// The text between "```<language>" and "```".
std::string Fenced(const std::string& text, const std::string& language) {
  const size_t begin = text.find("```" + language + "\n") + language.size() + 4;
  return text.substr(begin, text.find("```", begin) - begin);
}

TEST(Chips, TheExampleOfTheFormatIsTrue) {
  std::ifstream stream(RENKEI_SOURCE_DIR "/docs/formats/chip-table.md");
  std::stringstream text;
  text << stream.rdbuf();
  const auto chips = Read(Fenced(text.str(), "csv"));
  ASSERT_THAT(chips, IsOk());
  const auto classifier = ChipClassifier::Make(Book(), Day("2026-10-01"));
  ASSERT_THAT(classifier, IsOk());
  std::string lines;
  for (const Chip& chip : *chips) {
    const Classification made = classifier->Classify(chip);
    const Truth japan = made.japan_listed;
    lines += fmt::format("{}: {}{}, in Japan {}\n", made.name, made.paragraph,
                         made.missing.empty() || made.paragraph != "review"
                             ? ""
                             : fmt::format(" ({})", fmt::join(made.missing, ", ")),
                         japan == Truth::kYes  ? "yes"
                         : japan == Truth::kNo ? "no"
                                               : "unknown");
  }
  EXPECT_EQ(lines, Fenced(text.str(), "text"));
}

TEST(Chips, ATableThatCannotBeReadSaysWhere) {
  const struct {
    const char* csv;
    const char* what;
  } cases[] = {
      {"name,dense_tops,bit_length,die_area_mm2\nx,1,8,1\n",
       "chips.csv: line 1, column 1: no column data_center"},
      {"name,dense_tops,bit_length,die_area_mm2,data_center\n,1,8,1,yes\n", "line 2, column 1: a"},
      {"name,dense_tops,bit_length,die_area_mm2,data_center\nx,fast,8,1,yes\n",
       "chips.csv: line 2, column 3: dense_tops"},
      {"name,dense_tops,bit_length,die_area_mm2,data_center\nx,-1,8,1,yes\n", "dense_tops"},
      {"name,dense_tops,bit_length,die_area_mm2,data_center\nx,1e3,8,1,yes\n", "dense_tops"},
      {"name,dense_tops,bit_length,die_area_mm2,data_center\nx,1,0,1,yes\n", "bit_length"},
      {"name,dense_tops,bit_length,die_area_mm2,data_center\nx,1,8;16,1,yes\n", "bit_length: as"},
      {"name,dense_tops,bit_length,die_area_mm2,data_center\nx,1,8,9-1,yes\n", "die_area_mm2"},
      {"name,dense_tops,bit_length,die_area_mm2,data_center\nx,1,8,1,maybe\n",
       "line 2, column 9: data_center"},
      {"name,dense_tops,bit_length,die_area_mm2,data_center,die_area_tol\nx,1,8,1,no,5 %\n",
       "die_area_tol"},
      {"name,dense_tops,bit_length,die_area_mm2,data_center,die_area_tol\nx,1,8,1,no,100%\n",
       "die_area_tol"},
      {"name,dense_tops,bit_length,die_area_mm2,data_center,best_dtype\nx,1,8,1,no,a;b\n",
       "best_dtype"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Read(c.csv), StatusIs(Code::kInvalidArgument, HasSubstr(c.what))) << c.csv;
  }
}

TEST(Chips, AToleranceWidensTheArea) {
  const std::string columns = "name,dense_tops,bit_length,die_area_mm2,data_center,die_area_tol\n";
  const auto chips = Read(columns + "a,250,8,628,yes,5%\nb,250,8,628,yes,28\nc,250,8,20,yes,28\n");
  ASSERT_THAT(chips, IsOk());
  EXPECT_DOUBLE_EQ(chips->at(0).die_area_mm2.lo, 596.6);
  EXPECT_DOUBLE_EQ(chips->at(0).die_area_mm2.hi, 659.4);
  EXPECT_EQ(chips->at(1).die_area_mm2, (Interval{600, 656}));
  EXPECT_EQ(chips->at(2).die_area_mm2, (Interval{0, 48}));
}

// The table of 65 chips that is kept beside the repository.
std::optional<syntax::CsvTable> KnownChips() {
  std::ifstream stream(RENKEI_SOURCE_DIR "/../shared/facts/chips.csv");
  if (!stream) return std::nullopt;
  std::stringstream text;
  text << stream.rdbuf();
  const auto table = syntax::ParseCsv(text.str());
  EXPECT_THAT(table, IsOk());
  return *table;
}

std::vector<Classification> ClassifyAll(const syntax::CsvTable& table) {
  const auto chips = ReadChips(table, "chips.csv");
  EXPECT_THAT(chips, IsOk());
  const auto classifier = ChipClassifier::Make(Book(), Day("2026-09-24"));
  EXPECT_THAT(classifier, IsOk());
  std::vector<Classification> all;
  for (const Chip& chip : *chips) all.push_back(classifier->Classify(chip));
  return all;
}

TEST(Chips, TheKnownOnesComeOutAsTheTableSays) {
  const auto table = KnownChips();
  if (!table) GTEST_SKIP() << "the table of known chips is not beside this repository";
  const size_t expected = *table->ColumnOf("expected_paragraph"), tpp = *table->ColumnOf("tpp"),
               pd = *table->ColumnOf("pd");
  const std::vector<Classification> all = ClassifyAll(*table);
  ASSERT_EQ(all.size(), 65u);
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& record = table->records[i];
    EXPECT_EQ(all[i].paragraph, record[expected].text) << all[i].name;
    EXPECT_EQ(all[i].missing.empty(), all[i].paragraph != "review") << all[i].name;
    const auto said = ParseNumber(record[tpp].text);
    if (!said) continue;
    EXPECT_NEAR(all[i].tpp.lo, *said, 0.05) << all[i].name;
    EXPECT_EQ(all[i].japan_listed, *said >= 6000 ? Truth::kYes : Truth::kNo) << all[i].name;
    const auto density = ParseNumber(record[pd].text);
    if (!density) continue;
    EXPECT_NEAR(all[i].pd.lo, *density, 0.0051) << all[i].name;
  }
}

TEST(Chips, FivePercentOfDieAreaTurnNearMissesIntoReviews) {
  auto table = KnownChips();
  if (!table) GTEST_SKIP() << "the table of known chips is not beside this repository";
  const std::vector<Classification> exact = ClassifyAll(*table);
  table->names.emplace_back("die_area_tol");
  for (auto& record : table->records) record.push_back({.text = "5%"});
  const std::vector<Classification> wide = ClassifyAll(*table);
  std::vector<std::string> changed;
  for (size_t i = 0; i < exact.size(); ++i) {
    if (wide[i].paragraph == exact[i].paragraph) continue;
    EXPECT_EQ(wide[i].paragraph, "review") << wide[i].name;
    changed.push_back(wide[i].name);
  }
  EXPECT_THAT(changed, testing::UnorderedElementsAre("L20", "A10", "Wormhole n150"));
}

}  // namespace
}  // namespace renkei::rules
