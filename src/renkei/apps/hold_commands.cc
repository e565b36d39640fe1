// SPDX-License-Identifier: Apache-2.0
// renkei holds | approve | deny, and renkei licence: what officers decide where the gate holds.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "renkei/apps/commands.h"
#include "renkei/apps/person_gate.h"
#include "renkei/apps/person_session.h"
#include "renkei/crypto/hash.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr size_t kReasonBytesMax = 4096;

template <typename Act>
Exit With(const ActorOptions& actor, Act act) {
  auto session = PersonSession::Open(actor);
  if (!session.ok()) return Console::Fail(session.status());
  if (const Status synced = (*session)->Sync(); !synced.ok()) return Console::Fail(synced);
  const StatusOr<Exit> exit = act(**session);
  return exit.ok() ? *exit : Console::Fail(exit.status());
}

std::string StateOf(const run::HoldState& hold, uint32_t threshold, Instant now) {
  if (hold.denied != 0) return fmt::format("denied in entry {}", hold.denied);
  if (hold.approved != 0) return fmt::format("approved in entry {}", hold.approved);
  if (!hold.IsOpenAt(now)) return "timed out";
  return fmt::format("open, {} of {} officers", hold.approvals.size(), threshold);
}

// The parties and countries that would come to hold the item.
std::string RecipientsOf(const run::HoldState& hold) {
  std::set<std::string> names;
  for (const record::Holder& to : hold.recipients) {
    names.insert(fmt::format("{}/{}", to.party, to.country));
  }
  return fmt::format("{}", fmt::join(names, " "));
}

// The facts that are missing, or else why it is held.
std::string WhyOf(const record::Determined& determined) {
  std::set<std::string> missing;
  for (const record::RuleOutcome& said : determined.rules) {
    missing.insert(said.missing.begin(), said.missing.end());
  }
  if (!missing.empty()) return fmt::format("missing: {}", fmt::join(missing, " "));
  for (const record::Reason& reason : determined.reasons) {
    if (reason.code != "permitted") return reason.text;
  }
  return "";
}

// "2027-01-31", the end of that day in UTC, or an instant.
StatusOr<Instant> ParseUntil(const std::string& text) {
  constexpr size_t kDateBytes = 10;
  if (text.size() != kDateBytes) return ParseInstant(text);
  RK_ASSIGN_OR_RETURN(const Instant begin, ParseInstant(text + "T00:00:00Z"));
  return begin + std::chrono::days(1);
}

StatusOr<const run::HoldState*> FindHold(const PersonSession& session, uint64_t entry) {
  const auto& held = session.book().holds().held;
  const auto hold = held.find(entry);
  if (hold == held.end()) {
    return Error(Code::kNotFound, "entry {} is no hold; renkei holds names them", entry);
  }
  return &hold->second;
}

// The text stays in the party's directory, under its digest; the digest goes to the ledger.
StatusOr<Digest> KeepReason(PersonSession& session, const HoldOptions& options) {
  if (options.reason.empty() || options.reason.size() > kReasonBytesMax) {
    return Error(Code::kInvalidArgument, "--reason: 1 to {} bytes", kReasonBytesMax);
  }
  const Digest sha256 = crypto::Sha256(AsBytes(options.reason));
  const std::string dir = JoinPath(options.actor.party_dir, "reasons");
  RK_RETURN_IF_ERROR(session.disk().MakeDirs(dir));
  RK_RETURN_IF_ERROR(
      WriteWhole(session.disk(), JoinPath(dir, sha256.hex() + ".txt"), AsBytes(options.reason)));
  return sha256;
}

StatusOr<Exit> Show(PersonSession& session, const HoldOptions& options, const Console& console) {
  const Instant now = session.clock().Now();
  std::vector<Value> rows;
  for (const auto& [entry, hold] : session.book().holds().held) {
    if (!options.all && !hold.IsOpenAt(now)) continue;
    RK_ASSIGN_OR_RETURN(const record::Determined determined, DeterminedAt(session, entry));
    Value& row = rows.emplace_back(Value::Object());
    row.Set("entry", entry);
    row.Set("party", hold.from.party.text());
    row.Set("item", hold.run.empty() ? hold.item : fmt::format("{} of {}", hold.item, hold.run));
    row.Set("to", RecipientsOf(hold));
    row.Set("until", FormatInstant(hold.until));
    row.Set("state", StateOf(hold, session.charter().FindParty(hold.from.party)->threshold, now));
    row.Set("why", WhyOf(determined));
  }
  if (options.csv) {
    console.Text(CsvText(rows));
  } else if (!rows.empty() || !console.for_people()) {
    console.Rows(rows);
  }
  if (rows.empty()) Console::Note("Nothing is held.");
  return Exit::kOk;
}

