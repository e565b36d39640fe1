// SPDX-License-Identifier: Apache-2.0
// Any bytes are refused or are an entry that can be told in a line. The bytes stand for an
// envelope and, signed by a known key, for a statement: that one is then sealed again to the same
// bytes.
#include <cstddef>
#include <cstdint>

#include "renkei/base/check.h"
#include "renkei/record/record.h"
#include "renkei/seal/envelope.h"
#include "renkei/seal/statement.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using renkei::Bytes;
  namespace record = renkei::record;
  namespace seal = renkei::seal;
  if (const auto entry = record::Open({bytes, size}); entry.ok()) {
    RK_CHECK(!Summary(entry->record).empty());
  }
  static const auto key =
      renkei::crypto::SigningKey::FromSeedText(renkei::ToBase64(Bytes(32, 1))).value();
  seal::Envelope envelope{.payload_type = std::string(seal::kStatementPayloadType),
                          .payload = Bytes(bytes, bytes + size),
                          .signatures = {}};
  AddSignature(envelope, key);
  const Bytes sealed = renkei::ToBytes(DumpEnvelope(envelope));
  const auto entry = record::Open(sealed);
  if (!entry.ok()) return 0;
  RK_CHECK(record::Seal(entry->record, key).value() == sealed);
  return 0;
}
