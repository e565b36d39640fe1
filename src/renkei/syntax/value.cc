// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/value.h"

#include <algorithm>
#include <utility>

namespace renkei::syntax {

// Here, not in the header: inlined moves of the variant make GCC 12 warn of members that are not
// initialised.
Value::Value() = default;
Value::~Value() = default;
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;

Value Value::Object() {
  Value value;
  value.content_ = Members();
  return value;
}

Value Value::Array() {
  Value value;
  value.content_ = Items();
  return value;
}

Value Value::FromUnique(Members members) {
  Value value;
  value.content_ = std::move(members);
  return value;
}

Value::Value(const std::vector<std::string>& texts) : content_(Items()) {
  for (const std::string& text : texts) Push(text);
}

bool Value::boolean() const {
  RK_CHECK(kind() == Kind::kBool);
  return std::get<bool>(content_);
}

int64_t Value::integer() const {
  RK_CHECK(kind() == Kind::kInteger);
  return std::get<int64_t>(content_);
}

double Value::number() const {
  if (kind() == Kind::kInteger) return static_cast<double>(std::get<int64_t>(content_));
  RK_CHECK(kind() == Kind::kNumber);
  return std::get<double>(content_);
}

const std::string& Value::text() const {
  RK_CHECK(kind() == Kind::kText);
  return std::get<std::string>(content_);
}

const Value::Items& Value::items() const {
  RK_CHECK(kind() == Kind::kArray);
  return std::get<Items>(content_);
}

const Value::Members& Value::members() const {
  RK_CHECK(kind() == Kind::kObject);
  return std::get<Members>(content_);
}

void Value::Push(Value item) {
  RK_CHECK(kind() == Kind::kArray);
  std::get<Items>(content_).push_back(std::move(item));
}

Value& Value::Set(std::string_view key, Value item) {
  RK_CHECK(kind() == Kind::kObject);
  auto& members = std::get<Members>(content_);
  const auto found = std::ranges::find(members, key, &Member::first);
  if (found != members.end()) return found->second = std::move(item);
  return members.emplace_back(std::string(key), std::move(item)).second;
}

const Value* Value::Find(std::string_view key) const {
  if (kind() != Kind::kObject) return nullptr;
  const auto& members = std::get<Members>(content_);
  const auto found = std::ranges::find(members, key, &Member::first);
  return found == members.end() ? nullptr : &found->second;
}

Value Value::Take(std::string_view key) {
  RK_CHECK(kind() == Kind::kObject);
  auto& members = std::get<Members>(content_);
  const auto found = std::ranges::find(members, key, &Member::first);
  RK_CHECK(found != members.end());
  return std::move(found->second);
}

std::string_view NameOf(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBool:
      return "true or false";
    case Value::Kind::kInteger:
      return "an integer";
    case Value::Kind::kNumber:
      return "a number";
    case Value::Kind::kText:
      return "text";
    case Value::Kind::kArray:
      return "a list";
    case Value::Kind::kObject:
      return "a table";
  }
  RK_CHECK(false);
}

}  // namespace renkei::syntax
