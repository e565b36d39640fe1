// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/task.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/run/spec.h"

namespace renkei::site {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::Pair;
using testing::UnorderedElementsAre;

const TaskFiles kFiles{.dir = "/srv/site1/work/run-7/round-3-train"};

Task Example() {
  const RunId run = *RunId::Parse("first-run");
  return {.kind = TaskKind::kTrain,
          .run = run,
          .round = 3,
          .rounds = 28,
          .seed = run::TaskSeed(run, 3, *SiteId::Parse("site1")),
          .config_json = R"({"rate":0.03,"layers":[8,16]})",
          .deadline = *ParseInstant("2026-11-24T01:00:00Z")};
}

class TaskTest : public testing::Test {
 protected:
  BlobId Put(const std::string& content) {
    const auto draft = blobs_->Create().value();
    EXPECT_THAT(draft->Append(AsBytes(content)), IsOk());
    return draft->Finish().value();
  }
  std::string Read(const std::string& path) {
    const auto bytes = ReadWhole(disk_, path, 1 << 24);
    return bytes.ok() ? ToText(*bytes) : Text(bytes.status());
  }
  void Write(const std::string& path, const std::string& text) {
    ASSERT_THAT(disk_.MakeDirs(kFiles.dir), IsOk());
    ASSERT_THAT(WriteWhole(disk_, path, AsBytes(text)), IsOk());
  }

