// SPDX-License-Identifier: Apache-2.0
#include "renkei/record/receipt.h"

#include "renkei/record/archive.h"
#include "renkei/seal/envelope.h"
#include "renkei/syntax/json.h"

namespace renkei::record {
namespace {

constexpr std::string_view kWhere = "receipt";
constexpr size_t kReceiptBytesMax = 4096;

StatusOr<Bytes> PayloadOf(const Receipt& receipt) {
  RK_ASSIGN_OR_RETURN(const syntax::Value object, ToObject(kWhere, receipt));
  return ToBytes(syntax::DumpJson(object));
}

}  // namespace

StatusOr<Bytes> SealReceipt(const Receipt& receipt, const crypto::SigningKey& coordinator) {
  seal::Envelope envelope{
      .payload_type = std::string(kReceiptPayloadType), .payload = {}, .signatures = {}};
  RK_ASSIGN_OR_RETURN(envelope.payload, PayloadOf(receipt));
  seal::AddSignature(envelope, coordinator);
  return ToBytes(seal::DumpEnvelope(envelope));
}

StatusOr<Receipt> OpenReceipt(ByteSpan envelope, const crypto::PublicKey& coordinator) {
  if (envelope.size() > kReceiptBytesMax) {
    return Error(Code::kInvalidArgument, "receipt: {} bytes, at most {}", envelope.size(),
                 kReceiptBytesMax);
  }
  RK_ASSIGN_OR_RETURN(const seal::Envelope parsed, seal::ParseEnvelope(envelope));
  if (parsed.payload_type != kReceiptPayloadType || parsed.signatures.size() != 1 ||
      seal::DumpEnvelope(parsed) != AsText(envelope)) {
    return Error(Code::kInvalidArgument, "receipt: not the one text of a receipt's envelope");
  }
  if (!seal::SignedBy(parsed, coordinator)) {
    return Error(Code::kUnauthenticated, "receipt: not signed by the charter's coordinator");
  }
  RK_ASSIGN_OR_RETURN(const syntax::Value object, syntax::ParseJson(AsText(parsed.payload)));
  RK_ASSIGN_OR_RETURN(Receipt receipt, FromObject<Receipt>(kWhere, object));
  RK_ASSIGN_OR_RETURN(const Bytes again, PayloadOf(receipt));
  if (again != parsed.payload) {
    return Error(Code::kInvalidArgument, "receipt: not the one text of this receipt");
  }
  return receipt;
}

}  // namespace renkei::record
