// SPDX-License-Identifier: Apache-2.0
#include "renkei/charter/permission.h"

#include <gtest/gtest.h>

#include "renkei/charter/fixture.h"

namespace renkei::charter {
namespace {

const std::string kToml = TestToml();

Question Example() {
  return {.item = "update",
          .purposes = {"semiconductor-defect-research"},
          .from = *PartyId::Parse("kyushu-fab"),
          .to = *PartyId::Parse("pacific-fab"),
          .classification_us = "EAR99",
          .classification_jp = "not-listed"};
}

int LineOf(std::string_view toml, std::string_view text) {
  const auto before = toml.substr(0, toml.find(text));
  return 1 + static_cast<int>(std::ranges::count(before, '\n'));
}

TEST(Permits, CitesTheTableThatPermits) {
  const Answer answer = Permits(*Parse(kToml, "c"), Example());
  EXPECT_TRUE(answer.permitted);
  EXPECT_EQ(answer.code, "charter-permits");
  EXPECT_EQ(answer.cite,
            fmt::format("charter [[permit]] 1 (line {})", LineOf(kToml, "\n[[permit]]") + 1));
}

TEST(Permits, SilenceIsANo) {
  const Charter charter = *Parse(kToml, "c");
  const struct {
    const char* why;
    void (*change)(Question&);
  } cases[] = {
      {"another item", [](Question& q) { q.item = "data"; }},
      {"no item", [](Question& q) { q.item = ""; }},
      {"another purpose", [](Question& q) { q.purposes = {"weapons"}; }},
      {"one purpose too many", [](Question& q) { q.purposes.push_back("weapons"); }},
      {"no purpose", [](Question& q) { q.purposes.clear(); }},
      {"listed in the US", [](Question& q) { q.classification_us = "3E001"; }},
      {"listed in Japan", [](Question& q) { q.classification_jp = "1-7"; }},
      {"no US classification", [](Question& q) { q.classification_us = ""; }},
      {"no JP classification", [](Question& q) { q.classification_jp = ""; }},
  };
  for (const auto& c : cases) {
    Question question = Example();
    c.change(question);
    const Answer answer = Permits(charter, question);
    EXPECT_FALSE(answer.permitted) << c.why;
    EXPECT_EQ(answer.code, "charter-silent") << c.why;
    EXPECT_EQ(answer.cite, "charter [[permit]]") << c.why;
  }
}

TEST(Permits, AStarIsNotAFactThatNobodyStated) {
  const Charter charter = *Parse(Replaced(kToml, "[\"EAR99\"]", "[\"*\"]"), "c");
  Question question = Example();
  question.classification_us = "3E001";
  EXPECT_TRUE(Permits(charter, question).permitted);
  question.classification_us = "";
  EXPECT_FALSE(Permits(charter, question).permitted);
}

TEST(Permits, KnowsOnlyThePartiesOfTheCharter) {
  const Charter charter = *Parse(kToml, "c");
  for (const bool sender : {true, false}) {
    Question question = Example();
    (sender ? question.from : question.to) = *PartyId::Parse("nobody");
    EXPECT_EQ(Permits(charter, question).code, "party-unknown");
    (sender ? question.from : question.to) = PartyId();
    EXPECT_EQ(Permits(charter, question).code, "party-unknown");
  }
}

TEST(Permits, DirectionAndPartiesCount) {
  const Charter charter = *Parse(
      Replaced(Replaced(kToml, "from = [\"*\"]", "from = [\"kyushu-fab\", \"hokkaido-lab\"]"),
               "to = [\"*\"]", "to = [\"pacific-fab\"]"),
      "c");
  Question question = Example();
  EXPECT_TRUE(Permits(charter, question).permitted);
  std::swap(question.from, question.to);
  EXPECT_FALSE(Permits(charter, question).permitted);
}

TEST(Permits, AProhibitionWins) {
  const std::string toml =
      kToml +
      "\n[[prohibit]]\n"
      "items = [\"model\"]\npurposes = [\"*\"]\nfrom = [\"*\"]\nto = [\"cascade-lab\"]\n"
      "classifications_us = [\"*\"]\nclassifications_jp = [\"*\"]\n";
  const Charter charter = *Parse(toml, "c");
  Question question = Example();
  EXPECT_TRUE(Permits(charter, question).permitted);
  question.item = "model";
  EXPECT_TRUE(Permits(charter, question).permitted);
  question.to = *PartyId::Parse("cascade-lab");
  const Answer answer = Permits(charter, question);
  EXPECT_FALSE(answer.permitted);
  EXPECT_EQ(answer.code, "charter-prohibits");
  EXPECT_EQ(answer.cite,
            fmt::format("charter [[prohibit]] 1 (line {})", LineOf(toml, "\n[[prohibit]]") + 1));
  question.classification_us = "";
  EXPECT_EQ(Permits(charter, question).code, "charter-prohibits") << "a missing fact is touched";
  question.item = "update";
  question.classification_us = "EAR99";
  EXPECT_TRUE(Permits(charter, question).permitted);
}

}  // namespace
}  // namespace renkei::charter
