// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/spec.h"

#include <string>

#include <gmock/gmock.h>

#include "renkei/base/status_testing.h"

namespace renkei::run {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kModel[] =
    "t1-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-4096";

// A whole spec with one line replaced, or added when `line` is empty.
std::string Text(const std::string& line = "", const std::string& by = "") {
  std::string text = std::string(R"(format = "renkei-run/1"
name = "wafer-1"
model = ")") + kModel +
                     R"("
trainer = "renkei-wafer"
rounds = 28
quorum = 3
deadline_s = 3600
late = "drop"
purposes = ["semiconductor-defect-research"]
participants = ["fab-b", "fab-a", "fab-c"]
)" + (line.empty() ? by + "\n" : "") +
                     R"([classification]
us = "EAR99"
jp = "not-listed"
[config]
rate = 0.03
layers = [8, 16]
[early_stop]
metric = "loss"
goal = "min"
patience = 5
)";
  if (!line.empty()) text.replace(text.find(line), line.size(), by);
  return text;
}

TEST(Spec, ReadsEveryKey) {
  const auto spec = ParseSpec(Text(), "run.toml");
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->name.text(), "wafer-1");
  EXPECT_EQ(spec->model.Text(), kModel);
  EXPECT_EQ(spec->rounds, 28u);
  EXPECT_EQ(spec->quorum, 3u);
  EXPECT_EQ(spec->deadline_s, 3600);
  EXPECT_EQ(spec->start_deadline_s, 600);
  EXPECT_EQ(spec->evaluate_deadline_s, 600);
  EXPECT_EQ(spec->reducer, "weighted-mean");
  EXPECT_THAT(spec->participants, ElementsAre(*SiteId::Parse("fab-a"), *SiteId::Parse("fab-b"),
                                              *SiteId::Parse("fab-c")));
  EXPECT_EQ(spec->config_json, R"({"rate":0.03,"layers":[8,16]})");
  ASSERT_TRUE(spec->early_stop);
  EXPECT_FALSE(spec->early_stop->larger_is_better);
  EXPECT_EQ(spec->early_stop->patience, 5u);
}

TEST(Spec, RefusesWhatIsWrongAndSaysWhere) {
  const struct {
    const char* line;
    const char* by;
    const char* says;
  } cases[] = {
      {"", "reducers = 1", "reducers"},
      {"renkei-run/1", "renkei-run/2", "format"},
      {"rounds = 28", "rounds = 0", "rounds"},
      {"rounds = 28", "", "rounds"},
      {"quorum = 3", "quorum = 4", "cannot meet a quorum"},
      {"quorum = 3", "quorum = \"3\"", "quorum"},
      {"\"fab-b\"", "\"fab-a\"", "twice"},
      {"\"fab-b\"", "\"Fab B\"", "site id"},
      {"late = \"drop\"", "late = \"keep\"", "drop"},
      {"t1-aa", "t1-AA", "model"},
      {"deadline_s = 3600", "deadline_s = 99999999", "deadline_s"},
      {"[\"semiconductor-defect-research\"]", "[]", "purposes"},
      {"goal = \"min\"", "goal = \"down\"", "goal"},
      {"jp = \"not-listed\"", "cn = \"x\"", "classification"},
      {"name = \"wafer-1\"", "name = \"../etc\"", "name"},
      {"name = \"wafer-1\"", "name = 'a'\nname = 'b'", "line"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(ParseSpec(Text(c.line, c.by), "run.toml"),
                StatusIs(Code::kInvalidArgument, AllOf(HasSubstr("run.toml"), HasSubstr(c.says))))
        << c.line << " -> " << c.by;
  }
  EXPECT_THAT(ParseSpec(Text("", "# " + std::string(kSpecBytesMax, 'x')), "run.toml"),
              StatusIs(Code::kResourceExhausted));
}

TEST(Spec, TaskSeedsDifferByRunRoundAndSiteAndFitASignedInteger) {
  const RunId run = *RunId::Parse("wafer-1");
  const SiteId site = *SiteId::Parse("fab-a");
  const uint64_t seed = TaskSeed(run, 1, site);
  // printf 'renkei-task-seed/1\nwafer-1\n1\nfab-a\n' | sha256sum
  EXPECT_EQ(seed, 0x5fc17c0f8d3ea5a9u);
  EXPECT_NE(seed, TaskSeed(run, 2, site));
  EXPECT_NE(seed, TaskSeed(run, 1, *SiteId::Parse("fab-b")));
  EXPECT_NE(seed, TaskSeed(*RunId::Parse("wafer-2"), 1, site));
  EXPECT_EQ(seed >> 63, 0u);
}

}  // namespace
}  // namespace renkei::run
