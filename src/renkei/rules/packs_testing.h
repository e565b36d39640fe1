// SPDX-License-Identifier: Apache-2.0
// A small law for tests: chips, an embargo, a licence and what lifts it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/check.h"
#include "renkei/rules/book.h"

namespace renkei::rules {

inline constexpr std::string_view kWords = R"yaml(
format: renkei-rules/1
pack: words
version: 1
jurisdiction: none
law: { en: "Words", ja: "語" }
text_as_of: 2026-09-24
groups:
  Embargo: { cite: "740 Supp. 1", members: [CN, RU],
    changes: [ { country: AE, from: 2026-07-10, cite: 91 FR 43034 } ] }
facts:
  item.kind: { type: word, words: [chip, file], name: { en: "Kind", ja: "種類" }, ask: { en: "K?", ja: "？" } }
  chip.speed: { type: number, of: [chip], name: { en: "Speed", ja: "速度" }, ask: { en: "S?", ja: "？" } }
  chip.density: { type: number, of: [chip], name: { en: "Density", ja: "密度" }, ask: { en: "D?", ja: "？" } }
  destination: { type: country, name: { en: "To", ja: "仕向地" }, ask: { en: "To?", ja: "？" } }
  order: { type: yes/no, name: { en: "Purchase order", ja: "注文書" }, ask: { en: "O?", ja: "？" } }
  open: { type: yes/no, name: { en: "Published", ja: "公開" }, ask: { en: "P?", ja: "？" } }
  party.hq: { type: country, name: { en: "HQ", ja: "本社" }, ask: { en: "HQ?", ja: "？" } }
  party.denied: { type: yes/no, name: { en: "Denied", ja: "禁止" }, ask: { en: "D?", ja: "？" } }
models:
  plain:
    facts: { item.kind: chip, chip.speed: 5000, chip.density: 1, destination: JP, open: no }
    classes: { us: [] }
    party: { hq: JP, denied: no }
)yaml";

inline constexpr std::string_view kRules = R"yaml(
format: renkei-rules/1
pack: rules
version: 1
jurisdiction: us
law: { en: "Rules", ja: "規則" }
text_as_of: 2026-09-24
terms:
  embargoed: { when: { any: [ destination in Embargo, any party: party.hq in Embargo ] },
    says: { en: "It goes to an embargoed country or party", ja: "禁輸国・禁輸先向け" } }
rules:
- { id: published, cite: "734.7", from: 2000-01-01, when: open is yes, then: not subject,
    says: { en: "Published", ja: "公開" } }
- { id: fast, cite: "3A090.a", from: 2023-11-17, then: class fast, says: { en: "A fast chip", ja: "高速" },
    when: { any: [ chip.speed >= 4800, { all: [ chip.speed >= 1600, chip.density >= 5.92 ] } ] } }
- { id: need, cite: "742.6", from: 2023-11-17, then: licence, control: RS, policy: case by case,
    when: { all: [ class is fast, embargoed ] }, says: { en: "A licence", ja: "許可" } }
- { id: need-all, cite: "742.6(iii)", from: 2025-01-13, comply_from: 2025-05-15, layer: codified,
    then: licence, control: RS, when: class is fast, says: { en: "Worldwide", ja: "全世界" } }
- { id: deny, cite: "742.6(b)", from: 2023-11-17, then: policy presumption of denial, for: [need],
    when: { any party: { party.hq in: [CN] } }, says: { en: "Denied", ja: "不許可" } }
- { id: small, cite: "740.8", from: 2023-11-17, then: exception SMALL, lifts: [need, need-all],
    when: chip.speed < 6000, shown: [ order is yes ], says: { en: "Small", ja: "小型" },
    duties: [ { en: "hold the order", ja: "注文書を保管" } ] }
- { id: shut, cite: "740.2", from: 2023-11-17, then: only exceptions, but: [], says: { en: "None", ja: "不可" },
    when: { any party: { party.hq in: [RU] } } }
- { id: denied, cite: "736.2", from: 2000-01-01, then: prohibited, says: { en: "Denied person", ja: "禁止" },
    when: { any party: party.denied is yes } }
- { id: row, cite: "3E001", from: 2000-01-01, then: licence, control: NS, when: class is 3E001,
    says: { en: "Everywhere", ja: "全世界" } }
- { id: counter-row, cite: "CCL", from: 2000-01-01, then: no licence, against: [row],
    when: { all: [ class is 3E001, { not: destination in Embargo } ] }, says: { en: "Not there", ja: "不要" } }
)yaml";

inline std::vector<Pack> Packs(const std::vector<std::string_view>& texts) {
  std::vector<Pack> packs;
  for (const std::string_view text : texts) {
    auto pack = ParsePack(text, "test.yaml");
    RK_CHECK(pack.ok());
    packs.push_back(*std::move(pack));
  }
  return packs;
}

inline RuleBook Book(const std::vector<std::string_view>& texts = {kWords, kRules}) {
  auto book = Compile(Packs(texts));
  RK_CHECK(book.ok());
  return *std::move(book);
}

}  // namespace renkei::rules
