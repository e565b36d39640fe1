// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/demo/federation.h"

#include <algorithm>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "renkei/base/disk.h"

namespace renkei::apps {
namespace {

constexpr uint64_t kOutputBytesMax = 16 << 20;
constexpr size_t kLogTailBytes = 2000;
constexpr std::string_view kPurpose = "semiconductor-defect-research";

// A TCP port of loopback that was free a moment ago.
StatusOr<int> FreePort() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool good = listener >= 0 && bind(listener, generic, length) == 0 &&
                    getsockname(listener, generic, &length) == 0;
  if (listener >= 0) close(listener);
  if (!good) return Error(Code::kUnavailable, "no TCP port of 127.0.0.1 can be had");
  return ntohs(address.sin_port);
}

std::string TextOfFile(const std::string& path, size_t last_bytes) {
  const auto disk = MakeRealDisk();
  const auto bytes = ReadWhole(*disk, path, kOutputBytesMax);
  if (!bytes.ok()) return "";
  const std::string text = ToText(*bytes);
  return text.size() > last_bytes ? text.substr(text.size() - last_bytes) : text;
}

}  // namespace

const std::vector<DemoParty>& DemoParties() {
  static const std::vector<DemoParty> kParties = {
      {"sierra-semi", "Sierra Semiconductor", "US", "alice", "fab-sierra"},
      {"miyako-fab", "Miyako Fab", "JP", "emi", "fab-miyako"},
      {"hudson-lab", "Hudson Materials Lab", "US", "bob", "fab-hudson"},
      {"sakura-lab", "Sakura Device Lab", "JP", "daichi", "fab-sakura"},
  };
  return kParties;
}

const DemoParty& Newcomer() {
  static const DemoParty kNewcomer = {"minato-ai", "Minato AI", "JP", "ren", ""};
  return kNewcomer;
}

Federation::Federation(std::string root, std::string binaries)
    : root_(std::move(root)), binaries_(std::move(binaries)) {}

StatusOr<std::string> Federation::Call(const std::string& program,
                                       std::vector<std::string> arguments) {
  const std::string name = fmt::format("logs/call-{}", ++calls_);
  std::vector<std::string> command = {binaries_ + "/" + program};
  std::move(arguments.begin(), arguments.end(), std::back_inserter(command));
  RK_ASSIGN_OR_RETURN(ChildProcess child,
                      ChildProcess::Start({.arguments = command,
                                           .environment = {{"RENKEI_OUTPUT", "table"}},
                                           .log_file = Path(name + ".err"),
                                           .output_file = Path(name + ".out")}));
  if (const Status ended = child.Wait(); !ended.ok()) {
    return Annotate(ended, fmt::format("{} {}: {}", program, command[1],
                                       TextOfFile(Path(name + ".err"), kLogTailBytes)));
  }
  return TextOfFile(Path(name + ".out"), kOutputBytesMax);
}

StatusOr<std::string> Federation::Renkei(std::vector<std::string> arguments) {
  return Call("renkei", std::move(arguments));
}

StatusOr<std::string> Federation::RenkeiEndsWith(Exit exit, std::vector<std::string> arguments) {
  const std::string name = fmt::format("logs/call-{}", calls_ + 1);
  const auto told = Renkei(std::move(arguments));
  const std::string out = TextOfFile(Path(name + ".out"), kOutputBytesMax);
  const std::string err = TextOfFile(Path(name + ".err"), kOutputBytesMax);
  const std::string wanted = fmt::format("status {}", static_cast<int>(exit));
  if (told.ok() ? exit == Exit::kOk : Message(told.status()).find(wanted) != std::string::npos) {
    return err + out;
  }
  return told.ok() ? Error(Code::kInternal, "{}: exit 0, wanted {}: {}{}", name,
                           static_cast<int>(exit), err, out)
                   : told.status();
}

StatusOr<std::string> Federation::Wafer(std::vector<std::string> arguments) {
  return Call("renkei-wafer", std::move(arguments));
}

StatusOr<ChildProcess> Federation::StartWafer(std::vector<std::string> arguments,
                                              const std::string& output_file) {
  std::vector<std::string> command = {binaries_ + "/renkei-wafer"};
  std::move(arguments.begin(), arguments.end(), std::back_inserter(command));
  return ChildProcess::Start({.arguments = command,
                              .environment = {},
                              .log_file = output_file + ".err",
                              .output_file = output_file});
}

