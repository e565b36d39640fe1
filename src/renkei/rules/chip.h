// SPDX-License-Identifier: Apache-2.0
// A chip by the figures of its data sheet: what classes are derived from.
//
// Total processing performance (TPP) is the highest, over all kinds of operation, of dense
// TOPS times bit length of the inputs; an advertised TOPS counts two operations per
// multiply-accumulate already (Commerce Control List, 3A090, technical notes). TF32 holds 19
// significant bits and is stored in 32: the text does not say which counts, so its bit length
// lies between the two. Performance density (PD) is TPP over the area of the logic dies that are
// made with non-planar transistors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/status.h"
#include "renkei/rules/number.h"
#include "renkei/syntax/csv.h"

namespace renkei::rules {

inline constexpr size_t kRatesMax = 32;

struct Rate {
  Interval tops{0, kInfinite};  // dense, of all units on the chip
  Interval bits{0, kInfinite};  // of the inputs
};

struct Chip {
  std::string name{};
  std::vector<Rate> rates{};            // at least one
  Interval die_area_mm2{0, kInfinite};  // 0 and 0: no die counts
  std::optional<bool> data_center{};    // designed or marketed for it
  std::string certainty{};              // of the figures, in the words of the table
};

Interval TppOf(const Chip& chip);
Interval PdOf(const Chip& chip);

// Reads columns `name`, `dense_tops`, `bit_length`, `die_area_mm2` and `data_center` (yes, no,
// unclear), and, where there are such, `best_dtype`, `die_area_tol` and `certainty`; others are
// left alone. A number is one such as 814, or two that it lies between, 790-830; an empty field
// is not known. Several rates stand in the same order in `dense_tops`, `bit_length` and
// `best_dtype` with a semicolon between. `die_area_tol` is 5% or, in mm2, 40. Errors read
// "<where>: line L, column C: ...".
//   INVALID_ARGUMENT  a column is missing, or a field is none of these
StatusOr<std::vector<Chip>> ReadChips(const syntax::CsvTable& table, const std::string& where);

}  // namespace renkei::rules
