// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/child_process.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <signal.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

#include <sys/prctl.h>
#include <sys/wait.h>

namespace renkei::apps {
namespace {

constexpr std::chrono::milliseconds kPoll{10};

// Only what is safe between fork and exec.
[[noreturn]] void BecomeChild(const std::vector<char*>& arguments,
                              const std::vector<char*>& environment, int out, int log,
                              pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  setpgid(0, 0);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execve(arguments[0], arguments.data(), environment.data());
  _exit(127);
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

StatusOr<std::string> ProgramDirectory() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0) return Error(Code::kFailedPrecondition, "/proc/self/exe cannot be read");
  const std::string_view program(path, static_cast<size_t>(length));
  return std::string(program.substr(0, program.rfind('/')));
}

StatusOr<ChildProcess> ChildProcess::Start(const Command& command) {
  std::vector<std::string> arguments = command.arguments;
  if (access(arguments.at(0).c_str(), X_OK) != 0) {
    return Error(Code::kNotFound, "{}: no such program; build it with make build", arguments[0]);
  }
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!command.environment.contains(text.substr(0, text.find('=')))) environment.push_back(text);
  }
  for (const auto& [name, value] : command.environment) environment.push_back(name + "=" + value);

  const int log = open(command.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return Error(Code::kFailedPrecondition, "{}: cannot open", command.log_file);
  const int out =
      command.output_file.empty()
          ? dup(log)
          : open(command.output_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::vector<char*> argument_pointers = Pointers(arguments);
  const std::vector<char*> environment_pointers = Pointers(environment);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) BecomeChild(argument_pointers, environment_pointers, out, log, parent);
  close(log);
  close(out);
  if (pid < 0) return Error(Code::kResourceExhausted, "{}: cannot fork", arguments[0]);
  return ChildProcess(pid, command.log_file);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept { *this = std::move(other); }

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    Stop();
    pid_ = std::exchange(other.pid_, -1);
    log_file_ = std::move(other.log_file_);
    ended_ = other.ended_;
  }
  return *this;
}

ChildProcess::~ChildProcess() { Stop(); }

std::optional<int> ChildProcess::Ended() {
  if (pid_ <= 0 || ended_) return ended_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) {
    ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return ended_;
}

Status ChildProcess::Wait() {
  while (!Ended()) std::this_thread::sleep_for(kPoll);
  if (*ended_ == 0) return Ok();
  return Error(Code::kFailedPrecondition, "a program ended with status {}; its log is {}", *ended_,
               log_file_);
}

void ChildProcess::Stop(std::chrono::milliseconds grace) {
  if (pid_ <= 0 || Ended()) return;
  kill(pid_, SIGTERM);
  for (auto waited = kPoll; waited < grace && !Ended(); waited += kPoll) {
    std::this_thread::sleep_for(kPoll);
  }
  if (!Ended()) {
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);
    while (!Ended()) std::this_thread::sleep_for(kPoll);
  }
}

uint64_t ChildProcess::PeakMemoryBytes() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) {
      return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
    }
  }
  return 0;
}

}  // namespace renkei::apps
