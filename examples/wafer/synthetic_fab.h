// SPDX-License-Identifier: Apache-2.0
// Wafer maps that no fab made: the nine classes of WM-811K from simple causes of die loss. They
// are SYNTHETIC and good for demonstrations and tests, not for any claim on real wafers.
//
// A die fails with probability 1 - exp(-defects), where `defects` is the expected number of fatal
// defects on it: Poisson yield. The expectation is the product of a lot's gamma-distributed level
// (negative binomial yield, Stapper 1983) with a faint rise to the edge, plus what the class adds:
//   Center     a disc of film too thick in the middle
//   Donut      a ring at half radius: spin coating, heating in zones
//   Edge-Ring  the outermost band: edge bead, etch
//   Edge-Loc   a part of that band: clamp, flat, handling
//   Loc        one blotch inside: a particle burst
//   Scratch    a curved line: handling, polishing
//   Random     a high level everywhere
//   Near-full  almost every die: a wrong step
//   none       nothing
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "outcome.h"
#include "random.h"
#include "wafer_map.h"

namespace wafer {

struct Product {
  int rows;
  int cols;
  double share;  // of all wafers
};
std::span<const Product> Products();

// A wafer of the product and class. Dies whose centre lies outside the wafer's edge are not there.
WaferMap MakeMap(const Product& product, int label, Random& random);

struct FabOptions {
  std::string out;
  uint64_t wafers = 4000;
  uint64_t seed = 1;
};

// Writes the wafers, ids from 0, and SYNTHETIC.txt, which says what they are.
Done GenerateWafers(const FabOptions& options);

}  // namespace wafer
