// SPDX-License-Identifier: Apache-2.0
#include "renkei/charter/charter.h"

#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/charter/country.h"
#include "renkei/charter/fixture.h"
#include "renkei/crypto/hash.h"

namespace renkei::charter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string kToml = TestToml();
const Instant kNow = *ParseInstant("2026-12-01T00:00:00Z");

TEST(Charter, ReadsWhatItsPartiesWrote) {
  const auto charter = Parse(kToml, "charter.toml");
  ASSERT_THAT(charter, IsOk());
  EXPECT_EQ(charter->name, "wafer-defects");
  EXPECT_EQ(charter->version, 1u);
  EXPECT_EQ(charter->parties_to_adopt, 4u);
  EXPECT_EQ(charter->runs.approvals, 1u);
  EXPECT_THAT(charter->runs.purposes, ElementsAre("semiconductor-defect-research"));
  EXPECT_EQ(charter->coordinator.site.text(), "coordinator");
  ASSERT_EQ(charter->parties.size(), 4u);
  const Party* kyushu = charter->FindParty(*PartyId::Parse("kyushu-fab"));
  ASSERT_NE(kyushu, nullptr);
  EXPECT_EQ(kyushu->threshold, 2u);
  ASSERT_EQ(kyushu->people.size(), 3u);
  EXPECT_THAT(kyushu->people[2].roles, ElementsAre(Role::kResearcher, Role::kAuditor));
  EXPECT_EQ(charter->FindParty(*PartyId::Parse("nobody")), nullptr);
  const Party* party = nullptr;
  const Person* yuki = charter->FindPersonByKeyId(TestKey(6).public_key().KeyId(), &party);
  ASSERT_NE(yuki, nullptr);
  EXPECT_EQ(yuki->id.text(), "yuki");
  EXPECT_EQ(party->id.text(), "hokkaido-lab");
  EXPECT_EQ(charter->FindPersonByKeyId(TestKey(9).public_key().KeyId()), nullptr);
  EXPECT_EQ(charter->permits.size(), 1u);
  EXPECT_EQ(charter->sha256, crypto::Sha256(AsBytes(kToml)));
}

TEST(Charter, ItsLedgerIsNamedAfterItsFirstText) {
  const Charter charter = *Parse(kToml, "c");
  EXPECT_EQ(charter.LedgerOrigin(), "renkei/wafer-defects/" + charter.sha256.hex().substr(0, 16));
  EXPECT_EQ(charter.LedgerKey().name, charter.LedgerOrigin());
  EXPECT_EQ(charter.LedgerKey().key, charter.coordinator.key);
  const Charter next = *Parse(
      Replaced(kToml, "version = 1\n",
               fmt::format("version = 2\nprevious_sha256 = \"{0}\"\nfirst_sha256 = \"{0}\"\n",
                           charter.sha256.hex())),
      "c");
  EXPECT_EQ(next.LedgerOrigin(), charter.LedgerOrigin());
}

TEST(Charter, EveryBadTextIsRefusedWithItsPlace) {
  const std::string alice = TestKey(1).public_key().Text();
  const struct {
    const char* from;
    std::string to;
    const char* message;
  } cases[] = {
      {"renkei-charter/1", "renkei-charter/2", "line 8, column 10: format"},
      {"name = \"wafer-defects\"", "name = \"Wafer Defects\"", "name: charter name"},
      {"version = 1\n", "version = 0\n", "version"},
      {"version = 1\n", "version = 2\n", "previous_sha256: is missing"},
      {"version = 1\n", "version = 1\nfirst_sha256 = \"00\"\n", "versions after the first"},
      {"version = 1\n", "version = 1\nmotto = \"together\"\n", "line 11, column 9: motto: is not"},
      {"2027-11-24T00:00:00.000Z", "2026-11-24T00:00:00.000Z", "not after `created`"},
      {"2027-11-24T00:00:00.000Z", "2027-11-24", "line 12, column 11"},
      {"parties_to_adopt = 4", "parties_to_adopt = 5", "only 4 parties have an officer"},
      {"parties_to_adopt = 4", "parties_to_adopt = 0", "parties_to_adopt: 0 is not from 1"},
      {"approvals = 1", "approvals = 5", "approvals: 5 is not from 0 to 4"},
      {"weight_max = 1000000", "weight_max = 536870912", "weight_max"},
      {"purposes = [\"semiconductor-defect-research\"]\n\n", "purposes = []\n\n", "purposes"},
      {"purposes = [\"semiconductor-defect-research\"]\n\n", "purposes = [\"*\"]\n\n", "name each"},
      {"party = \"pacific-fab\"", "party = \"nobody\"", "nobody is not a [[party]]"},
      {"pacific-fab.example:7400", "pacific-fab.example", "address: is not host:port"},
      {"pacific-fab.example:7400", "pacific-fab.example:70000", "address: is not host:port"},
      {"pacific-fab.example:7400", "pacific fab:7400", "address: is not host:port"},
      {"id = \"cascade-lab\"", "id = \"pacific-fab\"", "pacific-fab is there twice"},
      {"id = \"haruka\"", "id = \"ren\"", "person ren is there twice"},
      {"name = \"The cascade-lab\"", "name = \"two\\nlines\"", "name: is not one line"},
      {"name = \"The cascade-lab\"\ncountry = \"US\"", "name = \"C\"\ncountry = \"UK\"",
       "country: is not a country code"},
      {"threshold = 2", "threshold = 3", "has 2 officers: it could never sign"},
      {"roles = [\"researcher\", \"auditor\"]", "roles = []", "name at least one role"},
      {"roles = [\"researcher\", \"auditor\"]", "roles = [\"king\"]", "a role is one of"},
      {"roles = [\"researcher\", \"auditor\"]", "roles = [\"auditor\", \"auditor\"]", "twice"},
      {"items = [\"model\", \"update\", \"metrics\"]", "items = [\"data\"]", "items: data is none"},
      {"items = [\"model\", \"update\", \"metrics\"]", "items = [\"*\", \"model\"]",
       "stands alone"},
      {"items = [\"model\", \"update\", \"metrics\"]", "items = []", "items: is empty"},
      {"from = [\"*\"]", "from = [\"nobody\"]", "from: nobody is not a [[party]]"},
      {"to = [\"*\"]\n", "", "to: is missing"},
      {"classifications_us = [\"EAR99\"]", "classifications_us = [\"EAR99\", \"EAR99\"]", "twice"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Parse(Replaced(kToml, c.from, c.to), "c.toml"),
                StatusIs(Code::kInvalidArgument,
                         testing::AllOf(StartsWith("c.toml: "), HasSubstr(c.message))))
        << c.to;
  }
}

