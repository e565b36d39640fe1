// SPDX-License-Identifier: Apache-2.0
// Records and keys for tests.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "renkei/crypto/sign.h"
#include "renkei/record/record.h"

namespace renkei::record {

// The key whose seed is 32 bytes of `fill`.
crypto::SigningKey TestKey(uint8_t fill);

// At least one of each kind, ordinary ones first, and the extremes of those that have them.
std::vector<Record> Examples();

// The first of a kind.
template <class T>
T ExampleOf() {
  for (const Record& record : Examples()) {
    if (const T* found = std::get_if<T>(&record)) return *found;
  }
  return {};
}

}  // namespace renkei::record
