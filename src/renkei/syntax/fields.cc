// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/fields.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace renkei::syntax {
namespace {

// A key as an error shows it: it may be hostile.
std::string Shown(std::string_view key) {
  constexpr size_t kShownMax = 64;
  std::string shown(key.substr(0, kShownMax));
  for (char& c : shown) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return key.size() > kShownMax ? shown + "..." : shown;
}

}  // namespace

std::string PositionText(const Position& at) {
  return at.line == 0 ? "" : fmt::format("line {}, column {}: ", at.line, at.column);
}

Fields::Fields(const Value& object, std::string where) : object_(object), where_(std::move(where)) {
  if (object.kind() != Value::Kind::kObject) {
    status_ = Error(Code::kInvalidArgument, "{}: {}{} where a table belongs", where_,
                    PositionText(object.at), syntax::NameOf(object.kind()));
    return;
  }
  known_.resize(object.members().size());
}

void Fields::Fail(std::string_view key, const std::string& message) {
  if (failed()) return;
  const Value* value = object_.Find(key);
  status_ = Error(Code::kInvalidArgument, "{}: {}{}: {}", where_,
                  PositionText(value != nullptr ? value->at : object_.at), Shown(key), message);
}

const Value* Fields::Take(std::string_view key, bool required) {
  if (failed()) return nullptr;
  const Value::Members& members = object_.members();
  const auto found = std::ranges::find(members, key, &Value::Member::first);
  if (found != members.end()) {
    known_[static_cast<size_t>(found - members.begin())] = true;
    return &found->second;
  }
  if (required) Fail(key, "is missing");
  return nullptr;
}

const Value* Fields::TakeKind(std::string_view key, Value::Kind kind, bool required) {
  const Value* value = Take(key, required);
  if (value == nullptr || value->kind() == kind) return value;
  Fail(key,
       fmt::format("{} belongs here, not {}", syntax::NameOf(kind), syntax::NameOf(value->kind())));
  return nullptr;
}

const Value* Fields::Any(std::string_view key) { return Take(key, false); }

std::string Fields::Text(std::string_view key) {
  const Value* value = TakeKind(key, Value::Kind::kText, true);
  if (value == nullptr) return {};
  if (value->text().size() <= kTextBytesMax) return value->text();
  Fail(key, fmt::format("more than {} bytes", kTextBytesMax));
  return {};
}

std::string Fields::TextOr(std::string_view key, std::string fallback) {
  return Has(key) ? Text(key) : (Take(key, false), std::move(fallback));
}

bool Fields::Bool(std::string_view key) {
  const Value* value = TakeKind(key, Value::Kind::kBool, true);
  return value != nullptr && value->boolean();
}

bool Fields::BoolOr(std::string_view key, bool fallback) {
  return Has(key) ? Bool(key) : (Take(key, false), fallback);
}

int64_t Fields::Integer(std::string_view key, int64_t min, int64_t max) {
  const Value* value = TakeKind(key, Value::Kind::kInteger, true);
  if (value == nullptr) return min;
  const int64_t integer = value->integer();
  if (integer >= min && integer <= max) return integer;
  Fail(key, fmt::format("{} is not from {} to {}", integer, min, max));
  return min;
}

int64_t Fields::IntegerOr(std::string_view key, int64_t fallback, int64_t min, int64_t max) {
  return Has(key) ? Integer(key, min, max) : (Take(key, false), fallback);
}

double Fields::Number(std::string_view key) {
  const Value* value = Take(key, true);
  if (value == nullptr) return 0;
  if (value->kind() == Value::Kind::kInteger || value->kind() == Value::Kind::kNumber) {
    if (std::isfinite(value->number())) return value->number();
  }
  Fail(key, fmt::format("a number belongs here, not {}", syntax::NameOf(value->kind())));
  return 0;
}

double Fields::NumberOr(std::string_view key, double fallback) {
  return Has(key) ? Number(key) : (Take(key, false), fallback);
}

std::vector<std::string> Fields::Texts(std::string_view key) {
  const Value* value = TakeKind(key, Value::Kind::kArray, true);
  if (value == nullptr) return {};
  if (value->items().size() > kItemsMax) {
    Fail(key, fmt::format("more than {} items", kItemsMax));
    return {};
  }
  std::vector<std::string> texts;
  for (const Value& item : value->items()) {
    if (item.kind() != Value::Kind::kText || item.text().size() > kTextBytesMax) {
      Fail(key, fmt::format("every item is text, not {}", syntax::NameOf(item.kind())));
      return {};
    }
    texts.push_back(item.text());
  }
  return texts;
}

std::vector<std::string> Fields::TextsOr(std::string_view key, std::vector<std::string> fallback) {
  return Has(key) ? Texts(key) : (Take(key, false), std::move(fallback));
}

Instant Fields::Time(std::string_view key) {
  const std::string text = Text(key);
  if (failed()) return {};
  const auto instant = ParseInstant(text);
  if (instant.ok()) return *instant;
  Fail(key, Message(instant.status()));
  return {};
}

const Value* Fields::ObjectAt(std::string_view key, bool required) {
  return TakeKind(key, Value::Kind::kObject, required);
}

std::vector<const Value*> Fields::Objects(std::string_view key, bool required) {
  const Value* value = TakeKind(key, Value::Kind::kArray, required);
  if (value == nullptr) return {};
  if (value->items().size() > kItemsMax) {
    Fail(key, fmt::format("more than {} items", kItemsMax));
    return {};
  }
  std::vector<const Value*> objects;
  for (const Value& item : value->items()) {
    if (item.kind() != Value::Kind::kObject) {
      Fail(key, fmt::format("every item is a table, not {}", syntax::NameOf(item.kind())));
      return {};
    }
    objects.push_back(&item);
  }
  return objects;
}

Status Fields::Finish() {
  if (failed()) return status_;
  const auto unknown = std::ranges::find(known_, false);
  if (unknown != known_.end()) {
    Fail(object_.members()[static_cast<size_t>(unknown - known_.begin())].first,
         "is not a known key; remove it or correct its spelling");
  }
  return status_;
}

}  // namespace renkei::syntax