StatusOr<Exit> Allow(PersonSession& session, const HoldOptions& options, const Console& console) {
  RK_RETURN_IF_ERROR(FindHold(session, options.entry).status());
  RK_ASSIGN_OR_RETURN(const record::Determined determined, DeterminedAt(session, options.entry));
  record::CrossingApproved approved = {
      .party = session.party().id,
      .determination = options.entry,
      .scope = options.scope,
      .until = determined.valid_until,
      .uses = options.uses == 0 ? determined.uses_max : options.uses,
      .reason_sha256 = {},
      .licence = options.licence,
      .quantity = options.quantity,
      .at = session.clock().Now()};
  if (!options.until.empty()) {
    const auto until = ParseUntil(options.until);
    if (!until.ok()) return Annotate(until.status(), "--until");
    approved.until = std::min(approved.until, *until);
  }
  RK_ASSIGN_OR_RETURN(approved.reason_sha256, KeepReason(session, options));
  RK_ASSIGN_OR_RETURN(const uint64_t index, session.Submit(approved));
  RK_ASSIGN_OR_RETURN(const run::HoldState* hold, FindHold(session, options.entry));
  const uint32_t threshold = session.party().threshold;
  Value row = Value::Object();
  row.Set("entry", index);
  row.Set("hold", options.entry);
  row.Set("state", StateOf(*hold, threshold, session.clock().Now()));
  row.Set("until", FormatInstant(approved.until));
  row.Set("uses", approved.scope == "crossing" ? uint64_t{1} : approved.uses);
  console.Object(row);
  if (hold->approved != 0) return Exit::kOk;
  Console::Note(fmt::format("{} more of the party's officers have to approve it.",
                            threshold - hold->approvals.size()));
  return Exit::kWaiting;
}

StatusOr<Exit> Refuse(PersonSession& session, const HoldOptions& options, const Console& console) {
  RK_RETURN_IF_ERROR(FindHold(session, options.entry).status());
  RK_ASSIGN_OR_RETURN(const Digest reason, KeepReason(session, options));
  RK_ASSIGN_OR_RETURN(const uint64_t index,
                      session.Submit(record::CrossingDenied{.party = session.party().id,
                                                            .determination = options.entry,
                                                            .reason_sha256 = reason,
                                                            .at = session.clock().Now()}));
  Value row = Value::Object();
  row.Set("entry", index);
  row.Set("hold", options.entry);
  row.Set("state", "denied");
  console.Object(row);
  return Exit::kOk;
}

StatusOr<Exit> Record(PersonSession& session, const LicenceOptions& options,
                      const Console& console) {
  const auto until = ParseUntil(options.until);
  if (!until.ok()) return Annotate(until.status(), "--until");
  RK_ASSIGN_OR_RETURN(const uint64_t index,
                      session.Submit(record::LicenceRecorded{.party = session.party().id,
                                                             .licence = options.licence,
                                                             .unit = options.unit,
                                                             .quantity = options.quantity,
                                                             .until = *until,
                                                             .at = session.clock().Now()}));
  Value row = Value::Object();
  row.Set("entry", index);
  row.Set("licence", options.licence);
  row.Set("quantity", options.quantity);
  row.Set("unit", options.unit);
  console.Object(row);
  return Exit::kOk;
}

StatusOr<Exit> List(PersonSession& session, const Console& console) {
  std::vector<Value> rows;
  for (const auto& [name, licence] : session.book().holds().licences) {
    Value& row = rows.emplace_back(Value::Object());
    row.Set("party", name.first.text());
    row.Set("licence", name.second);
    row.Set("quantity", licence.quantity);
    row.Set("taken", licence.taken);
    row.Set("left", licence.left());
    row.Set("unit", licence.unit);
    row.Set("until", FormatInstant(licence.until));
  }
  if (rows.empty()) Console::Note("No licence is recorded.");
  if (!rows.empty() || !console.for_people()) console.Rows(rows);
  return Exit::kOk;
}

}  // namespace

Exit HoldsShow(const HoldOptions& options, const Console& console) {
  return With(options.actor, [&](PersonSession& s) { return Show(s, options, console); });
}

Exit HoldApprove(const HoldOptions& options, const Console& console) {
  return With(options.actor, [&](PersonSession& s) { return Allow(s, options, console); });
}

Exit HoldDeny(const HoldOptions& options, const Console& console) {
  return With(options.actor, [&](PersonSession& s) { return Refuse(s, options, console); });
}

Exit LicenceRecord(const LicenceOptions& options, const Console& console) {
  return With(options.actor, [&](PersonSession& s) { return Record(s, options, console); });
}

Exit LicenceList(const LicenceOptions& options, const Console& console) {
  return With(options.actor, [&](PersonSession& s) { return List(s, console); });
}

}  // namespace renkei::apps
