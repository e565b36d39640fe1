// SPDX-License-Identifier: Apache-2.0
#include "renkei/gate/report.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "renkei/rules/civil_date.h"

namespace renkei::gate {
namespace {

using record::Determined;
using record::Holder;
using record::Verdict;

constexpr std::string_view kTpp = "ic.tpp";
constexpr std::string_view kOperationsMetric = "operations";

std::string PlaceOf(const Holder& holder) {
  return fmt::format("{}/{}", holder.party, holder.country);
}

// What officers said of a hold, in the order of the ledger.
struct HoldFold {
  Instant until{};
  std::set<std::string> officers{};
  std::vector<uint64_t> decided{};
  std::optional<record::CrossingApproved> approved{};  // with which they sufficed
  bool denied = false;
};

class Reporter {
 public:
  Reporter(const charter::Charter& charter, Period period) : charter_(charter) {
    report_.period = period;
  }

  void Take(const IndexedEntry& each) {
    const Instant at = record::AtOf(each.entry.record);
    if (each.index == 0) report_.oldest = at;
    report_.oldest = std::min(report_.oldest, at);
    last_ = std::max(last_, at);
    index_ = each.index;
    author_ = &each.entry.key_id;
    counts_ = report_.period.Contains(at);
    std::visit(*this, each.entry.record);
  }

  Report Finish(uint64_t size, const Digest& root) && {
    for (auto& [key, row] : rows_) report_.crossings.push_back(std::move(row));
    for (auto& [key, row] : operations_) report_.operations.push_back(std::move(row));
    for (HoldRow& row : report_.holds) {
      const HoldFold& hold = holds_.at(row.entry);
      row.decided = hold.decided;
      row.state = hold.denied           ? "denied"
                  : hold.approved       ? "approved"
                  : hold.until <= last_ ? "timed-out"
                                        : "open";
    }
    report_.size = size;
    report_.root = root;
    return std::move(report_);
  }

  void operator()(const record::SiteEnrolled& entry) {
    sites_[entry.site] = {.party = entry.party, .site = entry.site, .country = entry.country};
  }

  void operator()(const Determined& entry) {
    determined_[index_] = entry;
    const auto key = std::tuple(entry.run, entry.item, entry.from);
    if (entry.verdict == Verdict::kGo && !entry.blob) standing_[key] = index_;
    if (entry.verdict == Verdict::kHold) {
      holds_[index_].until = last_ + std::chrono::hours(charter_.export_rules.hold_hours);
      if (counts_) {
        report_.holds.push_back(
            {.entry = index_, .item = entry.item, .run = entry.run, .from = entry.from});
      }
    }
    if (entry.verdict == Verdict::kRefuse && counts_) report_.refused_crossings.push_back(index_);
  }

  void operator()(const record::CrossingApproved& entry) {
    if (counts_) ++report_.decided["approved"];
    HoldFold& hold = holds_[entry.determination];
    hold.decided.push_back(index_);
    hold.officers.insert(*author_);
    const charter::Party* party = charter_.FindParty(entry.party);
    if (party == nullptr || hold.officers.size() < party->threshold) return;
    hold.approved = entry;
    const auto about = determined_.find(entry.determination);
    if (about == determined_.end() || about->second.blob) return;
    const Determined& said = about->second;
    standing_[std::tuple(said.run, said.item, said.from)] = entry.determination;
  }

  void operator()(const record::CrossingDenied& entry) {
    if (counts_) ++report_.decided["denied"];
    HoldFold& hold = holds_[entry.determination];
    hold.decided.push_back(index_);
    hold.denied = true;
  }

  // The model goes from its owner to the coordinator.
  void operator()(const record::RunSubmitted& entry) {
    const Determined* said = Find(entry.determination);
    if (said == nullptr) return;
    AddCrossing(entry.determination, *said, Coordinator(),
                {.blob_bytes = said->blob ? said->blob->size_bytes : 0});
  }

