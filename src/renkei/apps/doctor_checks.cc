// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/doctor_checks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "renkei/base/watched_disk.h"
#include "renkei/run/disk_need.h"

namespace renkei::apps {
namespace {

constexpr int kSyncs = 64;
constexpr uint64_t kRoomWanted = uint64_t{1} << 30;
constexpr size_t kProcBytesMax = 64 << 10;

// A file of the kernel: its length is not known beforehand.
std::optional<std::string> KernelText(Disk& disk, const std::string& path) {
  const auto file = disk.Open(path, OpenMode::kRead);
  if (!file.ok()) return std::nullopt;
  Bytes bytes(kProcBytesMax);
  const auto size = (*file)->ReadAt(0, bytes);
  if (!size.ok()) return std::nullopt;
  return ToText(ByteSpan(bytes).first(*size));
}

std::vector<uint64_t> Numbers(const std::string& text) {
  std::vector<uint64_t> numbers;
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    uint64_t number = 0;
    const auto [rest, error] = std::from_chars(at, end, number);
    if (error == std::errc()) numbers.push_back(number);
    at = rest == at ? at + 1 : rest;
  }
  return numbers;
}

// The third of three: the most that the kernel lets a connection grow to.
std::optional<uint64_t> BufferMax(Disk& disk, const std::string& name) {
  const auto text = KernelText(disk, "/proc/sys/net/ipv4/" + name);
  if (!text) return std::nullopt;
  const std::vector<uint64_t> numbers = Numbers(*text);
  return numbers.size() == 3 ? std::optional(numbers[2]) : std::nullopt;
}

// The smallest limit of this process's groups that can be read; none: no limit.
std::optional<uint64_t> MemoryLimit(Disk& disk) {
  constexpr uint64_t kNone = uint64_t{1} << 60;  // version 1 says so by a huge number
  const auto groups = KernelText(disk, "/proc/self/cgroup");
  if (!groups) return std::nullopt;
  std::optional<uint64_t> limit;
  const auto look = [&](const std::string& path) {
    const auto text = KernelText(disk, path);
    if (!text || text->starts_with("max")) return;
    const std::vector<uint64_t> numbers = Numbers(*text);
    if (numbers.size() == 1 && numbers[0] < kNone)
      limit = std::min(limit.value_or(kNone), numbers[0]);
  };
  size_t begin = 0;
  while (begin < groups->size()) {
    const size_t end = std::min(groups->find('\n', begin), groups->size());
    const std::string line = groups->substr(begin, end - begin);
    begin = end + 1;
    const size_t last = line.rfind(':');
    if (last == std::string::npos) continue;
    const std::string path = line.substr(last + 1);
    if (line.starts_with("0::")) look("/sys/fs/cgroup" + path + "/memory.max");
    if (line.find(":memory:") != std::string::npos) {
      look("/sys/fs/cgroup/memory" + path + "/memory.limit_in_bytes");
    }
  }
  return limit;
}

Diagnosis Unknown(std::string name, std::string wanted) {
  return {.name = std::move(name),
          .state = Finding::kOk,
          .found = "not to be read here",
          .wanted = std::move(wanted),
          .remedy = ""};
}

}  // namespace

std::string_view NameOf(Finding finding) {
  constexpr std::array<std::string_view, 3> kNames = {"ok", "warn", "fail"};
  return kNames[static_cast<size_t>(finding)];
}

Diagnosis LookAtRoom(Disk& disk, const std::string& directory, uint64_t wanted_bytes) {
  Diagnosis diagnosis{.name = "disk-room", .state = {}, .found = "", .wanted = "", .remedy = ""};
  const uint64_t wanted = wanted_bytes == 0 ? kRoomWanted : wanted_bytes;
  diagnosis.wanted = "at least " + run::SizeText(wanted);
  const auto free = disk.FreeBytes(directory);
  if (!free.ok()) {
    diagnosis.state = Finding::kFail;
    diagnosis.found = Message(free.status());
    diagnosis.remedy = "give a directory that is there";
    return diagnosis;
  }
  diagnosis.found = fmt::format("{} free at {}", run::SizeText(*free), directory);
  if (*free >= wanted) return diagnosis;
  diagnosis.state = wanted_bytes == 0 ? Finding::kWarn : Finding::kFail;
  diagnosis.remedy = "make room, or move the directory to a larger disk";
  return diagnosis;
}

