// SPDX-License-Identifier: Apache-2.0
#include "task.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>

#include "json.h"
#include "model_file.h"
#include "network.h"
#include "random.h"
#include "synthetic_fab.h"
#include "test_folder.h"

namespace wafer {
namespace {

using testing::HasSubstr;

class TaskTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(GenerateWafers({.out = folder_ / "data", .wafers = 200, .seed = 2}).ok());
    Random random(1);
    ASSERT_TRUE(WriteModel(folder_ / "model", InitialParameters(random)).ok());
  }

  Done Run(const std::string& kind, const std::string& more = "") {
    folder_.Put("task.json", R"({"kind":")" + kind + R"(","run":"r","round":2,"rounds":3,)" +
                                 R"("seed":9007199254740993,"deadline":"2026-11-24T00:00:00Z",)" +
                                 R"("checkpoint_dir":")" + (folder_ / "work/checkpoints") +
                                 R"(","progress_file":")" + (folder_ / "progress.json") + "\"" +
                                 more + "}");
    return RunTask({.task = folder_ / "task.json",
                    .model = folder_ / "model",
                    .update = folder_ / "update",
                    .metrics = folder_ / "metrics.json"},
                   {.data = folder_ / "data", .cache = ""});
  }

  TestFolder folder_;
};

TEST_F(TaskTest, TrainingWritesAnUpdateMetricsAndProgress) {
  const Done done = Run("train", R"(,"config":{"epochs":2,"batch":32})");
  ASSERT_TRUE(done.ok()) << done.message();
  const auto update = ReadModel(folder_ / "update");
  ASSERT_TRUE(update.ok()) << update.message();
  EXPECT_NE(*update, *ReadModel(folder_ / "model"));
  EXPECT_EQ(folder_.Get("progress.json"), "{\"fraction\":1}\n");
  const auto metrics = ParseJson(folder_.Get("metrics.json"));
  ASSERT_TRUE(metrics.ok());
  const int64_t examples = *metrics->Find("examples")->integer();
  EXPECT_GT(examples, 150);
  EXPECT_LT(examples, 200);
  for (const auto& [name, value] : *metrics->Find("metrics")->object()) {
    EXPECT_TRUE(value.is_number()) << name;
  }
  const std::string bytes = folder_.Get("update");
  ASSERT_TRUE(Run("train", R"(,"config":{"epochs":2,"batch":32})").ok());
  EXPECT_EQ(folder_.Get("update"), bytes);
  ASSERT_TRUE(Run("train", R"(,"config":{"epochs":2,"batch":31})").ok());
  EXPECT_NE(folder_.Get("update"), bytes);
}

TEST_F(TaskTest, EvaluationMeasuresTheModelAndWritesNoUpdate) {
  const Done done = Run("evaluate");
  ASSERT_TRUE(done.ok()) << done.message();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "update"));
  const auto metrics = ParseJson(folder_.Get("metrics.json"));
  for (const char* name : {"loss", "accuracy", "macro_f1"}) {
    ASSERT_NE(metrics->Find("metrics")->Find(name), nullptr) << name;
  }
  EXPECT_GT(*metrics->Find("examples")->integer(), 0);
}

TEST_F(TaskTest, IgnoresACheckpointOfAnotherTaskAndADamagedOne) {
  ASSERT_TRUE(Run("train").ok());
  const std::string bytes = folder_.Get("update");
  for (const std::string& stale : {std::string("nonsense"), std::string(150'700, 'x')}) {
    folder_.Put("work/checkpoints/wafer.checkpoint", stale);
    ASSERT_TRUE(Run("train").ok());
    EXPECT_EQ(folder_.Get("update"), bytes);
  }
}

TEST_F(TaskTest, SaysWhatIsWrongWithTheTask) {
  EXPECT_THAT(Run("dance").message(), HasSubstr("kind 'dance' is neither"));
  EXPECT_THAT(Run("train", ",\"round\":1").message(), HasSubstr("\"round\" twice"));
  EXPECT_THAT(Run("train", ",\"config\":{\"lr\":1}").message(), HasSubstr("unknown key lr"));
  folder_.Put("model", "x");
  EXPECT_THAT(Run("train").message(), HasSubstr("shorter than eight bytes"));
  EXPECT_THAT(RunTask({}, {.data = folder_ / "data", .cache = ""}).message(),
              HasSubstr("RENKEI_TASK"));
}

}  // namespace
}  // namespace wafer