  // And from the coordinator to each site that takes part, under the coordinator's own
  // determination; of a ledger that has none, under the owner's.
  void operator()(const record::RoundOpened& entry) {
    const auto own = standing_.find(std::tuple(entry.run, std::string("model"), Coordinator()));
    const uint64_t under = own == standing_.end() ? entry.owner_determination : own->second;
    const Determined* said = Find(under);
    if (said == nullptr) return;
    for (const SiteId& site : entry.participants) {
      const auto to = sites_.find(site);
      if (to == sites_.end()) continue;
      AddCrossing(under, *said, to->second, {.blob_bytes = entry.base.size_bytes});
    }
  }

  void operator()(const record::Contributed& entry) {
    const auto told = entry.metrics.find(std::string(kOperationsMetric));
    if (counts_ && told != entry.metrics.end() && told->second > 0) {
      OperationsRow& row = operations_[{entry.run, entry.site}];
      row.run = entry.run;
      row.site = entry.site;
      row.operations += told->second;
      row.proofs.push_back(index_);
    }
    AddToAll(entry.determination, entry.update.size_bytes, true);
  }

  void operator()(const record::Evaluated& entry) {
    const auto from = sites_.find(entry.site);
    if (from == sites_.end()) return;
    const auto own = standing_.find(std::tuple(entry.run, std::string("metrics"), from->second));
    if (own != standing_.end()) AddToAll(own->second, 0, false);
  }

  void operator()(const record::Released& entry) {
    AddToAll(entry.determination, entry.model.size_bytes, false);
  }

  void operator()(const record::Refused&) {
    if (counts_) report_.refused_others.push_back(index_);
  }

  void operator()(const record::BlobsDeleted& entry) {
    if (!counts_) return;
    Deletion deletion = {.entry = index_,
                         .what = entry.party.empty() ? fmt::format("run {}", entry.run)
                                                     : fmt::format("party {}", entry.party),
                         .reason = entry.reason,
                         .blobs = entry.blobs.size()};
    for (const BlobId& blob : entry.blobs) deletion.bytes += blob.size_bytes;
    report_.deletions.push_back(std::move(deletion));
  }

  template <class Other>
  void operator()(const Other&) {}

 private:
  struct Carried {
    uint64_t blob_bytes = 0;
    bool in_sum = false;
  };

  Holder Coordinator() const {
    const charter::CoordinatorSite& site = charter_.coordinator;
    return {.party = site.party, .site = site.site, .country = site.country};
  }

  const Determined* Find(uint64_t entry) const {
    const auto found = determined_.find(entry);
    return found == determined_.end() ? nullptr : &found->second;
  }

  // To each party and country that the determination names, once.
  void AddToAll(uint64_t entry, uint64_t bytes, bool summed) {
    const Determined* said = Find(entry);
    if (said == nullptr) return;
    const std::string hub = PlaceOf(Coordinator());
    std::set<std::string> seen;
    for (const Holder& to : said->recipients) {
      if (!seen.insert(PlaceOf(to)).second) continue;
      AddCrossing(entry, *said, to, {.blob_bytes = bytes, .in_sum = summed && PlaceOf(to) != hub});
    }
  }

  void AddCrossing(uint64_t entry, const Determined& said, const Holder& to, Carried carried) {
    if (!counts_) return;
    CrossingRow made = {.item = said.item,
                        .run = said.run,
                        .from = said.from,
                        .to = PlaceOf(to),
                        .outcome = OutcomeOf(entry, said, PlaceOf(to)),
                        .tpp = TppOf(said),
                        .in_sum = carried.in_sum,
                        .determinations = {},
                        .proofs = {}};
    const auto key =
        std::tuple(made.run, made.item, made.from, made.to, made.in_sum, made.outcome, made.tpp);
    CrossingRow& row = rows_.try_emplace(key, std::move(made)).first->second;
    ++row.crossings;
    row.bytes += carried.blob_bytes;
    if (std::ranges::find(row.determinations, entry) == row.determinations.end()) {
      row.determinations.insert(std::ranges::upper_bound(row.determinations, entry), entry);
    }
    if (row.proofs.empty() || row.proofs.back() != index_) row.proofs.push_back(index_);
  }

