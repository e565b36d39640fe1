// SPDX-License-Identifier: Apache-2.0
// renkei release build | verify
#include <algorithm>
#include <optional>
#include <utility>

#include "renkei/apps/commands.h"
#include "renkei/apps/person_gate.h"
#include "renkei/apps/person_session.h"
#include "renkei/release/release.h"
#include "renkei/store/blobs.h"

namespace renkei::apps {
namespace {

using syntax::Value;

// The round to release: the one asked for, or that of the model the run ended with.
StatusOr<const run::RoundRecord*> ChooseRound(const run::RunState& run, uint32_t round) {
  if (run.rounds.empty()) {
    return Error(Code::kFailedPrecondition, "run {} has no finished round yet", run.run);
  }
  if (round == 0 && run.model) {
    for (const run::RoundRecord& record : run.rounds) {
      if (record.output == *run.model) return &record;
    }
  }
  if (round == 0) return &run.rounds.back();
  if (const run::RoundRecord* found = run.Round(round)) return found;
  return Error(Code::kNotFound, "run {} has {} finished rounds, not {}", run.run, run.rounds.size(),
               round);
}

// May the model of the round go to all who took part? Nothing when the gate holds or refuses it.
StatusOr<GateWord> AskRelease(PersonSession& session, const run::RunState& run, const BlobId& model,
                              const std::vector<std::string>& others) {
  const charter::Party& party = session.party();
  const record::Holder from = {.party = party.id, .site = {}, .country = party.country};
  std::vector<record::Holder> recipients = run::ResultRecipients(run);
  for (const std::string& name : others) {
    RK_ASSIGN_OR_RETURN(const PartyId id, PartyId::Parse(name));
    const charter::Party* other = session.charter().FindParty(id);
    if (other == nullptr) return Error(Code::kNotFound, "--to {}: no party of the charter", id);
    const record::Holder to = {.party = id, .site = {}, .country = other->country};
    if (std::ranges::find(recipients, to) == recipients.end()) recipients.push_back(to);
  }
  std::erase(recipients, from);
  return AskGate(session, {.item = "model",
                           .run = run.run,
                           .from = from,
                           .recipients = std::move(recipients),
                           .purposes = run.spec.purposes,
                           .classification_us = run.spec.classification_us,
                           .classification_jp = run.spec.classification_jp,
                           .facts = gate::FactsFor(session.charter().export_rules, run.spec.facts,
                                                   run.operations),
                           .blob = model});
}

StatusOr<std::optional<release::Built>> Write(PersonSession& session, const RunId& run,
                                              const run::RoundRecord& round,
                                              const ReleaseBuildOptions& options,
                                              store::Blobs& blobs) {
  RK_ASSIGN_OR_RETURN(
      release::Built built,
      release::Build(
          {.run = run, .round = round.round, .party = session.party().id, .dir = options.out},
          session.mirror(), blobs, session.key(), session.disk()));
  return built;
}

// Nothing when the gate does not let it go.
StatusOr<std::optional<release::Built>> Build(PersonSession& session,
                                              const ReleaseBuildOptions& options,
                                              record::Verdict& verdict) {
  RK_ASSIGN_OR_RETURN(const RunId id, RunId::Parse(options.run));
  const run::RunState* run = session.book().FindRun(id);
  if (run == nullptr) return Error(Code::kNotFound, "no run {}", id);
  RK_ASSIGN_OR_RETURN(const run::RoundRecord* found, ChooseRound(*run, options.round));
  const run::RoundRecord round = *found;
  RK_ASSIGN_OR_RETURN(const auto blobs, store::MakeDirectoryBlobs(
                                            session.disk(), options.actor.party_dir + "/blobs"));
  RK_ASSIGN_OR_RETURN(const bool here, blobs->Has(round.output));
  if (!here) {
    RK_RETURN_IF_ERROR(session.peer().Download(round.output, *blobs, [](uint64_t, uint64_t) {}));
  }
  const auto said = run->released.find(session.party().id);
  const bool released = said != run->released.end() && said->second.contains(round.round);
  if (!released || !options.to.empty()) {
    RK_ASSIGN_OR_RETURN(const GateWord word, AskRelease(session, *run, round.output, options.to));
    verdict = word.verdict;
    if (verdict != record::Verdict::kGo) return std::nullopt;
    if (released) return Write(session, id, round, options, *blobs);
    RK_ASSIGN_OR_RETURN(const auto model, blobs->Open(round.output));
    RK_ASSIGN_OR_RETURN(const Digest sha256, release::PlainSha256(*model));
    RK_RETURN_IF_ERROR(session
                           .Submit(record::Released{.run = id,
                                                    .round = round.round,
                                                    .party = session.party().id,
                                                    .model = round.output,
                                                    .model_sha256 = sha256,
                                                    .determination = word.entry,
                                                    .at = session.clock().Now()})
                           .status());
  }
  return Write(session, id, round, options, *blobs);
}

}  // namespace

Exit ReleaseBuild(const ReleaseBuildOptions& options, const Console& console) {
  auto session = PersonSession::Open(options.actor);
  if (!session.ok()) return Console::Fail(session.status());
  if (const Status synced = (*session)->Sync(); !synced.ok()) return Console::Fail(synced);
  record::Verdict verdict = record::Verdict::kGo;
  const auto done = Build(**session, options, verdict);
  if (!done.ok()) return Console::Fail(done.status());
  if (!*done) return ExitFor(verdict);
  const release::Built* built = &**done;
  Value row = Value::Object();
  row.Set("release", built->dir);
  row.Set("model", built->model.Text());
  row.Set("model_sha256", built->model_sha256.hex());
  row.Set("digest", built->statement_sha256.hex());
  console.Object(row);
  return Exit::kOk;
}

Exit ReleaseVerify(const std::string& dir, const Console& console) {
  const auto disk = MakeRealDisk();
  const release::Report report = release::Verify(dir, *disk);
  console.Text(release::Explain(report));
  if (!console.for_people()) {
    Value row = Value::Object();
    row.Set("verified", report.verified());
    row.Set("run", report.run.text());
    row.Set("round", report.round);
    row.Set("model_sha256", report.model_sha256.hex());
    row.Set("charter_sha256", report.charter_sha256.hex());
    row.Set("digest", report.statement_sha256.hex());
    row.Set("sum", report.sum);
    Value checks = Value::Array();
    for (const release::Check& check : report.checks) {
      Value item = Value::Object();
      item.Set("check", check.name);
      item.Set("passed", check.passed);
      item.Set("detail", check.detail);
      checks.Push(std::move(item));
    }
    row.Set("checks", std::move(checks));
    console.Object(row);
  }
  if (report.verified()) return Exit::kOk;
  const release::Check* failure = report.failure();
  Console::Note(fmt::format("renkei: {}: not verified: {}: {}", dir,
                            failure == nullptr ? "nothing to check" : failure->name,
                            failure == nullptr ? "" : failure->detail));
  return Exit::kLedger;
}

}  // namespace renkei::apps
