// SPDX-License-Identifier: Apache-2.0
#include "renkei/store/index.h"

#include <cstdlib>
#include <memory>

#include <gmock/gmock.h>

#include "renkei/base/check.h"
#include "renkei/base/disk.h"
#include "renkei/base/status_testing.h"

namespace renkei::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

enum class Which { kMemory, kSqlite };

// One contract, both kinds.
class IndexContract : public testing::TestWithParam<Which> {
 protected:
  IndexContract() : directory_(testing::TempDir() + "/renkei-index-XXXXXX") {
    RK_CHECK(mkdtemp(directory_.data()) != nullptr);
    if (GetParam() == Which::kMemory) {
      index_ = MakeMemoryIndex();
    } else {
      Reopen();
    }
  }
  ~IndexContract() override {
    index_.reset();
    EXPECT_THAT(RemoveTree(*disk_, directory_), IsOk());
  }
  std::string Path() const { return directory_ + "/index.db"; }
  void Reopen() {
    index_.reset();
    auto made = MakeSqliteIndex(Path());
    ASSERT_THAT(made, IsOk());
    index_ = std::move(*made);
  }
  static Row Of(std::string table, std::string key, std::string_view value) {
    return {.table = std::move(table), .key = std::move(key), .value = ToBytes(value)};
  }
  Status Put(std::vector<Row> rows) { return index_->Put(rows); }

  std::unique_ptr<Disk> disk_ = MakeRealDisk();
  std::string directory_;
  std::unique_ptr<Index> index_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, IndexContract, testing::Values(Which::kMemory, Which::kSqlite),
                         [](const auto& instance) {
                           return instance.param == Which::kMemory ? "Memory" : "Sqlite";
                         });

TEST_P(IndexContract, ReturnsTheLastValuePut) {
  EXPECT_THAT(index_->Get("t", "a"), IsOkAndHolds(testing::Eq(std::nullopt)));
  EXPECT_THAT(Put({Of("t", "a", "1"), Of("u", "a", "2")}), IsOk());
  EXPECT_THAT(Put({Of("t", "a", "3")}), IsOk());
  EXPECT_THAT(index_->Get("t", "a"), IsOkAndHolds(Optional(ToBytes("3"))));
  EXPECT_THAT(index_->Get("u", "a"), IsOkAndHolds(Optional(ToBytes("2"))));
}

TEST_P(IndexContract, TakesAnyBytesAndEmptyOnes) {
  const std::string odd("\0\xff'; DROP", 9);
  EXPECT_THAT(Put({Of(odd, odd, odd), Of("", "", "")}), IsOk());
  EXPECT_THAT(index_->Get(odd, odd), IsOkAndHolds(Optional(ToBytes(odd))));
  EXPECT_THAT(index_->Get("", ""), IsOkAndHolds(Optional(Bytes{})));
}

TEST_P(IndexContract, ScansAPrefixInByteOrder) {
  EXPECT_THAT(Put({Of("t", "b\xff", "3"), Of("t", "b", "1"), Of("t", "ba", "2"), Of("t", "a", "0"),
                   Of("t", "c", "4"), Of("u", "b", "5")}),
              IsOk());
  EXPECT_THAT(
      index_->Scan("t", "b", 10),
      IsOkAndHolds(ElementsAre(Of("t", "b", "1"), Of("t", "ba", "2"), Of("t", "b\xff", "3"))));
  EXPECT_THAT(index_->Scan("t", "b", 2),
              IsOkAndHolds(ElementsAre(Of("t", "b", "1"), Of("t", "ba", "2"))));
  EXPECT_THAT(index_->Scan("t", "x", 2), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(index_->Scan("t", "", 0), IsOkAndHolds(IsEmpty()));
}

TEST_P(IndexContract, ClearForgetsAll) {
  EXPECT_THAT(Put({Of("t", "a", "1")}), IsOk());
  EXPECT_THAT(index_->Clear(), IsOk());
  EXPECT_THAT(index_->Scan("t", "", 10), IsOkAndHolds(IsEmpty()));
}

TEST_P(IndexContract, SqliteKeepsItsRowsAndADamagedFileIsEmptied) {
  if (GetParam() == Which::kMemory) return;
  EXPECT_THAT(Put({Of("t", "a", "1")}), IsOk());
  Reopen();
  EXPECT_THAT(index_->Get("t", "a"), IsOkAndHolds(Optional(ToBytes("1"))));
  index_.reset();
  ASSERT_THAT(WriteWhole(*disk_, Path(), AsBytes("this is no database, whatever its name")),
              IsOk());
  Reopen();
  EXPECT_THAT(index_->Get("t", "a"), IsOkAndHolds(testing::Eq(std::nullopt)));
  EXPECT_THAT(Put({Of("t", "a", "2")}), IsOk());
}

}  // namespace
}  // namespace renkei::store
