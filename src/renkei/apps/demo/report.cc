// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/demo/report.h"

#include <algorithm>
#include <utility>

#include "renkei/apps/plot.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr size_t kBarColumns = 20;

Value ScoresValue(const Scores& scores) {
  Value value = Value::Object();
  value.Set("macro_f1", scores.macro_f1);
  value.Set("accuracy", scores.accuracy);
  value.Set("per_class", scores.per_class);
  return value;
}

struct Row {
  std::string name;
  const Scores* scores;
};

std::vector<Row> RowsOf(const DemoResult& result) {
  std::vector<Row> rows;
  for (size_t i = 0; result.arms && i < result.arms->alone.size(); ++i) {
    const DemoParty& party = DemoParties()[i];
    rows.push_back({fmt::format("{} {} alone", party.site, party.country), &result.arms->alone[i]});
  }
  rows.push_back({"joint", &result.joint});
  if (result.arms) rows.push_back({"pooled (upper bound)", &result.arms->pooled});
  return rows;
}

double F1Of(const Scores& scores, const std::string& name) {
  const Value* value = scores.per_class.Find(name);
  return value == nullptr ? 0.0 : value->number();
}

}  // namespace

Value ReportValue(const DemoResult& result) {
  Value sites = Value::Array();
  for (size_t i = 0; i < DemoParties().size(); ++i) {
    Value site = Value::Object();
    site.Set("id", DemoParties()[i].site);
    site.Set("country", DemoParties()[i].country);
    site.Set("examples", result.examples.at(i));
    if (result.arms) site.Set("macro_f1_alone", result.arms->alone.at(i).macro_f1);
    sites.Push(std::move(site));
  }
  Value ledger = Value::Object();
  ledger.Set("size", result.ledger.size);
  ledger.Set("root", result.ledger.root.hex());
  ledger.Set("verified", true);  // A ledger that does not verify ends the demo before this.
  Value release = Value::Object();
  release.Set("digest", result.release_digest);
  release.Set("model_sha256", result.model_sha256);
  release.Set("path", result.release_dir);
  Value value = Value::Object();
  value.Set("synthetic", result.synthetic);
  value.Set("sites", std::move(sites));
  value.Set("joint", ScoresValue(result.joint));
  if (result.arms) value.Set("pooled", ScoresValue(result.arms->pooled));
  value.Set("rounds", result.rounds);
  value.Set("seconds", result.seconds);
  value.Set("bytes_up", result.bytes_up);
  value.Set("bytes_down", result.bytes_down);
  value.Set("coordinator_peak_rss_bytes", result.coordinator_peak_rss_bytes);
  value.Set("ledger", std::move(ledger));
  value.Set("release", std::move(release));
  return value;
}

std::string ReportTable(const DemoResult& result) {
  const std::vector<Row> rows = RowsOf(result);
  std::string text = fmt::format("\n{:<22} {:>8} {:>9}\n", "model", "macro-F1", "accuracy");
  for (const Row& row : rows) {
    text += fmt::format("{:<22} {:>8.3f} {:>9.3f}  {}\n", row.name, row.scores->macro_f1,
                        row.scores->accuracy, Bar(row.scores->macro_f1, kBarColumns));
  }
  text += fmt::format("\n{:<12}", "F1 by class");
  for (const Row& row : rows)
    text += fmt::format(" {:>10}", row.name.substr(0, row.name.find(' ')));
  text += "\n";
  for (const auto& [name, f1] : result.joint.per_class.members()) {
    text += fmt::format("{:<12}", name);
    for (const Row& row : rows) text += fmt::format(" {:>10.3f}", F1Of(*row.scores, name));
    text += "\n";
  }
  return text;
}

}  // namespace renkei::apps
