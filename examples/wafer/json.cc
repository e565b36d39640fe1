// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <system_error>

namespace wafer {
namespace {

constexpr int kDepthMax = 32;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Outcome<Json> Document() {
    WAFER_ASSIGN_OR_RETURN(Json value, Value(0));
    Space();
    if (at_ != text_.size()) {
      return Wrong("bytes after the end");
    }
    return value;
  }

 private:
  Failure Wrong(std::string_view what) const { return Fail("JSON: ", what, " at byte ", at_); }

  void Space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) {
      ++at_;
    }
  }

  bool Take(std::string_view expected) {
    const bool there = text_.substr(at_).starts_with(expected);
    at_ += there ? expected.size() : 0;
    return there;
  }

  Outcome<Json> Value(int depth) {
    if (depth > kDepthMax) {
      return Wrong("nested too deeply");
    }
    Space();
    if (Take("null")) return Json();
    if (Take("true")) return Json(true);
    if (Take("false")) return Json(false);
    if (Take("{")) return Members(depth);
    if (Take("[")) return Items(depth);
    if (at_ < text_.size() && text_[at_] == '"') {
      WAFER_ASSIGN_OR_RETURN(std::string text, Text());
      return Json(std::move(text));
    }
    return Number();
  }

  Outcome<Json> Members(int depth) {
    Json::Object members;
    Space();
    if (Take("}")) return Json(std::move(members));
    do {
      Space();
      WAFER_ASSIGN_OR_RETURN(std::string key, Text());
      for (const auto& [known, value] : members) {
        if (known == key) {
          return Wrong("the key \"" + key + "\" twice");
        }
      }
      Space();
      if (!Take(":")) return Wrong("no ':' after a key");
      WAFER_ASSIGN_OR_RETURN(Json value, Value(depth + 1));
      members.emplace_back(std::move(key), std::move(value));
      Space();
    } while (Take(","));
    if (!Take("}")) return Wrong("no ',' or '}'");
    return Json(std::move(members));
  }

  Outcome<Json> Items(int depth) {
    Json::Array items;
    Space();
    if (Take("]")) return Json(std::move(items));
    do {
      WAFER_ASSIGN_OR_RETURN(Json value, Value(depth + 1));
      items.push_back(std::move(value));
      Space();
    } while (Take(","));
    if (!Take("]")) return Wrong("no ',' or ']'");
    return Json(std::move(items));
  }

  Outcome<std::string> Text() {
    if (!Take("\"")) return Wrong("no string");
    std::string text;
    for (;;) {
      if (at_ >= text_.size()) return Wrong("a string without its end");
      const char c = text_[at_++];
      if (c == '"') return text;
      if (static_cast<unsigned char>(c) < 0x20) return Wrong("a control character in a string");
      if (c != '\\') {
        text.push_back(c);
        continue;
      }
      constexpr std::string_view kEscapes = "\"\\/bfnrt";
      if (at_ < text_.size() && kEscapes.find(text_[at_]) != kEscapes.npos) {
        text.push_back("\"\\/\b\f\n\r\t"[kEscapes.find(text_[at_++])]);
      } else if (Take("u")) {
        WAFER_ASSIGN_OR_RETURN(const uint32_t code, CodePoint());
        AppendUtf8(code, text);
      } else {
        return Wrong("an unknown escape");
      }
    }
  }

  Outcome<uint32_t> FourDigits() {
    uint32_t unit = 0;
    const char* begin = text_.data() + at_;
    if (text_.size() - at_ < 4 || std::from_chars(begin, begin + 4, unit, 16).ptr != begin + 4) {
      return Wrong("an escape without four digits");
    }
    at_ += 4;
    return unit;
  }

  Outcome<uint32_t> CodePoint() {
    WAFER_ASSIGN_OR_RETURN(const uint32_t high, FourDigits());
    if (high < 0xd800 || high > 0xdfff) return high;
    if (high > 0xdbff || !Take("\\u")) return Wrong("half of a surrogate pair");
    WAFER_ASSIGN_OR_RETURN(const uint32_t low, FourDigits());
    if (low < 0xdc00 || low > 0xdfff) return Wrong("half of a surrogate pair");
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }

  static void AppendUtf8(uint32_t code, std::string& text) {
    if (code < 0x80) {
      text.push_back(static_cast<char>(code));
      return;
    }
    const int tails = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    const uint32_t lead = (0xff00u >> (tails + 1)) & 0xff;
    text.push_back(static_cast<char>(lead | code >> (6 * tails)));
    for (int k = tails - 1; k >= 0; --k) {
      text.push_back(static_cast<char>(0x80 | (code >> (6 * k) & 0x3f)));
    }
  }

  size_t Digits() {
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ - begin;
  }

  Outcome<Json> Number() {
    const size_t begin = at_;
    Take("-");
    const bool leading_zero = text_.substr(at_).starts_with("0");
    const size_t whole = Digits();
    if (whole == 0) return Wrong("no value");
    if (leading_zero && whole > 1) return Wrong("a number with a leading zero");
    bool integral = true;
    if (Take(".")) {
      integral = false;
      if (Digits() == 0) return Wrong("a point without digits");
    }
    if (Take("e") || Take("E")) {
      integral = false;
      if (!Take("+")) Take("-");
      if (Digits() == 0) return Wrong("an exponent without digits");
    }
    const char* first = text_.data() + begin;
    const char* last = text_.data() + at_;
    int64_t integer = 0;
    if (integral && std::from_chars(first, last, integer).ec == std::errc()) return Json(integer);
    double number = 0;
    if (std::from_chars(first, last, number).ec != std::errc()) return Wrong("a number too large");
    return Json(number);
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += "\\u00";
      quoted.push_back("0123456789abcdef"[c >> 4]);
      quoted.push_back("0123456789abcdef"[c & 15]);
    } else {
      quoted.push_back(c);
    }
  }
  quoted.push_back('"');
  return quoted;
}

std::string Digits(double number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

}  // namespace

double Json::number() const {
  if (const int64_t* whole = integer()) return static_cast<double>(*whole);
  const double* number = std::get_if<double>(&held_);
  return number == nullptr ? 0 : *number;
}

const Json* Json::Find(std::string_view key) const {
  if (const Object* members = object()) {
    for (const auto& [name, value] : *members) {
      if (name == key) return &value;
    }
  }
  return nullptr;
}

std::string Json::Dump() const {
  if (const bool* value = boolean()) return *value ? "true" : "false";
  if (const int64_t* value = integer()) return std::to_string(*value);
  if (is_number()) return std::isfinite(number()) ? Digits(number()) : "null";
  if (text() != nullptr) return Quote(*text());
  std::string joined;
  if (array() != nullptr) {
    for (const Json& item : *array()) {
      joined += joined.empty() ? '[' : ',';
      joined += item.Dump();
    }
    return joined.empty() ? "[]" : joined + ']';
  }
  if (object() != nullptr) {
    for (const auto& [key, value] : *object()) {
      joined += joined.empty() ? '{' : ',';
      joined += Quote(key);
      joined += ':';
      joined += value.Dump();
    }
    return joined.empty() ? "{}" : joined + '}';
  }
  return "null";
}

Outcome<Json> ParseJson(std::string_view text) { return Parser(text).Document(); }

}  // namespace wafer
