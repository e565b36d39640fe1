// SPDX-License-Identifier: Apache-2.0
// The page docs/formats/blob-id.md says what the code does.
#include <gmock/gmock.h>

#include "renkei/base/disk.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/store/blob_tree.h"

namespace renkei::store {
namespace {

using testing::HasSubstr;

std::string Page() {
  const auto disk = MakeRealDisk();
  const auto page = ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/blob-id.md", 1 << 20);
  EXPECT_THAT(page, IsOk());
  return page.ok() ? ToText(*page) : "";
}

TEST(BlobIdPage, ShowsTheNamesOfItsExamples) {
  const std::string page = Page();
  LyingDisk disk;
  for (const Bytes& bytes :
       {Bytes{}, ToBytes("abc"), Bytes(kChunkBytes, 'a'), Bytes(2 * kChunkBytes + 1, 'a')}) {
    ASSERT_THAT(WriteWhole(disk, "file", bytes), IsOk());
    const auto file = *disk.Open("file", OpenMode::kRead);
    const auto leaves = HashChunks(*file);
    ASSERT_THAT(leaves, IsOk());
    for (const Digest& leaf : *leaves)
      EXPECT_THAT(page, HasSubstr(fmt::format("`{}`", leaf.hex())));
    const auto id = HashFile(*file);
    ASSERT_THAT(id, IsOk());
    EXPECT_THAT(page, HasSubstr(fmt::format("`{}`", id->Text())));
  }
}

TEST(BlobIdPage, ShowsWhereABlobLies) {
  const std::string page = Page();
  LyingDisk disk;
  auto blobs = MakeDirectoryBlobs(disk, "blobs");
  ASSERT_THAT(blobs, IsOk());
  auto draft = (*blobs)->Create();
  ASSERT_THAT(draft, IsOk());
  ASSERT_THAT((*draft)->Append(AsBytes("abc")), IsOk());
  auto id = (*draft)->Finish();
  ASSERT_THAT(id, IsOk());
  const std::string path = fmt::format("{}/{}", id->root.hex().substr(0, 2), id->Text());
  EXPECT_THAT(disk.Exists("blobs/" + path), IsOkAndHolds(true));
  EXPECT_THAT(disk.Exists("blobs/" + path + ".leaves"), IsOkAndHolds(true));
  EXPECT_THAT(page, HasSubstr(path + "\n"));
  EXPECT_THAT(page, HasSubstr(path + ".leaves\n"));
}

}  // namespace
}  // namespace renkei::store
