// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/trainer_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "renkei/base/check.h"
#include "renkei/base/log.h"

namespace renkei::site {
namespace {

constexpr Milliseconds kTick{50};
constexpr Milliseconds kWatchEvery{1'000};
constexpr size_t kPipeReadBytes = 64 << 10;
constexpr int kDrainReadsMax = 64;  // after the end: a pipe holds no more than 1 MiB
constexpr int kSetupFailed = 127;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { Close(); }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Status SystemError(std::string_view what, int error) {
  const Code code = error == ENOENT || error == ENOTDIR   ? Code::kNotFound
                    : error == EACCES || error == ENOEXEC ? Code::kPermissionDenied
                                                          : Code::kResourceExhausted;
  return Error(code, "{}: {}", what, std::strerror(error));
}

StatusOr<std::pair<Descriptor, Descriptor>> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return SystemError("no pipe for the trainer", errno);
  return std::pair(Descriptor(fds[0]), Descriptor(fds[1]));
}

// Done here and not after fork: a search of PATH is not safe in a forked thread.
StatusOr<std::string> FindProgram(const TrainerProgram& program) {
  const std::string& name = program.arguments.front();
  if (name.find('/') != std::string::npos) {
    if (access(name.c_str(), X_OK) == 0) return name;
    return SystemError(fmt::format("trainer {}", name), errno);
  }
  const auto path = program.environment.find("PATH");
  std::string_view rest = path == program.environment.end() ? std::string_view() : path->second;
  while (!rest.empty()) {
    const size_t colon = std::min(rest.find(':'), rest.size());
    const std::string candidate = fmt::format("{}/{}", rest.substr(0, colon), name);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return Error(Code::kNotFound, "trainer {}: not in PATH; give its full path in site.toml", name);
}

// argv or envp, with the memory that it points to.
class CStrings {
 public:
  explicit CStrings(std::vector<std::string> texts) : texts_(std::move(texts)) {
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  char* const* get() const { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

// What the child needs between fork and exec. Only calls that are async-signal-safe: other
// threads of this process may hold any lock.
struct Launch {
  const char* path;
  char* const* arguments;
  char* const* environment;
  const char* directory;
  rlim_t memory_bytes_max;
  pid_t parent;
  int output;
  int null_input;
  int failure;  // errno of a failed step goes here; closed by exec
};

[[noreturn]] void ReportAndExit(int failure) {
  const int error = errno;
  // Nothing can be done about a failing report: the parent then sees an exit status of 127.
  [[maybe_unused]] const ssize_t written = write(failure, &error, sizeof error);
  _exit(kSetupFailed);
}

[[noreturn]] void BecomeTrainer(const Launch& launch) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launch.parent) _exit(kSetupFailed);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD}) signal(number, SIG_DFL);
  if (launch.memory_bytes_max > 0) {
    const rlimit limit = {launch.memory_bytes_max, launch.memory_bytes_max};
    if (setrlimit(RLIMIT_AS, &limit) != 0) ReportAndExit(launch.failure);
  }
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (chdir(launch.directory) != 0) ReportAndExit(launch.failure);
  if (dup2(launch.null_input, 0) < 0 || dup2(launch.output, 1) < 0 || dup2(launch.output, 2) < 0) {
    ReportAndExit(launch.failure);
  }
  // The report is moved to 3 and all above it closed: a trainer inherits no key and no socket.
  int failure = launch.failure;
  if (failure != 3) {
    if (dup2(failure, 3) < 0) ReportAndExit(failure);
    failure = 3;
  }
  fcntl(failure, F_SETFD, FD_CLOEXEC);
  close_range(4, ~0U, 0);
  execve(launch.path, launch.arguments, launch.environment);
  ReportAndExit(failure);
}

// The log, up to its limit.
class CapturedLog {
 public:
  static StatusOr<CapturedLog> Open(Disk& disk, const std::string& path, uint64_t bytes_max) {
    RK_ASSIGN_OR_RETURN(auto file, disk.Open(path, OpenMode::kCreate));
    RK_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
    return CapturedLog(std::move(file), size, bytes_max);
  }
  void Append(ByteSpan bytes) {
    const uint64_t room = bytes_max_ > size_ ? bytes_max_ - size_ : 0;
    const size_t kept = static_cast<size_t>(std::min<uint64_t>(room, bytes.size()));
    // A full disk costs log lines, not the training.
    if (kept > 0 && file_->WriteAt(size_, bytes.first(kept)).ok()) {
      size_ += kept;
      dropped_ += bytes.size() - kept;
    } else {
      dropped_ += bytes.size();
    }
  }
  uint64_t dropped() const { return dropped_; }

