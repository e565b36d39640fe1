// SPDX-License-Identifier: Apache-2.0
// What a site does with a trainer that misbehaves: a code for everybody, a reason for the operator
// in the log, and the round goes on.
#include <cerrno>
#include <cstring>
#include <sched.h>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "renkei/site/agent_testing.h"

namespace renkei::site {
namespace {

using testing::HasSubstr;

std::string Metrics(const std::string& json) {
  return fmt::format("echo '{}' > \"$RENKEI_METRICS\"\n", json);
}

struct BadTrainer {
  const char* what;
  std::string script;
  const char* code;
  const char* reason;  // in the site's log
};

using Tensors = std::vector<tensor::NewTensor>;

const tensor::NewTensor kWeight{.name = "weight", .dtype = tensor::DType::kF32, .shape = {4}};
const std::string kGoodMetrics = Metrics(R"({"examples": 100, "metrics": {}})");
const std::string kGoodUpdate = "cp \"$RENKEI_MODEL\" \"$RENKEI_UPDATE\"\n";

class BadTrainerTest : public AgentTest {
 protected:
  // A line of a trainer that writes a safetensors file of these tensors, all zero.
  std::string Update(const Tensors& tensors) {
    Bytes file = ToBytes(tensor::DumpHeader(tensor::MakeLayout(tensors).value()));
    uint64_t size_bytes = file.size();
    for (const tensor::NewTensor& one : tensors) {
      size_bytes += tensor::BytesOf(one.dtype, one.shape).value();
    }
    file.resize(size_bytes);
    return Update(file);
  }
  // The same of a header as it is, and 16 bytes of data.
  std::string Update(std::string header) {
    std::string file(8, '\0');
    for (size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(header.size() >> (8 * i));
    return Update(ToBytes(file + header + std::string(16, '\0')));
  }
  std::string Update(const Bytes& file) {
    const std::string path = fmt::format("{}/update-{}", root_, ++files_);
    EXPECT_THAT(WriteWhole(*disk_, path, file), IsOk());
    return fmt::format("cp {} \"$RENKEI_UPDATE\"\n", path);
  }

  std::vector<BadTrainer> BadPrograms() {
    return {
        {"fails", "exit 3", "trainer-failed", "exit status 3"},
        {"crashes", "kill -SEGV $$", "trainer-failed", "killed by signal 11"},
        {"hangs", "sleep 60", "trainer-timeout", "longer than its limit"},
        {"hangs and lets a daemon hang on", "setsid sleep 60 & sleep 60", "trainer-timeout",
         "longer than its limit"},
        {"no metrics", kGoodUpdate, "trainer-failed", "No such file"},
        {"metrics with a key too many",
         kGoodUpdate + Metrics(R"({"examples": 1, "metrics": {}, "x": 1})"), "trainer-failed",
         "metrics.json"},
        {"no examples", kGoodUpdate + Metrics(R"({"examples": 0, "metrics": {}})"),
         "trainer-failed", "examples"},
        {"a metric's name is a sentence",
         kGoodUpdate + Metrics(R"({"examples": 1, "metrics": {"a b": 1}})"), "trainer-failed",
         "a b"},
        {"a metric is no number",
         kGoodUpdate + Metrics(R"({"examples": 1, "metrics": {"loss": NaN}})"), "trainer-failed",
         "line 1, column"},
        {"a gigabyte of metrics", kGoodUpdate + "truncate -s 1G \"$RENKEI_METRICS\"",
         "trainer-failed", "1073741824 bytes, at most 1048576"},
        {"metrics are a pipe", kGoodUpdate + "mkfifo \"$RENKEI_METRICS\"", "trainer-failed",
         "a regular file is needed"},
        {"more examples than the site may count",
         kGoodUpdate + Metrics(R"({"examples": 501, "metrics": {}})"), "update-invalid",
         "501 examples, the site may count 500"},
    };
  }

  std::vector<BadTrainer> BadFiles() {
    return {
        {"no update", "", "update-invalid", "wrote no update"},
        {"a pipe", "mkfifo \"$RENKEI_UPDATE\"", "update-invalid", "a regular file is needed"},
        {"a link", "ln -s \"$RENKEI_MODEL\" \"$RENKEI_UPDATE\"", "update-invalid",
         "a regular file is needed"},
        {"a device", "ln -s /dev/zero \"$RENKEI_UPDATE\"", "update-invalid",
         "a regular file is needed"},
        {"a directory", "mkdir -p \"$RENKEI_UPDATE/deep\"", "update-invalid",
         "a regular file is needed"},
        {"half written", "head -c 40 \"$RENKEI_MODEL\" > \"$RENKEI_UPDATE\"", "update-invalid",
         "header-length"},
        {"without its last byte", "head -c -1 \"$RENKEI_MODEL\" > \"$RENKEI_UPDATE\"",
         "update-invalid", "data-length"},
        {"no model", "echo hello, this is no model > \"$RENKEI_UPDATE\"", "update-invalid",
         "header-too-large"},
        {"a terabyte", "truncate -s 1T \"$RENKEI_UPDATE\"", "update-invalid", "its base"},
        {"tensors that overlap",
         Update(R"({"weight":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},)"
                R"("mine":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})"),
         "update-invalid", "overlap: tensor 'mine'"},
        {"a shape that overflows",
         Update(R"({"weight":{"dtype":"F32","shape":[4294967296,4294967296],)"
                R"("data_offsets":[0,16]}})"),
         "update-invalid", "overflow: tensor 'weight'"},
    };
  }

  std::vector<BadTrainer> BadTensors() {
    const auto other = [](std::string name, tensor::DType dtype, std::vector<uint64_t> shape) {
      return tensor::NewTensor{.name = std::move(name), .dtype = dtype, .shape = std::move(shape)};
    };
    return {
        {"infinite", TrainerScript(R"(\000\000\200\177)"), "update-invalid",
         "tensor 'weight': element 3 is infinite or not a number"},
        {"not a number", TrainerScript(R"(\000\000\300\177)"), "update-invalid",
         "tensor 'weight': element 3 is infinite or not a number"},
        {"another name", Update({other("mine", tensor::DType::kF32, {4})}), "update-invalid",
         "tensor 'mine' is not one of the model's"},
        {"another shape", Update({other("weight", tensor::DType::kF32, {2, 2})}), "update-invalid",
         "tensor 'weight': shape is [2, 2], must be [4]"},
        {"another type", Update({other("weight", tensor::DType::kI32, {4})}), "update-invalid",
         "tensor 'weight': dtype is I32, must be F32"},
        {"one too many", Update({kWeight, other("zebra", tensor::DType::kU8, {1})}),
         "update-invalid", "tensor 'zebra' is not one of the model's"},
        {"none", Update(Tensors()), "update-invalid", "tensor 'weight' is missing"},
    };
  }

  // One round for each case, with the other site to keep the run alive.
  void DeclineOneAfterTheOther(const std::vector<BadTrainer>& cases) {
    StartRun(static_cast<uint32_t>(cases.size()), 1);
    StartAll();
    for (const BadTrainer& c : cases) Decline(c);
    EXPECT_TRUE(IsFinished());
    EXPECT_EQ(coordinator_.run().outcome, "completed");
  }

  void Decline(const BadTrainer& c) {
    const bool is_update = std::string(c.code) == "update-invalid";
    Map(f0_, is_update ? kGoodMetrics + c.script : c.script,
        std::string(c.code) == "trainer-timeout" ? 1 : 0);
    ASSERT_THAT(Start(f0_), IsOk());
    const size_t before = DeclineCodes().size();
    log::SetLevel(log::Level::kError);
    testing::internal::CaptureStderr();
    for (int i = 0; i < kTurnsMax && DeclineCodes().size() == before; ++i) {
      const auto turn = Turn(f0_);
      EXPECT_THAT(turn, IsOk()) << c.what;
      // Not yet f1: the round must not close before f0 has spoken.
      if (coordinator_.run().phase == run::Phase::kStarting) {
        EXPECT_THAT(Turn(f1_), IsOk());
      }
    }
    const std::string log = testing::internal::GetCapturedStderr();
    log::SetLevel(log::Level::kOff);
    EXPECT_THAT(log, HasSubstr(c.reason)) << c.what;
    ASSERT_EQ(DeclineCodes().size(), before + 1) << c.what;
    EXPECT_EQ(DeclineCodes().back(), std::string("f0 ") + c.code) << c.what;
    GoOn();
  }

  // To the next round; this one's evaluation is of no interest here.
  void GoOn() {
    Map(f0_, TrainerScript("x"));
    ASSERT_THAT(Start(f0_), IsOk());
    const uint32_t round = coordinator_.run().current.round;
    for (int i = 0; i < kTurnsMax && !IsFinished() && coordinator_.run().current.round == round;
         ++i) {
      ASSERT_THAT(Turn(f1_), IsOk());
      if (coordinator_.run().current.round != round) break;
      ASSERT_THAT(Turn(f0_), IsOk());
    }
  }

  int files_ = 0;
};

TEST_F(BadTrainerTest, DeclinesTheRoundWhenTheProgramOrItsMetricsAreBad) {
  DeclineOneAfterTheOther(BadPrograms());
}
TEST_F(BadTrainerTest, DeclinesTheRoundWhenTheUpdateIsNoModel) {
  DeclineOneAfterTheOther(BadFiles());
}
TEST_F(BadTrainerTest, DeclinesTheRoundWhenTheUpdateHasOtherTensors) {
  DeclineOneAfterTheOther(BadTensors());
}

TEST_F(BadTrainerTest, StopsATrainerWithoutALimitWhenTheRoundClosesWithoutIt) {
  Map(f0_, "setsid sleep 300 & sleep 300");
  StartRun(1, 1);
  StartAll();
  bool closed = false;
  coordinator_.on_report = [&](const run::SiteProgress& progress) {
    if (closed || progress.phase != "training") return;
    coordinator_.on_report = {};
    for (int i = 0; i < kTurnsMax && coordinator_.run().current.contributed.empty(); ++i) {
      EXPECT_THAT(Turn(f1_), IsOk());
    }
    EXPECT_THAT(Turn(f1_), IsOk());  // its bytes
    coordinator_.PassTo(coordinator_.run().current.deadline + Milliseconds(1));
    closed = true;
  };
  for (int i = 0; i < kTurnsMax && !closed; ++i) {
    ASSERT_THAT(Turn(f0_), IsOk());
    if (coordinator_.run().phase == run::Phase::kStarting) {
      ASSERT_THAT(Turn(f1_), IsOk());
    }
  }
  const auto rounds = coordinator_.All<record::RoundClosed>();
  ASSERT_EQ(rounds.size(), 1u);
  ASSERT_EQ(rounds[0].counted.size(), 1u);
  EXPECT_EQ(rounds[0].counted[0].site, f1_);
  ASSERT_EQ(rounds[0].not_counted.size(), 1u);
  EXPECT_EQ(rounds[0].not_counted[0].site, f0_);
}

TEST_F(BadTrainerTest, StopsATrainerThatFillsTheDiskAndTakesItsFilesAway) {
  const std::string dir = Dir(f0_);
  // A name space of this thread and those that it starts; the mount ends with the test.
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("none", dir.c_str(), "tmpfs", 0, "size=64m,mode=0700") != 0) {
    GTEST_SKIP() << "needs the right to mount a small file system: " << std::strerror(errno);
  }
  MakeSite(f0_);
  const std::string fill = "head -c 1G /dev/zero > \"$(dirname \"$RENKEI_TASK\")/more\"; ";
  DeclineOneAfterTheOther({
      {"and goes on", fill + "sleep 60", "disk-full", "\"disk.full\""},
      {"and gives up", fill + "exit 1", "disk-full", "\"disk.full\""},
      {"with its checkpoint",
       "head -c 1G /dev/zero > \"$(dirname \"$RENKEI_TASK\")/checkpoint/state\"; exit 1",
       "disk-full", "\"disk.full\""},
  });
  const auto free = disk_->FreeBytes(dir);
  EXPECT_THAT(free, IsOk());
  EXPECT_GT(*free, 60u << 20);
  agents_.clear();
  EXPECT_EQ(umount2(dir.c_str(), MNT_DETACH), 0);
}

TEST_F(BadTrainerTest, EveryCodeIsInTheDocument) {
  const auto document = ReadWhole(*disk_, RENKEI_SOURCE_DIR "/docs/formats/site.md", 1 << 20);
  ASSERT_THAT(document, IsOk());
  for (const auto& cases : {BadPrograms(), BadFiles(), BadTensors()}) {
    for (const BadTrainer& c : cases) {
      EXPECT_THAT(ToText(*document), HasSubstr(fmt::format("| `{}` |", c.code)));
    }
  }
}

}  // namespace
}  // namespace renkei::site
