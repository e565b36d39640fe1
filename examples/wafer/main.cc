// SPDX-License-Identifier: Apache-2.0
// renkei-wafer: a trainer of wafer map classifiers, and the commands around it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "baseline.h"
#include "examples.h"
#include "json.h"
#include "model_file.h"
#include "network.h"
#include "options.h"
#include "random.h"
#include "scores.h"
#include "split.h"
#include "synthetic_fab.h"
#include "task.h"

namespace wafer {
namespace {

constexpr uint64_t kSeedMax = ~uint64_t{0};

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Done RunTaskCommand(const Options& options) {
  WAFER_ASSIGN_OR_RETURN(const std::string data, options.Text("--data"));
  return RunTask({.task = FromEnvironment("RENKEI_TASK"),
                  .model = FromEnvironment("RENKEI_MODEL"),
                  .update = FromEnvironment("RENKEI_UPDATE"),
                  .metrics = FromEnvironment("RENKEI_METRICS")},
                 {.data = data, .cache = options.TextOr("--cache", "")});
}

Done RunInit(const Options& options) {
  WAFER_ASSIGN_OR_RETURN(const std::string out, options.Text("-o"));
  WAFER_ASSIGN_OR_RETURN(const uint64_t seed, options.WholeOr("--seed", 1, 0, kSeedMax));
  Random random(seed);
  return WriteModel(out, InitialParameters(random));
}

void PrintTable(const Scores& scores) {
  std::cout << "wafers    " << scores.wafers() << "\naccuracy  " << scores.accuracy()
            << "\nmacro F1  " << scores.macro_f1() << "\n";
  for (int label = 0; label < kClasses; ++label) {
    const std::string_view name = kClassNames[static_cast<size_t>(label)];
    std::cout << "  " << name << std::string(12 - name.size(), ' ') << scores.f1(label) << "\n";
  }
}

Done RunEvaluate(const Options& options) {
  if (!options.Has("--model") && !FromEnvironment("RENKEI_TASK").empty()) {
    return RunTaskCommand(options);
  }
  WAFER_ASSIGN_OR_RETURN(const std::string model, options.Text("--model"));
  WAFER_ASSIGN_OR_RETURN(const std::string data, options.Text("--data"));
  const std::string part = options.TextOr("--part", "all");
  const std::string form = options.TextOr("-o", "table");
  if (part != "all" && part != "train" && part != "test") {
    return Fail("--part ", part, ": it must be test, train or all");
  }
  if (form != "table" && form != "json") {
    return Fail("-o ", form, ": it must be table or json");
  }
  WAFER_ASSIGN_OR_RETURN(const std::vector<float> parameters, ReadModel(model));
  WAFER_ASSIGN_OR_RETURN(const Examples examples,
                         LoadExamples(data, part == "all"    ? Part::kAll
                                            : part == "test" ? Part::kTest
                                                             : Part::kTrain));
  const Scores scores = Evaluate(parameters, examples);
  if (form == "json") {
    std::cout << scores.ToJson().Dump() << "\n";
  } else {
    PrintTable(scores);
  }
  return Success();
}

Done RunGenerate(const Options& options) {
  FabOptions fab;
  WAFER_ASSIGN_OR_RETURN(fab.out, options.Text("--out"));
  WAFER_ASSIGN_OR_RETURN(fab.wafers, options.WholeOr("--wafers", 4000, 1, kWafersMax));
  WAFER_ASSIGN_OR_RETURN(fab.seed, options.WholeOr("--seed", 1, 0, kSeedMax));
  std::cerr << "SYNTHETIC wafer maps: made by a formula, not by a fab\n";
  return GenerateWafers(fab);
}

// "3:Center,Random"
Done ParseLack(const std::string& text, int sites, std::map<int, std::set<int>>& without) {
  const size_t colon = text.find(':');
  const std::string site = text.substr(0, colon);
  int number = 0;
  for (int k = 1; k <= sites; ++k) {
    number = std::to_string(k) == site ? k : number;
  }
  if (colon == text.npos || number == 0) {
    return Fail("--without ", text, ": it must be like 3:Center,Random");
  }
  for (size_t at = colon + 1; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const auto label = ClassNamed(std::string_view(text).substr(at, end - at));
    if (!label) {
      return Fail("--without ", text, ": no class '", text.substr(at, end - at), "'");
    }
    without[number].insert(*label);
    at = end + 1;
  }
  return Success();
}

Done RunSplit(const Options& options) {
  SplitOptions split;
  WAFER_ASSIGN_OR_RETURN(split.data, options.Text("--data"));
  WAFER_ASSIGN_OR_RETURN(split.out, options.Text("--out"));
  WAFER_ASSIGN_OR_RETURN(const uint64_t sites, options.WholeOr("--sites", 4, 2, kSitesMax));
  split.sites = static_cast<int>(sites);
  for (const std::string& lack : options.All("--without")) {
    WAFER_RETURN_IF_FAILED(ParseLack(lack, split.sites, split.without));
  }
  if (!options.Has("--without")) {
    split.without = DefaultLacks(split.sites);
  }
  WAFER_ASSIGN_OR_RETURN(const Json told, SplitWafers(split));
  std::cout << told.Dump() << "\n";
  return Success();
}

Done RunBaselineCommand(const Options& options) {
  ComparisonOptions baseline;
  baseline.data = options.All("--data");
  if (baseline.data.empty()) {
    return Fail("option --data is missing");
  }
  WAFER_ASSIGN_OR_RETURN(baseline.test, options.Text("--test"));
  WAFER_ASSIGN_OR_RETURN(const uint64_t rounds, options.WholeOr("--epochs", 28, 1, 1'000'000));
  baseline.rounds = static_cast<int>(rounds);
  WAFER_ASSIGN_OR_RETURN(baseline.seed, options.WholeOr("--seed", 1, 0, kSeedMax));
  baseline.model = options.TextOr("--model", "");
  baseline.model_out = options.TextOr("--model-out", "");
  baseline.progress_file = options.TextOr("--progress", "");
  WAFER_ASSIGN_OR_RETURN(const Json config, ParseJson(options.TextOr("--config", "{}")));
  WAFER_ASSIGN_OR_RETURN(baseline.recipe, ParseRecipe(&config));
  WAFER_ASSIGN_OR_RETURN(const Json told, RunBaseline(baseline));
  std::cout << told.Dump() << "\n";
  return Success();
}

struct Command {
  std::string_view name;
  std::string_view usage;
  std::vector<std::string_view> options;
  Done (*run)(const Options&);
};

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = {
      {"task",
       "--data DIR [--cache DIR]     one task of a joint run, named by RENKEI_TASK",
       {"--data", "--cache"},
       RunTaskCommand},
      {"train", "--data DIR [--cache DIR]    the same", {"--data", "--cache"}, RunTaskCommand},
      {"evaluate",
       "--model FILE --data DIR [--part test|train|all] [-o table|json]",
       {"--model", "--data", "--part", "-o", "--cache"},
       RunEvaluate},
      {"init", "[--seed N] -o FILE           a fresh model", {"--seed", "-o"}, RunInit},
      {"generate",
       "--out DIR [--wafers N] [--seed N]     SYNTHETIC wafer maps",
       {"--out", "--wafers", "--seed"},
       RunGenerate},
      {"split",
       "--data DIR --out DIR [--sites N] [--without SITE:CLASS,...]",
       {"--data", "--out", "--sites", "--without"},
       RunSplit},
      {"baseline",
       "--data DIR [--data DIR ...] --test DIR [--epochs N] [--seed N] [--model FILE]\n"
       "           [--model-out FILE] [--progress FILE] [--config JSON]",
       {"--data", "--test", "--epochs", "--seed", "--model", "--model-out", "--progress",
        "--config"},
       RunBaselineCommand},
  };
  return commands;
}

int Run(const std::vector<std::string>& words) {
  for (const Command& command : Commands()) {
    if (words.empty() || words[0] != command.name) {
      continue;
    }
    const auto options = Options::Parse(std::span(words).subspan(1), command.options);
    if (!options.ok()) {
      std::cerr << "renkei-wafer " << command.name << ": " << options.message() << "\nusage: "
                << "renkei-wafer " << command.name << " " << command.usage << "\n";
      return 2;
    }
    const Done done = command.run(*options);
    if (!done.ok()) {
      std::cerr << "renkei-wafer " << command.name << ": " << done.message() << "\n";
      return 1;
    }
    return 0;
  }
  const bool asked = !words.empty() && (words[0] == "--help" || words[0] == "-h");
  (asked ? std::cout : std::cerr) << "usage: renkei-wafer COMMAND OPTIONS\n";
  for (const Command& command : Commands()) {
    (asked ? std::cout : std::cerr) << "  " << command.name << " " << command.usage << "\n";
  }
  return asked ? 0 : 2;
}

}  // namespace
}  // namespace wafer

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return wafer::Run({argv + 1, argv + argc});
}
