// SPDX-License-Identifier: Apache-2.0
// The answer to "may this entry stand in the ledger, here and now?". A no is a value: its reason
// comes from a fixed catalogue, so that a refusal can be an entry without free text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/status.h"
#include "renkei/record/record.h"

namespace renkei::run {

struct Decision {
  // kOk: yes. kPermissionDenied: charter, role or gate says no, and the refusal is worth an entry.
  // kUnauthenticated: unknown author or false signature. kInvalidArgument: not an entry.
  // kFailedPrecondition: wrong moment. kAlreadyExists: a replay. kResourceExhausted: a limit.
  Code code = Code::kOk;
  record::Reason reason;  // empty when ok
  std::string detail;     // for people: names, numbers, how to mend

  bool ok() const { return code == Code::kOk; }
  Status ToStatus() const;  // "run-not-permitted: <text>: <detail> (<cite>)"
};

// The catalogue's entry for `reason_code` (our bug if there is none) with a `detail`.
Decision Refuse(std::string_view reason_code, std::string detail = "");

// Every code of the catalogue.
std::vector<std::string_view> RefusalCodes();

}  // namespace renkei::run
