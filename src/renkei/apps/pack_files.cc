// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/pack_files.h"

#include <algorithm>
#include <utility>

#include "renkei/apps/child_process.h"
#include "renkei/apps/connection.h"
#include "renkei/base/log.h"
#include "renkei/crypto/hash.h"
#include "renkei/seal/envelope.h"
#include "renkei/seal/statement.h"

namespace renkei::apps {
namespace {

constexpr std::string_view kSuffix = ".yaml";

// Files of packs in `dir`, sorted by name.
StatusOr<std::vector<std::string>> PackNames(Disk& disk, const std::string& dir) {
  RK_ASSIGN_OR_RETURN(std::vector<std::string> names, disk.List(dir));
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(kSuffix); });
  if (names.empty()) {
    return Error(Code::kNotFound, "{}: no rule pack (*{}) is there", dir, kSuffix);
  }
  if (names.size() > kPackFilesMax) {
    return Error(Code::kResourceExhausted, "{}: {} packs, at most {}", dir, names.size(),
                 kPackFilesMax);
  }
  return names;
}

Status ReadPack(Disk& disk, const std::string& file, std::vector<rules::Pack>& packs) {
  RK_ASSIGN_OR_RETURN(const std::string text, ReadText(disk, file, rules::kPackBytesMax));
  RK_ASSIGN_OR_RETURN(rules::Pack pack, rules::ParsePack(text, file));
  packs.push_back(std::move(pack));
  return Ok();
}

StatusOr<std::vector<seal::Subject>> SubjectsOf(Disk& disk, const std::string& dir) {
  std::vector<seal::Subject> subjects;
  RK_ASSIGN_OR_RETURN(const auto names, PackNames(disk, dir));
  for (const std::string& name : names) {
    RK_ASSIGN_OR_RETURN(const Bytes bytes,
                        ReadWhole(disk, JoinPath(dir, name), rules::kPackBytesMax));
    subjects.push_back({.name = name, .algorithm = "sha256", .hex = crypto::Sha256(bytes).hex()});
  }
  return subjects;
}

std::string KeptName(const std::string& dir, const std::string& id, const Digest& sha256) {
  return JoinPath(dir, fmt::format("{}.{}{}", id, sha256.hex().substr(0, 16), kSuffix));
}

StatusOr<std::vector<rules::Pack>> ReadKept(Disk& disk, const std::string& dir,
                                            const charter::ExportRules& rules) {
  std::vector<rules::Pack> packs;
  for (const auto& [id, sha256] : rules.packs) {
    RK_RETURN_IF_ERROR(ReadPack(disk, KeptName(dir, id, sha256), packs));
  }
  return packs;
}

Status Keep(Disk& disk, const std::string& dir, const charter::ExportRules& rules,
            const rules::Pack& pack) {
  const auto named = rules.packs.find(pack.id);
  if (named == rules.packs.end() || named->second != pack.sha256) return Ok();
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk, pack.where, rules::kPackBytesMax));
  RK_RETURN_IF_ERROR(disk.MakeDirs(dir));
  return WriteWhole(disk, KeptName(dir, pack.id, pack.sha256), bytes);
}

}  // namespace

std::string ShippedPacksDir() {
  const auto programs = ProgramDirectory();
  return JoinPath(programs.ok() ? ParentOf(*programs) : "/usr", "share/renkei/rulepacks");
}

StatusOr<std::vector<rules::Pack>> ReadPacks(Disk& disk, const std::vector<std::string>& places) {
  std::vector<rules::Pack> packs;
  for (const std::string& place : places) {
    if (place.ends_with(kSuffix)) {
      RK_RETURN_IF_ERROR(ReadPack(disk, place, packs));
      continue;
    }
    RK_ASSIGN_OR_RETURN(const auto names, PackNames(disk, place));
    for (const std::string& name : names) {
      RK_RETURN_IF_ERROR(ReadPack(disk, JoinPath(place, name), packs));
    }
  }
  return packs;
}

