// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "renkei/gate/report.h"

namespace renkei::gate {
namespace {

using rules::Language;
using syntax::Value;

struct Phrases {
  std::string_view head;  // the first instant, and the last
  std::string_view crossings, row, in_sum, tpp, operations, holds, none;
  std::string_view decided;    // approvals, denials
  std::string_view refusals;   // determinations, others
  std::string_view deletions;  // count
  std::string_view deletion;   // what, reason, blobs, bytes
  std::string_view ends;       // size, root
  std::string_view oldest;     // instant
  std::string_view aid;
};
constexpr Phrases kEnglish = {
    .head = "What crossed from {} to {}\n",
    .crossings = "Crossings: {}, {} of them between countries\n",
    .row = "  {} {}: {} → {}: {}{}{}: {} crossings, {} bytes; determined {}, proved by {}\n",
    .in_sum = " (in the sum)",
    .tpp = ", TPP {}",
    .operations = "Operations told: run {}, {}: {:.4g} (entries {})\n",
    .holds = "Hold #{}: {} {} from {}: {}{}\n",
    .none = "nothing",
    .decided = "Officers: {} approvals, {} denials\n",
    .refusals = "Refused: {} crossings ({}), {} other requests ({})\n",
    .deletions = "Deletions: {}\n",
    .deletion = "  #{}: {}, {}: {} blobs, {} bytes\n",
    .ends = "Made of the ledger of {} entries with root {}\n",
    .oldest = "Its oldest record is of {}\n",
    .aid = "A compliance aid, not legal advice.",
};
constexpr Phrases kJapanese = {
    .head = "{}から{}までの移転\n",
    .crossings = "移転：{}件、うち国境を越えるもの{}件\n",
    .row = "  {} {}：{} → {}：{}{}{}：{}件、{}バイト；判定 {}、証拠 {}\n",
    .in_sum = "（合計の一部として）",
    .tpp = "、TPP {}",
    .operations = "報告された演算数：ラン {}、{}：{:.4g}（記録 {}）\n",
    .holds = "保留 #{}：{} {}、送り手 {}：{}{}\n",
    .none = "なし",
    .decided = "責任者の決定：承認{}件、不承認{}件\n",
    .refusals = "拒否：移転{}件（{}）、その他{}件（{}）\n",
    .deletions = "削除：{}件\n",
    .deletion = "  #{}：{}、{}：{}個、{}バイト\n",
    .ends = "台帳（記録{}件、ルート {}）から作成\n",
    .oldest = "最も古い記録の日時：{}\n",
    .aid = "法令遵守の補助であり、法的助言ではありません。",
};

const Phrases& In(Language language) {
  return language == Language::kEnglish ? kEnglish : kJapanese;
}

template <class... Parts>
std::string Line(std::string_view phrase, const Parts&... parts) {
  return fmt::format(fmt::runtime(phrase), parts...);
}

std::string FromOf(const record::Holder& from) {
  return fmt::format("{}{}{}/{}", from.party, from.site.empty() ? "" : "/", from.site,
                     from.country);
}

// "#3 #7-#9": runs of numbers in one.
std::string Entries(const std::vector<uint64_t>& entries) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < entries.size();) {
    size_t end = i;
    while (end + 1 < entries.size() && entries[end + 1] == entries[end] + 1) ++end;
    parts.push_back(end == i ? fmt::format("#{}", entries[i])
                             : fmt::format("#{}-#{}", entries[i], entries[end]));
    i = end + 1;
  }
  return fmt::format("{}", fmt::join(parts, " "));
}

bool IsAbroad(const CrossingRow& row) {
  return row.to.substr(row.to.size() - 2) != row.from.country;
}

// All crossings, and those between countries.
std::array<uint64_t, 2> Totals(const Report& report) {
  std::array<uint64_t, 2> totals{};
  for (const CrossingRow& row : report.crossings) {
    totals[0] += row.crossings;
    if (IsAbroad(row)) totals[1] += row.crossings;
  }
  return totals;
}

uint64_t DecidedOf(const Report& report, const char* word) {
  const auto found = report.decided.find(word);
  return found == report.decided.end() ? 0 : found->second;
}

std::string_view StateIn(Language language, std::string_view state) {
  if (language == Language::kEnglish) return state;
  if (state == "open") return "未決";
  if (state == "approved") return "承認済み";
  return state == "denied" ? "不承認" : "期限切れ";
}

Value ListOf(const std::vector<uint64_t>& entries) {
  Value list = Value::Array();
  for (const uint64_t entry : entries) list.Push(entry);
  return list;
}

