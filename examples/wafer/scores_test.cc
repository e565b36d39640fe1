// SPDX-License-Identifier: Apache-2.0
#include "scores.h"

#include <cmath>

#include <gtest/gtest.h>

namespace wafer {
namespace {

Logits Sure(size_t label) {
  Logits logits{};
  logits[label] = 10;
  return logits;
}

// Truth none none none Center Center Donut, answers none none Center Center none none:
//   none   TP 2, FP 2, FN 1  F1 = 4/7
//   Center TP 1, FP 1, FN 1  F1 = 2/4
//   Donut  TP 0, FP 0, FN 1  F1 = 0
TEST(Scores, AgreeWithAnExampleByHand) {
  Scores scores;
  const int truth[] = {0, 0, 0, 1, 1, 2};
  const size_t answer[] = {0, 0, 1, 1, 0, 0};
  for (size_t i = 0; i < 6; ++i) {
    scores.Add(truth[i], Sure(answer[i]));
  }
  EXPECT_EQ(scores.wafers(), 6u);
  EXPECT_DOUBLE_EQ(scores.accuracy(), 0.5);
  EXPECT_DOUBLE_EQ(scores.f1(0), 4.0 / 7);
  EXPECT_DOUBLE_EQ(scores.f1(1), 0.5);
  EXPECT_DOUBLE_EQ(scores.f1(2), 0);
  EXPECT_DOUBLE_EQ(scores.macro_f1(), (4.0 / 7 + 0.5) / 3);
  const double right = std::log(1 + 8 * std::exp(-10.0));
  EXPECT_NEAR(scores.mean_loss(), (6 * right + 3 * 10) / 6, 1e-9);
  const Json json = scores.ToJson();
  EXPECT_EQ(json.Find("per_class")->object()->size(), 9u);
  EXPECT_DOUBLE_EQ(json.Find("per_class")->Find("Center")->number(), 0.5);
  EXPECT_EQ(*json.Find("support")->Find("none")->integer(), 3);
  EXPECT_EQ(*(*(*json.Find("confusion")->array())[1].array())[0].integer(), 1);
}

TEST(Scores, OfAPerfectModelAreOneAndOfNothingZero) {
  Scores scores;
  EXPECT_EQ(scores.macro_f1(), 0);
  EXPECT_EQ(scores.accuracy(), 0);
  for (int label = 0; label < 4; ++label) {
    scores.Add(label, Sure(static_cast<size_t>(label)));
  }
  EXPECT_DOUBLE_EQ(scores.macro_f1(), 1);
  EXPECT_DOUBLE_EQ(scores.accuracy(), 1);
}

TEST(Probabilities, AreASoftmaxThatDoesNotOverflow) {
  const auto p = Probabilities({1000, 1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000});
  EXPECT_DOUBLE_EQ(p[0], 0.5);
  EXPECT_DOUBLE_EQ(p[2], 0);
}

}  // namespace
}  // namespace wafer
