// SPDX-License-Identifier: Apache-2.0
// Between fork and exec, and in the keeper, only calls that are async-signal-safe: other threads
// of the agent may have held any lock.
#include "renkei/site/trainer_keeper.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string_view>
#include <time.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace renkei::site {
namespace {

constexpr int kSetupFailed = 127;
constexpr int kKept = 3;  // the one descriptor that survives in a child
constexpr time_t kSweepSecondsMax = 5;
constexpr timespec kSweepEvery = {.tv_sec = 0, .tv_nsec = 10'000'000};
constexpr int kAskSignal = SIGUSR1;  // to the keeper: AskToEnd
constexpr int kEndSignal = SIGTERM;  // to the keeper: EndAll

struct Pipe {
  Descriptor read;
  Descriptor write;
};

StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return TrainerError("no pipe for the trainer", errno);
  return Pipe{.read = Descriptor(fds[0]), .write = Descriptor(fds[1])};
}

[[noreturn]] void ReportAndExit(int failure) {
  const int error = errno;
  // Nothing can be done about a failing report: the agent then sees an exit status of 127.
  [[maybe_unused]] const ssize_t written = write(failure, &error, sizeof error);
  _exit(kSetupFailed);
}

// `fd` becomes kKept; every descriptor above that is closed.
bool KeepOnly(int fd) {
  if (fd != kKept && dup2(fd, kKept) < 0) return false;
  fcntl(kKept, F_SETFD, FD_CLOEXEC);
  return close_range(kKept + 1, ~0U, 0) == 0;
}

[[noreturn]] void BecomeTrainer(const TrainerLaunch& launch, pid_t keeper, int null_input,
                                int failure) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != keeper) _exit(kSetupFailed);
  for (const int number : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1}) {
    signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (launch.memory_bytes_max > 0) {
    const rlimit limit = {launch.memory_bytes_max, launch.memory_bytes_max};
    if (setrlimit(RLIMIT_AS, &limit) != 0) ReportAndExit(failure);
  }
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (chdir(launch.directory) != 0) ReportAndExit(failure);
  if (dup2(null_input, 0) < 0 || dup2(launch.output, 1) < 0 || dup2(launch.output, 2) < 0) {
    ReportAndExit(failure);
  }
  // A trainer inherits no key and no socket.
  if (!KeepOnly(failure)) ReportAndExit(failure);
  execve(launch.path, launch.arguments, launch.environment);
  ReportAndExit(kKept);
}

// SIGKILL for every child of this single-threaded process.
void KillChildren() {
  const int list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (list < 0) return;
  std::array<char, 4096> window;
  pid_t pid = 0;
  ssize_t count = 0;
  while ((count = read(list, window.data(), window.size())) > 0) {
    for (ssize_t i = 0; i < count; ++i) {
      const char c = window[static_cast<size_t>(i)];
      if (c >= '0' && c <= '9') {
        pid = pid * 10 + (c - '0');
      } else if (pid > 0) {
        kill(pid, SIGKILL);
        pid = 0;
      }
    }
  }
  close(list);
}

time_t Seconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

// Ends the trainer and whatever it left. Each sweep kills the children that there are; theirs
// become children in turn.
TrainerReport EndTrainer(pid_t trainer, const sigset_t& child_ended) {
  TrainerReport report;
  kill(-trainer, SIGKILL);  // not yet waited for: the number is still its own
  for (const time_t end = Seconds() + kSweepSecondsMax; Seconds() <= end;) {
    pid_t ended = 0;
    int status = 0;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
      if (ended == trainer) report.status = status;
    }
    if (ended < 0 && errno == ECHILD) return report;
    KillChildren();
    sigtimedwait(&child_ended, nullptr, &kSweepEvery);
  }
  report.survives = true;
  return report;
}

