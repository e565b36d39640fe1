// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "renkei/gate/determine.h"
#include "renkei/gate/reasons.h"

namespace renkei::gate {
namespace {

using rules::Language;

// The lines around what the determination holds; "{}" for each of its parts, in this order.
struct Phrases {
  std::string_view head;  // verdict, what, sender, country
  std::string_view item;  // item, run
  std::string_view ledger;
  std::string_view file;     // blob
  std::string_view about;    // purposes, classes
  std::string_view outcome;  // place, day, recipients, outcome
  std::string_view missing;  // facts
  std::string_view stands;   // instant, uses
  std::string_view not_assessed;
  std::string_view as_of;  // date
  std::string_view none;
  std::string_view unknown;
};
constexpr Phrases kEnglish = {.head = "{}: {}, from {} in {}\n",
                              .item = "{} of run {}",
                              .ledger = "the ledger",
                              .file = "├─ file {}\n",
                              .about = "├─ purpose {}; classified US {}, JP {}\n",
                              .outcome = "├─ {} ({}), to {}: {}",
                              .missing = "; missing: {}",
                              .stands = "├─ stands until {}, {} uses\n",
                              .not_assessed = "└─ not assessed: {}\n",
                              .as_of = "Text as of {}. A compliance aid, not legal advice.\n",
                              .none = "none",
                              .unknown = "unknown"};
constexpr Phrases kJapanese = {
    .head = "{}：{}、送り手 {}（{}）\n",
    .item = "品目 {}、ラン {}",
    .ledger = "台帳",
    .file = "├─ ファイル {}\n",
    .about = "├─ 目的 {}；該非判定 米国 {}、日本 {}\n",
    .outcome = "├─ {}（{}）、{}宛て：{}",
    .missing = "；不足：{}",
    .stands = "├─ {}まで有効、{}回まで\n",
    .not_assessed = "└─ 評価していないもの：{}\n",
    .as_of = "条文の時点 {}。法令遵守の補助であり、法的助言ではありません。\n",
    .none = "なし",
    .unknown = "不明"};

// Of a determination that no rule pack answered (determine.cc).
constexpr std::pair<std::string_view, std::string_view> kNotAssessed[] = {
    {"US EAR", "米国輸出管理規則（EAR）"},
    {"Japan FEFA", "日本の外国為替及び外国貿易法"},
    {"restricted-party screening", "規制対象者の照合"},
    {"the law of any other country", "その他の国の法令"},
};

class Writer {
 public:
  Writer(Language language, const rules::RuleBook* book)
      : language_(language),
        book_(book),
        say_(language == Language::kEnglish ? kEnglish : kJapanese) {}

  std::string Write(const record::Determined& determined) const {
    const record::Holder& from = determined.from;
    std::string text =
        Line(say_.head, NameOf(determined.verdict, language_),
             determined.item == kLedgerItem
                 ? std::string(say_.ledger)
                 : Line(say_.item, determined.item, OrUnknown(determined.run.text())),
             OrUnknown(from.site.empty()
                           ? from.party.text()
                           : fmt::format("{}/{}", OrUnknown(from.party.text()), from.site)),
             OrUnknown(from.country));
    if (determined.blob) text += Line(say_.file, determined.blob->Text());
    text += Line(say_.about, Joined(determined.purposes), OrUnknown(determined.classification_us),
                 OrUnknown(determined.classification_jp));
    for (const record::Reason& reason : determined.reasons) {
      text += fmt::format("├─ {} [{}]\n", TextIn(reason, language_), reason.cite);
    }
    for (const record::RuleOutcome& said : determined.rules) {
      const std::string layer = said.jurisdiction == "us" ? " " + said.layer : "";
      text += Line(say_.outcome, said.jurisdiction + layer, said.on, Joined(said.to), said.outcome);
      if (!said.cites.empty()) text += fmt::format(" [{}]", fmt::join(said.cites, "; "));
      if (!said.missing.empty()) text += Line(say_.missing, Joined(said.missing));
      text += "\n";
    }
    if (determined.verdict == record::Verdict::kGo) {
      text += Line(say_.stands, FormatInstant(determined.valid_until), determined.uses_max);
    }
    std::vector<std::string> names;
    for (const std::string& name : determined.not_assessed) names.push_back(NotAssessed(name));
    text += Line(say_.not_assessed, Joined(names));
    return text + Line(say_.as_of, determined.text_as_of);
  }

 private:
  template <class... Parts>
  static std::string Line(std::string_view phrase, const Parts&... parts) {
    return fmt::format(fmt::runtime(phrase), parts...);
  }

  std::string Joined(const std::vector<std::string>& parts) const {
    if (parts.empty()) return std::string(say_.none);
    return fmt::format("{}", fmt::join(parts, language_ == Language::kEnglish ? ", " : "、"));
  }

  std::string OrUnknown(const std::string& text) const {
    return text.empty() ? std::string(say_.unknown) : text;
  }

  std::string NotAssessed(const std::string& name) const {
    if (language_ == Language::kEnglish) return name;
    for (const auto& [en, ja] : kNotAssessed) {
      if (en == name) return std::string(ja);
    }
    if (book_ == nullptr) return name;
    for (const rules::Pack& pack : book_->packs) {
      for (const rules::NotAssessed& each : pack.not_assessed) {
        if (each.name.en == name) return each.name.ja;
      }
    }
    return name;
  }

  const Language language_;
  const rules::RuleBook* const book_;
  const Phrases& say_;
};

}  // namespace

std::string_view NameOf(record::Verdict verdict, Language language) {
  if (language == Language::kEnglish) return record::NameOf(verdict);
  constexpr std::string_view kNames[] = {"可", "保留", "不可"};
  return kNames[static_cast<size_t>(verdict)];
}

std::string Explain(const record::Determined& determined, Language language,
                    const rules::RuleBook* book) {
  return Writer(language, book).Write(determined);
}

}  // namespace renkei::gate
