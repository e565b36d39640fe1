// SPDX-License-Identifier: Apache-2.0
// A generator whose state can be saved, and the distributions drawn from it. xoshiro256**
// (Blackman and Vigna 2018), seeded by SplitMix64.
#pragma once

#include <array>
#include <cstdint>

namespace wafer {

class Random {
 public:
  using State = std::array<uint64_t, 4>;

  explicit Random(uint64_t seed);
  explicit Random(const State& state) : state_(state) {}
  const State& state() const { return state_; }

  uint64_t Next();
  uint64_t Below(uint64_t bound);           // uniform in [0, bound), bound > 0
  double Uniform();                         // [0, 1)
  double Between(double low, double high);  // [low, high)
  double Normal();                          // mean 0, deviation 1
  int Poisson(double mean);
  double Gamma(double shape);  // scale 1

 private:
  State state_;
};

}  // namespace wafer
