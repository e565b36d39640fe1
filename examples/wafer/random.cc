// SPDX-License-Identifier: Apache-2.0
#include "random.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace wafer {

Random::Random(uint64_t seed) {
  for (uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    word = z ^ (z >> 31);
  }
}

uint64_t Random::Next() {
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

uint64_t Random::Below(uint64_t bound) {
  const uint64_t refused = -bound % bound;  // 2^64 mod bound: the part that would be uneven
  uint64_t drawn = Next();
  while (drawn < refused) {
    drawn = Next();
  }
  return drawn % bound;
}

double Random::Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

double Random::Between(double low, double high) { return low + (high - low) * Uniform(); }

double Random::Normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * Uniform());
}

int Random::Poisson(double mean) {
  int count = 0;
  for (; mean > 30; mean -= 30) {
    count += Poisson(30);
  }
  const double floor = std::exp(-mean);
  for (double product = Uniform(); product > floor; product *= Uniform()) {
    ++count;
  }
  return count;
}

// Marsaglia and Tsang 2000.
double Random::Gamma(double shape) {
  if (shape < 1) {
    return Gamma(shape + 1) * std::pow(1.0 - Uniform(), 1 / shape);
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = Normal();
    const double v = std::pow(1 + c * x, 3);
    if (v > 0 && std::log(1.0 - Uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) {
      return d * v;
    }
  }
}

}  // namespace wafer
