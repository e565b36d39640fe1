// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "renkei/charter/charter.h"
#include "renkei/crypto/hash.h"
#include "renkei/crypto/merkle.h"
#include "renkei/ledger/merkle_proof.h"
#include "renkei/record/record.h"
#include "renkei/release/file_digests.h"
#include "renkei/release/release.h"
#include "renkei/release/statement.h"
#include "renkei/release/tlog_proof.h"
#include "renkei/tensor/reader.h"

namespace renkei::release {
namespace {

using charter::Role;

constexpr uint64_t kCharterFileBytesMax = 1 << 20;

Status Wrong(std::string what) { return MakeError(Code::kDataLoss, std::move(what)); }

Status Equal(const Digest& found, const Digest& claimed) {
  if (found == claimed) return Ok();
  return Wrong(fmt::format("is {}, claimed {}", found.hex(), claimed.hex()));
}

// One entry of the proof, opened.
struct Proven {
  uint64_t index = 0;
  record::Entry entry;
};

// Goes from check to check; each may rely on those before it.
class Verifier {
 public:
  Verifier(const std::string& dir, Disk& disk, const std::optional<Digest>& charter_sha256)
      : dir_(dir), disk_(disk), pinned_(charter_sha256) {}

  Report Run() {
    const bool done = ReadFiles() && CheckCharter() && CheckStatement() && CheckFileDigests() &&
                      CheckModel() && CheckCheckpoint() && CheckEntries() && CheckLineage();
    // A last guard: a report is only as good as its last check.
    if (!done && report_.failure() == nullptr) Note("all checks", Wrong("not all were done"), "");
    return std::move(report_);
  }

 private:
  bool Note(std::string name, const Status& status, std::string detail) {
    report_.checks.push_back({.name = std::move(name),
                              .passed = status.ok(),
                              .detail = status.ok() ? std::move(detail) : Message(status)});
    return status.ok();
  }

  bool ReadFile(std::string_view name, uint64_t size_bytes_max, Bytes& into) {
    auto bytes = ReadWhole(disk_, JoinPath(dir_, name), size_bytes_max);
    if (bytes.ok()) into = *std::move(bytes);
    return Note(fmt::format("{}: read", name), bytes.status(),
                fmt::format("{} bytes", into.size()));
  }

  bool ReadFiles() {
    return ReadFile(kStatementFile, kStatementBytesMax, statement_bytes_) &&
           ReadFile(kCharterFile, kCharterFileBytesMax, charter_bytes_) &&
           ReadFile(kProofFile, kProofBytesMax, proof_bytes_);
  }

  bool CheckCharter() {
    auto verified = charter::Verify(charter_bytes_, Instant{}, charter::Expiry::kIgnored);
    if (!Note("charter: signed by its parties", verified.status(), "")) return false;
    charter_ = *std::move(verified);
    report_.charter_name = charter_.name;
    report_.charter_sha256 = charter_.sha256;
    report_.checks.back().detail = fmt::format("{} version {}, SHA-256 {}", charter_.name,
                                               charter_.version, charter_.sha256.hex());
    return !pinned_ ||
           Note("charter: the expected one", Equal(charter_.sha256, *pinned_), pinned_->hex());
  }

  StatusOr<Claim> OpenStatement() {
    RK_ASSIGN_OR_RETURN(envelope_, seal::ParseEnvelope(statement_bytes_));
    if (envelope_.signatures.size() != 1) return Wrong("not exactly one signature");
    if (seal::DumpEnvelope(envelope_) != AsText(statement_bytes_)) {
      return Wrong("release.json is not in its one form");
    }
    return OpenClaim(envelope_);
  }

  Status CheckSigner() {
    const std::string& key_id = envelope_.signatures[0].key_id;
    const charter::Party* party = nullptr;
    const charter::Person* person = charter_.FindPersonByKeyId(key_id, &party);
    if (person == nullptr) return Wrong("signed by a key that is nobody's in the charter");
    if (!seal::SignedBy(envelope_, person->key)) return Wrong("the signature does not verify");
    report_.person = person->id.text();
    if (party->id != claim_.party) {
      return Wrong(
          fmt::format("signed by {} of {}, released by {}", person->id, party->id, claim_.party));
    }
    return CheckReleaser(*person);
  }