Status Federation::Agree() {
  const auto disk = MakeRealDisk();
  RK_RETURN_IF_ERROR(disk->MakeDirs(Path("logs")));
  RK_ASSIGN_OR_RETURN(const int port, FreePort());
  const std::string address = fmt::format("127.0.0.1:{}", port);
  std::vector<std::string> draft = {
      "charter", "new",        "--name",  "wafer-defects", "--purpose", std::string(kPurpose),
      "--fact",  "like=clean", "--packs", packs_dir(),     "--out",     Path("charter.toml")};
  std::vector<DemoParty> parties = DemoParties();
  parties.push_back(Newcomer());
  for (const DemoParty& party : parties) {
    std::vector<std::string> init = {"init",
                                     "--dir",
                                     Path(party.party),
                                     "--party",
                                     party.party,
                                     "--name",
                                     party.name,
                                     "--country",
                                     party.country,
                                     "--person",
                                     party.person + ":officer,operator,researcher"};
    const std::vector<std::string> facts = FactFlags(party);
    init.insert(init.end(), facts.begin(), facts.end());
    if (&party == &parties.front()) {
      init.insert(init.end(), {"--coordinator", address});
    }
    RK_RETURN_IF_ERROR(Renkei(init).status());
    if (&party == &parties.front()) RK_RETURN_IF_ERROR(SignPacks());
    draft.insert(draft.end(), {"--member", Path(party.party + "/party.toml")});
  }
  RK_RETURN_IF_ERROR(Renkei(draft).status());
  std::string unsigned_file = Path("charter.toml");
  for (const DemoParty& party : parties) {
    RK_RETURN_IF_ERROR(Renkei({"charter", "sign", unsigned_file, "--party", Path(party.party),
                               "--as", party.person, "--out", charter_file()})
                           .status());
    unsigned_file = charter_file();
  }
  RK_RETURN_IF_ERROR(Renkei({"charter", "verify", charter_file()}).status());
  RK_RETURN_IF_ERROR(Renkei({"pack", "verify", packs_dir(), "--charter", charter_file()}).status());
  RK_ASSIGN_OR_RETURN(
      ChildProcess coordinator,
      ChildProcess::Start(
          {.arguments = {binaries_ + "/renkei", "coordinator", "--party",
                         Path(DemoParties().front().party), "--charter", charter_file(), "--dir",
                         Path("coordinator"), "--listen", address},
           .environment = {{"RENKEI_LOG", "info"}},
           .log_file = Path("logs/coordinator.log"),
           .output_file = ""}));
  processes_.emplace("coordinator", std::move(coordinator));
  return Ok();
}

Status Federation::Join(size_t index, const std::string& data_dir, uint64_t examples) {
  const DemoParty& party = DemoParties().at(index);
  RK_ASSIGN_OR_RETURN(std::string token,
                      Renkei({"site", "invite", "--party", Path(party.party), "--charter",
                              charter_file(), "--site", party.site}));
  token.erase(token.find_last_not_of(" \n") + 1);
  const std::string site_dir = Path(party.site);
  const std::string trainer =
      fmt::format("wafer-cnn={}/renkei-wafer task --data {}", binaries_, data_dir);
  RK_ASSIGN_OR_RETURN(
      ChildProcess join,
      ChildProcess::Start(
          {.arguments = {binaries_ + "/renkei", "site", "join", token, "--dir", site_dir,
                         "--examples", std::to_string(examples), "--trainer", trainer, "--data",
                         data_dir, "--issuer", Path(party.party)},
           .environment = {},
           .log_file = Path("logs/join-" + party.site + ".log"),
           .output_file = ""}));
  std::vector<std::string> approve = {"site", "approve", "--site", party.site, "--wait", "30"};
  const std::vector<std::string> actor = ActorFlags(index);
  approve.insert(approve.end(), actor.begin(), actor.end());
  RK_RETURN_IF_ERROR(Renkei(approve).status());
  RK_RETURN_IF_ERROR(join.Wait());
  RK_ASSIGN_OR_RETURN(
      ChildProcess site,
      ChildProcess::Start({.arguments = {binaries_ + "/renkei", "site", "start", "--dir", site_dir},
                           .environment = {{"RENKEI_LOG", "info"}},
                           .log_file = Path("logs/" + party.site + ".log"),
                           .output_file = ""}));
  processes_.emplace(party.site, std::move(site));
  return Ok();
}

Status Federation::StartRun(const std::string& spec_file, const std::string& model_file,
                            const std::string& run) {
  std::vector<std::string> submit = {"run", "submit", spec_file, "--model", model_file};
  const std::vector<std::string> owner = ActorFlags(0);
  submit.insert(submit.end(), owner.begin(), owner.end());
  RK_RETURN_IF_ERROR(Renkei(submit).status());
  for (const size_t index : {size_t{0}, size_t{1}}) {
    std::vector<std::string> approve = {"run", "approve", run};
    const std::vector<std::string> actor = ActorFlags(index);
    approve.insert(approve.end(), actor.begin(), actor.end());
    RK_RETURN_IF_ERROR(Renkei(approve).status());
  }
  return Ok();
}

Status Federation::BuildRelease(const std::string& run) {
  std::vector<std::string> build = {"release", "build", "--run", run, "--out", release_dir()};
  const std::vector<std::string> actor = ActorFlags(0);
  build.insert(build.end(), actor.begin(), actor.end());
  RK_RETURN_IF_ERROR(Renkei(build).status());
  return Renkei({"release", "verify", release_dir()}).status();
}

Status Federation::StillWell() {
  for (auto& [name, process] : processes_) {
    const auto ended = process.Ended();
    if (!ended) continue;
    const std::string log = Path("logs/" + name + ".log");
    return Error(Code::kFailedPrecondition, "{} ended with status {}; {} ends with:\n{}", name,
                 *ended, log, TextOfFile(log, kLogTailBytes));
  }
  return Ok();
}

uint64_t Federation::CoordinatorPeakMemoryBytes() const {
  const auto found = processes_.find("coordinator");
  return found == processes_.end() ? 0 : found->second.PeakMemoryBytes();
}

void Federation::Stop() {
  for (auto& [name, process] : processes_) {
    if (name != "coordinator") process.Stop();
  }
  processes_.clear();
}

ActorOptions Federation::Actor(size_t index) const {
  const DemoParty& party = DemoParties().at(index);
  return {.party_dir = Path(party.party), .person = party.person, .charter_file = charter_file()};
}

std::vector<std::string> Federation::ActorFlags(size_t index) const {
  const ActorOptions actor = Actor(index);
  return {"--party", actor.party_dir, "--as", actor.person, "--charter", actor.charter_file};
}

}  // namespace renkei::apps
