// SPDX-License-Identifier: Apache-2.0
// Runs a fuzzer's entry point over the files of a directory, in builds without libFuzzer.
#include <cstdint>
#include <cstdio>
#include <string>

#include "renkei/base/disk.h"
#include "renkei/base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size);

namespace {

constexpr uint64_t kSeedBytesMax = 1u << 20;

renkei::Status Replay(const std::string& directory) {
  const auto disk = renkei::MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const auto names, disk->List(directory));
  if (names.empty()) {
    return renkei::Error(renkei::Code::kNotFound, "{} holds no seeds", directory);
  }
  for (const std::string& name : names) {
    const std::string path = renkei::JoinPath(directory, name);
    RK_ASSIGN_OR_RETURN(const auto seed, renkei::ReadWhole(*disk, path, kSeedBytesMax));
    std::printf("%s\n", path.c_str());
    LLVMFuzzerTestOneInput(seed.data(), seed.size());
  }
  return renkei::Ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
    return 2;
  }
  const renkei::Status status = Replay(argv[1]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", renkei::Text(status).c_str());
  return 1;
}
