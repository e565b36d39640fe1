// SPDX-License-Identifier: Apache-2.0
// The typed, strict reading of one table.
//
//   Fields fields(document, "site.toml");
//   site.id = fields.NameOf<SiteId>("site");
//   site.timeout_s = fields.IntegerOr("timeout_s", 600, 1, 86400);
//   RK_RETURN_IF_ERROR(fields.Finish());
//
// The first error sticks: later readings return an empty value or their fallback, and Finish
// returns it. Every error reads "<where>: line L, column C: <key>: <what>" (the position only
// where the value has one). Keys that nobody asked for are refused by Finish.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"
#include "renkei/syntax/value.h"

namespace renkei::syntax {

class Fields {
 public:
  // Texts of a Text or Texts that are longer, and lists with more items, are refused.
  static constexpr size_t kTextBytesMax = 1 << 20;
  static constexpr size_t kItemsMax = 65536;

  // `object` outlives this. `where` is the file, or a place in it: "charter.toml: party[2]".
  // A value that is not a table is the first error.
  Fields(const Value& object, std::string where);

  std::string Text(std::string_view key);
  std::string TextOr(std::string_view key, std::string fallback);
  bool Bool(std::string_view key);
  bool BoolOr(std::string_view key, bool fallback);
  // min <= value <= max.
  int64_t Integer(std::string_view key, int64_t min, int64_t max);
  int64_t IntegerOr(std::string_view key, int64_t fallback, int64_t min, int64_t max);
  double Number(std::string_view key);  // an integer is a number; finite
  double NumberOr(std::string_view key, double fallback);
  std::vector<std::string> Texts(std::string_view key);
  std::vector<std::string> TextsOr(std::string_view key, std::vector<std::string> fallback);
  Instant Time(std::string_view key);
  // nullptr after an error, and when absent and not `required`.
  const Value* ObjectAt(std::string_view key, bool required = true);
  std::vector<const Value*> Objects(std::string_view key, bool required = true);
  // A Name<Tag>, or another type with a Parse(string_view) that returns StatusOr of it.
  template <class Id>
  Id NameOf(std::string_view key) {
    const std::string text = Text(key);
    if (failed()) return Id();
    StatusOr<Id> id = Id::Parse(text);
    if (id.ok()) return *std::move(id);
    Fail(key, Message(id.status()));
    return Id();
  }
  bool Has(std::string_view key) const { return object_.Find(key) != nullptr; }
  // Takes note that `key` is known without reading it. The value, or nullptr.
  const Value* Any(std::string_view key);

  // An error of the caller's own about `key`, with its position; ignored after the first error.
  void Fail(std::string_view key, const std::string& message);
  bool failed() const { return !status_.ok(); }
  const Status& status() const { return status_; }
  //   INVALID_ARGUMENT  the first error, or an unknown key
  Status Finish();

 private:
  const Value* Take(std::string_view key, bool required);
  const Value* TakeKind(std::string_view key, Value::Kind kind, bool required);

  const Value& object_;
  std::string where_;
  std::vector<bool> known_;  // by member
  Status status_;
};

// "line 3, column 7: ", or "" when the position is unknown.
std::string PositionText(const Position& at);

}  // namespace renkei::syntax
