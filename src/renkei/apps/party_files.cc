// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/party_files.h"

#include "renkei/base/random.h"

namespace renkei::apps {
namespace {

constexpr uint64_t kKeyFileBytesMax = 4096;

}  // namespace

std::string PersonKeyFile(const std::string& party_dir, const PersonId& person) {
  return fmt::format("{}/people/{}.key", party_dir, person);
}

std::string CoordinatorKeyFile(const std::string& party_dir) {
  return party_dir + "/coordinator.key";
}

StatusOr<crypto::SigningKey> LoadKey(Disk& disk, const std::string& file) {
  RK_ASSIGN_OR_RETURN(Bytes text, ReadWhole(disk, file, kKeyFileBytesMax));
  std::string_view seed = AsText(text);
  if (seed.ends_with('\n')) seed.remove_suffix(1);
  auto key = crypto::SigningKey::FromSeedText(seed);
  crypto::Wipe(text);
  if (!key.ok()) return Annotate(key.status(), file);
  return key;
}

StatusOr<crypto::SigningKey> MakeKey(Disk& disk, const std::string& file) {
  RK_ASSIGN_OR_RETURN(const bool exists, disk.Exists(file));
  if (exists) return Error(Code::kAlreadyExists, "{}: there is a key already", file);
  const auto random = MakeSystemRandom();
  crypto::SigningKey key = crypto::SigningKey::Generate(*random);
  RK_RETURN_IF_ERROR(disk.MakeDirs(ParentOf(file)));
  RK_RETURN_IF_ERROR(WriteWhole(disk, file, key.SeedText().reveal()));
  return key;
}

StatusOr<crypto::SigningKey> LoadPersonKey(Disk& disk, const std::string& party_dir,
                                           const std::string& person) {
  RK_ASSIGN_OR_RETURN(const PersonId id, PersonId::Parse(person));
  return LoadKey(disk, PersonKeyFile(party_dir, id));
}

StatusOr<syntax::Stated> ParseFactFlags(const std::vector<std::string>& flags) {
  syntax::Value table = syntax::Value::Object();
  for (const std::string& flag : flags) {
    const size_t equals = flag.find('=');
    if (equals == std::string::npos || table.Find(flag.substr(0, equals)) != nullptr) {
      return Error(Code::kInvalidArgument, "--fact {}: give each fact once, such as hq=JP", flag);
    }
    table.Set(flag.substr(0, equals), flag.substr(equals + 1));
  }
  return syntax::ReadStated(table, "--fact");
}

}  // namespace renkei::apps