Diagnosis LookAtSync(Disk& disk, Clock& clock, const std::string& directory) {
  Diagnosis diagnosis{
      .name = "disk-sync",
      .state = {},
      .found = "",
      .wanted = fmt::format("writable; a sync in {} to {} ms", kSyncMsTooFast, kSyncMsSlow),
      .remedy = ""};
  const Milliseconds begun = clock.Monotonic();
  for (int i = 0; i < kSyncs; ++i) {
    const Status written = ProbeWrite(disk, directory, kProbeBytesMin);
    if (written.ok()) continue;
    diagnosis.state = Finding::kFail;
    diagnosis.found = Message(written);
    diagnosis.remedy = "make it a directory that this user may write to";
    return diagnosis;
  }
  const double each_ms =
      static_cast<double>((clock.Monotonic() - begun).count()) / static_cast<double>(kSyncs);
  diagnosis.found = fmt::format("{:.2f} ms", each_ms);
  if (each_ms < kSyncMsTooFast) {
    diagnosis.state = Finding::kWarn;
    diagnosis.remedy =
        "this disk does not sync: after a power loss acknowledged entries may be missing. Use a "
        "disk that keeps its word, not memory";
  } else if (each_ms > kSyncMsSlow) {
    diagnosis.state = Finding::kWarn;
    diagnosis.remedy = "each entry waits for a sync: use a faster disk";
  }
  return diagnosis;
}

Diagnosis LookAtFileLimit(uint64_t open_files_max) {
  const bool enough = open_files_max >= kOpenFilesWanted;
  return {.name = "open-files",
          .state = enough ? Finding::kOk : Finding::kWarn,
          .found = fmt::format("{}", open_files_max),
          .wanted = fmt::format("at least {}", kOpenFilesWanted),
          .remedy = enough ? "" : "raise the hard limit (ulimit -Hn, LimitNOFILE= of the service)"};
}

Diagnosis LookAtSocketBuffers(Disk& disk) {
  const std::string wanted = "15 MB each way for 1 Gbit/s over 120 ms";
  const auto send = BufferMax(disk, "tcp_wmem");
  const auto receive = BufferMax(disk, "tcp_rmem");
  if (!send || !receive) return Unknown("socket-buffers", wanted);
  const bool enough = std::min(*send, *receive) >= kLinkBytesWanted;
  return {
      .name = "socket-buffers",
      .state = enough ? Finding::kOk : Finding::kWarn,
      .found = fmt::format("send {}, receive {}", run::SizeText(*send), run::SizeText(*receive)),
      .wanted = wanted,
      .remedy = enough ? ""
                       : "on long links: sysctl -w net.ipv4.tcp_wmem='4096 65536 16777216' "
                         "net.ipv4.tcp_rmem='4096 131072 16777216'"};
}

Diagnosis LookAtMemory(Disk& disk) {
  const auto limit = MemoryLimit(disk);
  const bool enough = !limit || *limit >= kMemoryWanted;
  return {.name = "memory-limit",
          .state = enough ? Finding::kOk : Finding::kWarn,
          .found = limit ? run::SizeText(*limit) : "none",
          .wanted = "at least " + run::SizeText(kMemoryWanted),
          .remedy = enough ? "" : "raise the limit of its group (MemoryMax= of the service)"};
}

Diagnosis LookAtSkew(Milliseconds skew) {
  const Milliseconds off(std::abs(skew.count()));
  Diagnosis diagnosis{
      .name = "clock",
      .state = {},
      .found = fmt::format("{:.1f} s {} the coordinator", static_cast<double>(off.count()) / 1000,
                           skew.count() >= 0 ? "ahead of" : "behind"),
      .wanted = fmt::format("within {} s, and at most {} s", kSkewWarn.count() / 1000,
                            kSkewMax.count() / 1000),
      .remedy = ""};
  if (off <= kSkewWarn) return diagnosis;
  diagnosis.state = off > kSkewMax ? Finding::kFail : Finding::kWarn;
  diagnosis.remedy = "set the clock, and let it be kept (chrony, systemd-timesyncd)";
  return diagnosis;
}

Diagnosis LookAtNtp(bool is_synchronised) {
  return {.name = "time-service",
          .state = is_synchronised ? Finding::kOk : Finding::kWarn,
          .found = is_synchronised ? "synchronised" : "the kernel's clock is not synchronised",
          .wanted = "synchronised",
          .remedy = is_synchronised ? "" : "run chrony or systemd-timesyncd"};
}

Diagnosis LookAtKeyMode(const std::string& file, uint32_t mode) {
  const bool is_private = (mode & 077) == 0;
  return {.name = "key-mode",
          .state = is_private ? Finding::kOk : Finding::kFail,
          .found = fmt::format("{} is {:04o}", file, mode & 07777),
          .wanted = "0600",
          .remedy = is_private ? "" : fmt::format("chmod 600 {}", file)};
}

Diagnosis LookAtTls(const std::string& address, const Status& said) {
  Diagnosis diagnosis{.name = "tls",
                      .state = said.ok() ? Finding::kOk : Finding::kFail,
                      .found = said.ok() ? "the coordinator answers at " + address : Message(said),
                      .wanted = "the certificate of the coordinator's own party",
                      .remedy = ""};
  if (said.ok()) return diagnosis;
  if (said.code() == Code::kUnauthenticated) {
    diagnosis.remedy =
        "when the issuer named is your own organisation's, a proxy opens TLS: exempt the address "
        "from inspection";
  } else {
    diagnosis.remedy = fmt::format("let this machine open connections to {}", address);
  }
  return diagnosis;
}

}  // namespace renkei::apps
