// SPDX-License-Identifier: Apache-2.0
#include "renkei/seal/envelope.h"

#include <algorithm>
#include <string_view>
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

// Takes pieces of the one form that we write off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  bool Literal(std::string_view literal) {
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }
  // Up to the next quote, when nothing in it is written in another way than it reads.
  std::optional<std::string_view> Plain() {
    const size_t end = rest_.find('"');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = rest_.substr(0, end);
    const bool plain =
        std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '\\'; });
    if (!plain) return std::nullopt;
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace

Bytes PreAuthEncoding(std::string_view type, ByteSpan payload) {
  Bytes encoding;
  encoding.reserve(payload.size() + type.size() + 64);
  Append(encoding, fmt::format("DSSEv1 {} {} {} ", type.size(), type, payload.size()));
  encoding.insert(encoding.end(), payload.begin(), payload.end());
  return encoding;
}

std::optional<Envelope> ParseOwnForm(ByteSpan json) {
  if (json.size() > kEnvelopeBytesMax) return std::nullopt;
  Scanner scanner(AsText(json));
  if (!scanner.Literal(R"({"payload":")")) return std::nullopt;
  const auto payload = scanner.Plain();
  if (!payload || !scanner.Literal(R"(,"payloadType":")")) return std::nullopt;
  const auto type = scanner.Plain();
  if (!type || !scanner.Literal(R"(,"signatures":[{"keyid":")")) return std::nullopt;
  const auto key_id = scanner.Plain();
  if (!key_id || !scanner.Literal(R"(,"sig":")")) return std::nullopt;
  const auto signature = scanner.Plain();
  if (!signature || !scanner.Literal("}]}") || !scanner.done()) return std::nullopt;
  auto payload_bytes = FromBase64(*payload);
  auto signature_bytes = FromBase64(*signature);
  if (!payload_bytes.ok() || !signature_bytes.ok()) return std::nullopt;
  return Envelope{
      .payload_type = std::string(*type),
      .payload = *std::move(payload_bytes),
      .signatures = {{.key_id = std::string(*key_id), .signature = *std::move(signature_bytes)}}};
}

StatusOr<Envelope> ParseEnvelope(ByteSpan json) {
  // Entries are read often.
  if (auto envelope = ParseOwnForm(json)) return *std::move(envelope);
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
  const auto text = [](std::string_view value) { return syntax::DumpJson(Value(value)); };
  std::string json = fmt::format(R"({{"payload":"{}","payloadType":{},"signatures":[)",
                                 ToBase64(envelope.payload), text(envelope.payload_type));
  for (size_t i = 0; i < envelope.signatures.size(); ++i) {
    json += fmt::format(R"({}{{"keyid":{},"sig":"{}"}})", i == 0 ? "" : ",",
                        text(envelope.signatures[i].key_id),
                        ToBase64(envelope.signatures[i].signature));
  }
  return json + "]}";
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
