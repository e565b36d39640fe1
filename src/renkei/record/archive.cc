// SPDX-License-Identifier: Apache-2.0
#include "renkei/record/archive.h"

#include <algorithm>
#include <cmath>

#include "renkei/syntax/utf8.h"

namespace renkei::record {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsCodeLetter(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
         c == '/' || c == ':' || c == '-';
}

bool IsCode(std::string_view text, size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && std::ranges::all_of(text, IsCodeLetter);
}

bool IsLine(std::string_view text) {
  return text.size() <= kTextBytesMax && std::ranges::none_of(text, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
         });
}

bool IsDate(std::string_view text) {
  return text.size() == 10 && ParseInstant(std::string(text) + "T00:00:00Z").ok();
}

bool Fits(std::string_view text, Shape shape) {
  switch (shape) {
    case Shape::kCode:
      return IsCode(text, kCodeBytesMax);
    case Shape::kCodeOrEmpty:
      return text.empty() || IsCode(text, kCodeBytesMax);
    case Shape::kSubject:
      return IsCode(text, kSubjectBytesMax);
    case Shape::kSubjectOrEmpty:
      return text.empty() || IsCode(text, kSubjectBytesMax);
    case Shape::kText:
      return !text.empty() && IsLine(text);
    case Shape::kTextOrEmpty:
      return IsLine(text);
    case Shape::kDate:
      return IsDate(text);
    case Shape::kCountry:
      return text.size() == 2 &&
             std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
    case Shape::kHex256:
      return Digest::FromHexText(text).ok();
    case Shape::kDocument:
      return true;
  }
  return false;
}

std::string Wanted(Shape shape) {
  switch (shape) {
    case Shape::kCode:
    case Shape::kCodeOrEmpty:
      return fmt::format("is not 1 to {} of A-Z a-z 0-9 . _ / : -", kCodeBytesMax);
    case Shape::kSubject:
    case Shape::kSubjectOrEmpty:
      return fmt::format("is not 1 to {} of A-Z a-z 0-9 . _ / : -", kSubjectBytesMax);
    case Shape::kText:
    case Shape::kTextOrEmpty:
      return fmt::format("is not one line of 1 to {} bytes", kTextBytesMax);
    case Shape::kDate:
      return "is not a date such as 2026-11-24";
    case Shape::kCountry:
      return "is not a country's two letters";
    case Shape::kHex256:
      return "is not 64 lower-case hex digits";
    case Shape::kDocument:
      break;
  }
  return "is wrong";
}

}  // namespace

void Writer::Fail(std::string_view key, std::string_view message) {
  if (status_.ok()) status_ = Error(Code::kInvalidArgument, "{}: {}: {}", where_, key, message);
}

void Writer::Text(std::string_view key, std::string_view text) {
  if (!syntax::IsUtf8(text)) return Fail(key, "is not UTF-8");
  object_.Set(key, text);
}

void Writer::Integer(std::string_view key, uint64_t number) {
  if (number > kIntegerMax) return Fail(key, fmt::format("{} is above {}", number, kIntegerMax));
  object_.Set(key, number);
}

void Writer::operator()(std::string_view key, const Metrics& field) {
  syntax::Value metrics = syntax::Value::Object();
  for (const auto& [name, number] : field) {
    if (!IsCode(name, kCodeBytesMax)) return Fail(key, "a name " + Wanted(Shape::kCode));
    if (!std::isfinite(number)) return Fail(key, name + " is not a finite number");
    metrics.Set(name, number);
  }
  object_.Set(key, std::move(metrics));
}

void Writer::operator()(std::string_view key, const std::vector<std::string>& field, Shape) {
  for (const std::string& text : field) {
    if (!syntax::IsUtf8(text)) return Fail(key, "is not UTF-8");
  }
  object_.Set(key, field);
}

void Writer::operator()(std::string_view key, std::vector<SiteId>& field) {
  syntax::Value sites = syntax::Value::Array();
  for (const SiteId& site : field) sites.Push(site.text());
  object_.Set(key, std::move(sites));
}

