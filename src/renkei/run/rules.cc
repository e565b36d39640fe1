// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/rules.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "renkei/run/needed_blobs.h"
#include "renkei/run/run_fold.h"
#include "renkei/run/run_rules.h"

namespace renkei::run {
namespace {

using charter::Role;

constexpr unsigned kByCoordinator = 1;
constexpr unsigned kBySite = 2;
constexpr unsigned kByPerson = 4;

constexpr unsigned Bit(Role role) { return 1U << static_cast<unsigned>(role); }
constexpr unsigned kOfficer = Bit(Role::kOfficer);
constexpr unsigned kOperator = Bit(Role::kOperator);
constexpr unsigned kResearcher = Bit(Role::kResearcher);

// Who writes what; of the roles, one suffices.
struct Authority {
  std::string_view kind;
  unsigned authors;
  unsigned roles;  // of a person
};
constexpr Authority kAuthorities[] = {
    {"charter.adopted", kByCoordinator, 0},
    {"site.enrolled", kByPerson, kOfficer | kOperator},
    {"run.submitted", kByPerson, kResearcher},
    {"run.approved", kByPerson, kOfficer},
    {"run.stop-asked", kByPerson, kOfficer | kOperator | kResearcher},
    {"run.pause-asked", kByPerson, kOfficer | kOperator | kResearcher},
    {"run.resume-asked", kByPerson, kOfficer | kOperator | kResearcher},
    {"crossing.determined", kByPerson | kBySite | kByCoordinator, kOfficer | kResearcher},
    {"round.opened", kByCoordinator, 0},
    {"update.contributed", kBySite, 0},
    {"round.declined", kBySite, 0},
    {"round.closed", kByCoordinator, 0},
    {"round.reduced", kByCoordinator, 0},
    {"model.evaluated", kBySite, 0},
    {"run.finished", kByCoordinator, 0},
    {"refused", kByCoordinator, 0},
    {"model.released", kByPerson, kOfficer | kResearcher},
    {"crossings.suspended", kByPerson, kOfficer},
    {"crossings.resumed", kByPerson, kOfficer},
    {"party.left", kByPerson, kOfficer},
    {"blobs.deleted", kByCoordinator, 0},
    {"crossing.approved", kByPerson, kOfficer},
    {"crossing.denied", kByPerson, kOfficer},
    {"licence.recorded", kByPerson, kOfficer},
    {"facts.opened", kByPerson, kOfficer},
};

Decision CheckAuthority(const Author& author, std::string_view kind) {
  const auto row = std::ranges::find(kAuthorities, kind, &Authority::kind);
  if (row == std::end(kAuthorities)) return Refuse("not-for-this-author", std::string(kind));
  const unsigned by = author.kind == AuthorKind::kCoordinator ? kByCoordinator
                      : author.kind == AuthorKind::kSite      ? kBySite
                                                              : kByPerson;
  if ((row->authors & by) == 0) {
    return Refuse("not-for-this-author", fmt::format("{} does not write {}", author.name, kind));
  }
  if (author.kind != AuthorKind::kPerson) return {};
  for (const Role role : author.roles) {
    if ((row->roles & Bit(role)) != 0) return {};
  }
  return Refuse("role-missing", fmt::format("{} of {} wrote {}", author.name, author.party, kind));
}

// Entries about the whole ledger or about a run to be; those about a run are in run_rules.cc.
class Rules {
 public:
  Rules(const BookState& book, const Author& author, Instant time)
      : book_(book), author_(author), time_(time) {}

  Decision operator()(const record::CharterAdopted&) { return Refuse("charter-adopted-already"); }

