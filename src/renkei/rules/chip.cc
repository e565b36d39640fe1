// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/chip.h"

#include <algorithm>
#include <utility>

#include "renkei/syntax/fields.h"

namespace renkei::rules {
namespace {

using syntax::CsvField;
using syntax::CsvTable;

constexpr Interval kTf32Bits{19, 32};
constexpr double kBitsMax = 1024;

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(';');
    std::string_view part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.push_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Digits with at most one point: no sign, no exponent.
std::optional<double> ParsePlain(std::string_view text) {
  const bool is_plain = text.find_first_not_of("0123456789.") == std::string_view::npos;
  return is_plain ? ParseNumber(text) : std::nullopt;
}

std::optional<Interval> ParseRange(std::string_view text) {
  const size_t dash = text.find('-');
  const auto lo = ParsePlain(text.substr(0, dash));
  const auto hi = dash == std::string_view::npos ? lo : ParsePlain(text.substr(dash + 1));
  if (!lo || !hi || *lo > *hi) return std::nullopt;
  return Interval{*lo, *hi};
}

class ChipReader {
 public:
  ChipReader(const CsvTable& table, const std::string& where) : table_(table), where_(where) {}

  StatusOr<std::vector<Chip>> Read() const {
    for (const std::string_view name :
         {"name", "dense_tops", "bit_length", "die_area_mm2", "data_center"}) {
      if (table_.ColumnOf(name)) continue;
      return Error(Code::kInvalidArgument, "{}: line 1, column 1: no column {}", where_, name);
    }
    std::vector<Chip> chips;
    for (const auto& record : table_.records) {
      RK_ASSIGN_OR_RETURN(Chip chip, ReadChip(record));
      chips.push_back(std::move(chip));
    }
    return chips;
  }

 private:
  using Record = std::vector<CsvField>;

  Status Refuse(const CsvField& field, std::string_view what) const {
    return Error(Code::kInvalidArgument, "{}: {}{}", where_, syntax::PositionText(field.at), what);
  }

  // Of a column that the table lacks: empty.
  const CsvField& At(const Record& record, std::string_view name) const {
    const auto column = table_.ColumnOf(name);
    return column ? record[*column] : empty_;
  }

  StatusOr<Chip> ReadChip(const Record& record) const {
    Chip chip{.name = At(record, "name").text, .certainty = At(record, "certainty").text};
    if (chip.name.empty()) return Refuse(At(record, "name"), "a chip without a name");
    RK_ASSIGN_OR_RETURN(chip.rates, ReadRates(record));
    RK_ASSIGN_OR_RETURN(chip.die_area_mm2, ReadArea(record));
    const CsvField& market = At(record, "data_center");
    if (market.text == "yes" || market.text == "no") {
      chip.data_center = market.text == "yes";
    } else if (market.text != "unclear" && !market.text.empty()) {
      return Refuse(market, "data_center: yes, no or unclear belongs here");
    }
    return chip;
  }

  StatusOr<std::vector<Rate>> ReadRates(const Record& record) const {
    const CsvField& tops = At(record, "dense_tops");
    const CsvField& bits = At(record, "bit_length");
    const CsvField& dtypes = At(record, "best_dtype");
    const auto all_tops = Split(tops.text), all_bits = Split(bits.text),
               all_dtypes = Split(dtypes.text);
    if (all_tops.size() > kRatesMax) return Refuse(tops, fmt::format("above {}", kRatesMax));
    if (all_bits.size() != all_tops.size()) {
      return Refuse(bits, fmt::format("bit_length: as many as in dense_tops, {}, belong here",
                                      all_tops.size()));
    }
    if (all_dtypes.size() != all_tops.size() && !dtypes.text.empty()) {
      return Refuse(dtypes, fmt::format("best_dtype: as many as in dense_tops, {}, belong here",
                                        all_tops.size()));
    }
    std::vector<Rate> rates;
    for (size_t i = 0; i < all_tops.size(); ++i) {
      Rate rate;
      if (!all_tops[i].empty()) {
        const auto read = ParseRange(all_tops[i]);
        if (!read) return Refuse(tops, "dense_tops: a number such as 989.5 belongs here");
        rate.tops = *read;
      }
      if (!all_bits[i].empty()) {
        const auto read = ParseRange(all_bits[i]);
        if (!read || read->lo < 1 || read->hi > kBitsMax) {
          return Refuse(bits, fmt::format("bit_length: 1 to {} belongs here", kBitsMax));
        }
        rate.bits = *read;
      }
      const bool is_tf32 = i < all_dtypes.size() && all_dtypes[i].starts_with("TF32");
      if (is_tf32) rate.bits = kTf32Bits;
      rates.push_back(rate);
    }
    return rates;
  }

  StatusOr<Interval> ReadArea(const Record& record) const {
    const CsvField& field = At(record, "die_area_mm2");
    if (field.text.empty()) return Interval{0, kInfinite};
    const auto area = ParseRange(field.text);
    if (!area) return Refuse(field, "die_area_mm2: a number such as 814 or 790-830 belongs here");
    const CsvField& tol = At(record, "die_area_tol");
    if (tol.text.empty()) return *area;
    std::string_view text = tol.text;
    const bool is_relative = text.ends_with('%');
    if (is_relative) text.remove_suffix(1);
    const auto given = ParsePlain(text);
    if (!given || (is_relative && *given >= 100)) {
      return Refuse(tol, "die_area_tol: 5% or, in mm2, 40 belongs here");
    }
    const double below = is_relative ? area->lo * *given / 100 : *given;
    const double above = is_relative ? area->hi * *given / 100 : *given;
    return Interval{std::max(0.0, area->lo - below), area->hi + above};
  }

  const CsvTable& table_;
  const std::string& where_;
  const CsvField empty_{};
};

// 0 times what is not known is not known.
double Times(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }

}  // namespace

Interval TppOf(const Chip& chip) {
  Interval tpp{0, 0};
  for (const Rate& rate : chip.rates) {
    tpp.lo = std::max(tpp.lo, Times(rate.tops.lo, rate.bits.lo));
    tpp.hi = std::max(tpp.hi, Times(rate.tops.hi, rate.bits.hi));
  }
  return tpp;
}

Interval PdOf(const Chip& chip) {
  const Interval tpp = TppOf(chip), area = chip.die_area_mm2;
  // Without a non-planar die there is no density that could be met.
  if (area.hi == 0) return {0, 0};
  const double hi = area.lo == 0 ? kInfinite : tpp.hi / area.lo;
  // The area may be none at all.
  const double lo = area.lo == 0 || area.hi == kInfinite ? 0 : tpp.lo / area.hi;
  return {lo, hi};
}

StatusOr<std::vector<Chip>> ReadChips(const CsvTable& table, const std::string& where) {
  return ChipReader(table, where).Read();
}

}  // namespace renkei::rules
