// SPDX-License-Identifier: Apache-2.0
// renkei demo: the whole joint run on one machine, with real processes.
#include <cstdlib>
#include <optional>
#include <utility>

#include "renkei/apps/commands.h"
#include "renkei/apps/connection.h"
#include "renkei/apps/demo/arms.h"
#include "renkei/apps/demo/federation.h"
#include "renkei/apps/demo/report.h"
#include "renkei/apps/person_session.h"
#include "renkei/apps/plot.h"
#include "renkei/apps/signals.h"
#include "renkei/apps/watch.h"
#include "renkei/syntax/json.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr std::string_view kRun = "wafer-joint";
constexpr uint32_t kRealRounds = 28;
constexpr uint32_t kSyntheticRounds = 30;
constexpr uint64_t kSyntheticWafers = 4000;
constexpr std::string_view kConfig = R"({"learning_rate":0.06})";

// A fresh directory of our own unless one is given; ours goes away with the demo.
class Workplace {
 public:
  ~Workplace() {
    if (temporary_) (void)RemoveTree(*disk_, root_);
  }

  Status Open(const std::string& wanted) {
    if (wanted.empty()) {
      char name[] = "/tmp/renkei-demo-XXXXXX";
      if (mkdtemp(name) == nullptr) return Error(Code::kFailedPrecondition, "/tmp: cannot write");
      root_ = name;
      temporary_ = true;
      return Ok();
    }
    RK_RETURN_IF_ERROR(disk_->MakeDirs(wanted));
    RK_ASSIGN_OR_RETURN(const auto names, disk_->List(wanted));
    if (!names.empty()) {
      return Error(Code::kAlreadyExists, "{}: is not empty; give --out a new directory", wanted);
    }
    char* absolute = realpath(wanted.c_str(), nullptr);
    root_ = absolute == nullptr ? wanted : absolute;
    std::free(absolute);
    return Ok();
  }

  const std::string& root() const { return root_; }
  bool temporary() const { return temporary_; }

 private:
  std::unique_ptr<Disk> disk_ = MakeRealDisk();
  std::string root_;
  bool temporary_ = false;
};

class DemoRun {
 public:
  DemoRun(const DemoOptions& options, const Console& console, std::string root,
          std::string binaries)
      : options_(options), console_(console), federation_(std::move(root), std::move(binaries)) {
    result_.synthetic = options.data_dir.empty();
    result_.rounds = options.rounds != 0 ? options.rounds
                     : result_.synthetic ? kSyntheticRounds
                                         : kRealRounds;
  }

  StatusOr<DemoResult> Run() {
    RK_RETURN_IF_ERROR(disk_->MakeDirs(federation_.Path("logs")));
    RK_RETURN_IF_ERROR(PrepareData());
    RK_RETURN_IF_ERROR(Gather());
    RK_RETURN_IF_ERROR(TrainTogether());
    RK_RETURN_IF_ERROR(Release());
    if (options_.arms) RK_RETURN_IF_ERROR(Compare());
    return std::move(result_);
  }

 private:
  void Say(const std::string& text) { console_.Text(text + "\n"); }

  Status PrepareData() {
    std::string source = options_.data_dir;
    if (result_.synthetic) {
      Say("SYNTHETIC wafer maps, made by a formula and no fab; DATA=DIR takes real ones.");
      source = federation_.Path("wafers");
      RK_RETURN_IF_ERROR(
          federation_
              .Wafer({"generate", "--out", source, "--wafers", std::to_string(kSyntheticWafers),
                      "--seed", std::to_string(options_.seed)})
              .status());
    } else {
      Say("Wafer maps from " + source + ", dealt to four sites by die grid, as fabs differ.");
    }
    RK_ASSIGN_OR_RETURN(const std::string told,
                        federation_.Wafer({"split", "--data", source, "--out",
                                           federation_.Path("data"), "--sites", "4"}));
    RK_ASSIGN_OR_RETURN(const Value split, syntax::ParseJson(told));
    const Value* sites = split.Find("sites");
    if (sites == nullptr || sites->items().size() != DemoParties().size()) {
      return Error(Code::kInternal, "renkei-wafer split: expected four sites");
    }
    for (const Value& site : sites->items()) {
      result_.examples.push_back(static_cast<uint64_t>(site.Find("wafers")->integer()));
      site_dirs_.push_back(site.Find("dir")->text());
    }
    return Ok();
  }