  Decision operator()(const record::SiteEnrolled& entry) {
    if (entry.party != author_.party) return OtherParty(entry.party);
    const auto known = book_.sites.find(entry.site);
    if (known != book_.sites.end()) {
      // Its party may confirm a site, as the one that it is.
      const record::SiteEnrolled& before = known->second.enrolled;
      if (before.key != entry.key || before.party != entry.party ||
          before.country != entry.country) {
        return Refuse("site-known", entry.site.text());
      }
    } else {
      if (entry.site == book_.charter->coordinator.site) return Refuse("site-name-taken");
      if (KeyKnown(entry.key)) return Refuse("key-known");
      if (book_.sites.size() >= kSitesMax) return Refuse("sites-limit");
    }
    if (book_.tokens.contains(entry.token_id)) return Refuse("token-spent");
    if (entry.weight_max > book_.charter->runs.weight_max) {
      return Refuse("weight-above-charter",
                    fmt::format("{} > {}", entry.weight_max, book_.charter->runs.weight_max));
    }
    return {};
  }

  Decision operator()(const record::RunSubmitted& entry) {
    if (entry.party != author_.party) return OtherParty(entry.party);
    if (book_.runs.contains(entry.run)) return Refuse("run-known", entry.run.text());
    if (book_.runs.size() >= kRunsMax) return Refuse("runs-limit");
    if (book_.charter->runs.auditors > 0) return Refuse("auditors-lack");
    const auto spec = ParseSpec(entry.spec, "run spec");
    if (!spec.ok()) return Refuse("spec-not-valid", Message(spec.status()));
    if (spec->name != entry.run) return Refuse("spec-not-valid", "the spec names another run");
    if (spec->rounds > book_.charter->runs.rounds_max) {
      return Refuse("rounds-above-charter",
                    fmt::format("{} > {}", spec->rounds, book_.charter->runs.rounds_max));
    }
    for (const std::string& purpose : spec->purposes) {
      if (!Contains(book_.charter->runs.purposes, purpose)) {
        return Refuse("purpose-not-in-charter", purpose);
      }
    }
    const size_t approvers = CountApprovers(*book_.charter, book_.left);
    if (approvers < book_.charter->runs.approvals) {
      return Refuse("approvals-impossible",
                    fmt::format("{} are needed, {} of the charter's parties can still approve",
                                book_.charter->runs.approvals, approvers));
    }
    for (const SiteId& site : spec->participants) {
      const auto known = book_.sites.find(site);
      if (known == book_.sites.end()) return Refuse("participants-unknown", site.text());
      if (book_.left.contains(known->second.enrolled.party)) {
        return Refuse("participants-left",
                      fmt::format("{} of {}", site, known->second.enrolled.party));
      }
    }
    return CheckOwnerDetermination(entry, *spec);
  }

  Decision operator()(const record::Determined& entry) {
    if (!SpeaksForItself(entry.from)) return Refuse("not-for-this-author", "another's crossing");
    if (entry.charter_sha256 != book_.charter->sha256) {
      return Refuse("determination-does-not-cover", "made under another charter");
    }
    const bool of_ledger = entry.item == "ledger";
    if (of_ledger != entry.run.empty()) return Refuse("run-unknown", "only the ledger has none");
    const auto run = book_.runs.find(entry.run);
    if (author_.kind != AuthorKind::kPerson && !of_ledger && run == book_.runs.end()) {
      return Refuse("run-unknown", entry.run.text());  // Only an owner speaks before its run.
    }
    if (run != book_.runs.end() && !StatesFactsOf(run->second.spec, entry)) {
      return Refuse("determination-does-not-cover", "other facts than the run spec states");
    }
    // The ledger is read on: it is how everybody sees what is suspended.
    if (!of_ledger && entry.verdict == record::Verdict::kGo &&
        book_.suspensions.Cover(entry.from)) {
      return Refuse("suspended", fmt::format("{}/{}", entry.from.party, entry.from.site));
    }
    return {};
  }

  Decision operator()(const record::CrossingsSuspended& entry) {
    return CheckSuspension(entry.party, entry.site, /*suspend=*/true);
  }
  Decision operator()(const record::CrossingsResumed& entry) {
    return CheckSuspension(entry.party, entry.site, /*suspend=*/false);
  }

