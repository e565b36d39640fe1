// SPDX-License-Identifier: Apache-2.0
// A parsed document: null, bool, 64-bit integer, double, text, array, object. Members of an
// object keep their order; keys are unique. Text is UTF-8.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "renkei/base/check.h"

namespace renkei::syntax {

// 1-based, columns in characters; 0 = unknown (a value that was not parsed).
struct Position {
  int line = 0;
  int column = 0;

  auto operator<=>(const Position&) const = default;
};

class Value {
 public:
  enum class Kind { kNull, kBool, kInteger, kNumber, kText, kArray, kObject };
  using Member = std::pair<std::string, Value>;
  using Items = std::vector<Value>;
  using Members = std::vector<Member>;

  Value();  // null
  ~Value();
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  static Value Object();
  static Value Array();
  // An object of members whose keys are known to differ.
  static Value FromUnique(Members members);
  Value(bool flag) : content_(flag) {}
  // Integers are those of int64; a larger one is a bug of the caller.
  template <std::integral T>
  requires(!std::same_as<T, bool>) Value(T number) : content_(static_cast<int64_t>(number)) {
    RK_CHECK(std::in_range<int64_t>(number));
  }
  Value(double number) : content_(number) {}
  Value(std::string text) : content_(std::move(text)) {}
  Value(std::string_view text) : content_(std::string(text)) {}
  Value(const char* text) : content_(std::string(text)) {}
  // An array of texts.
  Value(const std::vector<std::string>& texts);

  Kind kind() const { return static_cast<Kind>(content_.index()); }
  // Each of these: the wrong kind is a bug of the caller.
  bool boolean() const;
  int64_t integer() const;
  double number() const;  // of an integer too
  const std::string& text() const;
  const Items& items() const;
  const Members& members() const;

  void Push(Value item);                         // to an array
  Value& Set(std::string_view key, Value item);  // adds or replaces a member; returns it
  // The member, or nullptr when absent or when this is not an object.
  const Value* Find(std::string_view key) const;
  // Moves a member's value out: what stays there is of no use. No such member: the caller's bug.
  Value Take(std::string_view key);

  // Where it begins in the source. Not part of equality.
  Position at;

  bool operator==(const Value& other) const { return content_ == other.content_; }

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Items, Members> content_;
};

// "null", "true or false", "an integer", "a number", "text", "a list", "a table".
std::string_view NameOf(Value::Kind kind);

}  // namespace renkei::syntax
