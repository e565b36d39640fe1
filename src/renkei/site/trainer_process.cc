// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/trainer_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/wait.h>

#include "renkei/base/check.h"
#include "renkei/base/descriptor.h"
#include "renkei/base/log.h"
#include "renkei/site/trainer_keeper.h"

namespace renkei::site {
namespace {

constexpr Milliseconds kTick{50};
constexpr Milliseconds kWatchEvery{1'000};
constexpr size_t kPipeReadBytes = 64 << 10;
constexpr int kDrainReadsMax = 64;  // after the end: a pipe holds no more than 1 MiB

// Done here and not after fork: a search of PATH is not safe in a forked thread.
StatusOr<std::string> FindProgram(const TrainerProgram& program) {
  const std::string& name = program.arguments.front();
  if (name.find('/') != std::string::npos) {
    if (access(name.c_str(), X_OK) == 0) return name;
    return TrainerError(fmt::format("trainer {}", name), errno);
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

// What a trainer prints, on its way to the log.
class Output {
 public:
  explicit Output(Descriptor pipe) : pipe_(std::move(pipe)) {}

  // Waits a tick for output or the end, and keeps what came.
  void Read(int over, CapturedLog& log) {
    std::array<pollfd, 2> waited = {pollfd{over, POLLIN, 0}, pollfd{pipe_.get(), POLLIN, 0}};
    if (poll(waited.data(), waited.size(), static_cast<int>(kTick.count())) <= 0) return;
    if (waited[1].revents != 0) ReadOnce(log);
  }

  // What is still in the pipe. A process that got away may hold it open: never waits.
  void Drain(CapturedLog& log) {
    for (int i = 0; i < kDrainReadsMax && pipe_.get() >= 0; ++i) {
      pollfd waited = {pipe_.get(), POLLIN, 0};
      if (poll(&waited, 1, 0) <= 0) return;
      ReadOnce(log);
    }
  }

 private:
  void ReadOnce(CapturedLog& log) {
    const ssize_t count = read(pipe_.get(), window_.data(), window_.size());
    if (count > 0) {
      log.Append(ByteSpan(window_.data(), static_cast<size_t>(count)));
    } else if (count == 0 || errno != EINTR) {
      pipe_.Close();
    }
  }

  Descriptor pipe_;
  std::array<uint8_t, kPipeReadBytes> window_{};
};

StatusOr<TrainerKeeper> Start(const TrainerProgram& program, const std::string& path, int output) {
  std::vector<std::string> environment;
  for (const auto& [name, value] : program.environment) {
    environment.push_back(fmt::format("{}={}", name, value));
  }
  const CStrings arguments(program.arguments);
  const CStrings variables(std::move(environment));
  return TrainerKeeper::Start({.path = path.c_str(),
                               .arguments = arguments.get(),
                               .environment = variables.get(),
                               .directory = program.directory.c_str(),
                               .memory_bytes_max = program.memory_bytes_max,
                               .output = output});
}

// When to end the trainer, and why.
class Limits {
 public:
  Limits(const TrainerProgram& program, Clock& clock)
      : program_(program), clock_(clock), started_(clock.Monotonic()), watched_(started_) {}

  Milliseconds took() const { return clock_.Monotonic() - started_; }
  // kExited: nobody has ended it.
  TrainerEnd end() const { return end_; }

  void Apply(const TrainerKeeper& keeper, std::stop_token stop,
             const std::function<bool()>& watch) {
    const Milliseconds now = clock_.Monotonic();
    if (end_ != TrainerEnd::kExited) {
      if (now - ended_at_ >= program_.grace) keeper.EndAll();
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
    keeper.AskToEnd();
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
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) return TrainerError("no pipe for the trainer's log", errno);
  Output output{Descriptor(pipe[0])};
  Descriptor printed(pipe[1]);
  RK_ASSIGN_OR_RETURN(TrainerKeeper keeper, Start(program, path, printed.get()));
  printed.Close();
  Limits limits(program, clock);
  while (!keeper.IsOver()) {
    output.Read(keeper.over(), log);
    limits.Apply(keeper, stop, watch);
  }
  const Milliseconds took = limits.took();
  const TrainerReport report = keeper.Wait();
  output.Drain(log);
  if (report.survives) {
    log::Warn("trainer.survives", {{"program", path}, {"log", program.log_file}});
  }
  TrainerOutcome outcome{.took = took, .log_bytes_dropped = log.dropped()};
  if (limits.end() != TrainerEnd::kExited) {
    outcome.end = limits.end();
  } else if (WIFSIGNALED(report.status)) {
    outcome.end = TrainerEnd::kSignalled;
    outcome.signal = WTERMSIG(report.status);
  } else {
    outcome.exit_status = WEXITSTATUS(report.status);
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
