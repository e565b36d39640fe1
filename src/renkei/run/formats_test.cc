// SPDX-License-Identifier: Apache-2.0
// The pages docs/formats/run-spec.md and snapshot.md say what the code does.
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "renkei/base/disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/run/book.h"
#include "renkei/run/decision.h"
#include "renkei/run/federation_testing.h"
#include "renkei/run/run_state.h"
#include "renkei/run/spec.h"
#include "renkei/syntax/json.h"

namespace renkei::run {
namespace {

using testing::HasSubstr;

std::string PageOf(const std::string& name) {
  const auto page = ReadWhole(*MakeRealDisk(), RENKEI_SOURCE_DIR "/docs/formats/" + name, 1 << 20);
  EXPECT_THAT(page, IsOk());
  return page.ok() ? ToText(*page) : "";
}

// The first block of `language` on the page.
std::string BlockOf(const std::string& page, std::string_view language) {
  const std::string open = fmt::format("```{}\n", language);
  const size_t begin = page.find(open) + open.size();
  return page.substr(begin, page.find("```", begin) - begin);
}

TEST(RunSpecPage, TheExampleIsASpec) {
  const auto spec = ParseSpec(BlockOf(PageOf("run-spec.md"), "toml"), "run-spec.md");
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->participants.size(), 4u);
  EXPECT_EQ(spec->config_json, R"({"epochs":1,"rate":0.03})");
  EXPECT_EQ(spec->start_deadline_s, 600);
  EXPECT_EQ(TaskSeed(spec->name, 1, spec->participants[0]), 0x5fc17c0f8d3ea5a9u);
}

TEST(RunSpecPage, NamesEveryTransitionAndEveryRefusal) {
  const std::string page = PageOf("run-spec.md");
  size_t rows = 0;
  for (const LegalTransition& row : LegalTransitions()) {
    EXPECT_THAT(page, HasSubstr(fmt::format("\n| {} | {} | {} |\n", NameOf(row.from), row.kind,
                                            NameOf(row.to))));
    ++rows;
  }
  size_t written = 0;
  for (size_t at = page.find("\n| from | kind"); at < page.find("**The straggler");
       at = page.find("\n|", at + 1)) {
    ++written;
  }
  EXPECT_EQ(written, rows + 2) << "with the head of the table";
  for (const std::string_view code : RefusalCodes()) {
    EXPECT_THAT(page, HasSubstr(fmt::format("`{}`", code)));
  }
}

TEST(SnapshotPage, TheExampleIsTheEmptyBook) {
  std::string example = BlockOf(PageOf("snapshot.md"), "json");
  example.pop_back();
  EXPECT_EQ(ToText(Book().Snapshot()), example);
  EXPECT_THAT(Book::Restore(AsBytes(example)), IsOk());
}

void CollectKeys(const syntax::Value& value, std::set<std::string>& keys) {
  if (value.kind() == syntax::Value::Kind::kArray) {
    for (const syntax::Value& item : value.items()) CollectKeys(item, keys);
  }
  if (value.kind() != syntax::Value::Kind::kObject) return;
  for (const auto& [key, member] : value.members()) {
    keys.insert(key);
    CollectKeys(member, keys);
  }
}

TEST(SnapshotPage, NamesEveryMember) {
  const TestFederation federation(TestFederation::Options{.sites = 1});
  Book book;
  const auto write = [&](const record::Record& record, std::string_view signer) {
    ASSERT_THAT(book.Apply(book.size(), *record::Seal(record, federation.key(signer))), IsOk());
  };
  write(federation.Adopted(), "coordinator");
  write(federation.Enrolled(federation.sites[0]), "party-a");
  write(federation.Determined("model", federation.OwnerHolder()), "party-a");
  write(federation.Submitted(federation.Spec(TestFederation::MadeUpBlob(0), 1, 1), 2), "party-a");
  std::set<std::string> keys;
  CollectKeys(*syntax::ParseJson(AsText(book.Snapshot())), keys);
  EXPECT_GT(keys.size(), 40u);
  const std::string page = PageOf("snapshot.md");
  for (const std::string& key : keys) EXPECT_THAT(page, HasSubstr(fmt::format("`{}`", key)));
}

}  // namespace
}  // namespace renkei::run