  LyingDisk disk_;
  std::unique_ptr<store::Blobs> blobs_ = store::MakeMemoryBlobs();
};

TEST_F(TaskTest, GivesTheTrainerItsModelAndItsTaskAsTheDocumentShows) {
  const std::string model(3'000'000, 'm');  // three chunks, the last one short
  ASSERT_THAT(PrepareTask(Example(), Put(model), kFiles, *blobs_, disk_), IsOk());
  EXPECT_EQ(Read(kFiles.model()), model);
  EXPECT_THAT(disk_.List(kFiles.checkpoint_dir()), IsOkAndHolds(ElementsAre()));
  const auto real = MakeRealDisk();
  const auto document = ReadWhole(*real, RENKEI_SOURCE_DIR "/docs/formats/site.md", 1 << 20);
  ASSERT_THAT(document, IsOk());
  EXPECT_THAT(ToText(*document), HasSubstr("```json\n" + Read(kFiles.task()) + "```"));
}

TEST_F(TaskTest, TakesAwayOldResultsButNotTheCheckpoint) {
  const BlobId model = Put("model");
  ASSERT_THAT(PrepareTask(Example(), model, kFiles, *blobs_, disk_), IsOk());
  const std::string checkpoint = kFiles.checkpoint_dir() + "/state";
  for (const std::string& path :
       {kFiles.update(), kFiles.metrics(), kFiles.progress(), checkpoint, kFiles.model()}) {
    Write(path, "old");
  }
  ASSERT_THAT(PrepareTask(Example(), model, kFiles, *blobs_, disk_), IsOk());
  EXPECT_THAT(disk_.Exists(kFiles.update()), IsOkAndHolds(false));
  EXPECT_THAT(disk_.Exists(kFiles.metrics()), IsOkAndHolds(false));
  EXPECT_THAT(disk_.Exists(kFiles.progress()), IsOkAndHolds(false));
  EXPECT_EQ(Read(checkpoint), "old");
  EXPECT_EQ(Read(kFiles.model()), "model");
  ASSERT_THAT(CleanTask(kFiles, disk_), IsOk());
  EXPECT_THAT(disk_.Exists(kFiles.checkpoint_dir()), IsOkAndHolds(false));
  EXPECT_THAT(disk_.Exists(kFiles.model()), IsOkAndHolds(false));
  EXPECT_THAT(disk_.Exists(kFiles.task()), IsOkAndHolds(true));
  EXPECT_THAT(CleanTask(kFiles, disk_), IsOk());
}

TEST_F(TaskTest, TakesAwayWhateverATrainerLeft) {
  ASSERT_THAT(PrepareTask(Example(), Put("model"), kFiles, *blobs_, disk_), IsOk());
  Write(kFiles.metrics(), "{}");
  Write(kFiles.log(), "done");
  for (const std::string& path : {kFiles.update() + "/deep", kFiles.dir + "/cache/deep"}) {
    ASSERT_THAT(disk_.MakeDirs(path), IsOk());
    Write(path + "/file", "x");
  }
  Write(kFiles.dir + "/core", "x");
  ASSERT_THAT(CleanTask(kFiles, disk_), IsOk());
  EXPECT_THAT(disk_.List(kFiles.dir),
              IsOkAndHolds(ElementsAre("metrics.json", "task.json", "trainer.log")));
  // Results that are no results do not stay either.
  Write(kFiles.metrics(), std::string(kMetricsBytesMax + 1, ' '));
  ASSERT_THAT(disk_.Remove(kFiles.log()), IsOk());
  ASSERT_THAT(disk_.MakeDirs(kFiles.log()), IsOk());
  ASSERT_THAT(CleanTask(kFiles, disk_), IsOk());
  EXPECT_THAT(disk_.List(kFiles.dir), IsOkAndHolds(ElementsAre("task.json")));
  // And a task can be prepared over them.
  ASSERT_THAT(disk_.MakeDirs(kFiles.update() + "/deep"), IsOk());
  ASSERT_THAT(PrepareTask(Example(), Put("model"), kFiles, *blobs_, disk_), IsOk());
  EXPECT_THAT(disk_.Exists(kFiles.update()), IsOkAndHolds(false));
}

TEST_F(TaskTest, FindsAModelWhoseBytesDecayed) {
  const auto blobs = store::MakeDirectoryBlobs(disk_, "/blobs").value();
  const auto draft = blobs->Create().value();
  ASSERT_THAT(draft->Append(AsBytes("model")), IsOk());
  const BlobId model = draft->Finish().value();
  disk_.FlipBit("/blobs/" + model.root.hex().substr(0, 2) + "/" + model.Text(), 3);
  EXPECT_THAT(PrepareTask(Example(), model, kFiles, *blobs, disk_), StatusIs(Code::kDataLoss));
}

TEST_F(TaskTest, SaysWhenTheDiskIsFull) {
  const BlobId model = Put(std::string(1000, 'm'));
  disk_.SetCapacity(500);
  EXPECT_THAT(PrepareTask(Example(), model, kFiles, *blobs_, disk_),
              StatusIs(Code::kResourceExhausted));
}

TEST(TrainerEnvironment, HoldsFourNamesAndTheSitesOwn) {
  const TrainerProgram program =
      ProgramOf({.words = {"a", "b"}, .timeout_s = 7, .memory_mib = 3, .threads = 2}, kFiles,
                {{"PATH", "/bin"}, {"LANG", "C"}});
  EXPECT_THAT(program.environment,
              UnorderedElementsAre(
                  Pair("PATH", "/bin"), Pair("LANG", "C"), Pair("RENKEI_TASK", kFiles.task()),
                  Pair("RENKEI_MODEL", kFiles.model()), Pair("RENKEI_UPDATE", kFiles.update()),
                  Pair("RENKEI_METRICS", kFiles.metrics()), Pair("OMP_NUM_THREADS", "2"),
                  Pair("OPENBLAS_NUM_THREADS", "2"), Pair("MKL_NUM_THREADS", "2")));
  EXPECT_THAT(program.arguments, ElementsAre("a", "b"));
  EXPECT_EQ(program.time_max, Milliseconds(7'000));
  EXPECT_EQ(program.memory_bytes_max, 3U << 20);
  const TrainerProgram plain = ProgramOf({.words = {"a"}}, kFiles, {});
  EXPECT_THAT(plain.environment, UnorderedElementsAre(Key("RENKEI_TASK"), Key("RENKEI_MODEL"),
                                                      Key("RENKEI_UPDATE"), Key("RENKEI_METRICS")));
}

TEST_F(TaskTest, ReadsMetrics) {
  Write(kFiles.metrics(), R"({"examples": 42, "metrics": {"loss": 0.25, "steps": 3}})");
  EXPECT_THAT(
      ReadMetrics(kFiles, disk_),
      IsOkAndHolds(TaskResult{.examples = 42, .metrics = {{"loss", 0.25}, {"steps", 3.0}}}));
}

TEST_F(TaskTest, RefusesMetricsThatNoEntryCanHold) {
  EXPECT_THAT(ReadMetrics(kFiles, disk_), StatusIs(Code::kInvalidArgument));
  std::string many = R"({"examples": 1, "metrics": {"m": 0)";
  for (int i = 0; i < 64; ++i) many += fmt::format(", \"m{}\": 0", i);
  const std::string cases[] = {
      "",
      "[]",
      R"({"examples": 1})",
      R"({"metrics": {}})",
      R"({"examples": 0, "metrics": {}})",
      R"({"examples": -1, "metrics": {}})",
      R"({"examples": 1.5, "metrics": {}})",
      R"({"examples": 536870912, "metrics": {}})",
      R"({"examples": 1, "metrics": {}, "more": 1})",
      R"({"examples": 1, "metrics": []})",
      R"({"examples": 1, "metrics": {"loss": "low"}})",
      R"({"examples": 1, "metrics": {"loss": NaN}})",
      R"({"examples": 1, "metrics": {"loss": 1e999}})",
      R"({"examples": 1, "metrics": {"": 1}})",
      R"({"examples": 1, "metrics": {"a b": 1}})",
      R"({"examples": 1, "metrics": {"loss": 1, "loss": 2}})",
      R"({"examples": 1, "metrics": {"loss": Infinity}})",
      R"({"examples": 1, "metrics": {"loss": -Infinity}})",
      R"({"examples": 1, "metrics": {"loss": {"train": 1}}})",
      R"({"examples": 1, "examples": 2, "metrics": {}})",
      R"({"examples": 1, "metrics": )" + std::string(500'000, '['),
      R"({"examples": 1, "metrics": {}} {})",
      std::string("{\"examples\": 1, \"metrics\": {}, \"\xff\": 1}"),
      many + "}}",
      R"({"examples": 1, "metrics": {}})" + std::string(kMetricsBytesMax, ' '),
  };
  for (const std::string& text : cases) {
    Write(kFiles.metrics(), text);
    EXPECT_THAT(ReadMetrics(kFiles, disk_), StatusIs(Code::kInvalidArgument))
        << text.substr(0, 100);
  }
}

TEST_F(TaskTest, ReadsProgressAndMakesNothingOfNonsense) {
  const struct {
    const char* text;
    double fraction;
  } cases[] = {{R"({"fraction": 0.4})", 0.4},
               {R"({"fraction": 1})", 1},
               {R"({"fraction": 7})", 1},
               {R"({"fraction": -1})", 0},
               {R"({"fraction": "x"})", 0},
               {"{}", 0},
               {"[1]", 0},
               {"0.5", 0},
               {"{\"fraction\": 0.", 0},
               {"", 0}};
  EXPECT_EQ(ReadProgress(kFiles, disk_), 0);
  for (const auto& c : cases) {
    Write(kFiles.progress(), c.text);
    EXPECT_EQ(ReadProgress(kFiles, disk_), c.fraction) << c.text;
  }
}

}  // namespace
}  // namespace renkei::site
