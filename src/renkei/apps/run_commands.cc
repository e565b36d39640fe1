// SPDX-License-Identifier: Apache-2.0
// renkei run submit | approve | ls | show | watch | stop | pause | resume
#include <algorithm>
#include <optional>
#include <utility>

#include "renkei/apps/commands.h"
#include "renkei/apps/connection.h"
#include "renkei/apps/person_gate.h"
#include "renkei/apps/person_session.h"
#include "renkei/apps/watch.h"
#include "renkei/crypto/hash.h"
#include "renkei/gate/determine.h"
#include "renkei/run/disk_need.h"
#include "renkei/run/spec.h"
#include "renkei/run/waiting.h"
#include "renkei/store/blob_tree.h"
#include "renkei/store/blobs.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/toml.h"

namespace renkei::apps {
namespace {

using syntax::Value;

// The spec's text, with the model's id filled in at the top when the file leaves it out.
StatusOr<std::string> SpecWithModel(Disk& disk, const std::string& file, const BlobId& model) {
  RK_ASSIGN_OR_RETURN(const std::string text, ReadText(disk, file, run::kSpecBytesMax));
  const auto value = syntax::ParseToml(text);
  if (!value.ok()) return Annotate(value.status(), file);
  const Value* given = value->Find("model");
  if (given == nullptr) return fmt::format("model = \"{}\"\n{}", model.Text(), text);
  if (given->kind() == Value::Kind::kText && given->text() == model.Text()) return text;
  return Error(Code::kInvalidArgument,
               "{}:{}: model is not the file given with --model, which is {}", file, given->at.line,
               model.Text());
}

StatusOr<BlobId> ImportModel(Disk& disk, store::Blobs& blobs, const std::string& file) {
  RK_ASSIGN_OR_RETURN(const auto model, disk.Open(file, OpenMode::kRead));
  return store::Import(blobs, *model);
}

// Everybody who will come to hold the first model: the coordinator and each site of the run.
StatusOr<std::vector<record::Holder>> RecipientsOf(const run::Book& book, const run::Spec& spec) {
  std::vector<record::Holder> recipients = {book.CoordinatorHolder()};
  std::vector<SiteId> sites = spec.participants;
  if (sites.empty()) {
    for (const auto& [site, state] : book.sites()) {
      if (!book.left().contains(state.enrolled.party)) sites.push_back(site);
    }
  }
  for (const SiteId& site : sites) {
    const run::SiteState* state = book.FindSite(site);
    if (state == nullptr) {
      return Error(Code::kNotFound, "site {} of the spec's participants is not enrolled", site);
    }
    recipients.push_back(
        {.party = state->enrolled.party, .site = site, .country = state->enrolled.country});
  }
  return recipients;
}

// What the run will take of the coordinator's disk, and whether it is there.
Status TellDiskNeed(PersonSession& session, const RunId& run, Value& row) {
  RK_ASSIGN_OR_RETURN(const std::string text, session.peer().RunStatus(run));
  RK_ASSIGN_OR_RETURN(const Value status, syntax::ParseJson(text));
  const Value* disk = status.Find("disk");
  const auto bytes = [&](const char* name) -> std::optional<uint64_t> {
    const Value* value = disk == nullptr ? nullptr : disk->Find(name);
    if (value == nullptr || value->kind() != Value::Kind::kInteger) return std::nullopt;
    return static_cast<uint64_t>(value->integer());
  };
  const auto needed = bytes("needed_bytes");
  const auto free = bytes("free_bytes");
  if (!needed || !free) return Ok();  // A coordinator of an older version.
  row.Set("disk_needed_bytes", *needed);
  row.Set("disk_free_bytes", *free);
  const bool fits = *needed + bytes("promised_bytes").value_or(0) + run::kDiskReserveBytes <= *free;
  Console::Note(fmt::format("at the coordinator the run needs {}, {} are free{}",
                            run::SizeText(*needed), run::SizeText(*free),
                            fits ? "" : ": it will not open before there is room"));
  return Ok();
}

StatusOr<Exit> SubmitRun(PersonSession& session, const RunSubmitOptions& options,
                         const Console& console) {
  RK_RETURN_IF_ERROR(session.Sync());
  RK_ASSIGN_OR_RETURN(const auto blobs, store::MakeDirectoryBlobs(
                                            session.disk(), options.actor.party_dir + "/blobs"));
  RK_ASSIGN_OR_RETURN(const BlobId model, ImportModel(session.disk(), *blobs, options.model_file));
  RK_ASSIGN_OR_RETURN(const std::string text,
                      SpecWithModel(session.disk(), options.spec_file, model));
  RK_ASSIGN_OR_RETURN(const run::Spec spec, run::ParseSpec(text, options.spec_file));
  RK_ASSIGN_OR_RETURN(const auto recipients, RecipientsOf(session.book(), spec));
  const gate::Crossing crossing = {
      .item = "model",
      .run = spec.name,
      .from = {.party = session.party().id, .site = {}, .country = session.party().country},
      .recipients = recipients,
      .purposes = spec.purposes,
      .classification_us = spec.classification_us,
      .classification_jp = spec.classification_jp,
      .facts = gate::FactsFor(session.charter().export_rules, spec.facts, 0),
      .blob = model};
  RK_ASSIGN_OR_RETURN(const GateWord word, AskGate(session, crossing));
  if (word.verdict != record::Verdict::kGo) return ExitFor(word.verdict);
  const uint64_t determination = word.entry;

  RK_ASSIGN_OR_RETURN(const uint64_t index,
                      session.Submit(record::RunSubmitted{.run = spec.name,
                                                          .party = session.party().id,
                                                          .spec = text,
                                                          .determination = determination,
                                                          .at = session.clock().Now()}));
  RK_RETURN_IF_ERROR(session.peer().Upload(*blobs, model, [](uint64_t, uint64_t) {}));
  Value row = Value::Object();
  row.Set("run", spec.name.text());
  row.Set("entry", index);
  row.Set("model", model.Text());
  row.Set("approvals_needed",
          static_cast<uint64_t>(session.book().FindRun(spec.name)->approvals_needed));
  RK_RETURN_IF_ERROR(TellDiskNeed(session, spec.name, row));
  console.Object(row);
  return Exit::kOk;
}

StatusOr<const run::RunState*> FindRun(const PersonSession& session, const std::string& name) {
  RK_ASSIGN_OR_RETURN(const RunId id, RunId::Parse(name));
  const run::RunState* run = session.book().FindRun(id);
  if (run == nullptr) {
    return Error(Code::kNotFound, "no run {}; renkei run ls names them all", id);
  }
  return run;
}

// Opens a session, brings it up to date and does `act`; failures are told on standard error.
template <typename Act>
Exit With(const ActorOptions& actor, Act act) {
  auto session = PersonSession::Open(actor);
  if (!session.ok()) return Console::Fail(session.status());
  if (const Status synced = (*session)->Sync(); !synced.ok()) return Console::Fail(synced);
  const StatusOr<Exit> exit = act(**session);
  return exit.ok() ? *exit : Console::Fail(exit.status());
}

Value RunRow(const run::RunState& run, Instant now) {
  const run::Waiting waiting = run::WaitingFor(run, {}, now);
  Value row = Value::Object();
  row.Set("run", run.run.text());
  row.Set("phase", std::string(run::NameOf(run.phase)));
  row.Set("rounds", fmt::format("{}/{}", run.rounds.size(), run.spec.rounds));
  row.Set("trainer", run.spec.trainer.text());
  row.Set("owner", run.owner.text());
  row.Set("since", FormatInstant(run.since));
  std::string text;
  for (const std::string& what : waiting.waiting_for) text += (text.empty() ? "" : "; ") + what;
  row.Set("waiting_for", text.empty() ? run.outcome : text);
  return row;
}

// What a party asks of a run: run.stop-asked, run.pause-asked or run.resume-asked.
template <typename Asked>
Exit Ask(const RunOptions& options, const Console& console) {
  return With(options.actor, [&](PersonSession& session) -> StatusOr<Exit> {
    RK_ASSIGN_OR_RETURN(const run::RunState* run, FindRun(session, options.run));
    RK_RETURN_IF_ERROR(
        session
            .Submit(
                Asked{.run = run->run, .party = session.party().id, .at = session.clock().Now()})
            .status());
    RK_ASSIGN_OR_RETURN(run, FindRun(session, options.run));
    console.Object(RunRow(*run, session.clock().Now()));
    return Exit::kOk;
  });
}

}  // namespace

Exit RunSubmit(const RunSubmitOptions& options, const Console& console) {
  return With(options.actor,
              [&](PersonSession& session) { return SubmitRun(session, options, console); });
}

Exit RunApprove(const RunOptions& options, const Console& console) {
  return With(options.actor, [&](PersonSession& session) -> StatusOr<Exit> {
    RK_ASSIGN_OR_RETURN(const run::RunState* run, FindRun(session, options.run));
    RK_RETURN_IF_ERROR(session
                           .Submit(record::RunApproved{.run = run->run,
                                                       .party = session.party().id,
                                                       .spec_sha256 = run->spec_sha256,
                                                       .at = session.clock().Now()})
                           .status());
    RK_ASSIGN_OR_RETURN(run, FindRun(session, options.run));
    console.Object(RunRow(*run, session.clock().Now()));
    return Exit::kOk;
  });
}

Exit RunStop(const RunOptions& options, const Console& console) {
  return Ask<record::RunStopAsked>(options, console);
}

Exit RunPause(const RunOptions& options, const Console& console) {
  return Ask<record::RunPauseAsked>(options, console);
}

Exit RunResume(const RunOptions& options, const Console& console) {
  return Ask<record::RunResumeAsked>(options, console);
}

Exit RunList(const ActorOptions& actor, const Console& console) {
  return With(actor, [&](PersonSession& session) -> StatusOr<Exit> {
    std::vector<Value> rows;
    for (const auto& [id, run] : session.book().runs()) {
      rows.push_back(RunRow(run, session.clock().Now()));
    }
    console.Rows(rows);
    return Exit::kOk;
  });
}

Exit RunShow(const RunOptions& options, const Console& console) {
  return With(options.actor, [&](PersonSession& session) -> StatusOr<Exit> {
    RK_ASSIGN_OR_RETURN(const run::RunState* run, FindRun(session, options.run));
    RK_ASSIGN_OR_RETURN(const std::string status, session.peer().RunStatus(run->run));
    RK_ASSIGN_OR_RETURN(const Value value, syntax::ParseJson(status));
    console.Object(value);
    return Exit::kOk;
  });
}

Exit RunWatch(const RunOptions& options, const Console& console) {
  return With(options.actor, [&](PersonSession& session) -> StatusOr<Exit> {
    RK_ASSIGN_OR_RETURN(const run::RunState* run, FindRun(session, options.run));
    RK_ASSIGN_OR_RETURN(
        const run::RunState ended,
        Watch(session, {.run = run->run, .title = "run " + run->run.text()}, console));
    console.Text(fmt::format("{} after {} rounds{}\n", ended.outcome, ended.rounds.size(),
                             ended.code.empty() ? "" : ": " + ended.code));
    return ended.outcome == "failed" ? Exit::kFailed : Exit::kOk;
  });
}

}  // namespace renkei::apps
