// SPDX-License-Identifier: Apache-2.0
// DSSE v1 envelopes (secure-systems-lab/dsse, protocol.md) in JSON, signed with Ed25519: what is
// signed is the exact bytes of the payload and its type. docs/formats/envelope.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"

namespace renkei::seal {

inline constexpr size_t kEnvelopeBytesMax = 1 << 20;
inline constexpr size_t kSignaturesMax = 256;

struct EnvelopeSignature {
  std::string key_id;
  Bytes signature;

  bool operator==(const EnvelopeSignature&) const = default;
};

struct Envelope {
  std::string payload_type;
  Bytes payload;
  std::vector<EnvelopeSignature> signatures;

  bool operator==(const Envelope&) const = default;
};

// PAE(type, payload): "DSSEv1 <len> <type> <len> <payload>".
Bytes PreAuthEncoding(std::string_view type, ByteSpan payload);

// Strict: only the keys payload, payloadType, signatures, keyid, sig; canonical base64. Signatures
// are not checked.
//   INVALID_ARGUMENT    not such an envelope
//   RESOURCE_EXHAUSTED  longer than kEnvelopeBytesMax
StatusOr<Envelope> ParseEnvelope(ByteSpan json);
// Of one signature, in exactly the bytes that DumpEnvelope gives for it and without a character
// that JSON may write in two ways; nullopt for all else.
std::optional<Envelope> ParseOwnForm(ByteSpan json);
// The one form that we write: {"payload":..,"payloadType":..,"signatures":[{"keyid":..,"sig":..}]}
std::string DumpEnvelope(const Envelope& envelope);

void AddSignature(Envelope& envelope, const crypto::SigningKey& key);
// Some signature under that key's id verifies.
bool SignedBy(const Envelope& envelope, const crypto::PublicKey& key);

}  // namespace renkei::seal
