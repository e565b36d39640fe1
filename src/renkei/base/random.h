// SPDX-License-Identifier: Apache-2.0
// Randomness as an argument.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "renkei/base/bytes.h"

namespace renkei {

class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(std::span<uint8_t> bytes) = 0;

  uint64_t Next();
  // Uniform in [0, bound), bound > 0, without modulo bias.
  uint64_t Below(uint64_t bound);
  Bytes Take(size_t count);
};

// The kernel's generator; for keys and tokens.
std::unique_ptr<Random> MakeSystemRandom();

// A repeatable sequence (xoshiro256**, Blackman and Vigna 2018). Tests and simulation; never keys.
std::unique_ptr<Random> MakeSeededRandom(uint64_t seed);

}  // namespace renkei
