// SPDX-License-Identifier: Apache-2.0
// What a site holds after its contribution was acknowledged: the coordinator's signed promise
// that the manifest is entry N. A receipt whose entry is in neither list of the closed round is
// evidence against the coordinator (docs/formats/receipt.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"

namespace renkei::record {

inline constexpr std::string_view kReceiptPayloadType = "application/vnd.renkei.receipt+json";

struct Receipt {
  std::string charter;  // SHA-256 of the charter's TOML, 64 hex digits
  RunId run;
  uint32_t round = 0;
  SiteId site;
  Digest manifest_sha256;  // of the bytes of the contribution's envelope
  uint64_t entry = 0;
  Instant at{};

  bool operator==(const Receipt&) const = default;
};

//   INVALID_ARGUMENT  a field breaks a rule of its format
StatusOr<Bytes> SealReceipt(const Receipt& receipt, const crypto::SigningKey& coordinator);

//   INVALID_ARGUMENT  not a receipt, or not the one text of it
//   UNAUTHENTICATED   not signed by `coordinator`
StatusOr<Receipt> OpenReceipt(ByteSpan envelope, const crypto::PublicKey& coordinator);

}  // namespace renkei::record
