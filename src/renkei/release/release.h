// SPDX-License-Identifier: Apache-2.0
// A model with its proof, as a folder that anybody can verify without a network
// (docs/formats/release.md):
//
//   model.safetensors  the model, byte for byte what the round's reduction gave
//   charter.json       the signed charter, as entry 0 of the ledger holds it
//   proof.json         the entries that made the model, each with its proof of inclusion
//   release.json       what is claimed of these three, signed by a person of the charter
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"
#include "renkei/ledger/mirror.h"
#include "renkei/store/blobs.h"

namespace renkei::release {

inline constexpr std::string_view kModelFile = "model.safetensors";
inline constexpr std::string_view kCharterFile = "charter.json";
inline constexpr std::string_view kProofFile = "proof.json";
inline constexpr std::string_view kStatementFile = "release.json";

// SHA-256 of the plain file, what a model.released entry states. Reads it once.
StatusOr<Digest> PlainSha256(const File& file);

struct BuildRequest {
  RunId run;
  uint32_t round = 0;
  PartyId party;    // whose model.released entry is cited
  std::string dir;  // to be made; must be absent
};

struct Built {
  std::string dir;
  BlobId model;
  Digest model_sha256;
  Digest statement_sha256;  // of release.json: the release's digest
};

// Makes the folder; it appears whole or not at all. `ledger` is at least as long as to hold the
// party's model.released entry; `blobs` holds the model; `key` is that of a person of the party.
//
//   NOT_FOUND            the ledger has no such run, round or release, or the blob is not here
//   ALREADY_EXISTS       `dir` is there
//   FAILED_PRECONDITION  the charter wants auditors of each sum, and none has signed
//   PERMISSION_DENIED    `key` is not that of an officer or researcher of the party
//   DATA_LOSS            the model's bytes are not what the ledger says
StatusOr<Built> Build(const BuildRequest& request, const ledger::Mirror& ledger,
                      store::Blobs& blobs, const crypto::SigningKey& key, Disk& disk);

// One thing that was checked.
struct Check {
  std::string name;  // "model: SHA-256", "entry 7: included", ...
  bool passed = false;
  std::string detail;  // what was found
};

struct Report {
  std::vector<Check> checks;
  // As claimed and, when verified(), as proved:
  std::string charter_name;
  Digest charter_sha256;  // compare it with what your party signed
  RunId run;
  uint32_t round = 0;
  PartyId party;       // that released it
  std::string person;  // that signed
  BlobId model;
  Digest model_sha256;
  Digest statement_sha256;
  std::string sum;  // "not checked": no auditor recomputed it
  std::string ledger_origin;
  uint64_t ledger_size = 0;
  Digest ledger_root;

  bool verified() const;
  // The first that failed, or nullptr.
  const Check* failure() const;
};

// Checks everything that the folder claims, reading its four files and nothing else. Always a
// report: what is missing or unreadable is a failed check, and later checks that need it are
// left out. Everything hangs on the charter: `charter_sha256`, when given, must be its digest;
// without it the reader has to compare Report::charter_sha256 with what he trusts.
Report Verify(const std::string& dir, Disk& disk,
              const std::optional<Digest>& charter_sha256 = std::nullopt);

// The report for people, a line for each check.
std::string Explain(const Report& report);

}  // namespace renkei::release
