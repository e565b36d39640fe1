// SPDX-License-Identifier: Apache-2.0
// The packs that we ship, against the tests that travel with them.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace renkei::rules