  Decision operator()(const record::CrossingApproved& entry) {
    return CheckApproval(book_.holds, author_.party, author_.key.KeyId(), entry, time_);
  }
  Decision operator()(const record::CrossingDenied& entry) {
    return CheckDenial(book_.holds, author_.party, entry);
  }
  Decision operator()(const record::LicenceRecorded& entry) {
    return CheckLicence(book_.holds, author_.party, entry);
  }
  Decision operator()(const record::FactsOpened& entry) {
    if (entry.party != author_.party) return OtherParty(entry.party);
    if (entry.determination >= book_.size) return Refuse("determination-missing");
    const charter::Party* party = book_.charter->FindParty(entry.auditor_party);
    const bool known = party != nullptr && std::ranges::any_of(party->people, [&](const auto& one) {
                         return one.id.text() == entry.auditor;
                       });
    if (!known) return Refuse("auditor-unknown", entry.auditor);
    return {};
  }

  Decision operator()(const record::Refused&) { return {}; }

  Decision operator()(const record::PartyLeft& entry) {
    if (entry.party != author_.party) return OtherParty(entry.party);
    if (entry.party == book_.charter->coordinator.party) {
      return Refuse("party-coordinates", entry.party.text());
    }
    return {};
  }

  Decision operator()(const record::BlobsDeleted& entry) {
    if (entry.reason == kPartyLeft) {
      const auto left = book_.left.find(entry.party);
      if (!entry.run.empty() || left == book_.left.end() || left->second.remaining == 0u) {
        return Contradiction("deletes blobs of a party that has not left, or has none");
      }
    } else {
      const auto run = book_.runs.find(entry.run);
      if (!entry.party.empty() || run == book_.runs.end() ||
          run->second.phase != Phase::kFinished || run->second.collected) {
        return Contradiction("deletes blobs of a run that is not over, or has none");
      }
    }
    for (const auto& [blob, run] : FindNeeded(book_.runs, entry.blobs)) {
      return Contradiction(fmt::format("deletes {}, which run {} needs", blob.Text(), run));
    }
    return {};
  }

  template <typename AboutRun>
  Decision operator()(const AboutRun& entry) {
    const auto run = book_.runs.find(entry.run);
    if (run == book_.runs.end()) return Refuse("run-unknown", entry.run.text());
    return CheckAboutRun(run->second, author_, entry, time_);
  }

 private:
  static Decision Contradiction(std::string what) {
    return Refuse("coordinator-contradicts", std::move(what));
  }

  // The facts of the spec over those of the charter; how many operations is the gate's to say.
  bool StatesFactsOf(const Spec& spec, const record::Determined& entry) const {
    syntax::Stated expected = book_.charter->export_rules.FactsWith(spec.facts);
    syntax::Stated stated;
    for (const record::Fact& fact : entry.facts) stated[fact.id] = fact.value;
    expected.erase(std::string(charter::kRunOperations));
    stated.erase(std::string(charter::kRunOperations));
    return stated == expected;
  }

  static bool Contains(const std::vector<std::string>& list, const std::string& text) {
    return std::ranges::find(list, text) != list.end();
  }

  Decision OtherParty(const PartyId& party) const {
    return Refuse("not-for-this-author",
                  fmt::format("{} is of {}, not of {}", author_.name, author_.party, party));
  }

  Decision CheckSuspension(const PartyId& party, const SiteId& site, bool suspend) const {
    if (party != author_.party) return OtherParty(party);
    bool suspended = book_.suspensions.parties.contains(party);
    if (!site.empty()) {
      const auto known = book_.sites.find(site);
      if (known == book_.sites.end()) return Refuse("site-unknown", site.text());
      if (known->second.enrolled.party != party) return OtherParty(known->second.enrolled.party);
      suspended = book_.suspensions.sites.contains(site);
    }
    if (suspended == suspend) {
      return Refuse(suspend ? "suspended-already" : "not-suspended",
                    site.empty() ? party.text() : site.text());
    }
    return {};
  }

