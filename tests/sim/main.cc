// SPDX-License-Identifier: Apache-2.0
// sim [--rounds N] [--seed FIRST] [--threads N]: worlds of consecutive seeds until N rounds were
// reduced in all. sim --replay SEED: one world, told step by step. sim --failpoints: each durable
// step that an undisturbed run takes, hit before and after.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "renkei/base/log.h"
#include "world.h"

namespace renkei::sim {
namespace {

struct Options {
  uint64_t rounds = 20'000;
  uint64_t seed = 1;
  uint64_t threads = std::max(1U, std::thread::hardware_concurrency());
  uint64_t replay = 0;  // a seed, or none
  bool failpoints = false;
  std::string program;
};

struct Tally {
  uint64_t worlds = 0;
  uint64_t rounds = 0;
  uint64_t lives = 0;
  uint64_t left_out = 0;
  std::map<std::string, uint64_t> outcomes;

  void Add(const Result& result) {
    ++worlds;
    rounds += result.rounds;
    lives += result.lives;
    left_out += result.left_out;
    ++outcomes[result.outcome];
  }
};

void Print(const Tally& tally) {
  fmt::print("{} rounds in {} worlds, {} processes started, {} sites left out of a round; runs:",
             tally.rounds, tally.worlds, tally.lives, tally.left_out);
  for (const auto& [outcome, count] : tally.outcomes) fmt::print(" {} {};", count, outcome);
  fmt::print("\n");
  std::fflush(stdout);
}

// Worlds of seeds first, first + 1, ... in several threads. True when none objected.
bool RunWorlds(const Options& options) {
  std::atomic<uint64_t> next = options.seed;
  std::atomic<bool> failed = false;
  std::mutex mutex;
  Tally tally;
  uint64_t printed = 0;
  const auto work = [&] {
    while (!failed) {
      const uint64_t seed = next++;
      const Result result = Live({.seed = seed});
      const std::scoped_lock lock(mutex);
      tally.Add(result);
      if (!result.objection.empty()) {
        failed = true;
        fmt::print("seed {}: {}\nreplay it with: {} --replay {}\n", seed, result.objection,
                   options.program, seed);
      }
      if (tally.rounds >= printed + 2000) Print(tally), printed = tally.rounds;
      if (tally.rounds >= options.rounds) return;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (uint64_t i = 0; i < options.threads; ++i) threads.emplace_back(work);
  }
  Print(tally);
  // A simulation in which nothing gets done shows nothing.
  const uint64_t completed = tally.outcomes["completed"];
  if (!failed && completed * 2 < tally.worlds) {
    fmt::print("only {} of {} runs were completed: the weather hides what it should show\n",
               completed, tally.worlds);
    return false;
  }
  return !failed;
}

// Does `work` for 0 to count - 1 in several threads.
void InThreads(uint64_t threads, size_t count, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next = 0;
  std::vector<std::jthread> pool;
  for (uint64_t i = 0; i < threads; ++i) {
    pool.emplace_back([&] {
      for (size_t one = next++; one < count; one = next++) work(one);
    });
  }
}

struct Hit {
  std::string machine;
  Failpoint point;
};

// Both sides of every durable step by name: its first time, and one in the middle.
std::vector<Hit> HitsOf(const std::string& machine, const std::map<std::string, uint64_t>& steps) {
  std::vector<Hit> hits;
  for (const auto& [step, count] : steps) {
    for (const Side side : {Side::kBefore, Side::kAfter}) {
      hits.push_back({machine, {.step = step, .occurrence = 1, .side = side}});
      if (count > 2)
        hits.push_back({machine, {.step = step, .occurrence = count / 2, .side = side}});
    }
  }
  return hits;
}

bool RunFailpoints(const Options& options) {
  constexpr uint32_t kRounds = 2;
  const Plan calm{.seed = options.seed, .weather = Weather(), .rounds = kRounds};
  const Result undisturbed = Live(calm);
  if (!undisturbed.objection.empty()) {
    fmt::print("without any fault: {}\n", undisturbed.objection);
    return false;
  }
  std::vector<Hit> hits = HitsOf("hub", undisturbed.hub_steps);
  const size_t named = undisturbed.hub_steps.size() + undisturbed.site_steps.size();
  for (Hit& hit : HitsOf("f0", undisturbed.site_steps)) hits.push_back(std::move(hit));
  std::atomic<size_t> crashes = 0;
  std::atomic<bool> well = true;
  InThreads(options.threads, hits.size(), [&](size_t i) {
    Plan plan = calm;
    plan.machine = hits[i].machine;
    plan.failpoint = hits[i].point;
    const Result result = Live(plan);
    crashes += result.failpoint_hit ? 1 : 0;
    if (result.objection.empty() && result.outcome == "completed") return;
    well = false;
    fmt::print("{} dies {} '{}' ({}): {}\n", hits[i].machine,
               hits[i].point.side == Side::kBefore ? "before" : "after", hits[i].point.step,
               hits[i].point.occurrence,
               result.objection.empty() ? "the run ended as " + result.outcome : result.objection);
  });
  fmt::print("{} named durable steps, {} crashes beside them\n", named, crashes.load());
  for (const auto& [step, count] : undisturbed.hub_steps) {
    fmt::print("  hub   {:>5} x {}\n", count, step);
  }
  for (const auto& [step, count] : undisturbed.site_steps) {
    fmt::print("  site  {:>5} x {}\n", count, step);
  }
  return well && crashes > named;
}

// False, having said why, when the arguments are not those of the first lines of this file.
bool Parse(int argc, char** argv, Options& options) {
  const std::map<std::string_view, uint64_t*> numbers = {{"--rounds", &options.rounds},
                                                         {"--seed", &options.seed},
                                                         {"--threads", &options.threads},
                                                         {"--replay", &options.replay}};
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--failpoints") {
      options.failpoints = true;
      continue;
    }
    const auto found = numbers.find(name);
    const std::string_view text = found != numbers.end() && i + 1 < argc ? argv[++i] : "";
    const auto [end, error] =
        found == numbers.end()
            ? std::from_chars_result{nullptr, std::errc::invalid_argument}
            : std::from_chars(text.data(), text.data() + text.size(), *found->second);
    if (error == std::errc() && end == text.data() + text.size() && *found->second > 0) continue;
    fmt::print(stderr,
               "sim: {} {}: expected [--rounds N] [--seed N] [--threads N], "
               "--replay SEED or --failpoints; numbers from 1 on\n",
               name, text);
    return false;
  }
  return true;
}

int Main(int argc, char** argv) {
  Options options{.program = argv[0]};
  if (!Parse(argc, argv, options)) return 2;
  log::SetLevel(options.replay != 0 ? log::Level::kWarn : log::Level::kOff);
  if (options.failpoints) return RunFailpoints(options) ? 0 : 1;
  if (options.replay == 0) return RunWorlds(options) ? 0 : 1;
  const Result result = Live({.seed = options.replay, .trace = true});
  fmt::print("seed {}: {}; the run: {}, {} rounds\n", options.replay,
             result.objection.empty() ? "every promise was kept" : result.objection, result.outcome,
             result.rounds);
  return result.objection.empty() ? 0 : 1;
}

}  // namespace
}  // namespace renkei::sim

int main(int argc, char** argv) { return renkei::sim::Main(argc, argv); }
