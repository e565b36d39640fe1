// SPDX-License-Identifier: Apache-2.0
// The two archives that Describe (fields_of.h) is called with.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/record/fields_of.h"
#include "renkei/record/limits.h"
#include "renkei/record/record.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/value.h"

namespace renkei::record {

// A record to its object. What JSON cannot hold is the first error and is left out; the other
// rules are the Reader's, which Seal asks too.
class Writer {
 public:
  explicit Writer(std::string_view where) : where_(where) {}

  void operator()(std::string_view key, const std::string& field, Shape) { Text(key, field); }
  void operator()(std::string_view key, const std::string& field, Choices) { Text(key, field); }
  void operator()(std::string_view key, std::unsigned_integral auto field, Upto) {
    Integer(key, field);
  }
  template <class Tag>
  void operator()(std::string_view key, const Name<Tag>& field) {
    Text(key, field.text());
  }
  void operator()(std::string_view key, Bytes& field) { Text(key, AsText(field)); }
  void operator()(std::string_view key, const Digest& field) { Text(key, field.hex()); }
  void operator()(std::string_view key, const BlobId& field) { Text(key, field.Text()); }
  void operator()(std::string_view key, const crypto::PublicKey& field) { Text(key, field.Text()); }
  void operator()(std::string_view key, Instant field) { Text(key, FormatInstant(field)); }
  void operator()(std::string_view key, Verdict field) { Text(key, NameOf(field)); }
  void operator()(std::string_view key, const Metrics& field);
  void operator()(std::string_view key, const std::vector<std::string>& field, Shape);
  void operator()(std::string_view key, std::vector<SiteId>& field);
  void operator()(std::string_view key, std::vector<BlobId>& field);
  void operator()(std::string_view key, Holder& field) { object_.Set(key, Nested(key, field)); }
  template <class Item>
  void operator()(std::string_view key, std::vector<Item>& field) {
    syntax::Value list = syntax::Value::Array();
    for (Item& item : field) list.Push(Nested(key, item));
    object_.Set(key, std::move(list));
  }
  template <class Item>
  void Ascending(std::string_view key, std::vector<Item>& field) {
    (*this)(key, field);
  }
  template <class Tag>
  void UnlessEmpty(std::string_view key, const Name<Tag>& field) {
    if (!field.empty()) (*this)(key, field);
  }
  void UnlessEmpty(std::string_view key, const std::optional<BlobId>& field) {
    if (field) (*this)(key, *field);
  }

  //   INVALID_ARGUMENT  names the record's kind and the field
  StatusOr<syntax::Value> Finish();

 private:
  void Text(std::string_view key, std::string_view text);
  void Integer(std::string_view key, uint64_t number);
  void Fail(std::string_view key, std::string_view message);
  template <class Item>
  syntax::Value Nested(std::string_view key, Item& item) {
    Writer writer(key);
    Describe(writer, item);
    auto value = writer.Finish();
    if (value.ok()) return *std::move(value);
    Fail(key, Message(value.status()));
    return {};
  }

  std::string where_;
  syntax::Value object_ = syntax::Value::Object();
  Status status_;
};

// An object to its record, with every rule of its fields.
class Reader {
 public:
  Reader(const syntax::Value& object, std::string where)
      : where_(std::move(where)), fields_(object, where_) {}

  void operator()(std::string_view key, std::string& field, Shape shape);
  void operator()(std::string_view key, std::string& field, Choices choices);
  template <std::unsigned_integral T>
  void operator()(std::string_view key, T& field, Upto upto) {
    field = static_cast<T>(fields_.Integer(key, 0, static_cast<int64_t>(upto.max)));
  }
  template <class Tag>
  void operator()(std::string_view key, Name<Tag>& field) {
    field = fields_.NameOf<Name<Tag>>(key);
  }
  void operator()(std::string_view key, Bytes& field) { field = ToBytes(fields_.Text(key)); }
  void operator()(std::string_view key, Digest& field);
  void operator()(std::string_view key, BlobId& field) { field = fields_.NameOf<BlobId>(key); }
  void operator()(std::string_view key, crypto::PublicKey& field) {
    field = fields_.NameOf<crypto::PublicKey>(key);
  }
  void operator()(std::string_view key, Instant& field) { field = fields_.Time(key); }
  void operator()(std::string_view key, Verdict& field);
  void operator()(std::string_view key, Metrics& field);
  void operator()(std::string_view key, std::vector<std::string>& field, Shape shape);
  void operator()(std::string_view key, std::vector<SiteId>& field);  // ascending
  void operator()(std::string_view key, std::vector<BlobId>& field);  // ascending
  void operator()(std::string_view key, Holder& field) {
    if (const syntax::Value* value = fields_.ObjectAt(key)) Nested(*value, std::string(key), field);
  }
  template <class Item>
  void operator()(std::string_view key, std::vector<Item>& field) {
    const auto objects = fields_.Objects(key);
    if (objects.size() > kItemsMax) return TooMany(key);
    for (size_t i = 0; i < objects.size() && !failed(); ++i) {
      Nested(*objects[i], fmt::format("{}[{}]", key, i + 1), field.emplace_back());
    }
  }
  // Each site once, in order.
  template <class Item>
  void Ascending(std::string_view key, std::vector<Item>& field) {
    (*this)(key, field);
    for (size_t i = 1; i < field.size(); ++i) {
      if (!(field[i - 1].site < field[i].site)) fields_.Fail(key, "sites have to ascend");
    }
  }
  template <class Tag>
  void UnlessEmpty(std::string_view key, Name<Tag>& field) {
    if (fields_.Has(key)) (*this)(key, field);
  }
  void UnlessEmpty(std::string_view key, std::optional<BlobId>& field) {
    if (fields_.Has(key)) (*this)(key, field.emplace());
  }

  //   INVALID_ARGUMENT  the first rule broken, or a field that the record does not have
  Status Finish();

 private:
  bool failed() const { return !nested_.ok() || fields_.failed(); }
  void TooMany(std::string_view key);
  template <class Item>
  void Nested(const syntax::Value& value, const std::string& place, Item& item) {
    Reader reader(value, fmt::format("{}: {}", where_, place));
    Describe(reader, item);
    if (nested_.ok()) nested_ = reader.Finish();
  }

  std::string where_;
  syntax::Fields fields_;
  Status nested_;
};

// The object of a described struct that came from a Reader, or that one will look at.
template <class T>
StatusOr<syntax::Value> Write(std::string_view where, T& item) {
  Writer writer(where);
  Describe(writer, item);
  return writer.Finish();
}

// The object of a described struct, checked by the Reader's rules.
template <class T>
StatusOr<syntax::Value> ToObject(std::string_view where, T item) {
  RK_ASSIGN_OR_RETURN(syntax::Value object, Write(where, item));
  T again;
  Reader reader(object, std::string(where));
  Describe(reader, again);
  RK_RETURN_IF_ERROR(reader.Finish());
  return object;
}

template <class T>
StatusOr<T> FromObject(std::string_view where, const syntax::Value& object) {
  T item;
  Reader reader(object, std::string(where));
  Describe(reader, item);
  RK_RETURN_IF_ERROR(reader.Finish());
  return item;
}

}  // namespace renkei::record