TEST(Charter, NobodyAndNothingStandsTwice) {
  const std::string alice = TestKey(1).public_key().Text();
  const std::string bob = TestKey(2).public_key().Text();
  const std::string ren = TestKey(4).public_key().Text();
  const std::string haruka = TestKey(3).public_key().Text();
  const std::string coordinator = TestKey(9).public_key().Text();
  EXPECT_THAT(Parse(Replaced(kToml, bob, alice), "c"),
              StatusIs(Code::kInvalidArgument, HasSubstr("has the key of somebody of")));
  EXPECT_THAT(Parse(Replaced(kToml, ren, haruka), "c"),
              StatusIs(Code::kInvalidArgument, HasSubstr("haruka and ren have the same key")));
  EXPECT_THAT(Parse(Replaced(kToml, coordinator, bob), "c"),
              StatusIs(Code::kInvalidArgument, HasSubstr("also a person's")));
  const Charter charter = *Parse(kToml, "c");
  EXPECT_THAT(Parse(Replaced(kToml, charter.parties[1].ca_pem, charter.parties[0].ca_pem), "c"),
              StatusIs(Code::kInvalidArgument, HasSubstr("certificate root of another party")));
  EXPECT_THAT(Parse(Replaced(kToml, charter.parties[1].ca_pem, "a text\n"), "c"),
              StatusIs(Code::kInvalidArgument, HasSubstr("ca: is not the PEM text")));
}

TEST(Charter, HasALengthThatFitsTheLedger) {
  EXPECT_THAT(Parse(kToml + std::string(kCharterBytesMax, '\n'), "c"),
              StatusIs(Code::kResourceExhausted));
}

TEST(Country, IsOneOfIso3166) {
  for (const char* code : {"US", "JP", "GB", "TW", "AD", "ZW"}) EXPECT_TRUE(IsCountry(code));
  for (const char* code : {"UK", "jp", "", "J", "JPN", "XX", " A", "S ", "EU"}) {
    EXPECT_FALSE(IsCountry(code)) << code;
  }
  int count = 0;
  for (char a = 'A'; a <= 'Z'; ++a) {
    for (char b = 'A'; b <= 'Z'; ++b) count += IsCountry(std::string{a, b});
  }
  EXPECT_EQ(count, 249);
}

TEST(Lint, FindsNothingUnwiseInACarefulCharter) {
  std::string careful = Replaced(kToml, "approvals = 1", "approvals = 2");
  careful = Replaced(careful, "auditors = 0", "auditors = 1");
  Charter charter = *Parse(careful, "c");
  charter.export_rules.binding = "both";
  for (Party& party : charter.parties) {
    party.facts = {{"hq", party.country}, {"ultimate_parent_hq", party.country}};
  }
  EXPECT_THAT(Lint(charter), IsEmpty());
  charter.parties[1].facts.erase("hq");
  EXPECT_THAT(Lint(charter), testing::ElementsAre(HasSubstr("hokkaido-lab does not state hq")));
}

TEST(Lint, NamesWhatIsUnwise) {
  const struct {
    const char* from;
    const char* to;
    const char* warning;
  } cases[] = {
      {"threshold = 2", "threshold = 1", "kyushu-fab has 3 people, but one officer alone"},
      {"auditors = 0", "auditors = 0", "auditors is 0"},
      {"binding = \"none\"", "binding = \"none\"", "[export] binding is none"},
      {"approvals = 1", "approvals = 0", "approvals is 0"},
      {"approvals = 1", "approvals = 1", "approvals is 1"},
      {"2027-11-24T", "2027-11-26T", "it runs for 367 days"},
      {"parties_to_adopt = 4", "parties_to_adopt = 2", "2 of 4: less than a majority"},
      {"[\"EAR99\"]", "[\"*\"]", "permits every export classification"},
      {"coordinator.pacific-fab.example", "127.0.0.1", "only processes on its own machine"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Lint(*Parse(Replaced(kToml, c.from, c.to), "c")),
                testing::Contains(HasSubstr(c.warning)));
  }
  Charter charter = *Parse(kToml, "c");
  charter.parties[0].people[0].roles = {Role::kAuditor};
  charter.permits.clear();
  EXPECT_THAT(Lint(charter), testing::Contains(HasSubstr("has no officer")));
  EXPECT_THAT(Lint(charter), testing::Contains(HasSubstr("no [[permit]]: nothing")));
  const std::vector<std::string> all = {"*"};
  charter.permits = {{.items = all,
                      .purposes = all,
                      .from = all,
                      .to = all,
                      .classifications_us = all,
                      .classifications_jp = all}};
  EXPECT_THAT(Lint(charter), testing::Contains(HasSubstr("\"*\" for everything")));
}

}  // namespace
}  // namespace renkei::charter
