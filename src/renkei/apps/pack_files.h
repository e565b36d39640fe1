// SPDX-License-Identifier: Apache-2.0
// Rule packs on disk: *.yaml in a directory, and beside them packs.dsse.json, the signed statement
// of what belongs there (docs/formats/rule-pack.md, "Signatures").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/gate/rule_shelf.h"
#include "renkei/rules/book.h"

namespace renkei::apps {

inline constexpr std::string_view kPackManifestFile = "packs.dsse.json";
inline constexpr std::string_view kPackPredicateType = "urn:renkei:rule-packs:1";
inline constexpr size_t kPackFilesMax = 256;

// Where the packs lie that came with this program.
std::string ShippedPacksDir();

// Reads each directory's *.yaml, and each file. Errors name the file, line and column.
//   NOT_FOUND         no such place, or no pack in it
//   INVALID_ARGUMENT  not a pack
StatusOr<std::vector<rules::Pack>> ReadPacks(Disk& disk, const std::vector<std::string>& places);

// The packs that a charter names: those kept in `kept_dir`, else from `places` and those that came
// with this program, and then they are kept there, so that no newer or half-written file takes
// their place; an empty `kept_dir` keeps none. Private packs of `places` come on top. Empty for a
// charter that assesses nothing.
//   NOT_FOUND, INVALID_ARGUMENT  a pack is missing or wrong, named
StatusOr<gate::RuleShelf> LoadRules(Disk& disk, const charter::ExportRules& rules,
                                    const std::vector<std::string>& places,
                                    const std::string& kept_dir);
// The same, for a process that serves: what is missing is logged, and the gate holds.
gate::RuleShelf RulesOrHold(Disk& disk, const charter::ExportRules& rules,
                            const std::vector<std::string>& places, const std::string& kept_dir);
// The digests of the packs of `places`, or of those that came with this program: what a charter
// may name.
StatusOr<std::map<std::string, Digest>> DigestsOf(Disk& disk,
                                                  const std::vector<std::string>& places);

// The statement about the packs in `dir`, to be sealed.
StatusOr<Bytes> PackStatement(Disk& disk, const std::string& dir);

// Checks that the files of `dir` are those of its statement; the key ids that have signed it.
//   NOT_FOUND  the directory is not signed
//   DATA_LOSS  a file differs, is missing, or is not named in the statement
StatusOr<std::vector<std::string>> CheckPackManifest(Disk& disk, const std::string& dir);

}  // namespace renkei::apps
