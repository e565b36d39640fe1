// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace wafer {

Outcome<Options> Options::Parse(std::span<const std::string> words,
                                std::span<const std::string_view> names) {
  Options options;
  for (size_t i = 0; i < words.size(); i += 2) {
    if (std::find(names.begin(), names.end(), words[i]) == names.end()) {
      return Fail("unknown option ", words[i]);
    }
    if (i + 1 == words.size()) {
      return Fail("no value after ", words[i]);
    }
    options.values_[words[i]].push_back(words[i + 1]);
  }
  return options;
}

std::string Options::TextOr(const std::string& name, std::string fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::move(fallback) : found->second.back();
}

std::vector<std::string> Options::All(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

Outcome<std::string> Options::Text(const std::string& name) const {
  if (!Has(name)) {
    return Fail("option ", name, " is missing");
  }
  return TextOr(name, "");
}

Outcome<uint64_t> Options::WholeOr(const std::string& name, uint64_t fallback, uint64_t min,
                                   uint64_t max) const {
  if (!Has(name)) {
    return fallback;
  }
  const std::string text = TextOr(name, "");
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < min || value > max) {
    return Fail(name, " ", text, ": it must be a whole number from ", min, " to ", max);
  }
  return value;
}

}  // namespace wafer
