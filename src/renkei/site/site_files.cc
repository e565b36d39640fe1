// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/site_files.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "renkei/crypto/secret.h"

namespace renkei::site {
namespace {

// The number between `prefix` and the next '-' or '.' or the end of a name that we made.
std::optional<uint64_t> NumberAfter(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc()) return std::nullopt;
  const bool ends = end == name.data() + name.size() || *end == '-' || *end == '.';
  return ends ? std::optional(number) : std::nullopt;
}

StatusOr<std::vector<std::string>> ListIfThere(Disk& disk, const std::string& path) {
  auto names = disk.List(path);
  if (names.status().code() == Code::kNotFound) return std::vector<std::string>();
  return names;
}

}  // namespace

std::string SiteFiles::run_work(uint64_t run_index) const {
  return fmt::format("{}/run-{}", work(), run_index);
}

TaskFiles SiteFiles::task(uint64_t run_index, uint32_t round, TaskKind kind) const {
  return {.dir = fmt::format("{}/round-{}-{}", run_work(run_index), round, NameOf(kind))};
}

std::string SiteFiles::draft(uint64_t run_index, uint32_t round) const {
  return fmt::format("{}/round-{}-manifest.json", run_work(run_index), round);
}

std::string SiteFiles::receipt(uint64_t entry) const {
  return fmt::format("{}/{}.json", receipts(), entry);
}

std::string SiteFiles::false_receipt(uint64_t entry) const {
  return fmt::format("{}/receipt-{}.json", evidence(), entry);
}

StatusOr<crypto::SigningKey> ReadSiteKey(Disk& disk, const std::string& path) {
  RK_ASSIGN_OR_RETURN(Bytes text, ReadWhole(disk, path, kKeyFileBytesMax));
  std::string_view seed = AsText(text);
  while (!seed.empty() && seed.back() == '\n') seed.remove_suffix(1);
  auto key = crypto::SigningKey::FromSeedText(seed);
  crypto::Wipe(text);
  if (!key.ok()) return Annotate(key.status(), path);
  return key;
}

StatusOr<std::vector<uint64_t>> ListReceipts(const SiteFiles& files, Disk& disk) {
  RK_ASSIGN_OR_RETURN(const auto names, ListIfThere(disk, files.receipts()));
  std::vector<uint64_t> entries;
  for (const std::string& name : names) {
    if (const auto entry = NumberAfter(name, ""); entry && name.ends_with(".json")) {
      entries.push_back(*entry);
    }
  }
  return entries;
}

Status PruneWork(const SiteFiles& files, uint64_t run_index, uint32_t round, Disk& disk) {
  RK_ASSIGN_OR_RETURN(const auto rounds, ListIfThere(disk, files.run_work(run_index)));
  for (const std::string& name : rounds) {
    const auto number = NumberAfter(name, "round-");
    if (!number || *number + kRoundsKept > round) continue;
    RK_RETURN_IF_ERROR(RemoveTree(disk, JoinPath(files.run_work(run_index), name)));
  }
  RK_ASSIGN_OR_RETURN(const auto names, ListIfThere(disk, files.work()));
  std::vector<uint64_t> runs;
  for (const std::string& name : names) {
    if (const auto number = NumberAfter(name, "run-")) runs.push_back(*number);
  }
  std::ranges::sort(runs, std::greater<>());
  for (size_t i = kRunsKept; i < runs.size(); ++i) {
    if (runs[i] != run_index) RK_RETURN_IF_ERROR(RemoveTree(disk, files.run_work(runs[i])));
  }
  return Ok();
}

}  // namespace renkei::site
