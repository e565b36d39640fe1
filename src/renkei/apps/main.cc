// SPDX-License-Identifier: Apache-2.0
// The command line. Flag > RENKEI_* > default; the environment is read here and nowhere else.
#include <functional>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "renkei/apps/commands.h"
#include "renkei/apps/rule_commands.h"
#include "renkei/base/log.h"
#include "renkei/base/version.h"
#include "renkei/wire/allocator.h"

namespace renkei::apps {
namespace {

// What the parser fills in, and the command it chose.
struct Choice {
  OutputFormat format = OutputFormat::kTable;
  log::Level level = log::Level::kWarn;
  std::function<Exit(const Console&)> command;

  InitOptions init;
  CharterNewOptions charter_new;
  CharterSignOptions charter_sign;
  CoordinatorOptions coordinator;
  SiteInviteOptions site_invite;
  SiteJoinOptions site_join;
  SiteApproveOptions site_approve;
  SiteDrainOptions site_drain;
  SiteStartOptions site_start;
  DoctorOptions doctor;
  SuspendOptions suspend;
  LeaveOptions leave;
  HoldOptions hold;
  LicenceOptions licence;
  RunSubmitOptions run_submit;
  RunOptions run;
  BackupOptions backup;
  RestoreOptions restore;
  LedgerOptions ledger;
  ReleaseBuildOptions release_build;
  GateOptions gate;
  ReportOptions report;
  PackOptions pack;
  DemoOptions demo;
  ActorOptions actor;
  std::string path;
};

CLI::App* Group(CLI::App& parent, const std::string& name, const std::string& purpose) {
  CLI::App* group = parent.add_subcommand(name, purpose);
  group->require_subcommand(1);
  return group;
}

void OnChosen(CLI::App* command, Choice& choice, std::function<Exit(const Console&)> run) {
  command->callback([&choice, run = std::move(run)] { choice.command = run; });
}

CLI::Option* PartyOption(CLI::App* command, std::string& into) {
  return command->add_option("--party", into, "the party's directory, made by renkei init")
      ->envname("RENKEI_PARTY");
}

CLI::Option* CharterOption(CLI::App* command, std::string& into) {
  return command->add_option("--charter", into, "the signed charter")->envname("RENKEI_CHARTER");
}

void HttpOption(CLI::App* command, std::string& into) {
  command
      ->add_option("--http", into,
                   "address:port for /healthz, /readyz and /metrics, such as 127.0.0.1:9464")
      ->envname("RENKEI_HTTP");
}

void PacksOption(CLI::App* command, std::vector<std::string>& packs) {
  command->add_option("--packs", packs, "directory or file of rule packs; repeat for more")
      ->envname("RENKEI_PACKS");
}

void LanguageOption(CLI::App* command, std::string& into) {
  command->add_option("--lang", into, "en or ja")
      ->check(CLI::IsMember({"en", "ja"}))
      ->envname("RENKEI_LANG");
}

// What is read offline.
void LedgerDirOptions(CLI::App* command, std::string& dir, std::string& charter) {
  command->add_option("--dir", dir, "the ledger, or a mirror of it")->required();
  CharterOption(command, charter)->required();
}

void ActorFlags(CLI::App* command, ActorOptions& actor, bool required = true) {
  PartyOption(command, actor.party_dir)->required(required);
  command->add_option("--as", actor.person, "the person who acts")
      ->envname("RENKEI_AS")
      ->required(required);
  CharterOption(command, actor.charter_file)->required(required);
  PacksOption(command, actor.packs);
}

void AddInit(CLI::App& app, Choice& choice) {
  CLI::App* init = app.add_subcommand("init", "make a party: keys, authority and public card");
  InitOptions& o = choice.init;
  init->add_option("--dir", o.dir, "directory to make")->required();
  init->add_option("--party", o.party, "party id, such as pacific-fab")->required();
  init->add_option("--name", o.name, "the party's name")->required();
  init->add_option("--country", o.country, "ISO 3166 code, such as US or JP")->required();
  init->add_option("--person", o.people,
                   "id:role,role of officer, operator, researcher, auditor; repeat for more")
      ->required();
  init->add_option("--threshold", o.threshold, "officers who must sign for this party");
  init->add_option("--fact", o.facts,
                   "what export rules ask about the party, such as hq=JP; repeat");
  init->add_option("--coordinator", o.coordinator_address,
                   "host:port, when this party runs the coordinator");
  OnChosen(init, choice, [&o](const Console& console) { return Init(o, console); });
}

void AddCharter(CLI::App& app, Choice& choice) {
  CLI::App* group = Group(app, "charter", "the signed agreement between the parties");
  CharterNewOptions& o = choice.charter_new;
  CLI::App* made = group->add_subcommand("new", "draft a charter from party cards");
  made->add_option("--name", o.name, "name of the partnership")->required();
  made->add_option("--member", o.party_files, "a party's party.toml; repeat")->required();
  made->add_option("--purpose", o.purposes, "a permitted purpose; repeat")->required();
  made->add_option("--valid-days", o.valid_days, "days until it expires");
  made->add_option("--approvals", o.approvals, "parties that must approve a run");
  made->add_option("--binding", o.binding, "layers of export rules that bind; none: not asked")
      ->check(CLI::IsMember({"both", "codified", "enforced", "none"}))
      ->capture_default_str();
  made->add_option("--hold-hours", o.hold_hours, "hours until an undecided hold is a refusal")
      ->check(CLI::Range(1, 2160))
      ->capture_default_str();
  made->add_option("--fact", o.facts, "of every crossing, such as like=clean; repeat");
  PacksOption(made, o.packs);
  made->add_option("--out", o.out, "file to write")->required();
  OnChosen(made, choice, [&o](const Console& console) { return CharterNew(o, console); });

  CharterSignOptions& s = choice.charter_sign;
  CLI::App* sign = group->add_subcommand("sign", "add an officer's signature");
  sign->add_option("file", s.file, "charter.toml, or an envelope signed by others")->required();
  PartyOption(sign, s.party_dir)->required();
  sign->add_option("--as", s.person, "the officer who signs")->envname("RENKEI_AS")->required();
  sign->add_option("--out", s.out, "envelope to write")->required();
  OnChosen(sign, choice, [&s](const Console& console) { return CharterSign(s, console); });

  const auto on_file = [&](const char* name, const char* purpose,
                           Exit (*run)(const std::string&, const Console&)) {
    CLI::App* command = group->add_subcommand(name, purpose);
    command->add_option("file", choice.path, "charter.toml or an envelope")->required();
    OnChosen(command, choice,
             [&choice, run](const Console& console) { return run(choice.path, console); });
  };
  on_file("lint", "check a charter and say what looks unwise", CharterLint);
  on_file("verify", "check signatures, thresholds and dates", CharterVerify);
  on_file("show", "print what it says", CharterShow);
}

void AddCoordinator(CLI::App& app, Choice& choice) {
  CoordinatorOptions& o = choice.coordinator;
  CLI::App* command = app.add_subcommand("coordinator", "serve a charter's runs and its ledger");
  PartyOption(command, o.party_dir)->required();
  CharterOption(command, o.charter_file)->required();
  command->add_option("--dir", o.dir, "where ledger and blobs are kept")->required();
  command->add_option("--listen", o.listen, "host:port to listen on")->envname("RENKEI_LISTEN");
  command
      ->add_option("--keep-updates-days", o.keep_updates_days,
                   "days after the end of a run until its updates are deleted")
      ->envname("RENKEI_KEEP_UPDATES_DAYS")
      ->check(CLI::Range(0, 36'500))
      ->capture_default_str();
  HttpOption(command, o.http);
  PacksOption(command, o.packs);
  OnChosen(command, choice, [&o](const Console&) { return CoordinatorRun(o); });
}

void AddSiteDrain(CLI::App& group, Choice& choice) {
  SiteDrainOptions& o = choice.site_drain;
  CLI::App* drain = group.add_subcommand("drain", "finish what is under way, begin nothing new");
  drain->add_option("dir,--dir", o.dir, "the site's directory, on this machine")
      ->envname("RENKEI_SITE_DIR")
      ->required();
  drain->add_flag("--undo", o.undo, "take it back: serve again");
  drain->add_option("--wait", o.wait_s, "seconds to wait until nothing is in flight");
  OnChosen(drain, choice, [&o](const Console& console) { return SiteDrain(o, console); });
}

void AddSite(CLI::App& app, Choice& choice) {
  CLI::App* group = Group(app, "site", "a place where data stays and training happens");
  SiteInviteOptions& i = choice.site_invite;
  CLI::App* invite = group->add_subcommand("invite", "print a single-use token for a new site");
  PartyOption(invite, i.party_dir)->required();
  CharterOption(invite, i.charter_file)->required();
  invite->add_option("--site", i.site, "site id, unique in the charter")->required();
  invite->add_option("--country", i.country, "where the site is, if not in the party's country");
  invite->add_option("--days", i.days, "days until the token expires");
  invite->add_option("--weight-max", i.weight_max, "most examples that this site may count");
  OnChosen(invite, choice, [&i](const Console& console) { return SiteInvite(i, console); });

  SiteJoinOptions& j = choice.site_join;
  CLI::App* join = group->add_subcommand("join", "make this machine a site, with a token");
  join->add_option("token", j.token, "what renkei site invite printed")->required();
  join->add_option("--dir", j.dir, "directory to make")->required();
  join->add_option("--data", j.data_dir, "data directory whose digest is committed");
  join->add_option("--examples", j.examples, "examples held, committed at join")
      ->required()
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 53));
  join->add_option("--trainer", j.trainers, "id=command with arguments; repeat for more");
  join->add_option("--issuer", j.issuer_dir,
                   "party directory, when this site is its party's issuer");
  join->add_option("--wait", j.wait_s, "seconds to wait for the party's approval");
  OnChosen(join, choice, [&j](const Console& console) { return SiteJoin(j, console); });

  SiteApproveOptions& a = choice.site_approve;
  CLI::App* approve =
      group->add_subcommand("approve", "enrol a site that asks to join, or renew one");
  ActorFlags(approve, a.actor);
  approve->add_option("--site", a.site, "only this site");
  approve->add_option("--wait", a.wait_s, "seconds to wait for the request");
  OnChosen(approve, choice, [&a](const Console& console) { return SiteApprove(a, console); });

  CLI::App* start = group->add_subcommand("start", "serve: fetch, train, ask the gate, contribute");
  SiteStartOptions& s = choice.site_start;
  start->add_option("--dir", s.dir, "the site's directory")->envname("RENKEI_SITE_DIR")->required();
  HttpOption(start, s.http);
  PacksOption(start, s.packs);
  OnChosen(start, choice, [&s](const Console&) { return SiteStart(s); });
  AddSiteDrain(*group, choice);
}

void AddSuspend(CLI::App& app, Choice& choice) {
  SuspendOptions& o = choice.suspend;
  const auto add = [&](const char* name, const char* purpose,
                       Exit (*run)(const SuspendOptions&, const Console&)) {
    CLI::App* command = app.add_subcommand(name, purpose);
    ActorFlags(command, o.actor);
    command->add_option("--site", o.site, "only this site of the party");
    OnChosen(command, choice, [&o, run](const Console& console) { return run(o, console); });
  };
  add("suspend", "cut all crossings of your party, or of one of its sites, at once", Suspend);
  add("resume", "let the crossings of your party, or of one of its sites, go on", Resume);
}

void AddHolds(CLI::App& app, Choice& choice) {
  HoldOptions& o = choice.hold;
  const auto add = [&](CLI::App& parent, const char* name, const char* purpose, auto run,
                       auto& to) {
    CLI::App* command = parent.add_subcommand(name, purpose);
    ActorFlags(command, to.actor);
    OnChosen(command, choice, [&to, run](const Console& console) { return run(to, console); });
    return command;
  };
  CLI::App* holds = add(app, "holds", "crossings that wait for an officer", HoldsShow, o);
  holds->add_flag("--all", o.all, "those that were decided, too");
  holds->add_flag("--csv", o.csv, "as CSV");
  CLI::App* approve = add(app, "approve", "let a crossing go that the gate holds", HoldApprove, o);
  CLI::App* deny = add(app, "deny", "refuse a crossing that the gate holds", HoldDeny, o);
  for (CLI::App* command : {approve, deny}) {
    command->add_option("entry", o.entry, "the hold, as renkei holds shows it")->required();
    command->add_option("--reason", o.reason, "why; stays with the party")->required();
  }
  approve->add_option("--scope", o.scope, "crossing (one use) or run")
      ->check(CLI::IsMember({"crossing", "run"}))
      ->capture_default_str();
  approve->add_option("--until", o.until, "day or instant; as long as it may by default");
  approve->add_option("--uses", o.uses, "how often; as often as it may by default");
  auto* licence = approve->add_option("--licence", o.licence, "that it goes under");
  approve->add_option("--quantity", o.quantity, "taken of the licence")->needs(licence);

  CLI::App* group = Group(app, "licence", "export licences that parties hold");
  LicenceOptions& l = choice.licence;
  CLI::App* record = add(*group, "record", "say that your party holds a licence", LicenceRecord, l);
  record->add_option("licence", l.licence, "your name for it")->required();
  record->add_option("--unit", l.unit, "what is counted, such as boards")->required();
  record->add_option("--quantity", l.quantity, "in all")->required();
  record->add_option("--until", l.until, "its last day, or an instant")->required();
  add(*group, "ls", "what is left of each licence", LicenceList, l);
}

void AddLeave(CLI::App& app, Choice& choice) {
  LeaveOptions& o = choice.leave;
  CLI::App* command = app.add_subcommand("leave", "leave the charter with your party, for good");
  ActorFlags(command, o.actor);
  command->add_flag("--yes", o.yes, "do not ask for the party's id");
  OnChosen(command, choice, [&o](const Console& console) { return Leave(o, console); });
}

void AddRun(CLI::App& app, Choice& choice) {
  CLI::App* group = Group(app, "run", "joint training runs");
  RunSubmitOptions& s = choice.run_submit;
  CLI::App* submit = group->add_subcommand("submit", "propose a run");
  ActorFlags(submit, s.actor);
  submit->add_option("spec", s.spec_file, "run spec (TOML)")->required();
  submit->add_option("--model", s.model_file, "the first model (safetensors)")->required();
  OnChosen(submit, choice, [&s](const Console& console) { return RunSubmit(s, console); });

  RunOptions& r = choice.run;
  const auto on_run = [&](const char* name, const char* purpose,
                          Exit (*run)(const RunOptions&, const Console&)) {
    CLI::App* command = group->add_subcommand(name, purpose);
    ActorFlags(command, r.actor);
    command->add_option("run", r.run, "run id")->required();
    OnChosen(command, choice, [&r, run](const Console& console) { return run(r, console); });
  };
  on_run("approve", "approve a proposed run for your party", RunApprove);
  on_run("show", "what a run does, what it waits for and what comes next", RunShow);
  on_run("watch", "follow a run until it ends", RunWatch);
  on_run("stop", "ask a run to stop", RunStop);
  on_run("pause", "let no further round open until your party resumes the run", RunPause);
  on_run("resume", "take your party's pause of a run back", RunResume);
  CLI::App* list = group->add_subcommand("ls", "all runs");
  ActorFlags(list, choice.actor);
  OnChosen(list, choice,
           [&choice](const Console& console) { return RunList(choice.actor, console); });
}

void AddLedger(CLI::App& app, Choice& choice) {
  CLI::App* group = Group(app, "ledger", "the record of every decision and crossing");
  LedgerOptions& o = choice.ledger;
  const auto add = [&](const char* name, const char* purpose,
                       Exit (*run)(const LedgerOptions&, const Console&)) {
    CLI::App* command = group->add_subcommand(name, purpose);
    ActorFlags(command, o.actor, /*required=*/false);
    command->add_option("--dir", o.dir, "a ledger on this machine; else the coordinator is asked");
    OnChosen(command, choice, [&o, run](const Console& console) { return run(o, console); });
    return command;
  };
  add("verify", "read every byte and check every proof and author", LedgerVerify);
  CLI::App* show = add("show", "print entries", LedgerShow);
  show->add_option("--from", o.from, "first entry");
  show->add_option("--count", o.count, "entries to print");
  CLI::App* prove = add("prove", "print an inclusion proof (C2SP tlog-proof)", LedgerProve);
  prove->add_option("index", o.index, "the entry")->required();
}

void AddBackup(CLI::App& app, Choice& choice) {
  BackupOptions& b = choice.backup;
  CLI::App* backup =
      app.add_subcommand("backup", "copy a coordinator's or a site's directory while it runs");
  backup->add_option("--dir", b.dir, "the directory")->required();
  backup->add_option("--out", b.out, "folder of the backup; an earlier one is brought up to date")
      ->required();
  backup->add_flag("--with-keys", b.with_keys, "of a site: its keys too");
  CharterOption(backup, b.charter_file);
  OnChosen(backup, choice, [&b](const Console& console) { return Backup(b, console); });

  RestoreOptions& r = choice.restore;
  CLI::App* restore = app.add_subcommand("restore", "make a directory from a backup");
  restore->add_option("--from", r.from, "folder of the backup")->required();
  restore->add_option("--dir", r.dir, "directory to make")->required();
  restore->add_option("--witness", r.witnesses,
                      "site=checkpoint: what a site has seen of the ledger; repeat");
  restore->add_option("--mirror", r.mirrors,
                      "a site's directory, its backup or a mirror, to catch up from; repeat");
  restore->add_flag("--accept-loss", r.accept_loss,
                    "go on although somebody may have seen more, or blobs are gone");
  CharterOption(restore, r.charter_file);
  OnChosen(restore, choice, [&r](const Console& console) { return Restore(r, console); });
}

void AddRelease(CLI::App& app, Choice& choice) {
  CLI::App* group = Group(app, "release", "a joint model with its proof");
  ReleaseBuildOptions& o = choice.release_build;
  CLI::App* build = group->add_subcommand("build", "write a round's model with its proof");
  ActorFlags(build, o.actor);
  build->add_option("--run", o.run, "run id")->required();
  build->add_option("--round", o.round, "round; the last by default");
  build->add_option("--to", o.to, "a party that gets it without having taken part; repeat");
  build->add_option("--out", o.out, "directory to write")->required();
  OnChosen(build, choice, [&o](const Console& console) { return ReleaseBuild(o, console); });
  CLI::App* verify = group->add_subcommand("verify", "check a release, offline");
  verify->add_option("dir", choice.path, "the release")->required();
  OnChosen(verify, choice,
           [&choice](const Console& console) { return ReleaseVerify(choice.path, console); });
}

void AddGate(CLI::App& app, Choice& choice) {
  CLI::App* group = Group(app, "gate", "export rules: what one crossing needs, and why");
  GateOptions& o = choice.gate;
  const auto add = [&](const char* name, const char* purpose,
                       Exit (*run)(const GateOptions&, const Console&)) {
    CLI::App* command = group->add_subcommand(name, purpose);
    command->add_option("--packs", o.packs, "rule packs, directory or file; else those shipped")
        ->envname("RENKEI_PACKS");
    command->add_option("--private", o.more, "packs of your own, on top; repeat for more");
    LanguageOption(command, o.language);
    OnChosen(command, choice, [&o, run](const Console& console) { return run(o, console); });
    return command;
  };
  CLI::App* check = add("check", "decide: exit 0 go, 3 refuse, 7 hold", GateCheck);
  check->add_option("file", o.file, "the crossing, YAML or JSON")->required();
  auto* binding =
      check->add_option("--binding", o.binding, "layer that binds: both, codified or enforced");
  auto* days = check->add_option("--text-days", o.text_days, "hold when the oldest text is older")
                   ->capture_default_str();
  CharterOption(check, o.charter_file)->excludes(binding)->excludes(days);
  CLI::App* when = add("when", "on which days the answer changes, and by which rule", GateWhen);
  when->add_option("file", o.file, "the crossing, YAML or JSON")->required();
  when->add_option("--from", o.from, "day, such as 2026-01-01")->required();
  when->add_option("--to", o.to, "day")->required();
  CLI::App* classify = add("classify", "the paragraph of each chip of a table", GateClassify);
  classify->add_option("--csv", o.csv_file, "data sheets (docs/formats/chip-table.md)")->required();
  classify->add_option("--on", o.on, "day; today by default");
  const auto on_ledger = [&](const char* name, const char* purpose,
                             Exit (*run)(const GateOptions&, const Console&)) {
    CLI::App* command = group->add_subcommand(name, purpose);
    LedgerDirOptions(command, o.dir, o.charter_file);
    PacksOption(command, o.packs);
    OnChosen(command, choice, [&o, run](const Console& console) { return run(o, console); });
    return command;
  };
  CLI::App* explain = on_ledger("explain", "why a crossing was decided as it was", GateExplain);
  explain->add_option("entry", o.entry, "the determination's entry")->required();
  explain->add_option("--to", o.to_party, "only this recipient");
  LanguageOption(explain, o.language);
  on_ledger("replay", "decide every crossing of a ledger again: exit 6 when one differs",
            GateReplay);
}

void AddReport(CLI::App& app, Choice& choice) {
  ReportOptions& o = choice.report;
  CLI::App* report = app.add_subcommand("report", "what crossed in a period, from a ledger");
  report->add_option("--period", o.period, "2026-11, 2026-Q4, 2026 or FROM..TO")->required();
  LedgerDirOptions(report, o.dir, o.charter_file);
  LanguageOption(report, o.language);
  OnChosen(report, choice, [&o](const Console& console) { return MakeReport(o, console); });
}

void AddPack(CLI::App& app, Choice& choice) {
  CLI::App* group = Group(app, "pack", "rule packs: law as data, with its tests");
  PackOptions& o = choice.pack;
  const auto add = [&](const char* name, const char* purpose,
                       Exit (*run)(const PackOptions&, const Console&)) {
    CLI::App* command = group->add_subcommand(name, purpose);
    command->add_option("packs", o.packs, "directory or file; else those shipped");
    OnChosen(command, choice, [&o, run](const Console& console) { return run(o, console); });
    return command;
  };
  add("lint", "find rules that never hold, overlap or are not tested", PackLint);
  CLI::App* test = add("test", "run the tests that travel with the packs", PackTest);
  test->add_flag("--mutate", o.mutate, "change each condition in turn: some test must fail");
  CLI::App* diff = add("diff", "rules that were added, removed or changed", PackDiff);
  diff->get_option("packs")->required()->expected(1);
  diff->add_option("other", o.other, "the newer packs")->required();
  CLI::App* sign = add("sign", "sign a directory of packs as an officer", PackSign);
  sign->get_option("packs")->required()->expected(1);
  PartyOption(sign, o.party_dir)->required();
  sign->add_option("--as", o.person, "the officer who signs")->envname("RENKEI_AS")->required();
  CLI::App* verify = add("verify", "check that officers of a charter signed them", PackVerify);
  CharterOption(verify, o.charter_file)->required();
}

void AddDoctor(CLI::App& app, Choice& choice) {
  DoctorOptions& o = choice.doctor;
  CLI::App* doctor = app.add_subcommand("doctor", "say beforehand what will not work here");
  doctor->add_option("--site", o.site_dir, "directory of a site");
  doctor->add_option("--coordinator", o.coordinator_dir, "directory of a coordinator");
  doctor->add_option("--token", o.token, "join token of a site that is to be");
  CharterOption(doctor, o.charter_file);
  doctor->add_option("--model-gib", o.model_gib, "size of the model")
      ->check(CLI::Range(0.0, 4096.0));
  doctor->add_option("--sites", o.sites, "sites of a run")->check(CLI::Range(1, 128));
  doctor->add_option("--rounds", o.rounds, "rounds of a run")->check(CLI::Range(1, 10'000));
  OnChosen(doctor, choice, [&o](const Console& console) { return Doctor(o, console); });
}

void AddDemo(CLI::App& app, Choice& choice) {
  DemoOptions& o = choice.demo;
  CLI::App* demo = app.add_subcommand("demo", "a joint run of four sites on this machine");
  demo->add_option("--data", o.data_dir, "wafer maps (PGM stream and label CSV); else synthetic");
  demo->add_option("--out", o.out_dir, "keep everything here");
  demo->add_option("--report", o.report_file, "write the result as JSON");
  demo->add_option("--seed", o.seed, "seed of data, model and training");
  demo->add_option("--rounds", o.rounds, "rounds; by default as many as the data needs");
  demo->add_flag("!--joint-only", o.arms, "skip the comparisons (each alone, pooled)");
  OnChosen(demo, choice, [&o](const Console& console) { return Demo(o, console); });
}

void AddAuthority(CLI::App& app, Choice& choice) {
  CLI::App* command = app.add_subcommand("authority", "who may do what under a charter");
  CharterOption(command, choice.path)->required();
  OnChosen(command, choice,
           [&choice](const Console& console) { return Authority(choice.path, console); });
}

int Main(int argc, char** argv) {
  Choice choice;
  CLI::App app{
      "Renkei: joint training between organisations, with every crossing decided and "
      "proved.\nA compliance aid, not legal advice."};
  app.set_version_flag("--version", "renkei " + std::string(Version()));
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("-o,--output", choice.format, "table, json or jsonl")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, OutputFormat>{{"table", OutputFormat::kTable},
                                              {"json", OutputFormat::kJson},
                                              {"jsonl", OutputFormat::kJsonLines}}))
      ->envname("RENKEI_OUTPUT");
  app.add_option("--log", choice.level, "debug, info, warn, error or off")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, log::Level>{{"debug", log::Level::kDebug},
                                                                    {"info", log::Level::kInfo},
                                                                    {"warn", log::Level::kWarn},
                                                                    {"error", log::Level::kError},
                                                                    {"off", log::Level::kOff}}))
      ->envname("RENKEI_LOG");
  AddInit(app, choice);
  AddCharter(app, choice);
  AddAuthority(app, choice);
  AddCoordinator(app, choice);
  AddSite(app, choice);
  AddSuspend(app, choice);
  AddHolds(app, choice);
  AddLeave(app, choice);
  AddRun(app, choice);
  AddLedger(app, choice);
  AddBackup(app, choice);
  AddRelease(app, choice);
  AddGate(app, choice);
  AddReport(app, choice);
  AddPack(app, choice);
  AddDoctor(app, choice);
  AddDemo(app, choice);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::kUsage);
  }
  wire::TuneAllocator();
  log::SetLevel(choice.level);
  return static_cast<int>(choice.command(Console(choice.format)));
}

}  // namespace
}  // namespace renkei::apps

int main(int argc, char** argv) { return renkei::apps::Main(argc, argv); }
