// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/letters.h"

#include "renkei/syntax/json.h"
#include "renkei/syntax/value.h"

namespace renkei::identity {
namespace {

StatusOr<bool> IsRenewal(std::string_view json) {
  RK_ASSIGN_OR_RETURN(const syntax::Value value, syntax::ParseJson(json));
  return value.kind() == syntax::Value::Kind::kObject && value.Find("nonce") != nullptr;
}

}  // namespace

StatusOr<Request> ParseRequest(std::string_view json) {
  RK_ASSIGN_OR_RETURN(const bool renewal, IsRenewal(json));
  if (renewal) return ParseRenewalRequest(json);
  return ParseJoinRequest(json);
}

StatusOr<Grant> ParseGrant(std::string_view json) {
  RK_ASSIGN_OR_RETURN(const bool renewal, IsRenewal(json));
  if (renewal) return ParseRenewalGrant(json);
  return ParseJoinGrant(json);
}

}  // namespace renkei::identity
