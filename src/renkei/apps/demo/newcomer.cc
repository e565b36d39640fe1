// SPDX-License-Identifier: Apache-2.0
// What export rules decide in the demo: the packs that it signs, the party list that it makes up,
// and the fifth party, which asks for the model and for a share of a server.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "renkei/apps/demo/federation.h"
#include "renkei/apps/pack_files.h"
#include "renkei/base/disk.h"
#include "renkei/syntax/csv.h"

namespace renkei::apps {
namespace {

// Not a list of any authority. A blank is not known.
constexpr std::string_view kPartyList =
    "party,hq,ultimate_parent_hq,entity_list,unverified_list,denied,listed_ownership\n"
    "sierra-semi,US,US,no,no,no,0\n"
    "miyako-fab,JP,JP,no,no,no,0\n"
    "hudson-lab,US,US,no,no,no,0\n"
    "sakura-lab,JP,JP,no,no,no,0\n"
    "minato-ai,JP,CN,no,no,no,\n";

constexpr uint64_t kPackFileBytesMax = 4 << 20;
constexpr size_t kTreeLinesMax = 32;

std::string CrossingOf(std::string_view facts) {
  return fmt::format(
      "format: renkei-crossing/1\nlike: clean\nat: {}\n"
      "facts: {{ origin: US, destination: JP, {} }}\nclasses: {{ us: [], jp: [] }}\n"
      "parties:\n- {{ name: Minato AI, located: JP, hq: JP, ultimate_parent_hq: CN, "
      "listed_ownership: 0 }}\n",
      FormatInstant(MakeSystemClock()->Now()), facts);
}

// The first lines; the rest can be had with the command.
std::string Begin(const std::string& text, const std::string& command) {
  size_t end = 0;
  for (size_t line = 0; line < kTreeLinesMax && end < text.size(); ++line) {
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  }
  const auto more = std::count(text.begin() + static_cast<ptrdiff_t>(end), text.end(), '\n');
  if (more == 0) return text;
  return text.substr(0, end) + fmt::format("  ... {} more lines: {}\n", more, command);
}

// The number after "Held as entry ".
std::string HeldEntry(const std::string& told) {
  constexpr std::string_view kBefore = "Held as entry ";
  const size_t at = told.find(kBefore);
  if (at == std::string::npos) return "";
  const size_t begin = at + kBefore.size();
  return told.substr(begin, told.find_first_not_of("0123456789", begin) - begin);
}

}  // namespace

std::vector<std::string> Federation::FactFlags(const DemoParty& party) const {
  const auto list = syntax::ParseCsv(kPartyList);
  std::vector<std::string> flags;
  for (const auto& record : list->records) {
    if (record.front().text != party.party) continue;
    for (size_t i = 1; i < record.size(); ++i) {
      const std::string& value = record[i].text;
      flags.insert(flags.end(), {"--fact", fmt::format("{}={}", list->names[i],
                                                       value.empty() ? "unknown" : value)});
    }
  }
  return flags;
}

Status Federation::SignPacks() {
  const auto disk = MakeRealDisk();
  const std::string from = ShippedPacksDir();
  RK_RETURN_IF_ERROR(disk->MakeDirs(packs_dir()));
  RK_RETURN_IF_ERROR(WriteWhole(*disk, Path("synthetic-parties.csv"), AsBytes(kPartyList)));
  RK_ASSIGN_OR_RETURN(const auto names, disk->List(from));
  for (const std::string& name : names) {
    if (!name.ends_with(".yaml")) continue;
    RK_ASSIGN_OR_RETURN(const Bytes bytes,
                        ReadWhole(*disk, JoinPath(from, name), kPackFileBytesMax));
    RK_RETURN_IF_ERROR(WriteWhole(*disk, JoinPath(packs_dir(), name), bytes));
  }
  const DemoParty& signer = DemoParties().front();
  return Renkei({"pack", "sign", packs_dir(), "--party", Path(signer.party), "--as", signer.person})
      .status();
}

Status Federation::AnswerNewcomer(const std::string& run,
                                  const std::function<void(const std::string&)>& say) {
  const auto disk = MakeRealDisk();
  say("\nMinato AI asks: a company in Tokyo whose ultimate parent has its headquarters in China.\n"
      "(Its facts are from synthetic-parties.csv: a SYNTHETIC list, of no authority.)");
  const auto check = [&](const std::string& name, std::string_view facts, Exit exit,
                         const std::string& question) -> Status {
    const std::string file = Path(name);
    RK_RETURN_IF_ERROR(WriteWhole(*disk, file, AsBytes(CrossingOf(facts))));
    RK_ASSIGN_OR_RETURN(const std::string told,
                        RenkeiEndsWith(exit, {"gate", "check", file, "--packs", packs_dir()}));
    say(question + "\n" + Begin(told, "renkei gate check " + file));
    return Ok();
  };
  RK_RETURN_IF_ERROR(check("h100-server.yaml",
                           "item.kind: computer, ic.tpp: 15832, ic.pd: 19.45, "
                           "item.data_center: yes",
                           Exit::kRefused, "\nAn H100 server, for its own room?"));
  RK_RETURN_IF_ERROR(check("h100-share.yaml", "item.kind: compute-access", Exit::kWaiting,
                           "\nA share of that server, used from Tokyo?"));
  const std::string release = Path("release-" + Newcomer().party);
  std::vector<std::string> build = {"release", "build",          "--run", run,
                                    "--to",    Newcomer().party, "--out", release};
  const std::vector<std::string> actor = ActorFlags(0);
  build.insert(build.end(), actor.begin(), actor.end());
  RK_ASSIGN_OR_RETURN(const std::string held, RenkeiEndsWith(Exit::kWaiting, build));
  say("\nThe model, for what the charter is for?\n" + held);
  std::vector<std::string> approve = {"approve",  HeldEntry(held),
                                      "--scope",  "crossing",
                                      "--reason", "register of shareholders seen; none is listed"};
  approve.insert(approve.end(), actor.begin(), actor.end());
  RK_ASSIGN_OR_RETURN(const std::string approved, RenkeiEndsWith(Exit::kOk, approve));
  say("Its officer has looked up who owns Minato AI, and approves this one crossing:\n" + approved);
  RK_RETURN_IF_ERROR(Renkei(build).status());
  say("So it goes: " + release);
  return Renkei({"release", "verify", release}).status();
}

}  // namespace renkei::apps
