// SPDX-License-Identifier: Apache-2.0
// renkei doctor: what will not work on this machine, before anybody waits for it.
#include <cerrno>
#include <condition_variable>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <optional>
#include <poll.h>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>

#include "renkei/apps/commands.h"
#include "renkei/apps/connection.h"
#include "renkei/apps/doctor_checks.h"
#include "renkei/base/descriptor.h"
#include "renkei/identity/invitation.h"
#include "renkei/identity/party_authority.h"
#include "renkei/run/disk_need.h"
#include "renkei/site/site_config.h"
#include "renkei/site/site_files.h"
#include "renkei/wire/grpc_peer.h"

namespace renkei::apps {
namespace {

constexpr int kConnectMsMax = 5'000;
constexpr std::chrono::seconds kAnswerMax{10};
constexpr double kBytesOfGib = 1u << 30;

// Whom the far end has to be, and who asks.
struct Target {
  std::string dir;  // local; empty with a token
  std::vector<std::string> keys;
  wire::PeerOptions peer;  // address empty: no coordinator is known
  bool is_coordinator = false;
};

StatusOr<Target> TargetOf(const DoctorOptions& options, Disk& disk, Clock& clock) {
  Target target;
  target.peer.coordinator.kind = identity::PeerKind::kCoordinator;
  const auto take_charter = [&](const charter::Charter& charter) {
    target.peer.address = charter.coordinator.address;
    target.peer.roots = RootsOf(charter);
    target.peer.coordinator.party = charter.coordinator.party;
    target.peer.coordinator.name = charter.coordinator.site.text();
  };
  if (!options.site_dir.empty()) {
    const site::SiteFiles files{options.site_dir};
    RK_ASSIGN_OR_RETURN(const charter::Charter charter,
                        LoadCharter(disk, files.charter(), clock.Now(), charter::Expiry::kIgnored));
    take_charter(charter);
    RK_ASSIGN_OR_RETURN(target.peer.chain_pem, ReadText(disk, files.tls_chain(), 64 << 10));
    RK_ASSIGN_OR_RETURN(target.peer.key_pem, ReadText(disk, files.tls_key(), 64 << 10));
    target.dir = options.site_dir;
    target.keys = {files.key(), files.tls_key()};
    return target;
  }
  if (!options.token.empty()) {
    RK_ASSIGN_OR_RETURN(const identity::Invitation invitation, identity::ParseToken(options.token));
    target.peer.address = invitation.coordinator;
    target.peer.roots = {
        {.party = invitation.coordinator_party, .ca_pem = invitation.coordinator_root_pem}};
    target.peer.coordinator.party = invitation.coordinator_party;
    target.dir = ".";
    return target;
  }
  target.is_coordinator = true;
  target.dir = options.coordinator_dir.empty() ? "." : options.coordinator_dir;
  if (!options.charter_file.empty()) {
    RK_ASSIGN_OR_RETURN(
        const charter::Charter charter,
        LoadCharter(disk, options.charter_file, clock.Now(), charter::Expiry::kIgnored));
    take_charter(charter);
  }
  return target;
}

// What a run of that shape takes here: a coordinator keeps everything, a site four times the
// model.
uint64_t RoomWanted(const DoctorOptions& options, bool is_coordinator) {
  if (options.model_gib == 0) return 0;
  const double model = options.model_gib * kBytesOfGib;
  const double models =
      is_coordinator ? 1 + static_cast<double>(options.rounds * (options.sites + 1)) : 4;
  return static_cast<uint64_t>(model * models) + run::kDiskReserveBytes;
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// Two checks: the name, and a connection to any address that it has.
void LookAtNetwork(const std::string& address, std::vector<Diagnosis>& found) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &list);
  const Addresses addresses(list, &freeaddrinfo);
  found.push_back(
      {.name = "dns",
       .state = failed == 0 ? Finding::kOk : Finding::kFail,
       .found =
           failed == 0 ? host + " is known" : fmt::format("{}: {}", host, gai_strerror(failed)),
       .wanted = "the coordinator's name has an address",
       .remedy =
           failed == 0 ? "" : "ask for its name in this network's DNS, or add it to /etc/hosts"});
  if (failed != 0) return;
  int error = ETIMEDOUT;
  for (const addrinfo* at = addresses.get(); at != nullptr && error != 0; at = at->ai_next) {
    const Descriptor tried(
        socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol));
    if (tried.get() < 0) continue;
    error = connect(tried.get(), at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (error != EINPROGRESS) continue;
    pollfd waits{.fd = tried.get(), .events = POLLOUT, .revents = 0};
    error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (poll(&waits, 1, kConnectMsMax) == 1) {
      getsockopt(tried.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    }
  }
  found.push_back(
      {.name = "tcp",
       .state = error == 0 ? Finding::kOk : Finding::kFail,
       .found = error == 0 ? "connected to " + address
                           : fmt::format("{}: {}", address, std::generic_category().message(error)),
       .wanted = "a connection within 5 s",
       .remedy = error == 0 ? ""
                            : "let this machine open connections to " + address +
                                  "; is the coordinator running?"});
}

// Asks the coordinator who it is and, where this machine has an identity, what time it is.
void LookAtCoordinator(const Target& target, Clock& clock, Random& random,
                       std::vector<Diagnosis>& found) {
  if (target.peer.address.empty()) return;
  LookAtNetwork(target.peer.address, found);
  if (found.back().state != Finding::kOk) return;
  std::stop_source over;
  // Calls are tried again for long where they run unattended; here somebody waits.
  const std::jthread timer([&over](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    woken.wait_for(lock, stop, kAnswerMax, [] { return false; });
    over.request_stop();
  });
  wire::PeerOptions options = target.peer;
  options.stop = over.get_token();
  const auto peer = wire::MakeGrpcPeer(std::move(options), clock, random);
  const Status said = peer->Hello().status();
  found.push_back(LookAtTls(target.peer.address, said));
  if (!said.ok() || target.peer.chain_pem.empty()) return;
  const auto page = peer->Read(0, 1, Milliseconds(0));
  if (!page.ok()) {
    found.push_back({.name = "identity",
                     .state = Finding::kFail,
                     .found = Message(page.status()),
                     .wanted = "the coordinator knows this site",
                     .remedy = "renkei site approve renews the certificate"});
  } else if (page->now != Instant()) {
    found.push_back(LookAtSkew(clock.Now() - page->now));
  }
}

void LookAtMachine(const Target& target, uint64_t room, Disk& disk, Clock& clock,
                   std::vector<Diagnosis>& found) {
  // A directory that is still to be made is where its parent is.
  std::string directory = target.dir;
  if (const auto there = disk.Exists(directory); there.ok() && !*there) {
    directory = ParentOf(directory);
  }
  found.push_back(LookAtRoom(disk, directory, room));
  found.push_back(LookAtSync(disk, clock, directory));
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  found.push_back(LookAtFileLimit(files.rlim_max));
  found.push_back(LookAtMemory(disk));
  found.push_back(LookAtSocketBuffers(disk));
  timex time{};
  const int state = adjtimex(&time);
  if (state >= 0)
    found.push_back(LookAtNtp(state != TIME_ERROR && (time.status & STA_UNSYNC) == 0));
  for (const std::string& key : target.keys) {
    struct stat status {};
    if (stat(key.c_str(), &status) == 0) found.push_back(LookAtKeyMode(key, status.st_mode));
  }
}

}  // namespace

Exit Doctor(const DoctorOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  const auto clock = MakeSystemClock();
  const auto random = MakeSystemRandom();
  const auto target = TargetOf(options, *disk, *clock);
  if (!target.ok()) return Console::Fail(target.status());
  std::vector<Diagnosis> found;
  LookAtMachine(*target, RoomWanted(options, target->is_coordinator), *disk, *clock, found);
  LookAtCoordinator(*target, *clock, *random, found);
  std::vector<syntax::Value> rows;
  bool sound = true;
  for (const Diagnosis& diagnosis : found) {
    syntax::Value row = syntax::Value::Object();
    row.Set("check", diagnosis.name);
    row.Set("state", NameOf(diagnosis.state));
    row.Set("found", diagnosis.found);
    row.Set("wanted", diagnosis.wanted);
    row.Set("remedy", diagnosis.remedy);
    rows.push_back(std::move(row));
    sound = sound && diagnosis.state != Finding::kFail;
  }
  console.Rows(rows);
  return sound ? Exit::kOk : Exit::kFailed;
}

}  // namespace renkei::apps