  bool KeyKnown(const crypto::PublicKey& key) const {
    if (key == book_.charter->coordinator.key) return true;
    if (book_.charter->FindPersonByKeyId(key.KeyId()) != nullptr) return true;
    return book_.site_keys.contains(key.KeyId());
  }

  bool SpeaksForItself(const record::Holder& from) const {
    switch (author_.kind) {
      case AuthorKind::kCoordinator:
        return from == CoordinatorOf(*book_.charter);
      case AuthorKind::kPerson: {
        const charter::Party* party = book_.charter->FindParty(author_.party);
        return from ==
               record::Holder{.party = author_.party, .site = {}, .country = party->country};
      }
      case AuthorKind::kSite: {
        const record::SiteEnrolled& site = book_.sites.at(*SiteId::Parse(author_.name)).enrolled;
        return from ==
               record::Holder{.party = site.party, .site = site.site, .country = site.country};
      }
    }
    return false;
  }

  Decision CheckOwnerDetermination(const record::RunSubmitted& entry, const Spec& spec) const {
    const auto found =
        std::ranges::find(book_.early, entry.determination, &EarlyDetermination::index);
    if (found == book_.early.end()) {
      return Refuse("determination-missing", fmt::format("entry {}", entry.determination));
    }
    const record::Determined& determined = found->determined;
    const std::optional<Standing> approved = book_.holds.ApprovedAs(found->index);
    const Standing standing = approved.value_or(StandingOf(found->index, determined));
    if ((determined.verdict != record::Verdict::kGo && !approved) ||
        determined.from.party != entry.party || !determined.from.site.empty() ||
        !standing.ValidAt(time_)) {
      return Refuse("determination-missing", "not a valid go of the run's owner");
    }
    if (determined.item != "model" || determined.run != entry.run || !Fits(spec, determined)) {
      return Refuse("determination-does-not-cover", "another item or purpose than the spec's");
    }
    if (!StatesFactsOf(spec, determined)) {
      return Refuse("determination-does-not-cover", "other facts than the run spec states");
    }
    const std::vector<record::Holder> candidates = CandidatesOf(book_, spec, standing);
    std::vector<record::Holder> needed = candidates;
    needed.push_back(CoordinatorOf(*book_.charter));
    for (const record::Holder& holder : needed) {
      if (Covers(standing, {holder})) continue;
      return Refuse("determination-does-not-cover",
                    fmt::format("{}/{} is no recipient", holder.party, holder.site));
    }
    if (candidates.size() > kRunSitesMax) return Refuse("run-sites-limit");
    if (candidates.size() < spec.quorum) {
      return Refuse("quorum-impossible",
                    fmt::format("{} sites, quorum {}", candidates.size(), spec.quorum));
    }
    return {};
  }

  const BookState& book_;
  const Author& author_;
  Instant time_;
};

}  // namespace

Decision CheckRecord(const BookState& book, const Author& author, const record::Record& record,
                     Instant time) {
  if (const auto left = book.left.find(author.party); left != book.left.end()) {
    return Refuse(kPartyLeft, fmt::format("{}, with entry {}", author.party, left->second.index));
  }
  Decision decision = CheckAuthority(author, record::KindOf(record));
  if (!decision.ok()) return decision;
  return std::visit(Rules(book, author, time), record);
}

std::vector<record::Holder> CandidatesOf(const BookState& book, const Spec& spec,
                                         const Standing& owner_go) {
  std::vector<record::Holder> candidates;
  for (const auto& [site, state] : book.sites) {
    if (book.left.contains(state.enrolled.party)) continue;
    const record::Holder holder{
        .party = state.enrolled.party, .site = site, .country = state.enrolled.country};
    const bool invited = spec.participants.empty()
                             ? Covers(owner_go, {holder})
                             : std::ranges::binary_search(spec.participants, site);
    if (invited) candidates.push_back(holder);
  }
  return candidates;
}

record::Holder CoordinatorOf(const charter::Charter& charter) {
  return {.party = charter.coordinator.party,
          .site = charter.coordinator.site,
          .country = charter.coordinator.country};
}

}  // namespace renkei::run