  Status Gather() {
    Say("Five parties make keys and sign a charter; the coordinator starts. The rule packs are\n"
        "signed with a DEMO key; what is said of the parties is from a SYNTHETIC list.");
    RK_RETURN_IF_ERROR(federation_.Agree());
    std::vector<Value> rows;
    for (size_t i = 0; i < DemoParties().size(); ++i) {
      RK_RETURN_IF_ERROR(federation_.Join(i, site_dirs_[i], result_.examples[i]));
      RK_RETURN_IF_ERROR(federation_.StillWell());
      const DemoParty& party = DemoParties()[i];
      Value& row = rows.emplace_back(Value::Object());
      row.Set("site", party.site);
      row.Set("party", party.name);
      row.Set("country", party.country);
      row.Set("wafers", result_.examples[i]);
    }
    if (console_.for_people()) console_.Rows(rows);
    return Ok();
  }

  Status TrainTogether() {
    model_file_ = federation_.Path("model.safetensors");
    RK_RETURN_IF_ERROR(
        federation_.Wafer({"init", "--seed", std::to_string(options_.seed), "-o", model_file_})
            .status());
    const std::string spec_file = federation_.Path("run.toml");
    const std::string spec = fmt::format(
        "format = \"renkei-run/1\"\nname = \"{}\"\ntrainer = \"wafer-cnn\"\nrounds = {}\n"
        "quorum = 3\ndeadline_s = 900\npurposes = [\"semiconductor-defect-research\"]\n\n"
        "[classification]\nus = \"EAR99\"\njp = \"not-listed\"\n\n[config]\n"
        "learning_rate = 0.06\n",
        kRun, result_.rounds);
    RK_RETURN_IF_ERROR(WriteWhole(*disk_, spec_file, AsBytes(spec)));
    const auto clock = MakeSystemClock();
    const Milliseconds start = clock->Monotonic();
    RK_RETURN_IF_ERROR(federation_.StartRun(spec_file, model_file_, std::string(kRun)));
    RK_ASSIGN_OR_RETURN(const auto session, PersonSession::Open(federation_.Actor(1)));
    RK_RETURN_IF_ERROR(session->Sync());
    RK_ASSIGN_OR_RETURN(const RunId run, RunId::Parse(kRun));
    RK_ASSIGN_OR_RETURN(
        const run::RunState ended,
        Watch(*session,
              {.run = run,
               .title =
                   fmt::format("renkei demo: {} sites in 2 countries, charter {}",
                               DemoParties().size(), session->charter().sha256.hex().substr(0, 12)),
               .still_well = [this] { return StillWell(); }},
              console_));
    result_.seconds = static_cast<double>((clock->Monotonic() - start).count()) / 1000;
    result_.coordinator_peak_rss_bytes = federation_.CoordinatorPeakMemoryBytes();
    if (ended.outcome == "completed") return CountBytes(*session, run);
    return Error(Code::kFailedPrecondition,
                 "the run ended as {}: {}; {} holds the logs when --out is given", ended.outcome,
                 ended.code, federation_.Path("logs"));
  }

  Status StillWell() {
    if (StopSignalWithin(Milliseconds(0))) {
      return Error(Code::kCancelled, "stopped; every process of the demo has been ended");
    }
    return federation_.StillWell();
  }

  // What the coordinator's transport counted.
  Status CountBytes(PersonSession& session, const RunId& run) {
    RK_ASSIGN_OR_RETURN(const std::string text, session.peer().RunStatus(run));
    RK_ASSIGN_OR_RETURN(const Value status, syntax::ParseJson(text));
    const Value* up = status.Find("bytes_up");
    const Value* down = status.Find("bytes_down");
    if (up == nullptr || down == nullptr) {
      return Error(Code::kInternal, "the coordinator's status has no bytes_up and bytes_down");
    }
    result_.bytes_up = static_cast<uint64_t>(up->integer());
    result_.bytes_down = static_cast<uint64_t>(down->integer());
    return Ok();
  }

