// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/random.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

#include <sys/random.h>

#include "renkei/base/check.h"

namespace renkei {
namespace {

class SystemRandom final : public Random {
 public:
  void Fill(std::span<uint8_t> bytes) override {
    while (!bytes.empty()) {
      const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
      if (got < 0) {
        RK_CHECK(errno == EINTR);
        continue;
      }
      bytes = bytes.subspan(static_cast<size_t>(got));
    }
  }
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) {
    // SplitMix64 spreads the seed over the state, as the authors advise.
    for (uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15;
      uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      word = z ^ (z >> 31);
    }
  }

  void Fill(std::span<uint8_t> bytes) override {
    while (!bytes.empty()) {
      const uint64_t word = Step();
      const size_t count = std::min(bytes.size(), sizeof(word));
      std::memcpy(bytes.data(), &word, count);
      bytes = bytes.subspan(count);
    }
  }

 private:
  uint64_t Step() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  std::array<uint64_t, 4> state_;
};

}  // namespace

uint64_t Random::Next() {
  std::array<uint8_t, sizeof(uint64_t)> bytes;
  Fill(bytes);
  return std::bit_cast<uint64_t>(bytes);
}

uint64_t Random::Below(uint64_t bound) {
  RK_CHECK(bound > 0);
  const uint64_t rejected = -bound % bound;
  uint64_t word = Next();
  while (word < rejected) word = Next();
  return word % bound;
}

Bytes Random::Take(size_t count) {
  Bytes bytes(count);
  Fill(bytes);
  return bytes;
}

std::unique_ptr<Random> MakeSystemRandom() { return std::make_unique<SystemRandom>(); }
std::unique_ptr<Random> MakeSeededRandom(uint64_t seed) {
  return std::make_unique<SeededRandom>(seed);
}

}  // namespace renkei