Value RowsOf(const std::vector<CrossingRow>& crossings) {
  Value list = Value::Array();
  for (const CrossingRow& each : crossings) {
    Value row = Value::Object();
    row.Set("item", each.item);
    row.Set("run", each.run.text());
    row.Set("from", FromOf(each.from));
    row.Set("to", each.to);
    row.Set("between_countries", IsAbroad(each));
    row.Set("in_sum", each.in_sum);
    row.Set("outcome", each.outcome);
    if (!each.tpp.empty()) row.Set("tpp", each.tpp);
    row.Set("crossings", each.crossings);
    row.Set("bytes", each.bytes);
    row.Set("determinations", ListOf(each.determinations));
    row.Set("proofs", ListOf(each.proofs));
    list.Push(std::move(row));
  }
  return list;
}

}  // namespace

std::string TextOf(const Report& report, Language language) {
  const Phrases& say = In(language);
  std::string text = Line(say.head, FormatInstant(report.period.begin),
                          FormatInstant(report.period.end - Milliseconds(1)));
  const auto [all, abroad] = Totals(report);
  text += Line(say.crossings, all, abroad);
  for (const CrossingRow& row : report.crossings) {
    text += Line(say.row, row.item, row.run, FromOf(row.from), row.to, row.outcome,
                 row.tpp.empty() ? "" : Line(say.tpp, row.tpp), row.in_sum ? say.in_sum : "",
                 row.crossings, row.bytes, Entries(row.determinations), Entries(row.proofs));
  }
  for (const OperationsRow& row : report.operations) {
    text += Line(say.operations, row.run, row.site, row.operations, Entries(row.proofs));
  }
  for (const HoldRow& row : report.holds) {
    text += Line(say.holds, row.entry, row.item, row.run, FromOf(row.from),
                 StateIn(language, row.state),
                 row.decided.empty() ? "" : fmt::format(" ({})", Entries(row.decided)));
  }
  const auto or_none = [&](const std::vector<uint64_t>& entries) {
    return entries.empty() ? std::string(say.none) : Entries(entries);
  };
  text += Line(say.decided, DecidedOf(report, "approved"), DecidedOf(report, "denied"));
  text += Line(say.refusals, report.refused_crossings.size(), or_none(report.refused_crossings),
               report.refused_others.size(), or_none(report.refused_others));
  text += Line(say.deletions, report.deletions.size());
  for (const Deletion& each : report.deletions) {
    text += Line(say.deletion, each.entry, each.what, each.reason, each.blobs, each.bytes);
  }
  text += Line(say.oldest, FormatInstant(report.oldest));
  text += Line(say.ends, report.size, report.root.hex());
  return text + std::string(say.aid) + "\n";
}

Value ToJson(const Report& report, Language language) {
  Value json = Value::Object();
  json.Set("from", FormatInstant(report.period.begin));
  json.Set("until", FormatInstant(report.period.end));
  json.Set("crossings", RowsOf(report.crossings));
  Value& operations = json.Set("operations", Value::Array());
  for (const OperationsRow& each : report.operations) {
    Value row = Value::Object();
    row.Set("run", each.run.text());
    row.Set("site", each.site.text());
    row.Set("operations", each.operations);
    row.Set("proofs", ListOf(each.proofs));
    operations.Push(std::move(row));
  }
  Value& holds = json.Set("holds", Value::Array());
  for (const HoldRow& each : report.holds) {
    Value row = Value::Object();
    row.Set("entry", each.entry);
    row.Set("item", each.item);
    row.Set("run", each.run.text());
    row.Set("from", FromOf(each.from));
    row.Set("state", each.state);
    row.Set("decided", ListOf(each.decided));
    holds.Push(std::move(row));
  }
  json.Set("approvals", DecidedOf(report, "approved"));
  json.Set("denials", DecidedOf(report, "denied"));
  json.Set("refused_crossings", ListOf(report.refused_crossings));
  json.Set("refused_others", ListOf(report.refused_others));
  Value& deletions = json.Set("deletions", Value::Array());
  for (const Deletion& each : report.deletions) {
    Value row = Value::Object();
    row.Set("entry", each.entry);
    row.Set("what", each.what);
    row.Set("reason", each.reason);
    row.Set("blobs", each.blobs);
    row.Set("bytes", each.bytes);
    deletions.Push(std::move(row));
  }
  json.Set("oldest", FormatInstant(report.oldest));
  json.Set("size", report.size);
  json.Set("root", report.root.hex());
  json.Set("notice", In(language).aid);
  return json;
}

}  // namespace renkei::gate
