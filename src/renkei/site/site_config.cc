// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/site_config.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "renkei/record/limits.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/toml.h"
#include "renkei/syntax/value.h"

namespace renkei::site {
namespace {

using syntax::Fields;
using syntax::Value;

constexpr int64_t kMemoryMibMax = 1 << 24;  // 16 TiB
constexpr int64_t kThreadsMax = 4096;

StatusOr<TrainerCommand> ReadTrainer(const Value& table, const std::string& where) {
  Fields fields(table, where);
  TrainerCommand command{.words = fields.Texts("command"),
                         .timeout_s = fields.IntegerOr("timeout_s", 0, 0, kTrainerSecondsMax),
                         .memory_mib = fields.IntegerOr("memory_mib", 0, 0, kMemoryMibMax),
                         .threads = fields.IntegerOr("threads", 0, 0, kThreadsMax)};
  if (command.words.empty() || command.words.size() > kCommandWordsMax ||
      command.words.front().empty()) {
    fields.Fail("command", fmt::format("1 to {} words, the program first", kCommandWordsMax));
  }
  if (std::ranges::any_of(command.words, [](const std::string& word) {
        return word.find('\0') != std::string::npos;
      })) {
    fields.Fail("command", "a word holds a NUL");
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  return command;
}

Status ReadTrainers(const Value* table, const std::string& where, SiteConfig& config) {
  if (table == nullptr) return Ok();
  if (table->members().size() > kTrainersMax) {
    return Error(Code::kInvalidArgument, "{}: more than {} trainers", where, kTrainersMax);
  }
  for (const auto& [name, value] : table->members()) {
    const std::string place = fmt::format("{}: trainer.{}", where, name);
    const auto id = TrainerId::Parse(name);
    if (!id.ok()) return Annotate(id.status(), place);
    RK_ASSIGN_OR_RETURN(config.trainers[*id], ReadTrainer(value, place));
  }
  return Ok();
}

double ReadAmount(Fields& fields, std::string_view key, double min, double max) {
  if (!fields.Has(key)) return 0;
  const double amount = fields.Number(key);
  if (!fields.failed() && (amount < min || amount > max)) {
    fields.Fail(key, fmt::format("{} is not from {} to {}", amount, min, max));
  }
  return amount;
}

StatusOr<SiteLimits> ReadLimits(const Value& table, const std::string& where) {
  constexpr double kDiskGibMin = 1.0 / 1024;
  Fields fields(table, where);
  SiteLimits limits{
      .upload_mbit = ReadAmount(fields, "upload_mbit", kUploadMbitMin, kUploadMbitMax),
      .hours = {},
      .disk_gib = ReadAmount(fields, "disk_gib", kDiskGibMin, kDiskGibMax),
      .parallel_runs = fields.IntegerOr("parallel_runs", 0, 1, kParallelRunsMax)};
  if (fields.Has("hours")) {
    auto hours = OpenHours::Parse(fields.Texts("hours"));
    if (!hours.ok()) fields.Fail("hours", Message(hours.status()));
    if (hours.ok()) limits.hours = *std::move(hours);
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  return limits;
}

bool IsPurpose(std::string_view text) {
  return !text.empty() && text.size() <= record::kTextBytesMax &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

StatusOr<Consent> ReadConsent(const Value& table, const std::string& where) {
  Fields fields(table, where);
  Consent consent;
  if (fields.Has("trainers")) {
    consent.trainers.emplace();
    for (const std::string& name : fields.Texts("trainers")) {
      const auto id = TrainerId::Parse(name);
      if (!id.ok()) fields.Fail("trainers", Message(id.status()));
      if (id.ok() && !consent.trainers->insert(*id).second) {
        fields.Fail("trainers", fmt::format("'{}' stands there twice", name));
      }
    }
    if (consent.trainers->size() > kConsentsMax) fields.Fail("trainers", "more than 256 trainers");
  }
  if (fields.Has("purposes")) {
    consent.purposes.emplace();
    for (const std::string& purpose : fields.Texts("purposes")) {
      if (!IsPurpose(purpose)) {
        fields.Fail("purposes", fmt::format("a purpose is one line of 1 to {} bytes, as the "
                                            "charter writes it",
                                            record::kTextBytesMax));
      } else if (!consent.purposes->insert(purpose).second) {
        fields.Fail("purposes", fmt::format("'{}' stands there twice", purpose));
      }
    }
    if (consent.purposes->size() > kConsentsMax) fields.Fail("purposes", "more than 256 purposes");
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  return consent;
}

template <typename Texts>
std::string TomlList(const Texts& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(syntax::TomlQuoted(text));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string DumpLimits(const SiteLimits& limits) {
  if (limits == SiteLimits()) return "";
  std::string text = "\n[limits]\n";
  if (limits.upload_mbit != 0) text += fmt::format("upload_mbit = {}\n", limits.upload_mbit);
  if (!limits.hours.always()) text += fmt::format("hours = {}\n", TomlList(limits.hours.texts()));
  if (limits.disk_gib != 0) text += fmt::format("disk_gib = {}\n", limits.disk_gib);
  if (limits.parallel_runs != 0) text += fmt::format("parallel_runs = {}\n", limits.parallel_runs);
  return text;
}

std::string DumpConsent(const Consent& consent) {
  if (consent == Consent()) return "";
  std::string text = "\n[consent]\n";
  if (consent.trainers) {
    std::vector<std::string> names;
    for (const TrainerId& id : *consent.trainers) names.push_back(id.text());
    text += fmt::format("trainers = {}\n", TomlList(names));
  }
  if (consent.purposes) text += fmt::format("purposes = {}\n", TomlList(*consent.purposes));
  return text;
}

bool IsCountry(std::string_view text) {
  return text.size() == 2 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

bool Consent::Covers(const TrainerId& trainer, const std::vector<std::string>& run_purposes) const {
  if (trainers && !trainers->contains(trainer)) return false;
  return !purposes || std::ranges::all_of(run_purposes, [&](const std::string& purpose) {
    return purposes->contains(purpose);
  });
}

StatusOr<SiteConfig> ParseSiteConfig(std::string_view toml, std::string_view where) {
  const std::string file(where);
  auto document = syntax::ParseToml(toml, {.size_bytes_max = kSiteConfigBytesMax});
  if (!document.ok()) return Annotate(document.status(), file);
  Fields fields(*document, file);
  if (fields.Text("format") != kSiteFormat) fields.Fail("format", "not renkei-site/1");
  SiteConfig config;
  config.site = fields.NameOf<SiteId>("site");
  config.party = fields.NameOf<PartyId>("party");
  config.country = fields.Text("country");
  if (!IsCountry(config.country)) fields.Fail("country", "two capital letters, such as US or JP");
  config.coordinator = fields.Text("coordinator");
  const Value* issuer = fields.ObjectAt("issuer", false);
  const Value* limits = fields.ObjectAt("limits", false);
  const Value* consent = fields.ObjectAt("consent", false);
  const Value* trainers = fields.ObjectAt("trainer", false);
  RK_RETURN_IF_ERROR(fields.Finish());
  if (issuer != nullptr) {
    Fields table(*issuer, file + ": issuer");
    config.issuer_dir = table.Text("dir");
    RK_RETURN_IF_ERROR(table.Finish());
  }
  if (limits != nullptr) {
    RK_ASSIGN_OR_RETURN(config.limits, ReadLimits(*limits, file + ": limits"));
  }
  if (consent != nullptr) {
    RK_ASSIGN_OR_RETURN(config.consent, ReadConsent(*consent, file + ": consent"));
  }
  RK_RETURN_IF_ERROR(ReadTrainers(trainers, file, config));
  return config;
}

std::string DumpSiteConfig(const SiteConfig& config) {
  std::string text = fmt::format(
      "format = \"{}\"\nsite = \"{}\"\nparty = \"{}\"\ncountry = {}\ncoordinator = {}\n",
      kSiteFormat, config.site, config.party, syntax::TomlQuoted(config.country),
      syntax::TomlQuoted(config.coordinator));
  if (!config.issuer_dir.empty()) {
    text += fmt::format("\n[issuer]\ndir = {}\n", syntax::TomlQuoted(config.issuer_dir));
  }
  text += DumpLimits(config.limits);
  text += DumpConsent(config.consent);
  for (const auto& [id, command] : config.trainers) {
    text += fmt::format("\n[trainer.{}]\ncommand = {}\n", id, TomlList(command.words));
    const std::pair<std::string_view, int64_t> limits[] = {{"timeout_s", command.timeout_s},
                                                           {"memory_mib", command.memory_mib},
                                                           {"threads", command.threads}};
    for (const auto& [key, value] : limits) {
      if (value != 0) text += fmt::format("{} = {}\n", key, value);
    }
  }
  return text;
}

StatusOr<std::pair<TrainerId, TrainerCommand>> ParseTrainerOption(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return Error(Code::kInvalidArgument, "trainer '{}': write ID=COMMAND", text);
  }
  RK_ASSIGN_OR_RETURN(const TrainerId id, TrainerId::Parse(text.substr(0, equals)));
  TrainerCommand command;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (const char c : text.substr(equals + 1)) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c != ' ') {
      word += c;
      in_word = true;
    } else if (in_word) {
      command.words.push_back(std::exchange(word, {}));
      in_word = false;
    }
  }
  if (in_word) command.words.push_back(std::move(word));
  if (quote != 0) return Error(Code::kInvalidArgument, "trainer {}: a quote is not closed", id);
  if (command.words.empty()) return Error(Code::kInvalidArgument, "trainer {}: no command", id);
  return std::pair(id, std::move(command));
}

}  // namespace renkei::site
