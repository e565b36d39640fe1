// SPDX-License-Identifier: Apache-2.0
// What `renkei doctor` looks at before a site or a coordinator starts, one function for each thing.
// What the kernel tells is read from /proc and /sys through the disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::apps {

enum class Finding { kOk, kWarn, kFail };
std::string_view NameOf(Finding finding);  // "ok", "warn", "fail"

struct Diagnosis {
  std::string name;
  Finding state = Finding::kOk;
  std::string found;
  std::string wanted;
  std::string remedy;  // empty when ok
};

inline constexpr uint64_t kOpenFilesWanted = 4096;  // 1,000 connections, two files each, and blobs
inline constexpr uint64_t kMemoryWanted = 256 << 20;
inline constexpr uint64_t kLinkBytesWanted = 15'000'000;  // 1 Gbit/s for 120 ms
inline constexpr double kSyncMsTooFast = 0.05;            // no disk that keeps its word is faster
inline constexpr double kSyncMsSlow = 20;
inline constexpr Milliseconds kSkewWarn{5'000};
inline constexpr Milliseconds kSkewMax{60'000};  // beyond it the gate holds

// `wanted_bytes`: 0 when the run's shape is not known; then less than 1 GiB is a warning.
Diagnosis LookAtRoom(Disk& disk, const std::string& directory, uint64_t wanted_bytes);
// Whether files can be written in `directory`, and how long one takes to be stable: a mean over
// 64, written and removed.
Diagnosis LookAtSync(Disk& disk, Clock& clock, const std::string& directory);
Diagnosis LookAtFileLimit(uint64_t open_files_max);
// What one connection may have under way, each way: net.ipv4.tcp_wmem and tcp_rmem.
Diagnosis LookAtSocketBuffers(Disk& disk);
// Of this process's group, version 1 or 2.
Diagnosis LookAtMemory(Disk& disk);
// `skew`: this clock before the coordinator's.
Diagnosis LookAtSkew(Milliseconds skew);
Diagnosis LookAtNtp(bool is_synchronised);
// `mode`: the permission bits of a key's file.
Diagnosis LookAtKeyMode(const std::string& file, uint32_t mode);
// `said`: what the first call to the coordinator came to.
Diagnosis LookAtTls(const std::string& address, const Status& said);

}  // namespace renkei::apps
