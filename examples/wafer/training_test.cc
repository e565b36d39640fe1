// SPDX-License-Identifier: Apache-2.0
#include "training.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "network.h"
#include "scores.h"
#include "synthetic_fab.h"

namespace wafer {
namespace {

using testing::HasSubstr;

Examples SyntheticExamples(size_t count, uint64_t seed) {
  Random random(seed);
  Examples examples;
  for (size_t i = 0; i < count; ++i) {
    const int label = static_cast<int>(i % kClasses);
    examples.ids.push_back(i);
    examples.labels.push_back(static_cast<uint8_t>(label));
    examples.cells.push_back(Resample(MakeMap(Products()[i % Products().size()], label, random)));
  }
  return examples;
}

EpochPlan ShortPlan(const Examples& examples) {
  return {.epochs = 2,
          .steps_per_epoch = StepsPerEpoch(examples.size(), 16),
          .learning_rate = [](uint64_t epoch) { return epoch == 0 ? 0.03 : 0.01; },
          .momentum = 0.9,
          .augment = true,
          .absent_scale = 0,
          .gradient_norm_max = 1};
}

TrainingState Fresh() {
  Random random(1);
  return TrainingState::Start(InitialParameters(random), 5);
}

Done GoOn(const TrainingState&) { return Success(); }

TEST(Train, IsTheSameWhereverItWasStoppedAndTakenUpAgain) {
  const Examples examples = SyntheticExamples(50, 1);
  const EpochPlan plan = ShortPlan(examples);
  TrainingState whole = Fresh();
  ASSERT_TRUE(Train(examples, plan, whole, GoOn).ok());
  EXPECT_EQ(whole.seen, 100u);
  for (int stop = 1; stop <= 8; ++stop) {
    std::string saved;
    TrainingState cut = Fresh();
    int steps = 0;
    const Done done = Train(examples, plan, cut, [&](const TrainingState& now) -> Done {
      saved = now.Pack();
      return ++steps == stop ? Done(Fail("killed")) : Success();
    });
    ASSERT_FALSE(done.ok());
    TrainingState resumed = Fresh();
    ASSERT_TRUE(resumed.Unpack(saved));
    ASSERT_TRUE(Train(examples, plan, resumed, GoOn).ok());
    EXPECT_EQ(resumed.Pack(), whole.Pack()) << "stopped after step " << stop;
  }
}

TEST(Train, DependsOnTheSeed) {
  const Examples examples = SyntheticExamples(50, 1);
  TrainingState one = Fresh();
  TrainingState other = TrainingState::Start(one.parameters, 6);
  ASSERT_TRUE(Train(examples, ShortPlan(examples), one, GoOn).ok());
  ASSERT_TRUE(Train(examples, ShortPlan(examples), other, GoOn).ok());
  EXPECT_NE(one.parameters, other.parameters);
}

TEST(Train, DrawsAsManyExamplesAsThereArePerEpoch) {
  for (const size_t count : {1u, 15u, 16u, 17u, 50u}) {
    const Examples examples = SyntheticExamples(count, 2);
    EpochPlan plan = ShortPlan(examples);
    plan.epochs = 1;
    TrainingState state = Fresh();
    uint64_t before = 0;
    ASSERT_TRUE(Train(examples, plan, state, [&](const TrainingState& now) {
                  EXPECT_LE(now.seen - before, 16u);
                  EXPECT_GT(now.seen, before);
                  before = now.seen;
                  return Success();
                }).ok());
    EXPECT_EQ(state.seen, count);
  }
}

TEST(Train, LearnsTheClassesThatTheSyntheticFabMakes) {
  const Examples train = SyntheticExamples(630, 1);
  const Examples test = SyntheticExamples(270, 2);
  EpochPlan plan = ShortPlan(train);
  plan.epochs = 8;
  plan.learning_rate = [](uint64_t epoch) { return epoch < 6 ? 0.02 : 0.004; };
  TrainingState state = Fresh();
  ASSERT_TRUE(Train(train, plan, state, GoOn).ok());
  EXPECT_GT(Evaluate(state.parameters, test).macro_f1(), 0.7);
  EXPECT_LT(Evaluate(Fresh().parameters, test).macro_f1(), 0.3);
}

TEST(TrainingState, RefusesDamagedBytes) {
  TrainingState state = Fresh();
  const std::string good = state.Pack();
  EXPECT_TRUE(state.Unpack(good));
  for (const size_t at : {size_t{0}, good.size() / 2, good.size() - 1}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_FALSE(state.Unpack(bad)) << at;
  }
  EXPECT_FALSE(state.Unpack(good.substr(1)));
  EXPECT_FALSE(state.Unpack(""));
  EXPECT_EQ(state.Pack(), good);
}

TEST(DrawEpoch, SharesPlacesByTheSquareRootOfFrequency) {
  Examples examples;
  for (int i = 0; i < 980; ++i) {
    examples.labels.push_back(i < 640 ? 0 : i < 960 ? 4 : i < 970 ? 2 : 7);  // 640, 320, 10, 10
  }
  Random random(1);
  const std::vector<uint32_t> order = DrawEpoch(examples, random);
  ASSERT_EQ(order.size(), 980u);
  std::array<double, kClasses> places{};
  std::array<std::map<uint32_t, int>, kClasses> turns;
  for (const uint32_t index : order) {
    places[examples.labels[index]] += 1;
    ++turns[examples.labels[index]][index];
  }
  EXPECT_NEAR(places[0] / places[4], std::sqrt(2.0), 0.02);
  EXPECT_NEAR(places[0] / places[7], 8, 0.2);
  EXPECT_EQ(places[3], 0);
  EXPECT_EQ(turns[0].size(), static_cast<size_t>(places[0])) << "no sound wafer twice";
  EXPECT_EQ(turns[2].size(), 10u) << "every rare wafer";
  for (const auto& [index, count] : turns[2]) {
    EXPECT_NEAR(count, places[2] / 10, 1);
  }
  EXPECT_NE(DrawEpoch(examples, random), order);
}

TEST(Recipe, ReadsTheConfigAndRefusesWhatItDoesNotKnow) {
  EXPECT_EQ(ParseRecipe(nullptr)->batch, 64);
  const Json good = *ParseJson(R"({"epochs":2,"learning_rate":1,"augment":false,"held_out":0})");
  const auto recipe = ParseRecipe(&good);
  ASSERT_TRUE(recipe.ok()) << recipe.message();
  EXPECT_EQ(recipe->epochs, 2);
  EXPECT_EQ(recipe->learning_rate, 1);
  EXPECT_FALSE(recipe->augment);
  EXPECT_EQ(recipe->held_out, 0);
  const struct {
    const char* config;
    const char* message;
  } cases[] = {
      {"[]", "not a table"},
      {R"({"learning_rte":0.1})", "unknown key learning_rte"},
      {R"({"batch":0})", "batch = 0; it must be a number from 1 to 65536"},
      {R"({"batch":1.5})", "batch = 1.5"},
      {R"({"momentum":"0.9"})", "momentum = \"0.9\""},
      {R"({"augment":1})", "augment = 1; it must be true or false"},
  };
  for (const auto& c : cases) {
    const Json config = *ParseJson(c.config);
    const auto refused = ParseRecipe(&config);
    ASSERT_FALSE(refused.ok()) << c.config;
    EXPECT_THAT(refused.message(), HasSubstr(c.message));
  }
}

TEST(Recipe, LowersTheRateInTheLastThird) {
  const Recipe recipe;
  EXPECT_DOUBLE_EQ(recipe.LearningRate(1, 27), 0.06);
  EXPECT_DOUBLE_EQ(recipe.LearningRate(18, 27), 0.06);
  EXPECT_DOUBLE_EQ(recipe.LearningRate(19, 27), 0.012);
  EXPECT_DOUBLE_EQ(recipe.LearningRate(27, 27), 0.012);
}

}  // namespace
}  // namespace wafer