void Writer::operator()(std::string_view key, std::vector<BlobId>& field) {
  syntax::Value blobs = syntax::Value::Array();
  for (const BlobId& blob : field) blobs.Push(blob.Text());
  object_.Set(key, std::move(blobs));
}

StatusOr<syntax::Value> Writer::Finish() {
  RK_RETURN_IF_ERROR(status_);
  return std::move(object_);
}

void Reader::operator()(std::string_view key, std::string& field, Shape shape) {
  field = fields_.Text(key);
  if (!Fits(field, shape)) fields_.Fail(key, Wanted(shape));
}

void Reader::operator()(std::string_view key, std::string& field, Choices choices) {
  field = fields_.Text(key);
  const std::string spaced = fmt::format(" {} ", choices.words);
  if (field.empty() || field.find(' ') != std::string::npos ||
      spaced.find(fmt::format(" {} ", field)) == std::string::npos) {
    fields_.Fail(key, fmt::format("is none of: {}", choices.words));
  }
}

void Reader::operator()(std::string_view key, Digest& field) {
  const auto digest = Digest::FromHexText(fields_.Text(key));
  if (!digest.ok()) return fields_.Fail(key, Message(digest.status()));
  field = *digest;
}

void Reader::operator()(std::string_view key, Verdict& field) {
  const std::string text = fields_.Text(key);
  for (const Verdict verdict : {Verdict::kGo, Verdict::kHold, Verdict::kRefuse}) {
    if (text != NameOf(verdict)) continue;
    field = verdict;
    return;
  }
  fields_.Fail(key, "is none of: go hold refuse");
}

void Reader::operator()(std::string_view key, Metrics& field) {
  const syntax::Value* object = fields_.ObjectAt(key);
  if (object == nullptr) return;
  if (object->members().size() > kMetricsMax) {
    return fields_.Fail(key, fmt::format("more than {} metrics", kMetricsMax));
  }
  for (const auto& [name, value] : object->members()) {
    if (!IsCode(name, kCodeBytesMax)) return fields_.Fail(key, "a name " + Wanted(Shape::kCode));
    if (value.kind() != syntax::Value::Kind::kNumber) {
      return fields_.Fail(key, name + " is not a number with a decimal point");
    }
    field[name] = value.number();
  }
}

void Reader::operator()(std::string_view key, std::vector<std::string>& field, Shape shape) {
  field = fields_.Texts(key);
  if (field.size() > kItemsMax) return TooMany(key);
  for (const std::string& text : field) {
    if (!Fits(text, shape)) return fields_.Fail(key, "an item " + Wanted(shape));
  }
}

void Reader::operator()(std::string_view key, std::vector<SiteId>& field) {
  const std::vector<std::string> texts = fields_.Texts(key);
  if (texts.size() > kItemsMax) return TooMany(key);
  for (const std::string& text : texts) {
    auto site = SiteId::Parse(text);
    if (!site.ok()) return fields_.Fail(key, Message(site.status()));
    if (!field.empty() && !(field.back() < *site)) {
      return fields_.Fail(key, "sites have to ascend");
    }
    field.push_back(*std::move(site));
  }
}

void Reader::operator()(std::string_view key, std::vector<BlobId>& field) {
  const std::vector<std::string> texts = fields_.Texts(key);
  if (texts.size() > kDeletedBlobsMax) {
    return fields_.Fail(key, fmt::format("more than {} blobs", kDeletedBlobsMax));
  }
  for (const std::string& text : texts) {
    const auto blob = BlobId::Parse(text);
    if (!blob.ok()) return fields_.Fail(key, Message(blob.status()));
    if (!field.empty() && !(field.back() < *blob)) {
      return fields_.Fail(key, "blobs have to ascend");
    }
    field.push_back(*blob);
  }
}

void Reader::TooMany(std::string_view key) {
  fields_.Fail(key, fmt::format("more than {} items", kItemsMax));
}

Status Reader::Finish() {
  RK_RETURN_IF_ERROR(nested_);
  return fields_.Finish();
}

}  // namespace renkei::record
