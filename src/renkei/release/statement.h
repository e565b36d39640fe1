// SPDX-License-Identifier: Apache-2.0
// release.json and proof.json: what a release claims, and their bytes. Inside release only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"
#include "renkei/record/record.h"
#include "renkei/seal/envelope.h"

namespace renkei::release {

inline constexpr std::string_view kPredicateType = "urn:renkei:release:1";
inline constexpr std::string_view kProofFormat = "renkei-release-proof/1";
inline constexpr std::string_view kSumNotChecked = "not checked";
inline constexpr uint64_t kStatementBytesMax = 1 << 20;
inline constexpr uint64_t kProofBytesMax = 4 << 20;
inline constexpr size_t kInputsMax = 2048;

struct Claim {
  BlobId model;
  Digest model_sha256;
  Digest charter_file_sha256;  // of charter.json
  Digest proof_file_sha256;    // of proof.json
  std::string charter_name;
  uint32_t charter_version = 0;
  Digest charter_sha256;  // of the charter's TOML
  RunId run;
  uint32_t round = 0;
  PartyId party;
  std::vector<record::ReduceInput> inputs;
  std::string algorithm;
  std::string sum;  // kSumNotChecked
  Instant at{};     // of the model.released entry

  bool operator==(const Claim&) const = default;
};

// The envelope that release.json holds. Deterministic.
seal::Envelope SealClaim(const Claim& claim, const crypto::SigningKey& key);
// INVALID_ARGUMENT unless a claim of exactly this form. The signature is the caller's to check.
StatusOr<Claim> OpenClaim(const seal::Envelope& envelope);

// An entry with its proof, as proof.json lists them.
struct ProvenEntry {
  Bytes envelope;
  std::string proof;  // C2SP tlog-proof

  bool operator==(const ProvenEntry&) const = default;
};

// charter.adopted, run.submitted, round.reduced, model.released.
inline constexpr size_t kProvenEntries = 4;

std::string DumpProof(const std::vector<ProvenEntry>& entries);
// INVALID_ARGUMENT unless it is the very text that DumpProof gives for kProvenEntries entries.
StatusOr<std::vector<ProvenEntry>> ParseProof(std::string_view text);

}  // namespace renkei::release
