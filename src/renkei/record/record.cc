// SPDX-License-Identifier: Apache-2.0
#include "renkei/record/record.h"

#include <set>

#include <fmt/format.h>

#include "renkei/base/check.h"

namespace renkei::record {
namespace {

std::string Sites(size_t count) { return count == 1 ? "1 site" : fmt::format("{} sites", count); }

// The digits that people compare.
std::string Short(const BlobId& blob) {
  constexpr size_t kShownDigits = 12;
  return fmt::format("{}… ({} bytes)", blob.root.hex().substr(0, kShownDigits), blob.size_bytes);
}

std::string Shown(const Metrics& metrics) {
  std::string text;
  for (const auto& [name, number] : metrics) {
    text += fmt::format("{}{} {:.4g}", text.empty() ? "" : ", ", name, number);
  }
  return text.empty() ? "no metrics" : text;
}

std::string Line(const CharterAdopted& r) {
  return fmt::format("charter adopted ({} bytes, signed)", r.envelope.size());
}

std::string Line(const SiteEnrolled& r) {
  return fmt::format("site {} of {} ({}) enrolled with {} examples, weight at most {}", r.site,
                     r.party, r.country, r.dataset_examples, r.weight_max);
}

std::string Line(const RunSubmitted& r) {
  return fmt::format("run {} submitted by {} under the go in entry {}", r.run, r.party,
                     r.determination);
}

std::string Line(const RunApproved& r) {
  return fmt::format("run {} approved by {}", r.run, r.party);
}

std::string Line(const RunStopAsked& r) {
  return fmt::format("{} asks to stop run {}", r.party, r.run);
}

std::string Line(const RunPauseAsked& r) { return fmt::format("{} pauses run {}", r.party, r.run); }

std::string Line(const RunResumeAsked& r) {
  return fmt::format("{} takes back its pause of run {}", r.party, r.run);
}

std::string Line(const Determined& r) {
  std::set<std::string> countries;
  for (const Holder& holder : r.recipients) countries.insert(holder.country);
  const std::string reason = r.reasons.empty() ? "" : " (" + r.reasons.front().code + ")";
  return fmt::format("{}{}: {}{} from {}{}{} ({}) to {} recipients in {}", NameOf(r.verdict),
                     reason, r.item, r.run.empty() ? "" : " of run " + r.run.text(), r.from.party,
                     r.from.site.empty() ? "" : "/", r.from.site, r.from.country,
                     r.recipients.size(), fmt::join(countries, ", "));
}

std::string Line(const RoundOpened& r) {
  return fmt::format("round {} of {} opened for {} until {}", r.round, r.run,
                     Sites(r.participants.size()), FormatInstant(r.deadline));
}

std::string Line(const Contributed& r) {
  return fmt::format("round {} of {}: {} contributed {} from {} examples, {}", r.round, r.run,
                     r.site, Short(r.update), r.examples, Shown(r.metrics));
}

std::string Line(const Declined& r) {
  return fmt::format("round {} of {}: {} declined ({})", r.round, r.run, r.site, r.code);
}

std::string Line(const RoundClosed& r) {
  std::string left_out;
  for (const NotCounted& site : r.not_counted) {
    left_out += fmt::format("{}{} ({})", left_out.empty() ? "; not " : ", ", site.site, site.code);
  }
  return fmt::format("round {} of {} closed: counts {}{}", r.round, r.run, Sites(r.counted.size()),
                     left_out);
}

std::string Line(const RoundReduced& r) {
  return fmt::format("round {} of {}: {} updates became {}", r.round, r.run, r.inputs.size(),
                     Short(r.output));
}

std::string Line(const Evaluated& r) {
  return fmt::format("round {} of {}: {} evaluated on {} examples, {}", r.round, r.run, r.site,
                     r.examples, Shown(r.metrics));
}

std::string Line(const RunFinished& r) {
  return fmt::format("run {} {} after {} rounds{}{}", r.run, r.outcome, r.rounds,
                     r.code.empty() ? "" : ": ", r.code);
}

std::string Line(const Refused& r) {
  return fmt::format("refused: {} {}{}{}", r.what, r.subject, r.reasons.empty() ? "" : ": ",
                     r.reasons.empty() ? "" : r.reasons.front().code);
}

std::string Line(const Released& r) {
  return fmt::format("{} released the model of round {} of {}: sha256 {}", r.party, r.round, r.run,
                     r.model_sha256.hex());
}

std::string Sender(const PartyId& party, const SiteId& site) {
  return site.empty() ? fmt::format("all crossings of {}", party)
                      : fmt::format("the crossings of site {} of {}", site, party);
}

std::string Line(const CrossingsSuspended& r) {
  return fmt::format("{} suspends {}", r.party, Sender(r.party, r.site));
}

std::string Line(const CrossingsResumed& r) {
  return fmt::format("{} resumes {}", r.party, Sender(r.party, r.site));
}

std::string Line(const PartyLeft& r) { return fmt::format("{} leaves the charter", r.party); }

std::string Line(const BlobsDeleted& r) {
  const std::string why =
      r.party.empty() ? fmt::format("run {} is over", r.run) : fmt::format("{} has left", r.party);
  return fmt::format("{} {} deleted ({}), {} to follow", r.blobs.size(),
                     r.blobs.size() == 1 ? "blob" : "blobs", why, r.remaining);
}

std::string Line(const CrossingApproved& r) {
  const std::string licence =
      r.licence.empty() ? "" : fmt::format(" under {} of licence {}", r.quantity, r.licence);
  return fmt::format("{} approves what entry {} holds, for the {}, {} uses until {}{}", r.party,
                     r.determination, r.scope, r.uses, FormatInstant(r.until), licence);
}

std::string Line(const CrossingDenied& r) {
  return fmt::format("{} denies what entry {} holds", r.party, r.determination);
}

std::string Line(const LicenceRecorded& r) {
  return fmt::format("{} holds licence {} for {} {} until {}", r.party, r.licence, r.quantity,
                     r.unit, FormatInstant(r.until));
}

std::string Line(const FactsOpened& r) {
  return fmt::format("{} shows the facts behind entry {} to {} of {}", r.party, r.determination,
                     r.auditor, r.auditor_party);
}

}  // namespace

std::string_view NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGo:
      return "go";
    case Verdict::kHold:
      return "hold";
    case Verdict::kRefuse:
      return "refuse";
  }
  RK_CHECK(false);
}

std::string KindOf(const Record& record) {
  return std::visit([](const auto& r) { return std::string(r.kKind); }, record);
}

Instant AtOf(const Record& record) {
  return std::visit([](const auto& r) { return r.at; }, record);
}

std::string Summary(const Record& record) {
  return std::visit([](const auto& r) { return Line(r); }, record);
}

}  // namespace renkei::record