  static Status CheckReleaser(const charter::Person& person) {
    if (person.roles.contains(Role::kOfficer) || person.roles.contains(Role::kResearcher)) {
      return Ok();
    }
    return Wrong(fmt::format("{} is neither officer nor researcher", person.id));
  }

  bool CheckStatement() {
    auto claim = OpenStatement();
    if (!Note("release.json: form", claim.status(), "in-toto statement")) return false;
    claim_ = *std::move(claim);
    report_.run = claim_.run;
    report_.round = claim_.round;
    report_.party = claim_.party;
    report_.model = claim_.model;
    report_.model_sha256 = claim_.model_sha256;
    report_.sum = claim_.sum;
    report_.statement_sha256 = crypto::Sha256(statement_bytes_);
    if (!Note("release.json: signed by a person of the charter", CheckSigner(),
              fmt::format("{} of {}", report_.person, claim_.party))) {
      return false;
    }
    const bool in_force = charter_.created <= claim_.at && claim_.at < charter_.expires;
    return Note("charter: in force at the release", in_force ? Ok() : Wrong("it was not"),
                FormatInstant(claim_.at)) &&
           Note("charter: named by release.json", Equal(charter_.sha256, claim_.charter_sha256),
                claim_.charter_name) &&
           Note("release.json: what is said of the sum",
                claim_.sum == kSumNotChecked && charter_.runs.auditors == 0
                    ? Ok()
                    : Wrong("the charter's auditors are not proven here"),
                "sum not checked: no auditor recomputed it");
  }

  bool CheckFileDigests() {
    return Note("charter.json: SHA-256",
                Equal(crypto::Sha256(charter_bytes_), claim_.charter_file_sha256), "") &&
           Note("proof.json: SHA-256",
                Equal(crypto::Sha256(proof_bytes_), claim_.proof_file_sha256), "");
  }

  bool CheckModel() {
    const auto file = disk_.Open(JoinPath(dir_, kModelFile), OpenMode::kRead);
    if (!Note("model.safetensors: read", file.status(), "")) return false;
    const auto digests = DigestFile(**file, nullptr);
    if (!digests.ok()) return Note("model.safetensors: SHA-256", digests.status(), "");
    const Status blob =
        digests->blob == claim_.model
            ? Ok()
            : Wrong(fmt::format("is {}, claimed {}", digests->blob.Text(), claim_.model.Text()));
    return Note("model.safetensors: SHA-256", Equal(digests->sha256, claim_.model_sha256),
                digests->sha256.hex()) &&
           Note("model.safetensors: blob id", blob, claim_.model.Text()) &&
           Note("model.safetensors: form", tensor::ReadLayout(**file).status(),
                "strict safetensors");
  }

  bool CheckCheckpoint() {
    auto entries = ParseProof(AsText(proof_bytes_));
    if (!Note("proof.json: form", entries.status(), "")) return false;
    for (const ProvenEntry& entry : *entries) {
      auto proof = ParseTlogProof(entry.proof);
      if (!proof.ok()) return Note("proof.json: form", proof.status(), "");
      if (!proofs_.empty() && proofs_[0].checkpoint != proof->checkpoint) {
        return Note("proof.json: form", Wrong("proofs under different checkpoints"), "");
      }
      proofs_.push_back(*std::move(proof));
    }
    entries_ = *std::move(entries);
    auto checkpoint = seal::OpenCheckpoint(proofs_[0].checkpoint, charter_.LedgerKey());
    if (!Note("checkpoint: signed by the charter's coordinator", checkpoint.status(), "")) {
      return false;
    }
    report_.ledger_origin = checkpoint->origin;
    report_.ledger_size = checkpoint->size;
    report_.ledger_root = checkpoint->root;
    report_.checks.back().detail =
        fmt::format("{}, {} entries", checkpoint->origin, checkpoint->size);
    return true;
  }

  Status CheckAuthor(const Bytes& envelope, const record::Entry& entry) const {
    const bool by_coordinator = std::holds_alternative<record::CharterAdopted>(entry.record) ||
                                std::holds_alternative<record::RoundReduced>(entry.record);
    if (by_coordinator) {
      return record::SignedBy(envelope, charter_.coordinator.key)
                 ? Ok()
                 : Wrong("not signed by the charter's coordinator");
    }
    const charter::Party* party = nullptr;
    const charter::Person* person = charter_.FindPersonByKeyId(entry.key_id, &party);
    if (person == nullptr || !record::SignedBy(envelope, person->key)) {
      return Wrong("not signed by a person of the charter");
    }
    if (const auto* submitted = std::get_if<record::RunSubmitted>(&entry.record)) {
      if (party->id != submitted->party || !person->roles.contains(Role::kResearcher)) {
        return Wrong("not signed by a researcher of the run's owner");
      }
      return Ok();
    }
    if (party->id != claim_.party) return Wrong("not signed by a person of " + claim_.party.text());
    return CheckReleaser(*person);
  }

