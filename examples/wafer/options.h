// SPDX-License-Identifier: Apache-2.0
// The words of a command line: "--name value" pairs, checked against the names that a command has.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outcome.h"

namespace wafer {

class Options {
 public:
  static Outcome<Options> Parse(std::span<const std::string> words,
                                std::span<const std::string_view> names);

  bool Has(const std::string& name) const { return values_.contains(name); }
  // The last of several.
  std::string TextOr(const std::string& name, std::string fallback) const;
  std::vector<std::string> All(const std::string& name) const;
  Outcome<std::string> Text(const std::string& name) const;
  Outcome<uint64_t> WholeOr(const std::string& name, uint64_t fallback, uint64_t min,
                            uint64_t max) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

}  // namespace wafer
