// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "renkei/crypto/hash.h"
#include "renkei/record/archive.h"
#include "renkei/record/limits.h"
#include "renkei/record/record.h"
#include "renkei/seal/envelope.h"
#include "renkei/seal/statement.h"

namespace renkei::record {
namespace {

constexpr std::string_view kTypeBegin = "urn:renkei:entry:";
constexpr std::string_view kTypeEnd = ":1";

seal::Subject OfDigest(std::string name, const Digest& digest) {
  return {.name = std::move(name), .algorithm = "sha256", .hex = digest.hex()};
}

seal::Subject OfBlob(std::string name, const BlobId& blob) {
  return {.name = std::move(name), .algorithm = "rfc6962-1mib", .hex = blob.root.hex()};
}

// What has no bytes is named by the digest of its name.
seal::Subject OfName(const std::string& name) {
  return OfDigest(name, crypto::Sha256(AsBytes(name)));
}

std::string RoundName(const RunId& run, uint32_t round) {
  return fmt::format("run/{}/round/{}", run, round);
}

std::string SenderName(const PartyId& party, const SiteId& site) {
  return site.empty() ? fmt::format("party/{}", party) : fmt::format("site/{}", site);
}

std::vector<seal::Subject> SubjectsOf(const CharterAdopted& r) {
  return {OfDigest("charter", crypto::Sha256(r.envelope))};
}
std::vector<seal::Subject> SubjectsOf(const SiteEnrolled& r) {
  return {OfDigest(fmt::format("site/{}", r.site), crypto::Sha256(r.key.bytes))};
}
std::vector<seal::Subject> SubjectsOf(const RunSubmitted& r) {
  return {OfDigest(fmt::format("run/{}/spec", r.run), crypto::Sha256(AsBytes(r.spec)))};
}
std::vector<seal::Subject> SubjectsOf(const RunApproved& r) {
  return {OfDigest(fmt::format("run/{}/spec", r.run), r.spec_sha256)};
}
std::vector<seal::Subject> SubjectsOf(const RunStopAsked& r) {
  return {OfName(fmt::format("run/{}", r.run))};
}
std::vector<seal::Subject> SubjectsOf(const RunPauseAsked& r) {
  return {OfName(fmt::format("run/{}", r.run))};
}
std::vector<seal::Subject> SubjectsOf(const RunResumeAsked& r) {
  return {OfName(fmt::format("run/{}", r.run))};
}
std::vector<seal::Subject> SubjectsOf(const Determined& r) {
  const std::string name = r.run.empty() ? r.item : fmt::format("run/{}/{}", r.run, r.item);
  return {r.blob ? OfBlob(name, *r.blob) : OfName(name)};
}
std::vector<seal::Subject> SubjectsOf(const CrossingApproved& r) {
  return {OfName(fmt::format("entry/{}", r.determination))};
}
std::vector<seal::Subject> SubjectsOf(const CrossingDenied& r) {
  return {OfName(fmt::format("entry/{}", r.determination))};
}
std::vector<seal::Subject> SubjectsOf(const LicenceRecorded& r) {
  return {OfName(fmt::format("party/{}/licence/{}", r.party, r.licence))};
}
std::vector<seal::Subject> SubjectsOf(const FactsOpened& r) {
  return {OfDigest(fmt::format("entry/{}", r.determination), r.opening_sha256)};
}
std::vector<seal::Subject> SubjectsOf(const RoundOpened& r) {
  return {OfBlob(RoundName(r.run, r.round) + "/base", r.base)};
}
std::vector<seal::Subject> SubjectsOf(const Contributed& r) {
  return {OfBlob(fmt::format("{}/update/{}", RoundName(r.run, r.round), r.site), r.update)};
}
std::vector<seal::Subject> SubjectsOf(const Declined& r) {
  return {OfName(RoundName(r.run, r.round))};
}
std::vector<seal::Subject> SubjectsOf(const RoundClosed& r) {
  return {OfName(RoundName(r.run, r.round))};
}
std::vector<seal::Subject> SubjectsOf(const RoundReduced& r) {
  return {OfBlob(RoundName(r.run, r.round) + "/model", r.output)};
}
std::vector<seal::Subject> SubjectsOf(const Evaluated& r) {
  return {OfBlob(RoundName(r.run, r.round) + "/model", r.model)};
}
std::vector<seal::Subject> SubjectsOf(const RunFinished& r) {
  const std::string name = fmt::format("run/{}/model", r.run);
  return {r.model ? OfBlob(name, *r.model) : OfName(fmt::format("run/{}", r.run))};
}
std::vector<seal::Subject> SubjectsOf(const Refused& r) {
  return {OfName(fmt::format("{}/{}", r.what, r.subject))};
}
std::vector<seal::Subject> SubjectsOf(const Released& r) {
  const std::string name = RoundName(r.run, r.round) + "/model";
  return {OfBlob(name, r.model), OfDigest(name, r.model_sha256)};
}
std::vector<seal::Subject> SubjectsOf(const CrossingsSuspended& r) {
  return {OfName(SenderName(r.party, r.site))};
}
std::vector<seal::Subject> SubjectsOf(const CrossingsResumed& r) {
  return {OfName(SenderName(r.party, r.site))};
}
std::vector<seal::Subject> SubjectsOf(const PartyLeft& r) {
  return {OfName(fmt::format("party/{}", r.party))};
}
std::vector<seal::Subject> SubjectsOf(const BlobsDeleted& r) {
  return {
      OfName(r.party.empty() ? fmt::format("run/{}", r.run) : fmt::format("party/{}", r.party))};
}

// Whether a record may break the rules of its fields: one that was read keeps them.
enum class Rules { kCheck, kCheckedBefore };

StatusOr<Bytes> TextOf(Record& record, Rules rules) {
  return std::visit(
      [rules](auto& r) -> StatusOr<Bytes> {
        seal::Statement statement;
        RK_ASSIGN_OR_RETURN(statement.predicate,
                            rules == Rules::kCheck ? ToObject(r.kKind, r) : Write(r.kKind, r));
        statement.subjects = SubjectsOf(r);
        statement.predicate_type = fmt::format("{}{}{}", kTypeBegin, r.kKind, kTypeEnd);
        return seal::DumpStatement(statement);
      },
      record);
}

template <size_t kIndex = 0>
StatusOr<Record> RecordOf(std::string_view kind, const syntax::Value& predicate) {
  if constexpr (kIndex < std::variant_size_v<Record>) {
    using Kind = std::variant_alternative_t<kIndex, Record>;
    if (kind != Kind::kKind) return RecordOf<kIndex + 1>(kind, predicate);
    RK_ASSIGN_OR_RETURN(Kind record, FromObject<Kind>(kind, predicate));
    return Record(std::move(record));
  } else {
    return Error(Code::kInvalidArgument, "entry: a kind that this version does not know");
  }
}

StatusOr<Record> ParsePayload(ByteSpan payload) {
  RK_ASSIGN_OR_RETURN(const seal::Statement statement, seal::ParseStatement(payload));
  std::string_view kind = statement.predicate_type;
  if (!kind.starts_with(kTypeBegin) || !kind.ends_with(kTypeEnd) ||
      kind.size() <= kTypeBegin.size() + kTypeEnd.size()) {
    return Error(Code::kInvalidArgument, "entry: predicateType is not urn:renkei:entry:<kind>:1");
  }
  kind.remove_prefix(kTypeBegin.size());
  kind.remove_suffix(kTypeEnd.size());
  RK_ASSIGN_OR_RETURN(Record record, RecordOf(kind, statement.predicate));
  RK_ASSIGN_OR_RETURN(const Bytes again, TextOf(record, Rules::kCheckedBefore));
  if (!std::ranges::equal(again, payload)) {
    return Error(Code::kInvalidArgument,
                 "entry: {}: not the one text of this record (order, spaces, numbers or subject)",
                 KindOf(record));
  }
  return record;
}

size_t StatementBytesMax(const Record& record) {
  return std::holds_alternative<CharterAdopted>(record) ? kCharterStatementBytesMax
                                                        : kStatementBytesMax;
}

}  // namespace

StatusOr<Bytes> StatementOf(const Record& record) {
  Record copy = record;  // what writes it may also read it
  RK_ASSIGN_OR_RETURN(Bytes statement, TextOf(copy, Rules::kCheck));
  if (statement.size() <= StatementBytesMax(record)) return statement;
  return Error(Code::kResourceExhausted, "entry: {}: {} bytes, at most {}", KindOf(record),
               statement.size(), StatementBytesMax(record));
}

StatusOr<Bytes> Seal(const Record& record, const crypto::SigningKey& key) {
  RK_ASSIGN_OR_RETURN(Bytes statement, StatementOf(record));
  seal::Envelope envelope{.payload_type = std::string(seal::kStatementPayloadType),
                          .payload = std::move(statement),
                          .signatures = {}};
  seal::AddSignature(envelope, key);
  Bytes bytes = ToBytes(seal::DumpEnvelope(envelope));
  if (bytes.size() > kEnvelopeBytesMax) {
    return Error(Code::kResourceExhausted, "entry: {}: an envelope of {} bytes, at most {}",
                 KindOf(record), bytes.size(), kEnvelopeBytesMax);
  }
  return bytes;
}

StatusOr<Entry> Open(ByteSpan envelope) {
  if (envelope.size() > kEnvelopeBytesMax) {
    return Error(Code::kInvalidArgument, "entry: {} bytes, at most {}", envelope.size(),
                 kEnvelopeBytesMax);
  }
  auto own = seal::ParseOwnForm(envelope);
  const bool is_own = own.has_value();
  RK_ASSIGN_OR_RETURN(const seal::Envelope parsed, is_own
                                                       ? StatusOr<seal::Envelope>(*std::move(own))
                                                       : seal::ParseEnvelope(envelope));
  if (parsed.payload_type != seal::kStatementPayloadType) {
    return Error(Code::kInvalidArgument, "entry: payloadType is not {}",
                 seal::kStatementPayloadType);
  }
  if (parsed.signatures.size() != 1) {
    return Error(Code::kInvalidArgument, "entry: {} signatures where one belongs",
                 parsed.signatures.size());
  }
  if (!is_own && seal::DumpEnvelope(parsed) != AsText(envelope)) {
    return Error(Code::kInvalidArgument, "entry: not the one text of this envelope");
  }
  RK_ASSIGN_OR_RETURN(Record record, ParsePayload(parsed.payload));
  if (parsed.payload.size() > StatementBytesMax(record)) {
    return Error(Code::kInvalidArgument, "entry: {}: {} bytes, at most {}", KindOf(record),
                 parsed.payload.size(), StatementBytesMax(record));
  }
  return Entry{.record = std::move(record), .key_id = parsed.signatures.front().key_id};
}

bool SignedBy(ByteSpan envelope, const crypto::PublicKey& key) {
  const auto parsed = seal::ParseEnvelope(envelope);
  return parsed.ok() && seal::SignedBy(*parsed, key);
}

}  // namespace renkei::record
