// SPDX-License-Identifier: Apache-2.0
// What a site may ask its party through the coordinator, and what it may be answered: to join, or
// to renew its leaf. A renewal is the one with a nonce.
#pragma once

#include <string_view>
#include <variant>

#include "renkei/base/status.h"
#include "renkei/identity/join.h"
#include "renkei/identity/renewal.h"

namespace renkei::identity {

using Request = std::variant<JoinRequest, RenewalRequest>;
using Grant = std::variant<JoinGrant, RenewalGrant>;

// INVALID_ARGUMENT unless JSON of the one or the other. Neither MAC nor signature is checked.
StatusOr<Request> ParseRequest(std::string_view json);
StatusOr<Grant> ParseGrant(std::string_view json);

}  // namespace renkei::identity