  Status Release() {
    RK_RETURN_IF_ERROR(federation_.BuildRelease(std::string(kRun)));
    result_.release_dir = federation_.release_dir();
    RK_ASSIGN_OR_RETURN(
        const std::string told,
        federation_.Renkei({"release", "verify", federation_.release_dir(), "-o", "json"}));
    RK_ASSIGN_OR_RETURN(const Value verified, syntax::ParseJson(told));
    result_.release_digest = verified.Find("digest")->text();
    result_.model_sha256 = verified.Find("model_sha256")->text();
    RK_RETURN_IF_ERROR(federation_
                           .Renkei({"ledger", "verify", "--dir", federation_.ledger_dir(),
                                    "--charter", federation_.charter_file()})
                           .status());
    RK_ASSIGN_OR_RETURN(const charter::Charter charter,
                        LoadCharter(*disk_, federation_.charter_file(), MakeSystemClock()->Now()));
    RK_RETURN_IF_ERROR(federation_.AnswerNewcomer(std::string(kRun),
                                                  [this](const std::string& text) { Say(text); }));
    federation_.Stop();
    RK_ASSIGN_OR_RETURN(result_.ledger, ledger::VerifyDirectory(*disk_, federation_.ledger_dir(),
                                                                charter.LedgerKey()));
    RK_ASSIGN_OR_RETURN(
        const std::string scores,
        federation_.Wafer({"evaluate", "--model", federation_.release_dir() + "/model.safetensors",
                           "--data", federation_.Path("data/test"), "-o", "json"}));
    RK_ASSIGN_OR_RETURN(result_.joint, Scores::Parse(scores));
    return Ok();
  }

  Status Compare() {
    Say("Now each site alone, and all data in one place, to compare.");
    bool told = false;
    RK_ASSIGN_OR_RETURN(result_.arms,
                        TrainArms(federation_,
                                  {.site_dirs = site_dirs_,
                                   .test_dir = federation_.Path("data/test"),
                                   .model_file = model_file_,
                                   .config_json = std::string(kConfig),
                                   .rounds = result_.rounds,
                                   .seed = options_.seed},
                                  [&](double fraction) {
                                    if (!console_.for_people() || !ColourOn(1)) return;
                                    console_.Text(fmt::format("\r  ▕{}▏ {:.0f} %  ",
                                                              Bar(fraction, 40), 100 * fraction));
                                    told = true;
                                  }));
    if (told) Say("");
    return Ok();
  }

  const DemoOptions& options_;
  const Console& console_;
  std::unique_ptr<Disk> disk_ = MakeRealDisk();
  Federation federation_;
  std::vector<std::string> site_dirs_;
  std::string model_file_;
  DemoResult result_;
};

Status Print(const DemoResult& result, const DemoOptions& options, const Console& console) {
  console.Text(ReportTable(result));
  console.Text(fmt::format(
      "\nledger    {} entries, verified\n  root    {}\n"
      "release   {}, verified\n  digest  {}\n"
      "          sum not checked: the charter names no auditors\n"
      "gate      every crossing decided by the charter and the rule packs of both countries, by\n"
      "          SYNTHETIC facts of the parties; screening by name not assessed. A compliance\n"
      "          aid, not legal advice.\n",
      result.ledger.size, result.ledger.root.hex(), result.release_dir, result.release_digest));
  const Value value = ReportValue(result);
  if (!console.for_people()) console.Object(value);
  if (options.report_file.empty()) return Ok();
  const auto disk = MakeRealDisk();
  return WriteWhole(*disk, options.report_file, AsBytes(syntax::DumpJsonPretty(value)));
}

}  // namespace

Exit Demo(const DemoOptions& options, const Console& console) {
  CatchStopSignals();
  Workplace workplace;
  if (const Status opened = workplace.Open(options.out_dir); !opened.ok()) {
    return Console::Fail(opened);
  }
  const auto binaries = ProgramDirectory();
  if (!binaries.ok()) return Console::Fail(binaries.status());
  const auto result = DemoRun(options, console, workplace.root(), *binaries).Run();
  if (!result.ok()) return Console::Fail(result.status());
  const Status printed = Print(*result, options, console);
  if (workplace.temporary()) {
    Console::Note(workplace.root() + " is removed now; --out DIR keeps everything");
  }
  return printed.ok() ? Exit::kOk : Console::Fail(printed);
}

}  // namespace renkei::apps