StatusOr<gate::RuleShelf> LoadRules(Disk& disk, const charter::ExportRules& rules,
                                    const std::vector<std::string>& places,
                                    const std::string& kept_dir) {
  if (!rules.IsAssessed()) return gate::RuleShelf();
  std::vector<rules::Pack> packs;
  if (!places.empty()) {
    RK_ASSIGN_OR_RETURN(packs, ReadPacks(disk, places));
  }
  if (const auto kept = ReadKept(disk, kept_dir, rules); kept.ok()) {
    std::vector<rules::Pack> all = packs;
    all.insert(all.end(), kept->begin(), kept->end());
    if (auto shelf = gate::RuleShelf::Make(rules, std::move(all)); shelf.ok()) return shelf;
  }
  RK_ASSIGN_OR_RETURN(const bool shipped, disk.Exists(ShippedPacksDir()));
  if (shipped) {
    RK_ASSIGN_OR_RETURN(auto came, ReadPacks(disk, {ShippedPacksDir()}));
    for (rules::Pack& pack : came) packs.push_back(std::move(pack));
  }
  RK_ASSIGN_OR_RETURN(gate::RuleShelf shelf, gate::RuleShelf::Make(rules, packs));
  for (size_t i = 0; i < packs.size() && !kept_dir.empty(); ++i) {
    RK_RETURN_IF_ERROR(Keep(disk, kept_dir, rules, packs[i]));
  }
  return shelf;
}

gate::RuleShelf RulesOrHold(Disk& disk, const charter::ExportRules& rules,
                            const std::vector<std::string>& places, const std::string& kept_dir) {
  auto shelf = LoadRules(disk, rules, places, kept_dir);
  if (shelf.ok()) return *std::move(shelf);
  log::Error("gate.no-rules",
             {{"why", Message(shelf.status())}, {"then", "every crossing is held"}});
  return {};
}

StatusOr<std::map<std::string, Digest>> DigestsOf(Disk& disk,
                                                  const std::vector<std::string>& places) {
  RK_ASSIGN_OR_RETURN(const auto packs,
                      ReadPacks(disk, places.empty() ? std::vector{ShippedPacksDir()} : places));
  std::map<std::string, Digest> digests;
  for (const rules::Pack& pack : packs) {
    if (!pack.is_private) digests.emplace(pack.id, pack.sha256);
  }
  return digests;
}

StatusOr<Bytes> PackStatement(Disk& disk, const std::string& dir) {
  RK_ASSIGN_OR_RETURN(auto subjects, SubjectsOf(disk, dir));
  RK_ASSIGN_OR_RETURN(const auto packs, ReadPacks(disk, {dir}));
  syntax::Value list = syntax::Value::Array();
  for (const rules::Pack& pack : packs) {
    syntax::Value row = syntax::Value::Object();
    row.Set("pack", pack.id);
    row.Set("version", pack.version);
    row.Set("text_as_of", rules::FormatDate(pack.text_as_of));
    list.Push(std::move(row));
  }
  seal::Statement statement{.subjects = std::move(subjects),
                            .predicate_type = std::string(kPackPredicateType),
                            .predicate = syntax::Value::Object()};
  statement.predicate.Set("packs", std::move(list));
  return seal::DumpStatement(statement);
}

StatusOr<std::vector<std::string>> CheckPackManifest(Disk& disk, const std::string& dir) {
  const std::string file = JoinPath(dir, kPackManifestFile);
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk, file, seal::kEnvelopeBytesMax));
  const auto envelope = seal::ParseEnvelope(bytes);
  if (!envelope.ok()) return Annotate(envelope.status(), file);
  const auto statement = seal::ParseStatement(envelope->payload);
  if (!statement.ok()) return Annotate(statement.status(), file);
  if (envelope->payload_type != seal::kStatementPayloadType ||
      statement->predicate_type != kPackPredicateType) {
    return Error(Code::kInvalidArgument, "{}: not a statement about rule packs", file);
  }
  RK_ASSIGN_OR_RETURN(const auto subjects, SubjectsOf(disk, dir));
  for (const seal::Subject& subject : subjects) {
    const auto said = std::ranges::find(statement->subjects, subject.name, &seal::Subject::name);
    if (said == statement->subjects.end()) {
      return Error(Code::kDataLoss, "{}: {} does not name it; remove it, or sign the packs anew",
                   JoinPath(dir, subject.name), file);
    }
    if (*said != subject) {
      return Error(Code::kDataLoss, "{}: differs from what was signed; restore it",
                   JoinPath(dir, subject.name));
    }
  }
  for (const seal::Subject& subject : statement->subjects) {
    if (std::ranges::find(subjects, subject.name, &seal::Subject::name) != subjects.end()) continue;
    return Error(Code::kDataLoss, "{}: {} was signed and is missing; restore it", dir,
                 subject.name.substr(0, rules::kIdBytesMax));
  }
  std::vector<std::string> keys;
  for (const auto& signature : envelope->signatures) keys.push_back(signature.key_id);
  return keys;
}

}  // namespace renkei::apps
