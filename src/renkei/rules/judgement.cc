// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/judgement.h"

#include <algorithm>

#include "renkei/rules/explain.h"

namespace renkei::rules {
namespace {

Call CallOf(const Outcome& outcome) {
  switch (outcome.kind) {
    case OutcomeKind::kNotSubject:
    case OutcomeKind::kNlr:
    case OutcomeKind::kException:
      return Call::kGo;
    case OutcomeKind::kReview:
      return Call::kHold;
    case OutcomeKind::kLicence:
      return !outcome.names.empty() && outcome.names[0].find("denial") != std::string::npos
                 ? Call::kRefuse
                 : Call::kHold;
    case OutcomeKind::kProhibited:
      break;
  }
  return Call::kRefuse;
}

std::string PlaceOf(const Answer& answer) {
  if (answer.jurisdiction == Jurisdiction::kJp) return "jp";
  return fmt::format("{} {}", NameOf(answer.jurisdiction), NameOf(answer.layer));
}

}  // namespace

std::string_view NameOf(Call call) {
  return call == Call::kGo ? "go" : call == Call::kHold ? "hold" : "refuse";
}

StatusOr<Profile> ParseBinding(std::string_view text) {
  if (text == "both") return Profile{};
  if (text == "codified") return Profile{.enforced = false};
  if (text == "enforced") return Profile{.codified = false};
  return Error(Code::kInvalidArgument, "'{}' is none of both, codified and enforced",
               text.substr(0, kIdBytesMax));
}

Judgement Judge(const RuleBook& book, const Decision& decision, const Profile& profile,
                Date today) {
  Judgement judgement;
  const auto worsen = [&](Call call, Words why) {
    judgement.call = std::max(judgement.call, call);
    judgement.reasons.push_back(std::move(why));
  };
  for (const Answer& answer : decision.answers) {
    const Call call = CallOf(answer.outcome);
    if (call == Call::kGo) continue;
    const std::string what =
        fmt::format("{}: {}", PlaceOf(answer), answer.outcome.Text(answer.jurisdiction));
    // Japan has one layer, and it binds.
    const bool binds = answer.jurisdiction == Jurisdiction::kJp ||
                       (answer.layer == Layer::kCodified ? profile.codified : profile.enforced);
    if (binds) {
      worsen(call, {what, what});
    } else {
      worsen(Call::kGo, {"this layer does not bind by the policy, but: " + what,
                         "方針上この層は拘束しないが注意：" + what});
    }
  }
  for (const Jurisdiction jurisdiction : kJurisdictions) {
    if (std::ranges::any_of(decision.answers, [&](const Answer& answer) {
          return answer.jurisdiction == jurisdiction;
        })) {
      continue;
    }
    worsen(Call::kHold, {fmt::format("no rules of {} are loaded", NameOf(jurisdiction)),
                         fmt::format("{}の規則が読み込まれていない", NameOf(jurisdiction))});
  }
  const auto age = (today - TextAsOf(book)).count();
  if (age > profile.text_age_days_max) {
    worsen(
        Call::kHold,
        {fmt::format("the oldest text is {} days old, at most {}", age, profile.text_age_days_max),
         fmt::format("最も古い条文は{}日前のもの（上限{}日）", age, profile.text_age_days_max)});
  }
  return judgement;
}

}  // namespace renkei::rules