  bool CheckEntries() {
    for (size_t i = 0; i < entries_.size(); ++i) {
      const Bytes& envelope = entries_[i].envelope;
      const std::string name = fmt::format("entry {}", proofs_[i].index);
      auto entry = record::Open(envelope);
      if (!Note(name + ": form", entry.status(), "")) return false;
      report_.checks.back().detail = record::KindOf(entry->record);
      const Status included =
          ledger::VerifyInclusion(crypto::LeafHash(envelope), proofs_[i].index, report_.ledger_size,
                                  proofs_[i].hashes, report_.ledger_root);
      if (!Note(name + ": in the ledger", included, "") ||
          !Note(name + ": its author", CheckAuthor(envelope, *entry), "")) {
        return false;
      }
      proven_[i] = {.index = proofs_[i].index, .entry = *std::move(entry)};
    }
    return true;
  }

  template <typename Kind>
  const Kind* At(size_t i) const {
    return std::get_if<Kind>(&proven_[i].entry.record);
  }

  Status TellsOneStory() const {
    const auto* adopted = At<record::CharterAdopted>(0);
    const auto* submitted = At<record::RunSubmitted>(1);
    const auto* reduced = At<record::RoundReduced>(2);
    const auto* released = At<record::Released>(3);
    if (adopted == nullptr || submitted == nullptr || reduced == nullptr || released == nullptr) {
      return Wrong("the entries are not charter, submission, reduction and release");
    }
    if (proven_[0].index != 0 || !std::ranges::is_sorted(proven_, std::less<>(), &Proven::index)) {
      return Wrong("the entries are not in the order of the ledger");
    }
    if (adopted->envelope != charter_bytes_) return Wrong("entry 0 adopted another charter");
    if (submitted->run != claim_.run) return Wrong("the submitted run is another");
    if (reduced->run != claim_.run || reduced->round != claim_.round ||
        reduced->output != claim_.model || reduced->inputs != claim_.inputs ||
        reduced->algorithm != claim_.algorithm) {
      return Wrong("the reduction is another than claimed");
    }
    if (released->run != claim_.run || released->round != claim_.round ||
        released->party != claim_.party || released->model != claim_.model ||
        released->model_sha256 != claim_.model_sha256 || released->at != claim_.at) {
      return Wrong("the release in the ledger is another than claimed");
    }
    return Ok();
  }

  bool CheckLineage() {
    return Note(
        "lineage: charter, run, reduction and release tell one story", TellsOneStory(),
        fmt::format("run {} round {}, {} inputs", claim_.run, claim_.round, claim_.inputs.size()));
  }

  const std::string& dir_;
  Disk& disk_;
  const std::optional<Digest>& pinned_;
  Report report_;
  Bytes statement_bytes_;
  Bytes charter_bytes_;
  Bytes proof_bytes_;
  charter::Charter charter_;
  seal::Envelope envelope_;
  Claim claim_;
  std::vector<ProvenEntry> entries_;
  std::vector<TlogProof> proofs_;
  std::array<Proven, kProvenEntries> proven_;
};

}  // namespace

bool Report::verified() const { return !checks.empty() && failure() == nullptr; }

const Check* Report::failure() const {
  const auto failed = std::ranges::find(checks, false, &Check::passed);
  return failed == checks.end() ? nullptr : &*failed;
}

Report Verify(const std::string& dir, Disk& disk, const std::optional<Digest>& charter_sha256) {
  return Verifier(dir, disk, charter_sha256).Run();
}

std::string Explain(const Report& report) {
  std::string text;
  for (const Check& check : report.checks) {
    text += fmt::format("{} {}{}{}\n", check.passed ? "ok    " : "FAILED", check.name,
                        check.detail.empty() ? "" : ": ", check.detail);
  }
  text += report.verified() ? fmt::format("verified; sum {}\n", report.sum) : "NOT VERIFIED\n";
  return text;
}

}  // namespace renkei::release
