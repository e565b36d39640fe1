// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/trainer_process.h"

#include <signal.h>
#include <stdlib.h>
#include <string>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "renkei/base/status_testing.h"

namespace renkei::site {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr Milliseconds kLook{20};

class TrainerProcess : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "renkei-trainer-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { ASSERT_THAT(RemoveTree(*disk_, directory_), IsOk()); }

  TrainerProgram Script(const std::string& script) const {
    return {.arguments = {"/bin/sh", "-c", script},
            .environment = {{"PATH", "/usr/bin:/bin"}},
            .directory = directory_,
            .log_file = directory_ + "/log",
            .grace = Milliseconds(200)};
  }
  StatusOr<TrainerOutcome> Run(const TrainerProgram& program) {
    return RunTrainer(program, *disk_, *clock_, {}, {});
  }
  std::string Read(const std::string& name) {
    const auto bytes = ReadWhole(*disk_, directory_ + "/" + name, 1 << 20);
    return bytes.ok() ? ToText(*bytes) : Text(bytes.status());
  }

  std::unique_ptr<Disk> disk_ = MakeRealDisk();
  std::unique_ptr<Clock> clock_ = MakeSystemClock();
  std::string directory_;
};

TEST_F(TrainerProcess, TellsHowTheProgramEnded) {
  const struct {
    const char* script;
    TrainerEnd end;
    int exit_status;
    int signal;
    const char* described;
  } cases[] = {
      {"exit 0", TrainerEnd::kExited, 0, 0, "exit status 0"},
      {"exit 3", TrainerEnd::kExited, 3, 0, "exit status 3"},
      {"kill -9 $$", TrainerEnd::kSignalled, 0, SIGKILL, "signal 9"},
      {"kill -11 $$", TrainerEnd::kSignalled, 0, SIGSEGV, "signal 11"},
  };
  for (const auto& c : cases) {
    const auto outcome = Run(Script(c.script));
    ASSERT_THAT(outcome, IsOk()) << c.script;
    EXPECT_EQ(outcome->end, c.end) << c.script;
    EXPECT_EQ(outcome->exit_status, c.exit_status) << c.script;
    EXPECT_EQ(outcome->signal, c.signal) << c.script;
    EXPECT_THAT(Describe(*outcome), HasSubstr(c.described));
    EXPECT_EQ(outcome->succeeded(), std::string(c.script) == "exit 0");
  }
}

TEST_F(TrainerProcess, SaysWhyAProgramCannotBeStarted) {
  ASSERT_THAT(WriteWhole(*disk_, directory_ + "/plain", AsBytes("no program")), IsOk());
  const struct {
    std::vector<std::string> arguments;
    std::string directory;
    Code code;
  } cases[] = {
      {{}, directory_, Code::kInvalidArgument},
      {{std::string("a\0b", 3)}, directory_, Code::kInvalidArgument},
      {{"/no/such/program"}, directory_, Code::kNotFound},
      {{"no-such-program-anywhere"}, directory_, Code::kNotFound},
      {{directory_ + "/plain"}, directory_, Code::kPermissionDenied},
      {{"/bin/sh", "-c", "exit 0"}, "/no/such/directory", Code::kNotFound},
  };
  for (const auto& c : cases) {
    TrainerProgram program = Script("");
    program.arguments = c.arguments;
    program.directory = c.directory;
    EXPECT_THAT(Run(program), StatusIs(c.code)) << testing::PrintToString(c.arguments);
  }
}

TEST_F(TrainerProcess, FindsTheProgramInThePathOfItsOwnEnvironment) {
  TrainerProgram program = Script("");
  program.arguments = {"sh", "-c", "exit 7"};
  const auto outcome = Run(program);
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->exit_status, 7);
}

TEST_F(TrainerProcess, GivesNothingButTheEnvironmentAndNoOpenDescriptor) {
  ASSERT_EQ(setenv("RENKEI_SECRET_OF_THE_PARENT", "1", 1), 0);
  TrainerProgram program = Script("/usr/bin/env | sort > env; ls /proc/self/fd > fds; pwd > where");
  program.environment["RENKEI_TASK"] = "a b";
  ASSERT_THAT(Run(program), IsOk());
  EXPECT_EQ(Read("env"), "PATH=/usr/bin:/bin\nPWD=" + directory_ + "\nRENKEI_TASK=a b\n");
  EXPECT_EQ(Read("fds"), "0\n1\n2\n3\n");  // 3 is the directory that ls reads
  EXPECT_EQ(Read("where"), directory_ + "\n");
  unsetenv("RENKEI_SECRET_OF_THE_PARENT");
}

TEST_F(TrainerProcess, CapturesBothOutputsAndReadsNoInput) {
  ASSERT_THAT(Run(Script("echo out; echo err >&2; cat; echo end")), IsOk());
  EXPECT_EQ(Read("log"), "out\nerr\nend\n");
  ASSERT_THAT(Run(Script("echo again")), IsOk());
  EXPECT_EQ(Read("log"), "out\nerr\nend\nagain\n");
}

