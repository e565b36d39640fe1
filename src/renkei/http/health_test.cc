// SPDX-License-Identifier: Apache-2.0
#include "renkei/http/health.h"

#include <gmock/gmock.h>

#include "renkei/syntax/json.h"

namespace renkei::http {
namespace {

const Instant kSince = Instant(std::chrono::seconds(1'800'000'000));

std::vector<Check> Checks(bool blobs_ok) {
  return {{.name = "ledger", .ok = true, .text = "7 entries", .since = kSince},
          {.name = "disk-blobs",
           .ok = blobs_ok,
           .text = "/srv/blobs: cannot write: No space left on device\n; make room",
           .since = kSince}};
}

TEST(HealthPage, IsOkWhenEveryCheckIs) {
  const Answer answer = HealthPage(Checks(true), {.path = "/healthz", .accept = ""});
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body, "ok\n");
}

TEST(HealthPage, HasALineForEachCheckThatFails) {
  const Answer answer = HealthPage(Checks(false), {.path = "/healthz", .accept = "*/*"});
  EXPECT_EQ(answer.status, 503u);
  EXPECT_EQ(answer.body,
            "failing\ndisk-blobs since 2027-01-15T08:00:00.000Z: /srv/blobs: cannot write: No "
            "space left on device ; make room\n");
}

TEST(HealthPage, TellsProgramsAllChecks) {
  const Answer answer =
      HealthPage(Checks(false), {.path = "/healthz", .accept = "application/json;q=0.9"});
  EXPECT_EQ(answer.status, 503u);
  EXPECT_EQ(answer.content_type, "application/json");
  const auto document = syntax::ParseJson(answer.body);
  ASSERT_TRUE(document.ok());
  EXPECT_FALSE(document->Find("ok")->boolean());
  const auto& rows = document->Find("checks")->items();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].Find("name")->text(), "ledger");
  EXPECT_TRUE(rows[0].Find("ok")->boolean());
  EXPECT_EQ(rows[1].Find("since")->text(), "2027-01-15T08:00:00.000Z");
}

}  // namespace
}  // namespace renkei::http