  std::string OutcomeOf(uint64_t entry, const Determined& said, const std::string& to) const {
    std::vector<std::string> parts;
    for (const record::RuleOutcome& rule : said.rules) {
      if (std::ranges::find(rule.to, to) == rule.to.end()) continue;
      const std::string layer = rule.jurisdiction == "us" ? " " + rule.layer : "";
      parts.push_back(fmt::format("{}{} {}", rule.jurisdiction, layer, rule.outcome));
    }
    if (parts.empty()) parts.emplace_back("charter alone");
    const auto hold = holds_.find(entry);
    if (hold != holds_.end() && hold->second.approved) {
      const record::CrossingApproved& yes = *hold->second.approved;
      parts.push_back(yes.licence.empty()
                          ? "approved by officers"
                          : fmt::format("LIC: {} of licence {}", yes.quantity, yes.licence));
    }
    return fmt::format("{}", fmt::join(parts, "; "));
  }

  static std::string TppOf(const Determined& said) {
    const auto fact = std::ranges::find(said.facts, kTpp, &record::Fact::id);
    return fact == said.facts.end() ? "" : fact->value;
  }

  const charter::Charter& charter_;
  Report report_;
  uint64_t index_ = 0;
  const std::string* author_ = nullptr;
  bool counts_ = false;  // the entry is of the period
  Instant last_{};       // the ledger's time
  std::map<SiteId, Holder> sites_;
  std::map<uint64_t, Determined> determined_;
  std::map<std::tuple<RunId, std::string, Holder>, uint64_t> standing_;
  std::map<uint64_t, HoldFold> holds_;
  std::map<std::tuple<RunId, std::string, Holder, std::string, bool, std::string, std::string>,
           CrossingRow>
      rows_;
  std::map<std::pair<RunId, SiteId>, OperationsRow> operations_;
};

std::optional<int> NumberOf(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return text.empty() ? std::nullopt : std::optional(number);
}

Period MonthsOf(int year, unsigned first, int count) {
  const std::chrono::year_month from{std::chrono::year(year), std::chrono::month(first)};
  const std::chrono::year_month to = from + std::chrono::months(count);
  return {.begin = std::chrono::sys_days(from / 1), .end = std::chrono::sys_days(to / 1)};
}

}  // namespace

StatusOr<Period> ParsePeriod(std::string_view text) {
  const size_t dots = text.find("..");
  if (dots != std::string_view::npos) {
    RK_ASSIGN_OR_RETURN(const rules::Date from, rules::ParseDate(text.substr(0, dots)));
    RK_ASSIGN_OR_RETURN(const rules::Date to, rules::ParseDate(text.substr(dots + 2)));
    if (from <= to) return Period{.begin = from, .end = to + std::chrono::days(1)};
    return Error(Code::kInvalidArgument, "the period ends before it begins");
  }
  const auto year = NumberOf(text.substr(0, 4));
  if (year && *year >= 1970 && text.size() == 4) return MonthsOf(*year, 1, 12);
  if (year && *year >= 1970 && text.size() == 7 && text[4] == '-') {
    const std::string_view rest = text.substr(5);
    if (rest[0] == 'Q' && rest[1] >= '1' && rest[1] <= '4') {
      return MonthsOf(*year, static_cast<unsigned>(rest[1] - '1') * 3 + 1, 3);
    }
    const auto month = NumberOf(rest);
    if (month && *month >= 1 && *month <= 12) {
      return MonthsOf(*year, static_cast<unsigned>(*month), 1);
    }
  }
  return Error(Code::kInvalidArgument,
               "a period is a month (2026-11), a quarter (2026-Q4), a year (2026) or two days "
               "(2026-11-01..2026-11-15)");
}

Report ReportOf(const charter::Charter& charter, std::span<const IndexedEntry> entries,
                const Digest& root, const Period& period) {
  Reporter reporter(charter, period);
  for (const IndexedEntry& each : entries) reporter.Take(each);
  return std::move(reporter).Finish(entries.size(), root);
}

}  // namespace renkei::gate
