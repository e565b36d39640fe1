// SPDX-License-Identifier: Apache-2.0
#include "renkei/seal/envelope.h"

#include <utility>

#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"

namespace renkei::seal {
namespace {

using syntax::Value;

void Append(Bytes& bytes, std::string_view text) {
  bytes.insert(bytes.end(), text.begin(), text.end());
}

// Base64 that is the only text of its bytes, so that an envelope's bytes are canonical too.
Bytes Base64Field(syntax::Fields& fields, std::string_view key) {
  auto bytes = FromBase64(fields.Text(key));
  if (bytes.ok()) return *std::move(bytes);
  fields.Fail(key, Message(bytes.status()));
  return {};
}

}  // namespace

Bytes PreAuthEncoding(std::string_view type, ByteSpan payload) {
  Bytes encoding;
  encoding.reserve(payload.size() + type.size() + 64);
  Append(encoding, fmt::format("DSSEv1 {} {} {} ", type.size(), type, payload.size()));
  encoding.insert(encoding.end(), payload.begin(), payload.end());
  return encoding;
}

StatusOr<Envelope> ParseEnvelope(ByteSpan json) {
  RK_ASSIGN_OR_RETURN(const Value value,
                      syntax::ParseJson(AsText(json), {.size_bytes_max = kEnvelopeBytesMax}));
  syntax::Fields fields(value, "envelope");
  Envelope envelope;
  envelope.payload = Base64Field(fields, "payload");
  envelope.payload_type = fields.Text("payloadType");
  const auto signatures = fields.Objects("signatures");
  if (signatures.size() > kSignaturesMax) {
    fields.Fail("signatures", fmt::format("more than {}", kSignaturesMax));
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  for (const Value* item : signatures) {
    syntax::Fields inner(*item, "envelope: signature");
    EnvelopeSignature& signature = envelope.signatures.emplace_back();
    signature.key_id = inner.TextOr("keyid", "");
    signature.signature = Base64Field(inner, "sig");
    RK_RETURN_IF_ERROR(inner.Finish());
  }
  return envelope;
}

std::string DumpEnvelope(const Envelope& envelope) {
  Value value = Value::Object();
  value.Set("payload", ToBase64(envelope.payload));
  value.Set("payloadType", envelope.payload_type);
  Value signatures = Value::Array();
  for (const EnvelopeSignature& signature : envelope.signatures) {
    Value item = Value::Object();
    item.Set("keyid", signature.key_id);
    item.Set("sig", ToBase64(signature.signature));
    signatures.Push(std::move(item));
  }
  value.Set("signatures", std::move(signatures));
  return syntax::DumpJson(value);
}

void AddSignature(Envelope& envelope, const crypto::SigningKey& key) {
  const crypto::Signature signature =
      key.Sign(PreAuthEncoding(envelope.payload_type, envelope.payload));
  envelope.signatures.push_back(
      {.key_id = key.public_key().KeyId(), .signature = Bytes(signature.begin(), signature.end())});
}

bool SignedBy(const Envelope& envelope, const crypto::PublicKey& key) {
  const std::string key_id = key.KeyId();
  for (const EnvelopeSignature& signature : envelope.signatures) {
    if (signature.key_id == key_id &&
        crypto::Verify(key, PreAuthEncoding(envelope.payload_type, envelope.payload),
                       signature.signature)) {
      return true;
    }
  }
  return false;
}

}  // namespace renkei::seal
