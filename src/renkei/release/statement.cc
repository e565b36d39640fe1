// SPDX-License-Identifier: Apache-2.0
#include "renkei/release/statement.h"

#include <utility>

#include <fmt/format.h>

#include "renkei/release/release.h"
#include "renkei/seal/statement.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/value.h"

namespace renkei::release {
namespace {

using syntax::Fields;
using syntax::Value;

constexpr std::string_view kSha256 = "sha256";
constexpr std::string_view kBlobTree = "rfc6962-1mib";
constexpr size_t kSubjects = 4;

Value InputsValue(const std::vector<record::ReduceInput>& inputs) {
  Value list = Value::Array();
  for (const record::ReduceInput& input : inputs) {
    Value item = Value::Object();
    item.Set("site", input.site.text());
    item.Set("update", input.update.Text());
    item.Set("weight", input.weight);
    list.Push(std::move(item));
  }
  return list;
}

Value PredicateOf(const Claim& claim) {
  Value charter = Value::Object();
  charter.Set("name", claim.charter_name);
  charter.Set("version", claim.charter_version);
  charter.Set("sha256", claim.charter_sha256.hex());
  Value predicate = Value::Object();
  predicate.Set("charter", std::move(charter));
  predicate.Set("run", claim.run.text());
  predicate.Set("round", claim.round);
  predicate.Set("party", claim.party.text());
  predicate.Set("inputs", InputsValue(claim.inputs));
  predicate.Set("algorithm", claim.algorithm);
  predicate.Set("sum", claim.sum);
  predicate.Set("at", FormatInstant(claim.at));
  return predicate;
}

std::vector<seal::Subject> SubjectsOf(const Claim& claim) {
  return {{std::string(kModelFile), std::string(kSha256), claim.model_sha256.hex()},
          {claim.model.Text(), std::string(kBlobTree), claim.model.root.hex()},
          {std::string(kCharterFile), std::string(kSha256), claim.charter_file_sha256.hex()},
          {std::string(kProofFile), std::string(kSha256), claim.proof_file_sha256.hex()}};
}

StatusOr<Digest> DigestOf(const seal::Subject& subject) { return Digest::FromHexText(subject.hex); }

std::vector<record::ReduceInput> ReadInputs(Fields& fields) {
  std::vector<record::ReduceInput> inputs;
  const std::vector<const Value*> items = fields.Objects("inputs");
  if (items.size() > kInputsMax) fields.Fail("inputs", "too many");
  for (const Value* item : items) {
    if (fields.failed()) break;
    Fields input(*item, "release.json: inputs");
    inputs.push_back({.site = input.NameOf<SiteId>("site"),
                      .update = input.NameOf<BlobId>("update"),
                      .weight = static_cast<uint64_t>(input.Integer("weight", 1, INT64_MAX))});
    if (const Status status = input.Finish(); !status.ok()) fields.Fail("inputs", Message(status));
  }
  return inputs;
}

Status ReadCharter(Fields& fields, Claim& claim) {
  const Value* table = fields.ObjectAt("charter");
  if (table == nullptr) return fields.Finish();
  Fields charter(*table, "release.json: charter");
  claim.charter_name = charter.Text("name");
  claim.charter_version = static_cast<uint32_t>(charter.Integer("version", 1, UINT32_MAX));
  const std::string sha256 = charter.Text("sha256");
  RK_RETURN_IF_ERROR(charter.Finish());
  RK_ASSIGN_OR_RETURN(claim.charter_sha256, Digest::FromHexText(sha256));
  return Ok();
}

Status ReadSubjects(const std::vector<seal::Subject>& subjects, Claim& claim) {
  if (subjects.size() != kSubjects) {
    return Error(Code::kInvalidArgument, "release.json: {} subjects, not {}", subjects.size(),
                 kSubjects);
  }
  RK_ASSIGN_OR_RETURN(claim.model_sha256, DigestOf(subjects[0]));
  RK_ASSIGN_OR_RETURN(claim.model, BlobId::Parse(subjects[1].name));
  RK_ASSIGN_OR_RETURN(claim.charter_file_sha256, DigestOf(subjects[2]));
  RK_ASSIGN_OR_RETURN(claim.proof_file_sha256, DigestOf(subjects[3]));
  if (subjects != SubjectsOf(claim)) {
    return Error(Code::kInvalidArgument, "release.json: the subjects are not those of a release");
  }
  return Ok();
}

}  // namespace

seal::Envelope SealClaim(const Claim& claim, const crypto::SigningKey& key) {
  seal::Envelope envelope{
      .payload_type = std::string(seal::kStatementPayloadType),
      .payload = seal::DumpStatement({.subjects = SubjectsOf(claim),
                                      .predicate_type = std::string(kPredicateType),
                                      .predicate = PredicateOf(claim)}),
      .signatures = {}};
  seal::AddSignature(envelope, key);
  return envelope;
}

StatusOr<Claim> OpenClaim(const seal::Envelope& envelope) {
  if (envelope.payload_type != seal::kStatementPayloadType) {
    return Error(Code::kInvalidArgument, "release.json: no in-toto statement");
  }
  RK_ASSIGN_OR_RETURN(const seal::Statement statement, seal::ParseStatement(envelope.payload));
  if (statement.predicate_type != kPredicateType) {
    return Error(Code::kInvalidArgument, "release.json: predicate type {}, not {}",
                 statement.predicate_type, kPredicateType);
  }
  Claim claim;
  RK_RETURN_IF_ERROR(ReadSubjects(statement.subjects, claim));
  Fields fields(statement.predicate, "release.json");
  RK_RETURN_IF_ERROR(ReadCharter(fields, claim));
  claim.run = fields.NameOf<RunId>("run");
  claim.round = static_cast<uint32_t>(fields.Integer("round", 1, UINT32_MAX));
  claim.party = fields.NameOf<PartyId>("party");
  claim.inputs = ReadInputs(fields);
  claim.algorithm = fields.Text("algorithm");
  claim.sum = fields.Text("sum");
  claim.at = fields.Time("at");
  RK_RETURN_IF_ERROR(fields.Finish());
  return claim;
}

std::string DumpProof(const std::vector<ProvenEntry>& entries) {
  Value list = Value::Array();
  for (const ProvenEntry& entry : entries) {
    Value item = Value::Object();
    item.Set("envelope", ToBase64(entry.envelope));
    item.Set("proof", entry.proof);
    list.Push(std::move(item));
  }
  Value document = Value::Object();
  document.Set("format", std::string(kProofFormat));
  document.Set("entries", std::move(list));
  return syntax::DumpJsonPretty(document);
}

StatusOr<std::vector<ProvenEntry>> ParseProof(std::string_view text) {
  RK_ASSIGN_OR_RETURN(const Value document,
                      syntax::ParseJson(text, {.size_bytes_max = kProofBytesMax}));
  Fields fields(document, std::string(kProofFile));
  if (fields.Text("format") != kProofFormat) fields.Fail("format", "not renkei-release-proof/1");
  std::vector<ProvenEntry> entries;
  for (const Value* value : fields.Objects("entries")) {
    Fields item(*value, "proof.json: entries");
    const std::string envelope = item.Text("envelope");
    std::string proof = item.Text("proof");
    RK_RETURN_IF_ERROR(item.Finish());
    RK_ASSIGN_OR_RETURN(Bytes bytes, FromBase64(envelope));
    entries.push_back({.envelope = std::move(bytes), .proof = std::move(proof)});
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  if (entries.size() != kProvenEntries || DumpProof(entries) != text) {
    return Error(Code::kInvalidArgument, "proof.json: not the one form of {} entries",
                 kProvenEntries);
  }
  return entries;
}

}  // namespace renkei::release
