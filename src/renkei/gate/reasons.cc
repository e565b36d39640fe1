// SPDX-License-Identifier: Apache-2.0
#include "renkei/gate/reasons.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "renkei/base/check.h"

namespace renkei::gate {
namespace {

using enum record::Verdict;

struct CatalogueRow {
  std::string_view code;
  record::Verdict verdict;
  std::string_view cite;
  std::string_view text;
  std::string_view ja;
};

// Of whom or what a reason speaks, and of why a layer does not let it go: patterns with one or two
// words in them, "{}" for each.
struct Said {
  std::string_view en;
  std::string_view ja;  // {0}, {1}
};
constexpr Said kAbouts[] = {
    {"the crossing", "この移転"},      {"the charter, {} days ago", "憲章（{0}日前）"},
    {"the charter", "憲章"},           {"the sender {} in {}", "送り手{0}（{1}）"},
    {"to {} in {}", "{0}（{1}）宛て"}, {"{} in {}", "{0}（{1}）"},
};
constexpr Said kWhys[] = {
    {"no rules of {} are loaded", "{0}の規則が読み込まれていない"},
    {"the oldest text is {} days old, at most {}", "最も古い条文は{0}日前のもの（上限{1}）"},
    {"this layer does not bind by the policy, but: {}", "方針上この層は拘束しないが注意：{0}"},
};

constexpr CatalogueRow kCatalogue[] = {
    {"permitted", kGo, "charter [[permit]]", "the charter permits it", "憲章が許可している"},
    {"not-permitted", kRefuse, "charter [[permit]]", "the charter does not permit it",
     "憲章が許可していない"},
    {"prohibited", kRefuse, "charter [[prohibit]]", "the charter prohibits it",
     "憲章が禁止している"},
    {"recipient-not-in-charter", kRefuse, "charter [[party]]", "no party of the charter",
     "憲章の当事者ではない"},
    {"sender-not-in-charter", kRefuse, "charter [[party]]", "the sender is no party of the charter",
     "送り手が憲章の当事者ではない"},
    {"item-unknown", kRefuse, "gate: items", "the item is none of model, update, metrics, ledger",
     "品目がmodel、update、metrics、ledgerのいずれでもない"},
    {"charter-expired", kHold, "charter expires", "expired: the parties have to renew it",
     "失効している。当事者による更新が必要"},
    {"charter-not-yet-valid", kHold, "charter created", "not in force yet, or the clock is wrong",
     "まだ発効していないか、時計が誤っている"},
    {"country-missing", kHold, "gate: facts", "the country is not known", "国が不明"},
    {"party-missing", kHold, "gate: facts", "the recipient's party is not known",
     "受け手の当事者が不明"},
    {"sender-missing", kHold, "gate: facts", "the sender is not known", "送り手が不明"},
    {"facts-missing", kHold, "gate: facts",
     "not decided while facts about the crossing are missing",
     "移転に関する事実が不足している間は判定しない"},
    {"run-missing", kHold, "gate: facts", "the run is not named", "ランが示されていない"},
    {"purpose-missing", kHold, "gate: facts", "the purpose is not named", "目的が示されていない"},
    {"classification-us-missing", kHold, "gate: facts", "the US classification is missing",
     "米国の該非判定がない"},
    {"classification-jp-missing", kHold, "gate: facts", "the Japanese classification is missing",
     "日本の該非判定がない"},
    {"recipients-missing", kHold, "gate: facts", "no recipient is named", "受け手が示されていない"},
    {"facts-not-valid", kHold, "gate: facts", "a fact is not one that the rule packs can read",
     "規則パックが読めない事実がある"},
    {"rule-packs-missing", kHold, "charter [export]",
     "the rule packs that the charter names are not here", "憲章が指定する規則パックがここにない"},
    {"export-rules-hold", kHold, "rule packs", "the export rules ask a person to look",
     "輸出規制上、人による確認が必要"},
    {"export-rules-refuse", kRefuse, "rule packs", "the export rules do not let it go",
     "輸出規制上、移転できない"},
    {"recipients-too-many", kHold, "gate: limits", "more recipients than one determination holds",
     "一つの判定に収まらない数の受け手がいる"},
};

// The words that stand for the "{}" of `pattern` in `text`; nothing when it is another text.
std::optional<std::vector<std::string>> Match(std::string_view text, std::string_view pattern) {
  std::vector<std::string> words;
  for (;;) {
    const size_t hole = pattern.find("{}");
    if (text.substr(0, hole) != pattern.substr(0, hole)) return std::nullopt;
    if (hole == std::string_view::npos) return words;
    text.remove_prefix(hole);
    pattern.remove_prefix(hole + 2);
    const std::string_view next = pattern.substr(0, pattern.find("{}"));
    const size_t end = next.empty() ? text.size() : text.find(next);
    if (end == std::string_view::npos) return std::nullopt;
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

template <size_t kSize>
std::string Japanese(std::string_view text, const Said (&table)[kSize]) {
  for (const Said& said : table) {
    auto words = Match(text, said.en);
    if (!words) continue;
    words->resize(2);
    return fmt::format(fmt::runtime(said.ja), (*words)[0], (*words)[1]);
  }
  return std::string(text);
}

// "(us codified: LIC; the oldest text is 9 days old, at most 8)", behind a blank; or nothing.
std::string JapaneseWhys(std::string_view text) {
  if (!text.starts_with(" (") || !text.ends_with(")")) return std::string(text);
  text = text.substr(2, text.size() - 3);
  std::vector<std::string> whys;
  while (!text.empty()) {
    const size_t end = std::min(text.find("; "), text.size());
    whys.push_back(Japanese(text.substr(0, end), kWhys));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return fmt::format("（{}）", fmt::join(whys, "；"));
}

}  // namespace

Finding FindingOf(std::string_view code, std::string_view about, std::string_view cite) {
  const auto row = std::ranges::find(kCatalogue, code, &CatalogueRow::code);
  RK_CHECK(row != std::end(kCatalogue));
  return {.verdict = row->verdict,
          .reason = {.code = std::string(row->code),
                     .cite = std::string(cite.empty() ? row->cite : cite),
                     .text = fmt::format("{}: {}", about, row->text)}};
}

std::string TextIn(const record::Reason& reason, rules::Language language) {
  const auto row = std::ranges::find(kCatalogue, reason.code, &CatalogueRow::code);
  if (language == rules::Language::kEnglish || row == std::end(kCatalogue)) return reason.text;
  const std::string_view text = reason.text;
  const std::string middle = fmt::format(": {}", row->text);
  const size_t at = text.find(middle);
  if (at == std::string_view::npos) return reason.text;
  return fmt::format("{}：{}{}", Japanese(text.substr(0, at), kAbouts), row->ja,
                     JapaneseWhys(text.substr(at + middle.size())));
}

}  // namespace renkei::gate
