// SPDX-License-Identifier: Apache-2.0
// The packs that we ship, against the tests that travel with them.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/rules/decide.h"
#include "renkei/rules/shipped_packs_testing.h"
#include "renkei/rules/trial_run.h"

namespace renkei::rules {
namespace {

TEST(ShippedPacks, PassTheirOwnTestsAndEveryRuleHoldsInOne) {
  const auto book = Compile(ReadShippedPacks());
  ASSERT_THAT(book, IsOk());
  const auto report = RunTrials(*book);
  ASSERT_THAT(report, IsOk());
  EXPECT_GT(report->trials, 0u);
  for (const std::string& failure : report->failures) ADD_FAILURE() << failure;
  for (const std::string& rule : report->untested) ADD_FAILURE() << rule << " holds in no test";
}

// The example of docs/formats/crossing.md, as it stands there.
TEST(ShippedPacks, DecideTheDocumentedCrossing) {
  std::ifstream stream(RENKEI_SOURCE_DIR "/docs/formats/crossing.md");
  std::stringstream page;
  page << stream.rdbuf();
  const std::string text = page.str(), begin = "```yaml\n";
  const size_t from = text.find(begin);
  ASSERT_NE(from, std::string::npos);
  const size_t at = from + begin.size();
  const auto book = Compile(ReadShippedPacks());
  ASSERT_THAT(book, IsOk());
  const auto facts =
      ParseCaseText(text.substr(at, text.find("```", at) - at), "crossing.md", *book);
  ASSERT_THAT(facts, IsOk());
  std::vector<std::string> outcomes;
  for (const Answer& answer : Decide(*book, *facts).answers) {
    outcomes.push_back(answer.outcome.Text(answer.jurisdiction));
  }
  EXPECT_THAT(outcomes, testing::ElementsAre("LIC(presumption of denial)",
                                             "LIC(presumption of denial)", "NOT-SUBJECT"));
}

}  // namespace
}  // namespace renkei::rules
