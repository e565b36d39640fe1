// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/yaml.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "renkei/syntax/fields.h"
#include "renkei/syntax/utf8.h"

namespace renkei::syntax {
namespace {

// The library counts bytes and lines; people count characters.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    for (size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\n') starts_.push_back(at + 1);
    }
  }
  Position At(const YAML::Mark& mark) const {
    const size_t end = Offset(mark);
    const size_t begin = end - std::min(Column(mark), end);
    const std::string_view before = text_.substr(begin, end - begin);
    const auto characters =
        std::ranges::count_if(before, [](char c) { return (c & '\xC0') != '\x80'; });
    return {.line = mark.line + 1, .column = static_cast<int>(characters) + 1};
  }
  size_t Offset(const YAML::Mark& mark) const {
    const size_t line = std::min(static_cast<size_t>(std::max(mark.line, 0)), starts_.size() - 1);
    return std::min(starts_[line] + Column(mark), text_.size());
  }

 private:
  static size_t Column(const YAML::Mark& mark) {
    return static_cast<size_t>(std::max(mark.column, 0));
  }

  std::string_view text_;
  std::vector<size_t> starts_{0};
};

// True when the quoted scalar at the beginning of `text` has its closing quote; the library takes
// the end of the file for one.
bool IsClosed(std::string_view text) {
  const char quote = text.empty() ? ' ' : text[0];
  if (quote != '\'' && quote != '"') return true;  // a block scalar
  for (size_t at = 1; at < text.size(); ++at) {
    const bool is_pair = quote == '"' ? text[at] == '\\' : text.substr(at).starts_with("''");
    if (is_pair) {
      ++at;
    } else if (text[at] == quote) {
      return true;
    }
  }
  return false;
}

// Builds the value from events. The first error sticks and the rest is ignored.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view text, int depth_max)
      : text_(text), lines_(text), depth_max_(depth_max) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) Fail(lines_.At(mark), "a second document; write one file for each");
  }
  void OnDocumentEnd() override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Fail(lines_.At(mark), "an alias (*name); write the content out");
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (Plain(lines_.At(mark), "", anchor)) Take(lines_.At(mark), Value());
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (tag == "!" && !IsClosed(text_.substr(lines_.Offset(mark)))) {
      return Fail(lines_.At(mark), "a quote that is never closed");
    }
    if (Plain(lines_.At(mark), tag, anchor)) Take(lines_.At(mark), Value(value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(lines_.At(mark), tag, anchor, false);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(lines_.At(mark), tag, anchor, true);
  }
  void OnMapEnd() override { Close(); }

  Position At(const YAML::Mark& mark) const { return lines_.At(mark); }
  bool has_failed() const { return !status_.ok(); }

  StatusOr<Value> Finish() {
    RK_RETURN_IF_ERROR(status_);
    if (documents_ == 0) return Error(Code::kInvalidArgument, "line 1, column 1: an empty file");
    return std::move(root_);
  }

 private:
  struct Level {
    bool is_map = false;
    Position at;
    Value::Members members;
    Value::Items items;
    std::string key;
    bool has_key = false;
    std::unordered_set<std::string> keys;
  };

  void Fail(const Position& at, std::string_view what) {
    if (status_.ok()) status_ = Error(Code::kInvalidArgument, "{}{}", PositionText(at), what);
  }

  // "?" and "!" are what the library calls plain and quoted scalars without a tag.
  bool Plain(const Position& at, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) Fail(at, "an anchor (&name); write the content out");
    if (!tag.empty() && tag != "?" && tag != "!") Fail(at, "a tag (!name) has no meaning here");
    return status_.ok();
  }

  void Open(const Position& at, const std::string& tag, YAML::anchor_t anchor, bool is_map) {
    if (!Plain(at, tag, anchor)) return;
    if (levels_.size() == static_cast<size_t>(depth_max_)) return Fail(at, "nested too deep");
    if (!levels_.empty() && levels_.back().is_map && !levels_.back().has_key) {
      return Fail(at, "a key that is a list or a table; a key is one word");
    }
    levels_.emplace_back();
    levels_.back().is_map = is_map;
    levels_.back().at = at;
  }

  void Close() {
    if (!status_.ok()) return;
    Level level = std::move(levels_.back());
    levels_.pop_back();
    Value value;
    if (level.is_map) {
      value = Value::FromUnique(std::move(level.members));
    } else {
      value = Value::Array();
      for (Value& item : level.items) value.Push(std::move(item));
    }
    Take(level.at, std::move(value));
  }

  void Take(const Position& at, Value value) {
    value.at = at;
    if (levels_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = levels_.back();
    if (!level.is_map) {
      level.items.push_back(std::move(value));
    } else if (level.has_key) {
      level.has_key = false;
      level.members.emplace_back(std::move(level.key), std::move(value));
    } else {
      TakeKey(at, value, level);
    }
  }

  void TakeKey(const Position& at, const Value& value, Level& level) {
    if (value.kind() != Value::Kind::kText) return Fail(at, "an empty key");
    if (value.text() == "<<") return Fail(at, "a merge key (<<); write the content out");
    if (!level.keys.insert(value.text()).second) {
      return Fail(at, "the same key a second time in one table");
    }
    level.key = value.text();
    level.has_key = true;
  }

  const std::string_view text_;
  const Lines lines_;
  const int depth_max_;
  int documents_ = 0;
  std::vector<Level> levels_;
  Value root_;
  Status status_;
};

Status CheckCharacters(std::string_view text) {
  const auto fail = [&](size_t at, std::string_view what) {
    return Error(Code::kInvalidArgument, "{}{}", PositionText(PositionOf(text, at)), what);
  };
  if (const size_t good = Utf8Prefix(text); good != text.size()) {
    return fail(good, "a byte that is not UTF-8");
  }
  if (text.starts_with("\xEF\xBB\xBF")) return fail(0, "a byte order mark; remove it");
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7F) {
      return fail(at, "a control character");
    }
    // U+0080 to U+009F; in UTF-8 that is C2 80 to C2 9F.
    if (byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0) {
      return fail(at, "a control character");
    }
  }
  return Ok();
}

}  // namespace

StatusOr<Value> ParseYaml(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.size_bytes_max) {
    return Error(Code::kResourceExhausted, "{} bytes, at most {}", text.size(),
                 limits.size_bytes_max);
  }
  RK_RETURN_IF_ERROR(CheckCharacters(text));
  Builder builder(text, limits.depth_max);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    // At a stray "," the library gives one empty document after another and never moves on.
    while (!builder.has_failed() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    RK_RETURN_IF_ERROR(builder.Finish().status());
    return Error(Code::kInvalidArgument, "{}{}", PositionText(builder.At(error.mark)), error.msg);
  }
  return builder.Finish();
}

}  // namespace renkei::syntax
