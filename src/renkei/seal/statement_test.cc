// SPDX-License-Identifier: Apache-2.0
#include "renkei/seal/statement.h"

#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "renkei/base/disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/syntax/json.h"

namespace renkei::seal {
namespace {

constexpr std::string_view kGood =
    R"({"_type":"https://in-toto.io/Statement/v1",)"
    R"("subject":[{"name":"a","digest":{"sha256":"00ff"}},{"digest":{"rfc6962-1mib":"01"}}],)"
    R"("predicateType":"urn:x:1","predicate":{"list":[1,2.5,null],"text":"é"}})";

TEST(Statement, ComesBackFromItsBytes) {
  const auto statement = ParseStatement(AsBytes(kGood));
  ASSERT_THAT(statement, IsOk());
  EXPECT_EQ(AsText(DumpStatement(*statement)), kGood);
  EXPECT_EQ(statement->predicate_type, "urn:x:1");
  EXPECT_THAT(statement->subjects,
              testing::ElementsAre(Subject{.name = "a", .algorithm = "sha256", .hex = "00ff"},
                                   Subject{.name = "", .algorithm = "rfc6962-1mib", .hex = "01"}));
  EXPECT_EQ(statement->predicate.Find("text")->text(), "é");
}

TEST(Statement, ReadsThoseOfModelSigning) {
  const auto disk = MakeRealDisk();
  const auto text = ReadWhole(
      *disk, RENKEI_SOURCE_DIR "/../shared/data/crypto/model-signing-statements.jsonl", 1 << 20);
  if (!text.ok()) GTEST_SKIP() << "reason: shared data is absent";
  std::istringstream lines(ToText(*text));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto vector = syntax::ParseJson(line);
    ASSERT_THAT(vector, IsOk());
    const syntax::Value& json = *vector->Find("statement");
    const auto statement = ParseStatement(AsBytes(syntax::DumpJson(json)));
    ASSERT_THAT(statement, IsOk()) << vector->Find("name")->text();
    EXPECT_EQ(statement->predicate_type, "https://model_signing/signature/v1.0");
    ASSERT_EQ(statement->subjects.size(), 1u);
    EXPECT_EQ(statement->subjects[0].hex.size(), 64u);
    EXPECT_EQ(AsText(DumpStatement(*statement)), syntax::DumpJson(json));
  }
  EXPECT_GE(count, 18);
}

TEST(Statement, RefusesWhatIsNoneOrNotOurs) {
  const struct {
    std::string_view why;
    std::string from;
    std::string to;
  } cases[] = {
      {"an older statement", "Statement/v1", "Statement/v0.1"},
      {"no type", R"("_type":"https://in-toto.io/Statement/v1",)", ""},
      {"no predicate type", R"("predicateType":"urn:x:1",)", ""},
      {"an unknown key", R"("predicateType")", R"("extra":1,"predicateType")"},
      {"a predicate that is text", R"({"list":[1,2.5,null],"text":"é"})", R"("text")"},
      {"two digests of one subject", R"({"sha256":"00ff"})", R"({"sha256":"00ff","md5":"00"})"},
      {"no digest", R"({"sha256":"00ff"})", "{}"},
      {"a digest that is a number", R"("00ff")", "17"},
      {"a digest that is not hex", "00ff", "00fg"},
      {"a digest in capitals", "00ff", "00FF"},
      {"an unknown key of a subject", R"("name":"a")", R"("uri":"a")"},
      {"subjects that are no list", R"("subject":[)", R"("subject":1,"s":[)"},
  };
  for (const auto& c : cases) {
    std::string text(kGood);
    const size_t at = text.find(c.from);
    ASSERT_NE(at, std::string::npos) << c.why;
    text.replace(at, c.from.size(), c.to);
    EXPECT_THAT(ParseStatement(AsBytes(text)), StatusIs(Code::kInvalidArgument)) << c.why;
  }
  EXPECT_THAT(ParseStatement({}), StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace renkei::seal
