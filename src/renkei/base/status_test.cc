// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/status.h"

#include <memory>

#include <gmock/gmock.h>

#include "renkei/base/check.h"
#include "renkei/base/status_testing.h"

namespace renkei {
namespace {

StatusOr<int> Half(int number) {
  if (number % 2 != 0) return Error(Code::kInvalidArgument, "{} is odd", number);
  return number / 2;
}

StatusOr<int> Quarter(int number) {
  RK_ASSIGN_OR_RETURN(const int half, Half(number));
  RK_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status CheckQuarter(int number) {
  RK_RETURN_IF_ERROR(Quarter(number).status());
  return Ok();
}

StatusOr<std::unique_ptr<int>> Move(StatusOr<std::unique_ptr<int>> source) {
  RK_ASSIGN_OR_RETURN(auto value, std::move(source));
  return value;
}

TEST(Status, CarriesCodeAndMessage) {
  const Status status = Error(Code::kDataLoss, "leaf {} differs", 3);
  EXPECT_THAT(status, StatusIs(Code::kDataLoss, "leaf 3 differs"));
  EXPECT_EQ(Text(status), "DATA_LOSS: leaf 3 differs");
  EXPECT_EQ(Text(Ok()), "OK");
}

TEST(Status, AnnotateKeepsTheCodeAndSuccess) {
  EXPECT_THAT(Annotate(Error(Code::kNotFound, "no file"), "tile 3"),
              StatusIs(Code::kNotFound, "tile 3: no file"));
  EXPECT_THAT(Annotate(Ok(), "tile 3"), IsOk());
}

TEST(Macros, ReturnTheFirstErrorAndMoveTheValue) {
  EXPECT_THAT(Quarter(12), IsOkAndHolds(3));
  EXPECT_THAT(Quarter(7), StatusIs(Code::kInvalidArgument, "7 is odd"));
  EXPECT_THAT(Quarter(6), StatusIs(Code::kInvalidArgument, "3 is odd"));
  EXPECT_THAT(CheckQuarter(8), IsOk());
  EXPECT_THAT(CheckQuarter(6), StatusIs(Code::kInvalidArgument));
  auto moved = Move(std::make_unique<int>(5));
  ASSERT_THAT(moved, IsOk());
  EXPECT_EQ(**moved, 5);
}

TEST(CheckDeathTest, AbortsWithTheCondition) {
  EXPECT_DEATH(RK_CHECK(1 + 1 == 3), "check failed: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace renkei
