// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/messages.h"

#include <cctype>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/blob_id.h"
#include "renkei/base/disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/v1/coordinator.pb.h"

namespace renkei::wire {
namespace {

TEST(Messages, HashesSurviveBothWays) {
  std::vector<Digest> hashes(3);
  hashes[1].bytes.fill(0xAB);
  std::vector<Digest> back;
  ASSERT_THAT(SplitHashes(JoinHashes(hashes), 3, back), IsOk());
  EXPECT_EQ(back, hashes);
}

TEST(Messages, HashesThatAreNotWholeOrTooManyAreRefused) {
  std::vector<Digest> into;
  EXPECT_THAT(SplitHashes(std::string(33, 'x'), 3, into), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(SplitHashes(std::string(64, 'x'), 1, into), StatusIs(Code::kInvalidArgument));
  EXPECT_TRUE(into.empty());
}

// The hexadecimal lines below a heading of the format's document.
std::string HexOfExample(const std::string& document, const std::string& heading) {
  std::string hex;
  size_t at = document.find("```", document.find(heading)) + 3;
  const size_t end = document.find("```", at);
  for (; at < end; ++at) {
    if (document[at] == '#') at = document.find('\n', at);
    if (std::isxdigit(static_cast<unsigned char>(document[at]))) hex += document[at];
  }
  return hex;
}

TEST(Messages, TheWorkedExamplesOfTheDocumentAreTheBytes) {
  const auto disk = MakeRealDisk();
  const auto text = ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/wire.md", 1 << 20);
  ASSERT_THAT(text, IsOk());
  const std::string document = ToText(*text);

  v1::HelloRequest hello;
  hello.set_protocol_min(1);
  hello.set_protocol_max(1);
  hello.set_version("0.1.0");
  EXPECT_EQ(HexOfExample(document, "### HelloRequest"), ToHex(AsBytes(hello.SerializeAsString())));

  BlobId id{.root = {}, .size_bytes = 3};
  id.root.bytes.fill(0x11);
  v1::UploadRequest start;
  start.mutable_start()->set_blob(id.Text());
  EXPECT_EQ(HexOfExample(document, "### UploadRequest: start"),
            ToHex(AsBytes(start.SerializeAsString())));

  v1::UploadRequest chunk;
  chunk.mutable_chunk()->set_index(2);
  chunk.mutable_chunk()->set_content("abc");
  EXPECT_EQ(HexOfExample(document, "### UploadRequest: chunk"),
            ToHex(AsBytes(chunk.SerializeAsString())));
}

}  // namespace
}  // namespace renkei::wire
