// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/site_config.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/disk.h"
#include "renkei/base/status_testing.h"

namespace renkei::site {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kHead[] =
    "format = \"renkei-site/1\"\nsite = \"site1\"\nparty = \"pacific\"\ncountry = \"US\"\n"
    "coordinator = \"127.0.0.1:7400\"\n";

SiteConfig Example() {
  SiteConfig config{.site = *SiteId::Parse("site1"),
                    .party = *PartyId::Parse("pacific-fab"),
                    .country = "US",
                    .coordinator = "fab.example:7400",
                    .trainers = {},
                    .issuer_dir = "/srv/renkei/party"};
  config.limits = {.upload_mbit = 40,
                   .hours = *OpenHours::Parse({"Mon-Fri 19:00-07:00", "Sat-Sun 00:00-24:00"}),
                   .disk_gib = 200,
                   .parallel_runs = 2};
  config.consent.trainers = {*TrainerId::Parse("resnet"), *TrainerId::Parse("wafer-cnn")};
  config.consent.purposes = {"semiconductor-defect-research"};
  config.trainers[*TrainerId::Parse("wafer-cnn")] = {
      .words = {"/opt/renkei/bin/renkei-wafer", "task", "--data", "/srv/wafer maps"},
      .timeout_s = 3600,
      .memory_mib = 2048,
      .threads = 1};
  config.trainers[*TrainerId::Parse("resnet")] = {.words = {"/opt/train.sh"}};
  return config;
}

TEST(SiteConfigFile, ReadsBackWhatItWrites) {
  EXPECT_THAT(ParseSiteConfig(DumpSiteConfig(Example()), "site.toml"), IsOkAndHolds(Example()));
  SiteConfig odd = Example();
  odd.trainers[*TrainerId::Parse("odd")] = {.words = {"a \"b\" \\ \t '\n", "", "日本"}};
  odd.issuer_dir = "";
  odd.limits = {.upload_mbit = 0.625, .hours = {}, .disk_gib = 0.1, .parallel_runs = 0};
  odd.consent.trainers.reset();
  odd.consent.purposes = {"\"quoted\" \\", "欠陥の研究"};
  EXPECT_THAT(ParseSiteConfig(DumpSiteConfig(odd), "site.toml"), IsOkAndHolds(odd));
}

TEST(SiteConfigFile, IsAsTheDocumentShows) {
  const auto disk = MakeRealDisk();
  const auto document = ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/site.md", 1 << 20);
  ASSERT_THAT(document, IsOk());
  EXPECT_THAT(ToText(*document), HasSubstr("```toml\n" + DumpSiteConfig(Example()) + "```"));
}

TEST(SiteConfigFile, RefusesWhatItDoesNotKnow) {
  const struct {
    const char* what;
    std::string toml;
    const char* message;
  } cases[] = {
      {"no format", "site = \"a\"\n", "format"},
      {"another format", "format = \"renkei-site/2\"\n", "renkei-site/1"},
      {"unknown key", std::string(kHead) + "colour = \"red\"\n", "colour"},
      {"country in words", std::string(kHead) + "[x]\n", "x"},
      {"bad trainer id", std::string(kHead) + "[trainer.\"A B\"]\ncommand = [\"a\"]\n", "A B"},
      {"no command", std::string(kHead) + "[trainer.a]\n", "command"},
      {"empty command", std::string(kHead) + "[trainer.a]\ncommand = []\n", "command"},
      {"empty program", std::string(kHead) + "[trainer.a]\ncommand = [\"\"]\n", "command"},
      {"NUL in a word", std::string(kHead) + "[trainer.a]\ncommand = [\"a\\u0000b\"]\n", "NUL"},
      {"command is a text", std::string(kHead) + "[trainer.a]\ncommand = \"a\"\n", "command"},
      {"negative limit", std::string(kHead) + "[trainer.a]\ncommand = [\"a\"]\ntimeout_s = -1\n",
       "timeout_s"},
      {"unknown key of a trainer",
       std::string(kHead) + "[trainer.a]\ncommand = [\"a\"]\nshell = true\n", "shell"},
      {"unknown key of the issuer", std::string(kHead) + "[issuer]\ndir = \"a\"\nx = 1\n", "x"},
      {"unknown limit", std::string(kHead) + "[limits]\ncpus = 1\n", "line 7, column 8: cpus"},
      {"upload too slow", std::string(kHead) + "[limits]\nupload_mbit = 0.1\n",
       "line 7, column 15: upload_mbit: 0.1 is not from 0.5"},
      {"no upload", std::string(kHead) + "[limits]\nupload_mbit = 0\n", "upload_mbit"},
      {"upload is text", std::string(kHead) + "[limits]\nupload_mbit = \"40\"\n", "a number"},
      {"upload is no number", std::string(kHead) + "[limits]\nupload_mbit = nan\n", "line 7"},
      {"no disk", std::string(kHead) + "[limits]\ndisk_gib = 0\n", "disk_gib: 0 is not from"},
      {"less than no disk", std::string(kHead) + "[limits]\ndisk_gib = -1\n", "disk_gib"},
      {"no run", std::string(kHead) + "[limits]\nparallel_runs = 0\n", "parallel_runs"},
      {"half a run", std::string(kHead) + "[limits]\nparallel_runs = 1.5\n", "parallel_runs"},
      {"no hours", std::string(kHead) + "[limits]\nhours = []\n", "1 to 64 windows"},
      {"bad hours", std::string(kHead) + "[limits]\nhours = [\"Mon 9-17\"]\n",
       "line 7, column 9: hours: 'Mon 9-17': no times"},
      {"unknown key of consent", std::string(kHead) + "[consent]\nruns = []\n",
       "line 7, column 8: runs"},
      {"consent to no trainer id", std::string(kHead) + "[consent]\ntrainers = [\"A B\"]\n",
       "line 7, column 12: trainers"},
      {"consent is no list", std::string(kHead) + "[consent]\ntrainers = \"a\"\n", "trainers"},
      {"consent twice", std::string(kHead) + "[consent]\ntrainers = [\"a\", \"a\"]\n", "twice"},
      {"purpose of two lines", std::string(kHead) + "[consent]\npurposes = [\"a\\nb\"]\n",
       "line 7, column 12: purposes"},
      {"empty purpose", std::string(kHead) + "[consent]\npurposes = [\"\"]\n", "purposes"},
      {"purpose twice", std::string(kHead) + "[consent]\npurposes = [\"a\", \"a\"]\n", "twice"},
      {"no TOML", "format = ", "line 1"},
  };
  EXPECT_THAT(ParseSiteConfig(kHead, "site.toml"), IsOk());
  for (const auto& c : cases) {
    EXPECT_THAT(ParseSiteConfig(c.toml, "site.toml"),
                StatusIs(Code::kInvalidArgument, HasSubstr(c.message)))
        << c.what;
  }
  const std::string long_one(kSiteConfigBytesMax + 1, ' ');
  EXPECT_THAT(ParseSiteConfig(long_one, "site.toml"), StatusIs(Code::kResourceExhausted));
}

TEST(SiteConfigFile, ConsentsToWhatItListsAndWithoutAListToAll) {
  const TrainerId wafer = *TrainerId::Parse("wafer");
  const auto covers = [&](const char* consent, const std::vector<std::string>& purposes) {
    const auto config = ParseSiteConfig(std::string(kHead) + "[consent]\n" + consent, "site.toml");
    return config.ok() && config->consent.Covers(wafer, purposes);
  };
  EXPECT_TRUE(covers("", {"a", "b"}));
  EXPECT_TRUE(covers("trainers = [\"wafer\"]\n", {"a"}));
  EXPECT_FALSE(covers("trainers = [\"resnet\"]\n", {"a"}));
  EXPECT_FALSE(covers("trainers = []\n", {"a"}));
  EXPECT_TRUE(covers("purposes = [\"a\", \"b\"]\n", {"b"}));
  EXPECT_FALSE(covers("purposes = [\"a\"]\n", {"a", "b"})) << "for one of them it does not serve";
  EXPECT_FALSE(covers("purposes = []\n", {"a"}));
}

TEST(TrainerOption, SplitsWordsAndKeepsQuotedOnesTogether) {
  const auto words = [](const char* text) {
    const auto option = ParseTrainerOption(text);
    return option.ok() ? option->second.words : std::vector<std::string>{Text(option.status())};
  };
  EXPECT_THAT(words("wafer=renkei-wafer task --data /data"),
              ElementsAre("renkei-wafer", "task", "--data", "/data"));
  EXPECT_THAT(words("wafer=  a   'b c' \"d 'e\" '' f=g "),
              ElementsAre("a", "b c", "d 'e", "", "f=g"));
  EXPECT_THAT(words("wafer=a'b c'd"), ElementsAre("ab cd"));
  EXPECT_THAT(words("wafer=$HOME;x|y>z"), ElementsAre("$HOME;x|y>z"));
  for (const char* bad : {"", "wafer", "wafer=", "wafer=   ", "=a", "W=a", "wafer='a"}) {
    EXPECT_THAT(ParseTrainerOption(bad), StatusIs(Code::kInvalidArgument)) << bad;
  }
}

}  // namespace
}  // namespace renkei::site
