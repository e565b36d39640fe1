// SPDX-License-Identifier: Apache-2.0
#include "renkei/coordinator/letter_box.h"

#include <algorithm>

#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/value.h"

namespace renkei::coordinator {
namespace {

using syntax::Value;

constexpr std::string_view kFormat = "renkei-letters/1";
constexpr uint64_t kFileBytesMax =
    (kStrangersPendingMax + kKnownPendingMax + kAnswersMax) * kLetterBytesMax * 2;

void DropOld(std::vector<Letter>& letters, Instant now) {
  std::erase_if(letters, [&](const Letter& letter) { return now >= letter.until; });
}

void DropSender(std::vector<Letter>& letters, const std::string& from) {
  std::erase_if(letters, [&](const Letter& letter) { return letter.from == from; });
}

Value Dump(const std::vector<Letter>& letters) {
  Value array = Value::Array();
  for (const Letter& letter : letters) {
    Value object = Value::Object();
    object.Set("id", letter.id);
    object.Set("from", letter.from);
    object.Set("known", letter.known);
    object.Set("json", letter.json);
    object.Set("until", FormatInstant(letter.until));
    array.Push(std::move(object));
  }
  return array;
}

Status Parse(const std::vector<const Value*>& objects, std::vector<Letter>& letters) {
  for (const Value* object : objects) {
    syntax::Fields fields(*object, "letters.json");
    Letter letter;
    letter.id = fields.Text("id");
    letter.from = fields.Text("from");
    letter.known = fields.Bool("known");
    letter.json = fields.Text("json");
    letter.until = fields.Time("until");
    RK_RETURN_IF_ERROR(fields.Finish());
    letters.push_back(std::move(letter));
  }
  return Ok();
}

Status CheckLength(const std::string& json) {
  if (json.size() <= kLetterBytesMax) return Ok();
  return Error(Code::kResourceExhausted, "{} bytes; a request or an answer has at most {}",
               json.size(), kLetterBytesMax);
}

}  // namespace

StatusOr<std::unique_ptr<LetterBox>> LetterBox::Open(Disk& disk, std::string path) {
  std::unique_ptr<LetterBox> box(new LetterBox(disk, std::move(path)));
  RK_ASSIGN_OR_RETURN(const bool there, disk.Exists(box->path_));
  if (there) RK_RETURN_IF_ERROR(box->Load());
  return box;
}

Status LetterBox::Load() {
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk_, path_, kFileBytesMax));
  const auto lost = [&](const Status& why) {
    return Error(Code::kDataLoss, "{}: {}; remove it and let the sites ask again", path_,
                 Message(why));
  };
  auto document = syntax::ParseJson(AsText(bytes), {.size_bytes_max = kFileBytesMax});
  if (!document.ok()) return lost(document.status());
  syntax::Fields fields(*document, "letters.json");
  const std::string format = fields.Text("format");
  if (format != kFormat) fields.Fail("format", "another format");
  const auto pending = fields.Objects("pending");
  const auto answers = fields.Objects("answers");
  if (Status status = fields.Finish(); !status.ok()) return lost(status);
  if (Status status = Parse(pending, pending_); !status.ok()) return lost(status);
  if (Status status = Parse(answers, answers_); !status.ok()) return lost(status);
  return Ok();
}

Status LetterBox::Save(const std::vector<Letter>& pending, const std::vector<Letter>& answers) {
  Value document = Value::Object();
  document.Set("format", kFormat);
  document.Set("pending", Dump(pending));
  document.Set("answers", Dump(answers));
  return WriteWhole(disk_, path_, AsBytes(syntax::DumpJson(document)));
}

Status LetterBox::Ask(Letter letter, Instant now) {
  RK_RETURN_IF_ERROR(CheckLength(letter.json));
  const std::scoped_lock lock(mutex_);
  std::vector<Letter> pending = pending_;
  DropOld(pending, now);
  const auto same = std::ranges::find(pending, letter.json, &Letter::json);
  if (same != pending.end()) return Ok();
  DropSender(pending, letter.from);
  const size_t max = letter.known ? kKnownPendingMax : kStrangersPendingMax;
  const auto waiting = std::ranges::count(pending, letter.known, &Letter::known);
  if (static_cast<size_t>(waiting) >= max) {
    return Error(Code::kResourceExhausted,
                 "{} sites wait for an answer already; try again when they have had it", waiting);
  }
  pending.push_back(std::move(letter));
  RK_RETURN_IF_ERROR(Save(pending, answers_));
  pending_ = std::move(pending);
  return Ok();
}

std::vector<Letter> LetterBox::Pending(Instant now) {
  const std::scoped_lock lock(mutex_);
  DropOld(pending_, now);
  return pending_;
}

std::optional<Letter> LetterBox::FindPending(const std::string& id, Instant now) {
  const std::scoped_lock lock(mutex_);
  DropOld(pending_, now);
  const auto found = std::ranges::find(pending_, id, &Letter::id);
  return found == pending_.end() ? std::nullopt : std::optional(*found);
}

Status LetterBox::Answer(Letter answer, Instant now) {
  RK_RETURN_IF_ERROR(CheckLength(answer.json));
  const std::scoped_lock lock(mutex_);
  std::vector<Letter> pending = pending_;
  std::vector<Letter> answers = answers_;
  std::erase_if(pending, [&](const Letter& letter) { return letter.id == answer.id; });
  DropSender(answers, answer.from);
  DropOld(answers, now);
  if (answers.size() >= kAnswersMax) answers.erase(answers.begin());
  answers.push_back(std::move(answer));
  RK_RETURN_IF_ERROR(Save(pending, answers));
  pending_ = std::move(pending);
  answers_ = std::move(answers);
  return Ok();
}

StatusOr<std::string> LetterBox::Poll(const std::string& id, Instant now) {
  const std::scoped_lock lock(mutex_);
  DropOld(answers_, now);
  const auto found = std::ranges::find(answers_, id, &Letter::id);
  if (found != answers_.end()) return found->json;
  return Error(Code::kNotFound, "no answer to request {} yet", id);
}

}  // namespace renkei::coordinator
