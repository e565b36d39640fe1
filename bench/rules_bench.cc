// SPDX-License-Identifier: Apache-2.0
// Decisions per second of processor time over rule packs, beside the plain predicates that they
// rest on: rules_bench PACKS_DIR [OUT.json]. The cases are the tests that travel with the packs.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "renkei/base/check.h"
#include "renkei/rules/decide.h"

namespace renkei::rules {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::vector<Pack> ReadAll(const std::string& dir) {
  std::vector<Pack> packs;
  for (const auto& file : std::filesystem::directory_iterator(dir)) {
    if (file.path().extension() != ".yaml") continue;
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    auto pack = ParsePack(text.str(), file.path().filename());
    RK_CHECK(pack.ok());
    packs.push_back(*std::move(pack));
  }
  return packs;
}

// Of this process's own time, so that others on the machine do not count.
double SecondsSince(std::clock_t begun) {
  return static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
}

struct Figures {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

// Every case in turn until two seconds have gone; each call is timed by itself.
Figures Measure(const RuleBook& book, const std::vector<Case>& cases) {
  std::vector<double> times;
  size_t steps = 0;
  const std::clock_t begun = std::clock();
  const auto begin = SteadyClock::now();
  auto before = begin;
  for (size_t i = 0; before - begin < std::chrono::seconds(2) || i % cases.size() != 0; ++i) {
    before = SteadyClock::now();
    const Decision decision = Decide(book, cases[i % cases.size()]);
    times.push_back(std::chrono::duration<double, std::micro>(SteadyClock::now() - before).count());
    for (const Answer& answer : decision.answers) steps += answer.proof.size();
  }
  const double seconds = SecondsSince(begun);
  RK_CHECK(steps > 0);
  std::ranges::sort(times);
  return {.per_second = static_cast<double>(times.size()) / seconds,
          .p50_us = times[times.size() / 2],
          .p99_us = times[times.size() * 99 / 100]};
}

// The limit: each decision looks at every fact that some rule compares, once, and nothing else.
double PlainPredicates(const RuleBook& book, const std::vector<Case>& cases) {
  struct Predicate {
    uint32_t slot;
    double number;
  };
  std::vector<Predicate> predicates;
  for (size_t i = 0; i < book.nodes.size(); ++i) {
    const Node& node = book.nodes[i];
    if (book.sources[i].fact != kNone && !node.of_party)
      predicates.push_back({node.slot, node.number});
  }
  constexpr size_t kCalls = 200'000;
  size_t met = 0;
  const std::clock_t begun = std::clock();
  for (size_t i = 0; i < kCalls; ++i) {
    const Case& facts = cases[i % cases.size()];
    for (const Predicate& predicate : predicates) {
      met += facts.facts[predicate.slot].lo >= predicate.number ? 1 : 0;
    }
  }
  const double seconds = SecondsSince(begun);
  RK_CHECK(met > 0);
  return kCalls / seconds;
}

int Main(const std::string& dir, const std::string& out) {
  const auto book = Compile(ReadAll(dir));
  RK_CHECK(book.ok());
  std::vector<Case> settled, all;
  for (const Pack& pack : book->packs) {
    for (const Trial& trial : pack.trials) {
      auto made = ParseCase(trial.crossing, trial.name, *book, true);
      RK_CHECK(made.ok());
      const Decision decision = Decide(*book, *made);
      const bool is_settled = std::ranges::all_of(
          decision.answers, [](const Answer& answer) { return answer.missing.empty(); });
      if (is_settled) settled.push_back(*made);
      all.push_back(*std::move(made));
    }
  }
  RK_CHECK(!settled.empty());
  const Figures quick = Measure(*book, settled), mixed = Measure(*book, all);
  const double limit = PlainPredicates(*book, settled);
  fmt::print("{} rules, {} cases, {} of them settled\n", book->rules.size(), all.size(),
             settled.size());
  fmt::print("{:<28}{:>14}{:>12}{:>12}{:>12}\n", "", "decisions/s", "p50 us", "p99 us", "of limit");
  for (const auto& [name, figures] : {std::pair("settled cases", quick), {"all cases", mixed}}) {
    fmt::print("{:<28}{:>14.0f}{:>12.2f}{:>12.2f}{:>12.3f}\n", name, figures.per_second,
               figures.p50_us, figures.p99_us, figures.per_second / limit);
  }
  fmt::print("{:<28}{:>14.0f}\n", "plain predicates (limit)", limit);
  if (!out.empty()) {
    std::ofstream(out) << fmt::format(
        "{{\"rules\": {}, \"settled_per_s\": {:.0f}, \"settled_p99_us\": {:.2f}, "
        "\"all_per_s\": {:.0f}, \"all_p99_us\": {:.2f}, \"limit_per_s\": {:.0f}}}\n",
        book->rules.size(), quick.per_second, quick.p99_us, mixed.per_second, mixed.p99_us, limit);
  }
  return 0;
}

}  // namespace
}  // namespace renkei::rules

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: rules_bench PACKS_DIR [OUT.json]\n";
    return 2;
  }
  return renkei::rules::Main(argv[1], argc > 2 ? argv[2] : "");
}
