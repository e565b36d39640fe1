// SPDX-License-Identifier: Apache-2.0
// Wafers dealt to sites as fabs differ: by product, which the die grid (rows x cols) tells.
//
// - The test part is the wafers of InTestPart. A wafer for training whose map is equal to one of
//   the test part is left out, so equal maps never stand on both sides.
// - With 3 sites or more, site 1 makes the product with most wafers and site 2 the next two; the
//   other products, most wafers first, go to whichever of the other sites has fewest wafers. With
//   2 sites all products are dealt in that last way.
// - A site can lack classes: its training wafers of them are left out.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "json.h"
#include "outcome.h"

namespace wafer {

inline constexpr int kSitesMax = 16;

using DieGrid = std::pair<int, int>;  // rows, cols

// The site, from 0, of every product, given its number of wafers.
std::map<DieGrid, int> DealProducts(const std::map<DieGrid, uint64_t>& wafers, int sites);

struct SplitOptions {
  std::string data;
  std::string out;
  int sites = 4;
  std::map<int, std::set<int>> without;  // site from 1 -> classes that it lacks
};

// The last but one site lacks Donut and Random, the last one Center and Scratch; nothing with
// fewer than 4 sites.
std::map<int, std::set<int>> DefaultLacks(int sites);

// Writes out/site1 ... and out/test in the layout of the source. The answer tells of each folder
// {"dir", "wafers", "products", "per_class", "lacks"}, and how many wafers were left out as equal
// to a test map and as of a class that a site lacks.
Outcome<Json> SplitWafers(const SplitOptions& options);

}  // namespace wafer
