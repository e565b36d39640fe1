// SPDX-License-Identifier: Apache-2.0
// The keys in a party's directory: people/<person>.key and coordinator.key, each the base64 text
// of an Ed25519 seed.
#pragma once

#include <string>
#include <vector>

#include "renkei/base/disk.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"
#include "renkei/syntax/stated.h"

namespace renkei::apps {

std::string PersonKeyFile(const std::string& party_dir, const PersonId& person);
std::string CoordinatorKeyFile(const std::string& party_dir);

// Errors name the file, never its content.
StatusOr<crypto::SigningKey> LoadKey(Disk& disk, const std::string& file);
// Makes a new key; ALREADY_EXISTS when the file is there.
StatusOr<crypto::SigningKey> MakeKey(Disk& disk, const std::string& file);
// The key of a person by the name that a flag gives.
StatusOr<crypto::SigningKey> LoadPersonKey(Disk& disk, const std::string& party_dir,
                                           const std::string& person);

// Facts given as "hq=JP", as a charter states them.
//   INVALID_ARGUMENT  without '=', twice, or not to be stated (syntax/stated.h)
StatusOr<syntax::Stated> ParseFactFlags(const std::vector<std::string>& flags);

}  // namespace renkei::apps
