// SPDX-License-Identifier: Apache-2.0
// The demo's federation: four parties in two countries, each with its own directory, keys and
// authority, one of them serving. Made with the very commands that people use, each site and the
// coordinator a process of its own, as separate machines would.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "renkei/apps/child_process.h"
#include "renkei/apps/commands.h"
#include "renkei/base/status.h"

namespace renkei::apps {

struct DemoParty {
  std::string party;
  std::string name;
  std::string country;
  std::string person;
  std::string site;
};

// The coordinator's party is the first; the order is that of the sites' data, site1 to site4.
const std::vector<DemoParty>& DemoParties();
// A fifth party, without data of its own: in Tokyo, of a company with headquarters in a country of
// group D:5 (supplement 1 to part 740 of the EAR). Who owns it besides is not known.
const DemoParty& Newcomer();

class Federation {
 public:
  // Under `root`, which exists. `binaries` holds renkei and renkei-wafer.
  Federation(std::string root, std::string binaries);

  // Keys, charter, signatures, coordinator.
  Status Agree();
  // Invites, joins, approves and starts site `index` on the data in `data_dir`.
  Status Join(size_t index, const std::string& data_dir, uint64_t examples);
  // Proposes the run of `spec_file` and has two parties approve it.
  Status StartRun(const std::string& spec_file, const std::string& model_file,
                  const std::string& run);
  Status BuildRelease(const std::string& run);
  // Asks for the newcomer on standard output: what the gate says, until it has the model.
  Status AnswerNewcomer(const std::string& run, const std::function<void(const std::string&)>& say);
  // FAILED_PRECONDITION naming the log when the coordinator or a site has ended.
  Status StillWell();
  // Runs `renkei ARGUMENTS` or renkei-wafer; the output. Errors carry the log's last lines.
  StatusOr<std::string> Renkei(std::vector<std::string> arguments);
  // The same for a call that has to end with `exit`; what it told people comes first.
  StatusOr<std::string> RenkeiEndsWith(Exit exit, std::vector<std::string> arguments);
  StatusOr<std::string> Wafer(std::vector<std::string> arguments);
  // Starts renkei-wafer with its standard output in `output_file`.
  StatusOr<ChildProcess> StartWafer(std::vector<std::string> arguments,
                                    const std::string& output_file);
  uint64_t CoordinatorPeakMemoryBytes() const;
  // Sites first, then the coordinator; each ends cleanly or is killed.
  void Stop();

  ActorOptions Actor(size_t index) const;
  std::string Path(const std::string& name) const { return root_ + "/" + name; }
  std::string charter_file() const { return Path("charter.json"); }
  std::string release_dir() const { return Path("release"); }
  std::string packs_dir() const { return Path("rulepacks"); }
  std::string ledger_dir() const { return Path("coordinator/ledger"); }

 private:
  StatusOr<std::string> Call(const std::string& program, std::vector<std::string> arguments);
  Status SignPacks();
  std::vector<std::string> FactFlags(const DemoParty& party) const;
  std::vector<std::string> ActorFlags(size_t index) const;

  std::string root_;
  std::string binaries_;
  uint64_t calls_ = 0;
  std::map<std::string, ChildProcess> processes_;
};

}  // namespace renkei::apps