// Reaps what the trainer orphaned; true when the trainer itself has ended, which is left to wait
// for.
bool TrainerHasEnded(pid_t trainer) {
  for (;;) {
    siginfo_t ended = {};
    if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) {
      return false;
    }
    if (ended.si_pid == trainer) return true;
    waitpid(ended.si_pid, nullptr, 0);
  }
}

[[noreturn]] void Keep(const TrainerLaunch& launch, pid_t agent, int null_input, int failure,
                       int report) {
  setsid();
  prctl(PR_SET_NAME, "trainer-keeper");
  prctl(PR_SET_PDEATHSIG, kEndSignal);
  if (getppid() != agent) _exit(kSetupFailed);
  for (const int number : {kAskSignal, kEndSignal, SIGCHLD}) signal(number, SIG_DFL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t self = getpid();
  const pid_t trainer = fork();
  if (trainer < 0) ReportAndExit(failure);
  if (trainer == 0) BecomeTrainer(launch, self, null_input, failure);
  KeepOnly(report);
  close_range(0, kKept - 1, 0);
  sigset_t waited, child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  waited = child_ended;
  sigaddset(&waited, kAskSignal);
  sigaddset(&waited, kEndSignal);
  while (!TrainerHasEnded(trainer)) {
    const int number = sigwaitinfo(&waited, nullptr);
    if (number == kAskSignal) kill(-trainer, SIGTERM);
    if (number == kEndSignal) break;
  }
  const TrainerReport done = EndTrainer(trainer, child_ended);
  // Nobody reads it when the agent is dead.
  [[maybe_unused]] const ssize_t written = write(kKept, &done, sizeof done);
  _exit(0);
}

}  // namespace

Status TrainerError(std::string_view what, int error) {
  const Code code = error == ENOENT || error == ENOTDIR   ? Code::kNotFound
                    : error == EACCES || error == ENOEXEC ? Code::kPermissionDenied
                                                          : Code::kResourceExhausted;
  return Error(code, "{}: {}", what, std::strerror(error));
}

StatusOr<TrainerKeeper> TrainerKeeper::Start(const TrainerLaunch& launch) {
  RK_ASSIGN_OR_RETURN(Pipe failure, MakePipe());
  RK_ASSIGN_OR_RETURN(Pipe report, MakePipe());
  const Descriptor null_input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (null_input.get() < 0) return TrainerError("/dev/null", errno);
  const pid_t agent = getpid();
  // The child begins with all signals blocked: none of the agent's handlers runs in it.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  const int fork_error = errno;
  if (pid == 0) {
    Keep(launch, agent, null_input.get(), failure.write.get(), report.write.get());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return TrainerError("cannot start the trainer", fork_error);
  failure.write.Close();
  report.write.Close();
  TrainerKeeper keeper(pid, std::move(report.read));
  int error = 0;
  ssize_t count = 0;
  while ((count = read(failure.read.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (count != static_cast<ssize_t>(sizeof error)) return keeper;
  return TrainerError(fmt::format("trainer {} in {}", launch.path, launch.directory), error);
}

TrainerKeeper::TrainerKeeper(TrainerKeeper&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), report_(std::move(other.report_)) {}

TrainerKeeper::~TrainerKeeper() {
  if (pid_ < 0) return;
  EndAll();
  Wait();
}

bool TrainerKeeper::IsOver() const {
  pollfd waited = {.fd = report_.get(), .events = POLLIN, .revents = 0};
  return poll(&waited, 1, 0) > 0;
}

void TrainerKeeper::AskToEnd() const { kill(pid_, kAskSignal); }
void TrainerKeeper::EndAll() const { kill(pid_, kEndSignal); }

TrainerReport TrainerKeeper::Wait() {
  TrainerReport report;
  ssize_t count = 0;
  while ((count = read(report_.get(), &report, sizeof report)) < 0 && errno == EINTR) {
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (count != static_cast<ssize_t>(sizeof report)) return {.status = status};
  return report;
}

}  // namespace renkei::site
