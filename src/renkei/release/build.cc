// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "renkei/charter/charter.h"
#include "renkei/crypto/hash.h"
#include "renkei/record/record.h"
#include "renkei/release/file_digests.h"
#include "renkei/release/release.h"
#include "renkei/release/statement.h"
#include "renkei/release/tlog_proof.h"

namespace renkei::release {
namespace {

// Where the ledger speaks of the release.
struct Lineage {
  std::optional<uint64_t> submitted;
  std::optional<uint64_t> reduced;
  std::optional<uint64_t> released;
  record::RoundReduced reduction;
  record::Released release;
};

StatusOr<Lineage> FindLineage(const ledger::Mirror& ledger, const BuildRequest& request) {
  Lineage lineage;
  for (uint64_t index = 0; index < ledger.size(); ++index) {
    RK_ASSIGN_OR_RETURN(const Bytes envelope, ledger.Entry(index));
    RK_ASSIGN_OR_RETURN(const record::Entry entry, record::Open(envelope));
    if (const auto* submitted = std::get_if<record::RunSubmitted>(&entry.record)) {
      if (submitted->run == request.run && !lineage.submitted) lineage.submitted = index;
    } else if (const auto* reduced = std::get_if<record::RoundReduced>(&entry.record)) {
      if (reduced->run != request.run || reduced->round != request.round) continue;
      lineage.reduced = index;
      lineage.reduction = *reduced;
    } else if (const auto* released = std::get_if<record::Released>(&entry.record)) {
      if (released->run != request.run || released->round != request.round ||
          released->party != request.party) {
        continue;
      }
      lineage.released = index;
      lineage.release = *released;
    }
  }
  if (!lineage.submitted) return Error(Code::kNotFound, "the ledger has no run {}", request.run);
  if (!lineage.reduced) {
    return Error(Code::kNotFound, "round {} of run {} was never reduced", request.round,
                 request.run);
  }
  if (!lineage.released) {
    return Error(Code::kNotFound, "{} has not released round {} of run {}", request.party,
                 request.round, request.run);
  }
  return lineage;
}

StatusOr<ProvenEntry> Prove(const ledger::Mirror& ledger, uint64_t index, uint64_t size,
                            const std::string& checkpoint) {
  RK_ASSIGN_OR_RETURN(Bytes envelope, ledger.Entry(index));
  RK_ASSIGN_OR_RETURN(auto hashes, ledger.ProveInclusion(index, size));
  return ProvenEntry{.envelope = std::move(envelope),
                     .proof = DumpTlogProof(
                         {.index = index, .hashes = std::move(hashes), .checkpoint = checkpoint})};
}

struct Evidence {
  Bytes charter_envelope;
  charter::Charter charter;
  std::string proof;
};

StatusOr<Evidence> Gather(const ledger::Mirror& ledger, const Lineage& lineage) {
  const std::string checkpoint = ledger.checkpoint();
  std::vector<ProvenEntry> entries;
  for (const uint64_t index :
       {uint64_t{0}, *lineage.submitted, *lineage.reduced, *lineage.released}) {
    RK_ASSIGN_OR_RETURN(ProvenEntry entry, Prove(ledger, index, ledger.size(), checkpoint));
    entries.push_back(std::move(entry));
  }
  RK_ASSIGN_OR_RETURN(const record::Entry first, record::Open(entries[0].envelope));
  const auto* adopted = std::get_if<record::CharterAdopted>(&first.record);
  if (adopted == nullptr) return Error(Code::kDataLoss, "entry 0 of the ledger is no charter");
  RK_ASSIGN_OR_RETURN(
      charter::Charter charter,
      charter::Verify(adopted->envelope, lineage.release.at, charter::Expiry::kIgnored));
  return Evidence{.charter_envelope = adopted->envelope,
                  .charter = std::move(charter),
                  .proof = DumpProof(entries)};
}

Status CheckMayRelease(const charter::Charter& charter, const BuildRequest& request,
                       const crypto::SigningKey& key) {
  if (charter.runs.auditors > 0) {
    return Error(Code::kFailedPrecondition,
                 "the charter wants {} auditors of each sum, and no auditor signed round {}",
                 charter.runs.auditors, request.round);
  }
  const charter::Party* party = nullptr;
  const charter::Person* person = charter.FindPersonByKeyId(key.public_key().KeyId(), &party);
  if (person == nullptr || party->id != request.party ||
      (!person->roles.contains(charter::Role::kOfficer) &&
       !person->roles.contains(charter::Role::kResearcher))) {
    return Error(Code::kPermissionDenied,
                 "the key is not that of an officer or researcher of {} in the charter",
                 request.party);
  }
  return Ok();
}

StatusOr<FileDigests> CopyModel(store::Blobs& blobs, const Lineage& lineage, Disk& disk,
                                const std::string& path) {
  const BlobId& model = lineage.reduction.output;
  RK_ASSIGN_OR_RETURN(const auto source, blobs.Open(model));
  RK_ASSIGN_OR_RETURN(const auto copy, disk.Open(path, OpenMode::kCreateNew));
  RK_ASSIGN_OR_RETURN(const FileDigests digests, DigestFile(*source, copy.get()));
  RK_RETURN_IF_ERROR(copy->Sync());
  if (digests.blob != model) {
    return Error(Code::kDataLoss, "the model here is {}, the ledger says {}", digests.blob.Text(),
                 model.Text());
  }
  if (digests.sha256 != lineage.release.model_sha256 || lineage.release.model != model) {
    return Error(Code::kDataLoss, "the model.released entry names another file");
  }
  return digests;
}

Claim ClaimOf(const BuildRequest& request, const Lineage& lineage, const Evidence& evidence) {
  return {.model = lineage.reduction.output,
          .model_sha256 = lineage.release.model_sha256,
          .charter_file_sha256 = crypto::Sha256(evidence.charter_envelope),
          .proof_file_sha256 = crypto::Sha256(AsBytes(evidence.proof)),
          .charter_name = evidence.charter.name,
          .charter_version = evidence.charter.version,
          .charter_sha256 = evidence.charter.sha256,
          .run = request.run,
          .round = request.round,
          .party = request.party,
          .inputs = lineage.reduction.inputs,
          .algorithm = lineage.reduction.algorithm,
          .sum = std::string(kSumNotChecked),
          .at = lineage.release.at};
}

}  // namespace

StatusOr<Digest> PlainSha256(const File& file) {
  RK_ASSIGN_OR_RETURN(const FileDigests digests, DigestFile(file, nullptr));
  return digests.sha256;
}

StatusOr<Built> Build(const BuildRequest& request, const ledger::Mirror& ledger,
                      store::Blobs& blobs, const crypto::SigningKey& key, Disk& disk) {
  RK_ASSIGN_OR_RETURN(const bool exists, disk.Exists(request.dir));
  if (exists) return Error(Code::kAlreadyExists, "{} exists; name a new folder", request.dir);
  RK_ASSIGN_OR_RETURN(const Lineage lineage, FindLineage(ledger, request));
  RK_ASSIGN_OR_RETURN(const Evidence evidence, Gather(ledger, lineage));
  RK_RETURN_IF_ERROR(CheckMayRelease(evidence.charter, request, key));

  const std::string staging = request.dir + ".building";
  RK_RETURN_IF_ERROR(RemoveTree(disk, staging));
  RK_RETURN_IF_ERROR(disk.MakeDirs(staging));
  const auto path = [&](std::string_view name) { return JoinPath(staging, name); };
  RK_ASSIGN_OR_RETURN(const FileDigests model, CopyModel(blobs, lineage, disk, path(kModelFile)));
  const std::string statement =
      seal::DumpEnvelope(SealClaim(ClaimOf(request, lineage, evidence), key));
  RK_RETURN_IF_ERROR(WriteWhole(disk, path(kCharterFile), evidence.charter_envelope));
  RK_RETURN_IF_ERROR(WriteWhole(disk, path(kProofFile), AsBytes(evidence.proof)));
  RK_RETURN_IF_ERROR(WriteWhole(disk, path(kStatementFile), AsBytes(statement)));
  RK_RETURN_IF_ERROR(disk.SyncDir(staging));
  RK_RETURN_IF_ERROR(disk.Rename(staging, request.dir));
  RK_RETURN_IF_ERROR(disk.SyncDir(ParentOf(request.dir)));
  return Built{.dir = request.dir,
               .model = model.blob,
               .model_sha256 = model.sha256,
               .statement_sha256 = crypto::Sha256(AsBytes(statement))};
}

}  // namespace renkei::release
