// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/json.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "renkei/syntax/fields.h"
#include "renkei/syntax/json_events.h"
#include "renkei/syntax/utf8.h"

namespace renkei::syntax {
namespace {

Status ErrorAt(const Position& at, std::string_view what) {
  return Error(Code::kInvalidArgument, "{}{}", PositionText(at), what);
}

Status ErrorAt(std::string_view text, size_t offset, std::string_view what) {
  return ErrorAt(PositionOf(text, offset), what);
}

// What the parser says without its own name and position, and without the text that it quotes,
// which may be long or hostile.
std::string Said(std::string_view message) {
  if (const size_t begin = message.find(": "); begin != std::string_view::npos) {
    message.remove_prefix(begin + 2);
  }
  message = message.substr(0, message.find("; last read"));
  std::string said(message.substr(0, 200));
  for (char& c : said) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return said;
}

// Hands the parser's events on, and keeps what it says when it fails.
class Relay final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Relay(JsonEvents& events, int depth_max) : events_(events), depth_max_(depth_max) {}

  bool null() override { return events_.Null(); }
  bool boolean(bool flag) override { return events_.Bool(flag); }
  bool number_integer(int64_t number) override { return events_.Integer(number); }
  bool number_unsigned(uint64_t number) override { return events_.Unsigned(number); }
  bool number_float(double number, const std::string&) override { return events_.Number(number); }
  bool string(std::string& text) override { return events_.Text(text); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return Deeper() && events_.StartObject(); }
  bool key(std::string& text) override { return events_.Key(text); }
  bool end_object() override { return --depth_ >= 0 && events_.EndObject(); }
  bool start_array(size_t) override { return Deeper() && events_.StartArray(); }
  bool end_array() override { return --depth_ >= 0 && events_.EndArray(); }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& exception) override {
    offset = position == 0 ? 0 : position - 1;
    said = Said(exception.what());
    return false;
  }

  size_t offset = 0;
  std::string said;  // empty when the receiver stopped
  bool too_deep = false;

 private:
  bool Deeper() {
    too_deep = ++depth_ > depth_max_;
    return !too_deep;
  }

  JsonEvents& events_;
  const int depth_max_;
  int depth_ = 0;
};

// Follows the parser through the text: at an event its token is the next one.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  // Moves to the token of this event, and then past it.
  Position Next() {
    while (at_ < text_.size() && IsBetween(text_[at_])) Step();
    const Position begin = position_;
    begin_ = at_;
    if (at_ == text_.size()) return begin;
    const char first = text_[at_];
    Step();
    if (first == '"') {
      while (at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '\\') Step();
        if (at_ < text_.size()) Step();
      }
      if (at_ < text_.size()) Step();
    } else if (first != '{' && first != '}' && first != '[' && first != ']') {
      while (at_ < text_.size() && !IsBetween(text_[at_]) && text_[at_] != '}' &&
             text_[at_] != ']') {
        Step();
      }
    }
    return begin;
  }
  std::string_view token() const { return text_.substr(begin_, at_ - begin_); }

 private:
  static bool IsBetween(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':';
  }
  void Step() {
    if (text_[at_] == '\n') {
      ++position_.line;
      position_.column = 1;
    } else if ((text_[at_] & 0xC0) != 0x80) {
      ++position_.column;
    }
    ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t begin_ = 0;
  Position position_{.line = 1, .column = 1};
};

// Makes a Value of the events.
class Builder final : public JsonEvents {
 public:
  explicit Builder(std::string_view text) : cursor_(text) {}

  const Status& status() const { return status_; }
  Value& root() { return root_; }

  bool Key(std::string_view key) override {
    const Position at = cursor_.Next();
    Open& open = open_.back();
    open.key = std::string(key);
    if (IsNew(open)) return true;
    return Stop(at, "the key is there twice");
  }
  bool Text(std::string_view text) override { return Put(Value(text)); }
  bool Integer(int64_t number) override { return Put(Value(number)); }
  bool Unsigned(uint64_t number) override {
    if (std::in_range<int64_t>(number)) return Put(Value(number));
    return Stop(cursor_.Next(), "an integer beyond 9223372036854775807");
  }
  bool Number(double number) override {
    Value value(number);
    value.at = cursor_.Next();
    if (cursor_.token().find_first_of(".eE") == std::string_view::npos) {
      return Stop(value.at, "an integer beyond 64 bits");
    }
    return Place(std::move(value));
  }
  bool Bool(bool flag) override { return Put(Value(flag)); }
  bool Null() override { return Put(Value()); }
  bool StartObject() override { return Begin(Value::Object()); }
  bool EndObject() override { return End(); }
  bool StartArray() override { return Begin(Value::Array()); }
  bool EndArray() override { return End(); }

 private:
  struct Open {
    Value value;
    std::string key;                       // of the member that comes next
    std::unordered_set<std::string> keys;  // of an object with many
    Value::Members members;
  };

  // Whether no member has the key that comes next. A few are compared, many are looked up.
  static bool IsNew(Open& open) {
    constexpr size_t kFew = 16;
    if (open.members.size() < kFew) {
      return std::ranges::find(open.members, open.key, &Value::Member::first) == open.members.end();
    }
    if (open.keys.empty()) {
      for (const auto& [key, value] : open.members) open.keys.insert(key);
    }
    return open.keys.insert(open.key).second;
  }
  bool Stop(const Position& at, std::string_view what) {
    status_ = ErrorAt(at, what);
    return false;
  }
  bool Put(Value value) {
    value.at = cursor_.Next();
    return Place(std::move(value));
  }
  bool Place(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().value.kind() == Value::Kind::kArray) {
      open_.back().value.Push(std::move(value));
    } else {
      open_.back().members.emplace_back(std::move(open_.back().key), std::move(value));
    }
    return true;
  }
  bool Begin(Value value) {
    value.at = cursor_.Next();
    open_.push_back({.value = std::move(value), .key = {}, .keys = {}, .members = {}});
    return true;
  }
  bool End() {
    cursor_.Next();
    Open open = std::move(open_.back());
    open_.pop_back();
    if (open.value.kind() == Value::Kind::kArray) return Place(std::move(open.value));
    Value object = Value::FromUnique(std::move(open.members));
    object.at = open.value.at;
    return Place(std::move(object));
  }

  Cursor cursor_;
  std::vector<Open> open_;
  Value root_;
  Status status_;
};

}  // namespace

Status ParseJsonEvents(std::string_view text, JsonEvents& events, int depth_max) {
  // The parser takes a NUL for the end of the text, and skips a byte order mark.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return ErrorAt(text, nul, "a NUL byte");
  }
  if (text.starts_with("\xEF\xBB\xBF")) return ErrorAt(text, 0, "a byte order mark");
  Relay relay(events, depth_max);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &relay)) return Ok();
  if (relay.too_deep) {
    return Error(Code::kInvalidArgument, "nested more than {} deep", depth_max);
  }
  if (relay.said.empty()) return Error(Code::kInvalidArgument, "stopped by its reader");
  return ErrorAt(text, std::min(relay.offset, text.size()), relay.said);
}

StatusOr<Value> ParseJson(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.size_bytes_max) {
    return Error(Code::kResourceExhausted, "{} bytes, at most {}", text.size(),
                 limits.size_bytes_max);
  }
  Builder builder(text);
  const Status parsed = ParseJsonEvents(text, builder, limits.depth_max);
  RK_RETURN_IF_ERROR(builder.status());
  RK_RETURN_IF_ERROR(parsed);
  return std::move(builder.root());
}

}  // namespace renkei::syntax
