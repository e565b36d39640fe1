// SPDX-License-Identifier: Apache-2.0
// Every command of `renkei`: its options, filled by main.cc from flag > RENKEI_* > default, and
// its function. Each prints through the Console and gives the exit code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "renkei/apps/console.h"

namespace renkei::apps {

// Who acts: a person of a party, under a charter. RENKEI_PARTY, RENKEI_AS, RENKEI_CHARTER.
struct ActorOptions {
  std::string party_dir;
  std::string person;
  std::string charter_file;
  std::vector<std::string> packs{};  // directories and files of rule packs, beside the shipped ones
};

struct InitOptions {
  std::string dir;
  std::string party;
  std::string name;
  std::string country;
  std::vector<std::string> people;  // "alice:officer,operator,researcher"
  uint32_t threshold = 1;
  std::string coordinator_address;  // empty: this party runs no coordinator
  std::vector<std::string> facts;   // "hq=JP": what export rules ask about the party
};
Exit Init(const InitOptions& options, const Console& console);

struct CharterNewOptions {
  std::string name;
  std::vector<std::string> party_files;
  std::vector<std::string> purposes;
  uint32_t valid_days = 365;
  uint32_t approvals = 2;
  std::string binding = "both";    // of export rules
  std::vector<std::string> packs;  // empty: those that came with this program
  std::vector<std::string> facts;  // "like=clean": of every crossing
  uint32_t hold_hours = 72;
  std::string out;
};
Exit CharterNew(const CharterNewOptions& options, const Console& console);
Exit CharterLint(const std::string& file, const Console& console);
struct CharterSignOptions {
  std::string file;  // the TOML text, or an envelope that others signed already
  std::string party_dir;
  std::string person;
  std::string out;
};
Exit CharterSign(const CharterSignOptions& options, const Console& console);
Exit CharterVerify(const std::string& file, const Console& console);
Exit CharterShow(const std::string& file, const Console& console);
Exit Authority(const std::string& charter_file, const Console& console);

struct CoordinatorOptions {
  std::string party_dir;
  std::string charter_file;
  std::string dir;
  std::string listen;  // empty: all addresses, the port of the charter's address
  std::string http;    // health and figures; empty: not served
  uint32_t keep_updates_days = 30;
  std::vector<std::string> packs;  // as ActorOptions
};
Exit CoordinatorRun(const CoordinatorOptions& options);

struct SiteInviteOptions {
  std::string party_dir;
  std::string charter_file;
  std::string site;
  std::string country;  // empty: the party's
  uint32_t days = 7;
  uint64_t weight_max = 0;  // 0: the charter's
};
Exit SiteInvite(const SiteInviteOptions& options, const Console& console);
struct SiteJoinOptions {
  std::string token;
  std::string dir;
  std::string data_dir;
  uint64_t examples = 0;
  std::vector<std::string> trainers;  // "wafer-cnn=renkei-wafer task --data /data"
  std::string issuer_dir;
  uint32_t wait_s = 600;
};
Exit SiteJoin(const SiteJoinOptions& options, const Console& console);
struct SiteApproveOptions {
  ActorOptions actor;
  std::string site;  // empty: every pending request of this party
  uint32_t wait_s = 0;
};
Exit SiteApprove(const SiteApproveOptions& options, const Console& console);
struct SiteStartOptions {
  std::string dir;
  std::vector<std::string> packs;  // as ActorOptions
  std::string http;                // health and figures; empty: not served
};
Exit SiteStart(const SiteStartOptions& options);
struct SiteDrainOptions {
  std::string dir;
  bool undo = false;
  uint32_t wait_s = 0;
};
Exit SiteDrain(const SiteDrainOptions& options, const Console& console);

struct DoctorOptions {
  std::string site_dir;         // of a site that has joined, or
  std::string coordinator_dir;  // of a coordinator, or where it is going to be, or
  std::string token;            // what renkei site invite printed
  std::string charter_file;     // of the coordinator: whose address is looked at
  double model_gib = 0;         // the shape of a run: its model,
  uint64_t sites = 4;           // sites
  uint64_t rounds = 1;          // and rounds
};
Exit Doctor(const DoctorOptions& options, const Console& console);

struct SuspendOptions {
  ActorOptions actor;
  std::string site;  // empty: the whole party
};
Exit Suspend(const SuspendOptions& options, const Console& console);
Exit Resume(const SuspendOptions& options, const Console& console);

struct HoldOptions {
  ActorOptions actor;
  bool all = false;  // decided ones too
  bool csv = false;
  uint64_t entry = 0;  // of the hold
  std::string scope = "run";
  std::string until;  // a day or an instant; empty: as long as the determination could stand
  uint64_t uses = 0;  // 0: as many as the determination could have
  std::string reason;
  std::string licence;
  uint64_t quantity = 0;
};
Exit HoldsShow(const HoldOptions& options, const Console& console);
Exit HoldApprove(const HoldOptions& options, const Console& console);
Exit HoldDeny(const HoldOptions& options, const Console& console);

struct LicenceOptions {
  ActorOptions actor;
  std::string licence;
  std::string unit;
  uint64_t quantity = 0;
  std::string until;
};
Exit LicenceRecord(const LicenceOptions& options, const Console& console);
Exit LicenceList(const LicenceOptions& options, const Console& console);

struct LeaveOptions {
  ActorOptions actor;
  bool yes = false;  // do not ask
};
Exit Leave(const LeaveOptions& options, const Console& console);

struct RunSubmitOptions {
  ActorOptions actor;
  std::string spec_file;
  std::string model_file;
};
Exit RunSubmit(const RunSubmitOptions& options, const Console& console);
struct RunOptions {
  ActorOptions actor;
  std::string run;
};
Exit RunApprove(const RunOptions& options, const Console& console);
Exit RunList(const ActorOptions& actor, const Console& console);
Exit RunShow(const RunOptions& options, const Console& console);
Exit RunWatch(const RunOptions& options, const Console& console);
Exit RunStop(const RunOptions& options, const Console& console);
Exit RunPause(const RunOptions& options, const Console& console);
Exit RunResume(const RunOptions& options, const Console& console);

struct BackupOptions {
  std::string dir;  // of a coordinator or a site
  std::string out;
  std::string charter_file;  // of a coordinator
  bool with_keys = false;
};
Exit Backup(const BackupOptions& options, const Console& console);
struct RestoreOptions {
  std::string from;
  std::string dir;
  std::string charter_file;            // of a coordinator
  std::vector<std::string> witnesses;  // "fab-jp=checkpoint"
  std::vector<std::string> mirrors;
  bool accept_loss = false;
};
Exit Restore(const RestoreOptions& options, const Console& console);

struct LedgerOptions {
  std::string dir;  // a ledger directory on this machine; empty: ask the coordinator as `actor`
  ActorOptions actor;
  uint64_t from = 0;
  uint64_t count = 50;
  uint64_t index = 0;
};
Exit LedgerVerify(const LedgerOptions& options, const Console& console);
Exit LedgerShow(const LedgerOptions& options, const Console& console);
Exit LedgerProve(const LedgerOptions& options, const Console& console);

struct ReleaseBuildOptions {
  ActorOptions actor;
  std::string run;
  uint32_t round = 0;           // 0: the last
  std::vector<std::string> to;  // parties that get it besides those who took part
  std::string out;
};
Exit ReleaseBuild(const ReleaseBuildOptions& options, const Console& console);
Exit ReleaseVerify(const std::string& dir, const Console& console);

struct DemoOptions {
  std::string data_dir;  // empty: synthetic wafers
  std::string out_dir;   // empty: a temporary directory, removed at the end
  std::string report_file;
  uint64_t seed = 1;
  uint32_t rounds = 0;  // 0: as fits the data
  bool arms = true;     // also train each site alone and the pooled upper bound
};
Exit Demo(const DemoOptions& options, const Console& console);

}  // namespace renkei::apps