 private:
  CapturedLog(std::unique_ptr<File> file, uint64_t size, uint64_t bytes_max)
      : file_(std::move(file)), size_(size), bytes_max_(bytes_max) {}

  std::unique_ptr<File> file_;
  uint64_t size_;
  uint64_t bytes_max_;
  uint64_t dropped_ = 0;
};

// A started trainer. Destroyed early (never in the ordinary course), it kills the group.
class Running {
 public:
  Running(pid_t pid, Descriptor output) : pid_(pid), output_(std::move(output)) {}
  ~Running() {
    if (pid_ > 0) Reap();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // Waits a tick for output, and keeps it.
  void Read(CapturedLog& log) {
    if (output_.get() < 0) {
      std::this_thread::sleep_for(kTick);
      return;
    }
    pollfd wait = {output_.get(), POLLIN, 0};
    if (poll(&wait, 1, static_cast<int>(kTick.count())) > 0) ReadOnce(log);
  }

  // What is still in the pipe. A process that left the group may hold it open: never waits.
  void Drain(CapturedLog& log) {
    for (int i = 0; i < kDrainReadsMax && output_.get() >= 0; ++i) {
      pollfd wait = {output_.get(), POLLIN, 0};
      if (poll(&wait, 1, 0) <= 0) return;
      ReadOnce(log);
    }
  }

  // The leader stays a zombie, so that its group's number is not given to others meanwhile.
  bool HasEnded() const {
    siginfo_t ended = {};
    return waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == pid_;
  }

  void Signal(int number) const { kill(-pid_, number); }

  int Reap() {
    Signal(SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  void ReadOnce(CapturedLog& log) {
    const ssize_t count = read(output_.get(), window_.data(), window_.size());
    if (count > 0) {
      log.Append(ByteSpan(window_.data(), static_cast<size_t>(count)));
    } else if (count == 0 || errno != EINTR) {
      output_.Close();
    }
  }

  pid_t pid_;
  Descriptor output_;
  std::array<uint8_t, kPipeReadBytes> window_{};
};

StatusOr<pid_t> Start(const TrainerProgram& program, const std::string& path, int output) {
  std::vector<std::string> environment;
  for (const auto& [name, value] : program.environment) {
    environment.push_back(fmt::format("{}={}", name, value));
  }
  const CStrings arguments(program.arguments);
  const CStrings variables(std::move(environment));
  RK_ASSIGN_OR_RETURN(auto failure, MakePipe());
  const Descriptor null_input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (null_input.get() < 0) return SystemError("/dev/null", errno);
  const Launch launch = {.path = path.c_str(),
                         .arguments = arguments.get(),
                         .environment = variables.get(),
                         .directory = program.directory.c_str(),
                         .memory_bytes_max = program.memory_bytes_max,
                         .parent = getpid(),
                         .output = output,
                         .null_input = null_input.get(),
                         .failure = failure.second.get()};
  const pid_t pid = fork();
  if (pid < 0) return SystemError("cannot start the trainer", errno);
  if (pid == 0) BecomeTrainer(launch);
  failure.second.Close();
  int error = 0;
  ssize_t count = 0;
  while ((count = read(failure.first.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (count != static_cast<ssize_t>(sizeof error)) return pid;
  waitpid(pid, nullptr, 0);
  return SystemError(fmt::format("trainer {} in {}", path, program.directory), error);
}

// When to end the trainer, and why.
class Limits {
 public:
  Limits(const TrainerProgram& program, Clock& clock)
      : program_(program), clock_(clock), started_(clock.Monotonic()), watched_(started_) {}

  Milliseconds took() const { return clock_.Monotonic() - started_; }
  // kExited: nobody has ended it.
  TrainerEnd end() const { return end_; }

  void Apply(const Running& running, std::stop_token stop, const std::function<bool()>& watch) {
    const Milliseconds now = clock_.Monotonic();
    if (end_ != TrainerEnd::kExited) {
      if (now - ended_at_ >= program_.grace) running.Signal(SIGKILL);
      return;
    }
    if (stop.stop_requested()) {
      end_ = TrainerEnd::kStopped;
    } else if (program_.time_max.count() > 0 && now - started_ >= program_.time_max) {
      end_ = TrainerEnd::kTimedOut;
    } else if (watch && now - watched_ >= kWatchEvery) {
      watched_ = now;
      if (!watch()) end_ = TrainerEnd::kStopped;
    }
    if (end_ == TrainerEnd::kExited) return;
    ended_at_ = now;
    running.Signal(SIGTERM);
  }

 private:
  const TrainerProgram& program_;
  Clock& clock_;
  Milliseconds started_;
  Milliseconds watched_;
  TrainerEnd end_ = TrainerEnd::kExited;
  Milliseconds ended_at_{0};
};

Status CheckProgram(const TrainerProgram& program) {
  if (program.arguments.empty()) return Error(Code::kInvalidArgument, "a trainer needs a command");
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (std::ranges::any_of(program.arguments, has_nul) || has_nul(program.directory)) {
    return Error(Code::kInvalidArgument, "a trainer's command holds a NUL byte");
  }
  return Ok();
}

std::string_view NameOfSignal(int number) {
  const char* name = sigdescr_np(number);
  return name == nullptr ? "unknown" : name;
}

}  // namespace

StatusOr<TrainerOutcome> RunTrainer(const TrainerProgram& program, Disk& disk, Clock& clock,
                                    std::stop_token stop, const std::function<bool()>& watch) {
  RK_RETURN_IF_ERROR(CheckProgram(program));
  RK_ASSIGN_OR_RETURN(const std::string path, FindProgram(program));
  RK_ASSIGN_OR_RETURN(CapturedLog log,
                      CapturedLog::Open(disk, program.log_file, program.log_bytes_max));
  RK_ASSIGN_OR_RETURN(auto output, MakePipe());
  RK_ASSIGN_OR_RETURN(const pid_t pid, Start(program, path, output.second.get()));
  output.second.Close();
  Running running(pid, std::move(output.first));
  Limits limits(program, clock);
  while (!running.HasEnded()) {
    running.Read(log);
    limits.Apply(running, stop, watch);
  }
  const Milliseconds took = limits.took();
  running.Signal(SIGKILL);
  running.Drain(log);
  const int status = running.Reap();
  TrainerOutcome outcome{.took = took, .log_bytes_dropped = log.dropped()};
  if (limits.end() != TrainerEnd::kExited) {
    outcome.end = limits.end();
  } else if (WIFSIGNALED(status)) {
    outcome.end = TrainerEnd::kSignalled;
    outcome.signal = WTERMSIG(status);
  } else {
    outcome.exit_status = WEXITSTATUS(status);
  }
  return outcome;
}

std::string Describe(const TrainerOutcome& outcome) {
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(outcome.took).count();
  switch (outcome.end) {
    case TrainerEnd::kExited:
      return fmt::format("exit status {}", outcome.exit_status);
    case TrainerEnd::kSignalled:
      return fmt::format("killed by signal {} ({})", outcome.signal, NameOfSignal(outcome.signal));
    case TrainerEnd::kTimedOut:
      return fmt::format("longer than its limit, after {} s", seconds);
    case TrainerEnd::kStopped:
      return "stopped";
  }
  CheckFailed(__FILE__, __LINE__, "an end has a name");
}

}  // namespace renkei::site
