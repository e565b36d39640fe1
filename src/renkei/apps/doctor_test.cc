// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "renkei/apps/doctor_checks.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"

namespace renkei::apps {
namespace {

using testing::HasSubstr;

class Doctor : public testing::Test {
 protected:
  void Put(const std::string& path, std::string_view text) {
    ASSERT_THAT(disk_.MakeDirs(ParentOf(path)), IsOk());
    ASSERT_THAT(WriteWhole(disk_, path, AsBytes(text)), IsOk());
  }

  LyingDisk disk_;
  ManualClock clock_{Instant(Milliseconds(1'700'000'000'000))};
};

TEST_F(Doctor, ComparesTheRoomWithWhatTheRunNeeds) {
  ASSERT_THAT(disk_.MakeDirs("/hub"), IsOk());
  disk_.SetCapacity(10 << 20);
  EXPECT_EQ(LookAtRoom(disk_, "/hub", 9 << 20).state, Finding::kOk);
  const Diagnosis small = LookAtRoom(disk_, "/hub", 11 << 20);
  EXPECT_EQ(small.state, Finding::kFail);
  EXPECT_EQ(small.found, "10.0 MiB free at /hub");
  EXPECT_EQ(small.wanted, "at least 11.0 MiB");
  EXPECT_THAT(small.remedy, HasSubstr("make room"));
  EXPECT_EQ(LookAtRoom(disk_, "/hub", 0).state, Finding::kWarn);
}

TEST_F(Doctor, NoticesADiskThatDoesNotSyncAndOneThatCannotBeWritten) {
  ASSERT_THAT(disk_.MakeDirs("/hub"), IsOk());
  const Diagnosis fast = LookAtSync(disk_, clock_, "/hub");  // No time passes.
  EXPECT_EQ(fast.state, Finding::kWarn);
  EXPECT_THAT(fast.remedy, HasSubstr("does not sync"));
  EXPECT_TRUE(disk_.Files().empty());
  EXPECT_EQ(LookAtSync(disk_, clock_, "/none").state, Finding::kFail);
  disk_.FailAfter(1);
  EXPECT_EQ(LookAtSync(disk_, clock_, "/hub").state, Finding::kFail);
}

TEST_F(Doctor, ReadsTheLimitsOfTheKernel) {
  EXPECT_EQ(LookAtSocketBuffers(disk_).state, Finding::kOk) << "cannot be read: no alarm";
  Put("/proc/sys/net/ipv4/tcp_wmem", "4096\t16384\t4194304\n");
  Put("/proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t33554432\n");
  const Diagnosis small = LookAtSocketBuffers(disk_);
  EXPECT_EQ(small.state, Finding::kWarn);
  EXPECT_EQ(small.found, "send 4.0 MiB, receive 32.0 MiB");
  EXPECT_THAT(small.remedy, HasSubstr("sysctl -w"));
  Put("/proc/sys/net/ipv4/tcp_wmem", "4096 16384 16777216");
  EXPECT_EQ(LookAtSocketBuffers(disk_).state, Finding::kOk);
}

TEST_F(Doctor, FindsTheMemoryLimitOfItsGroup) {
  EXPECT_EQ(LookAtMemory(disk_).found, "none");
  Put("/proc/self/cgroup", "12:cpu:/\n7:memory:/svc\n0::/renkei\n");
  Put("/sys/fs/cgroup/renkei/memory.max", "max\n");
  Put("/sys/fs/cgroup/memory/svc/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(LookAtMemory(disk_).found, "none");
  Put("/sys/fs/cgroup/memory/svc/memory.limit_in_bytes", "134217728\n");
  const Diagnosis low = LookAtMemory(disk_);
  EXPECT_EQ(low.state, Finding::kWarn);
  EXPECT_EQ(low.found, "128.0 MiB");
  Put("/sys/fs/cgroup/memory/svc/memory.limit_in_bytes", "268435456\n");
  EXPECT_EQ(LookAtMemory(disk_).state, Finding::kOk);
}

TEST_F(Doctor, JudgesClocksFilesAndKeys) {
  EXPECT_EQ(LookAtSkew(Milliseconds(-4'900)).state, Finding::kOk);
  EXPECT_EQ(LookAtSkew(Milliseconds(30'000)).state, Finding::kWarn);
  EXPECT_EQ(LookAtSkew(Milliseconds(-61'000)).state, Finding::kFail);
  EXPECT_EQ(LookAtSkew(Milliseconds(-61'000)).found, "61.0 s behind the coordinator");
  EXPECT_EQ(LookAtFileLimit(1024).state, Finding::kWarn);
  EXPECT_EQ(LookAtFileLimit(65'536).state, Finding::kOk);
  EXPECT_EQ(LookAtNtp(false).state, Finding::kWarn);
  EXPECT_EQ(LookAtKeyMode("/s/site.key", 0100600).state, Finding::kOk);
  EXPECT_EQ(LookAtKeyMode("/s/site.key", 0100640).state, Finding::kFail);
  EXPECT_EQ(LookAtKeyMode("/s/site.key", 0100640).found, "/s/site.key is 0640");
}

TEST_F(Doctor, TellsAProxyThatOpensTlsFromAClosedPort) {
  EXPECT_EQ(LookAtTls("fab:7443", Ok()).state, Finding::kOk);
  const Diagnosis proxy =
      LookAtTls("fab:7443", Error(Code::kUnauthenticated, "issued by CN=Corp Inspection CA"));
  EXPECT_EQ(proxy.state, Finding::kFail);
  EXPECT_THAT(proxy.found, HasSubstr("Corp Inspection CA"));
  EXPECT_THAT(proxy.remedy, HasSubstr("proxy opens TLS"));
  EXPECT_THAT(LookAtTls("fab:7443", Error(Code::kUnavailable, "refused")).remedy,
              HasSubstr("connections to fab:7443"));
}

}  // namespace
}  // namespace renkei::apps