TEST_F(TrainerProcess, DropsOutputBeyondItsLimitAndLetsTheProgramFinish) {
  TrainerProgram program = Script("head -c 300000 /dev/zero; echo done > done");
  program.log_bytes_max = 1000;
  const auto outcome = Run(program);
  ASSERT_THAT(outcome, IsOk());
  EXPECT_TRUE(outcome->succeeded());
  EXPECT_EQ(outcome->log_bytes_dropped, 299'000U);
  EXPECT_EQ(Read("log").size(), 1000U);
  EXPECT_EQ(Read("done"), "done\n");
}

TEST_F(TrainerProcess, EndsAProgramThatTakesTooLong) {
  TrainerProgram program = Script("trap 'echo asked; exit 0' TERM; while :; do sleep 0.05; done");
  program.time_max = Milliseconds(200);
  program.grace = Milliseconds(5'000);
  const auto polite = Run(program);
  ASSERT_THAT(polite, IsOk());
  EXPECT_EQ(polite->end, TrainerEnd::kTimedOut);
  EXPECT_THAT(Read("log"), HasSubstr("asked\n"));
  EXPECT_LT(polite->took, Milliseconds(4'000));
}

TEST_F(TrainerProcess, KillsAProgramThatDoesNotListen) {
  TrainerProgram program = Script("trap '' TERM; while :; do sleep 0.05; done");
  program.time_max = Milliseconds(100);
  const auto outcome = Run(program);
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->end, TrainerEnd::kTimedOut);
  EXPECT_GE(outcome->took, Milliseconds(300));
}

// As the kernel lists it; a zombie that its parent has not yet collected does not count.
bool SomebodyLives(pid_t pid) {
  const auto disk = MakeRealDisk();
  const auto file = disk->Open("/proc/" + std::to_string(pid) + "/stat", OpenMode::kRead);
  if (!file.ok()) return false;
  Bytes text(512);
  const auto count = (*file)->ReadAt(0, text);
  if (!count.ok()) return false;
  const std::string stat = ToText(ByteSpan(text).first(*count));
  const size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && stat[name_end + 2] != 'Z' && stat[name_end + 2] != 'X';
}

// A child of the group, a child of another session, and a daemon as daemons are made: forked
// twice, so that its first parent is gone. Each writes its number into a file of its own.
constexpr char kLeaveThree[] = R"(trap '' TERM HUP
(sleep 300 & echo $! > child)
setsid sh -c 'trap "" TERM HUP; echo $$ > session; sleep 300; :' &
setsid sh -c '(trap "" TERM HUP; sh -c "echo \$PPID > daemon"; sleep 300; :) & exit 0'
while [ ! -s child ] || [ ! -s session ] || [ ! -s daemon ]; do sleep 0.02; done
)";
constexpr const char* kThree[] = {"child", "session", "daemon"};

TEST_F(TrainerProcess, LeavesNoProcessOfTheProgramBehind) {
  const auto until_ready = [this] { return Read("ready") != "yes\n"; };
  for (const char* end : {"exit 0", "kill -9 $$", "echo yes > ready; sleep 300"}) {
    const TrainerProgram program = Script(std::string(kLeaveThree) + end);
    const auto outcome = RunTrainer(program, *disk_, *clock_, {}, until_ready);
    ASSERT_THAT(outcome, IsOk());
    EXPECT_LT(outcome->took, Milliseconds(20'000)) << end;  // not until who holds the log open
    for (const char* name : kThree) EXPECT_FALSE(SomebodyLives(std::stoi(Read(name)))) << name;
    for (const char* name : kThree) ASSERT_THAT(disk_->Remove(directory_ + "/" + name), IsOk());
  }
}

TEST_F(TrainerProcess, LeavesNothingWhenTheProcessThatRunsItIsKilled) {
  const pid_t agent = fork();
  ASSERT_GE(agent, 0);
  if (agent == 0) {
    (void)Run(Script(std::string(kLeaveThree) + "echo yes > ready; sleep 300"));
    _exit(0);
  }
  const Milliseconds end = clock_->Monotonic() + Milliseconds(20'000);
  const auto wait_until = [&](const auto& condition) {
    while (!condition() && clock_->Monotonic() < end) std::this_thread::sleep_for(kLook);
    return condition();
  };
  ASSERT_TRUE(wait_until([&] { return Read("ready") == "yes\n"; }));
  ASSERT_EQ(kill(agent, SIGKILL), 0);
  ASSERT_EQ(waitpid(agent, nullptr, 0), agent);
  for (const char* name : kThree) {
    const pid_t pid = std::stoi(Read(name));
    EXPECT_TRUE(wait_until([&] { return !SomebodyLives(pid); })) << name;
  }
}

TEST_F(TrainerProcess, LimitsTheMemoryOfTheProgram) {
  TrainerProgram program = Script("ulimit -v; exec dd if=/dev/zero of=/dev/null bs=400M count=1");
  program.memory_bytes_max = 100 << 20;
  const auto outcome = Run(program);
  ASSERT_THAT(outcome, IsOk());
  EXPECT_FALSE(outcome->succeeded());
  EXPECT_EQ(outcome->end, TrainerEnd::kExited) << Describe(*outcome);
  EXPECT_THAT(Read("log"), StartsWith("102400\n"));
  EXPECT_THAT(Read("log"), HasSubstr("memory"));
}

TEST_F(TrainerProcess, StopsWhenAskedToAndWhenTheWatchSaysNo) {
  std::stop_source stop;
  stop.request_stop();
  const TrainerProgram program = Script("sleep 300");
  const auto stopped = RunTrainer(program, *disk_, *clock_, stop.get_token(), {});
  ASSERT_THAT(stopped, IsOk());
  EXPECT_EQ(stopped->end, TrainerEnd::kStopped);

  int calls = 0;
  const auto watched = RunTrainer(program, *disk_, *clock_, {}, [&] { return ++calls, false; });
  ASSERT_THAT(watched, IsOk());
  EXPECT_EQ(watched->end, TrainerEnd::kStopped);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace renkei::site
