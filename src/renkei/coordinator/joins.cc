// SPDX-License-Identifier: Apache-2.0
#include "renkei/coordinator/joins.h"

#include <algorithm>
#include <utility>

#include "renkei/identity/join.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/value.h"

namespace renkei::coordinator {
namespace {

using syntax::Value;

constexpr std::string_view kFormat = "renkei-joins/1";
constexpr uint64_t kFileBytesMax = (kJoinsPendingMax + kJoinGrantsMax) * kJoinBytesMax * 2;

template <class Letter>
void DropOld(std::vector<Letter>& letters, Instant now) {
  std::erase_if(letters, [&](const Letter& letter) { return now - letter.at >= kJoinLifetime; });
}

template <class Letter>
void DropToken(std::vector<Letter>& letters, const std::string& token_id) {
  std::erase_if(letters, [&](const Letter& letter) { return letter.token_id == token_id; });
}

template <class Letter>
Value Dump(const std::vector<Letter>& letters) {
  Value array = Value::Array();
  for (const Letter& letter : letters) {
    Value object = Value::Object();
    object.Set("token_id", letter.token_id);
    object.Set("json", letter.json);
    object.Set("at", FormatInstant(letter.at));
    array.Push(std::move(object));
  }
  return array;
}

template <class Letter>
Status Parse(const std::vector<const Value*>& objects, std::vector<Letter>& letters) {
  for (const Value* object : objects) {
    syntax::Fields fields(*object, "joins.json");
    Letter letter;
    letter.token_id = fields.Text("token_id");
    letter.json = fields.Text("json");
    letter.at = fields.Time("at");
    RK_RETURN_IF_ERROR(fields.Finish());
    letters.push_back(std::move(letter));
  }
  return Ok();
}

Status CheckLength(const std::string& json) {
  if (json.size() <= kJoinBytesMax) return Ok();
  return Error(Code::kResourceExhausted, "{} bytes; a join request or grant has at most {}",
               json.size(), kJoinBytesMax);
}

}  // namespace

StatusOr<std::unique_ptr<Joins>> Joins::Open(Disk& disk, std::string path) {
  std::unique_ptr<Joins> joins(new Joins(disk, std::move(path)));
  RK_ASSIGN_OR_RETURN(const bool there, disk.Exists(joins->path_));
  if (there) RK_RETURN_IF_ERROR(joins->Load());
  return joins;
}

Status Joins::Load() {
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk_, path_, kFileBytesMax));
  const auto lost = [&](const Status& why) {
    return Error(Code::kDataLoss, "{}: {}; remove it and let the sites ask again", path_,
                 Message(why));
  };
  auto document = syntax::ParseJson(AsText(bytes), {.size_bytes_max = kFileBytesMax});
  if (!document.ok()) return lost(document.status());
  syntax::Fields fields(*document, "joins.json");
  const std::string format = fields.Text("format");
  if (format != kFormat) fields.Fail("format", "another format");
  const auto pending = fields.Objects("pending");
  const auto grants = fields.Objects("grants");
  if (Status status = fields.Finish(); !status.ok()) return lost(status);
  if (Status status = Parse(pending, pending_); !status.ok()) return lost(status);
  if (Status status = Parse(grants, grants_); !status.ok()) return lost(status);
  return Ok();
}

Status Joins::Save(const std::vector<Letter>& pending, const std::vector<Letter>& grants) {
  Value document = Value::Object();
  document.Set("format", kFormat);
  document.Set("pending", Dump(pending));
  document.Set("grants", Dump(grants));
  return WriteWhole(disk_, path_, AsBytes(syntax::DumpJson(document)));
}

Status Joins::Ask(const std::string& request_json, Instant now) {
  RK_RETURN_IF_ERROR(CheckLength(request_json));
  RK_ASSIGN_OR_RETURN(const identity::JoinRequest request,
                      identity::ParseJoinRequest(request_json));
  const std::scoped_lock lock(mutex_);
  std::vector<Letter> pending = pending_;
  DropOld(pending, now);
  const auto same = std::ranges::find(pending, request_json, &Letter::json);
  if (same != pending.end()) return Ok();
  DropToken(pending, request.token_id);
  if (pending.size() >= kJoinsPendingMax) {
    return Error(Code::kResourceExhausted,
                 "{} sites wait to join already; try again when they have been answered",
                 kJoinsPendingMax);
  }
  pending.push_back({.token_id = request.token_id, .json = request_json, .at = now});
  RK_RETURN_IF_ERROR(Save(pending, grants_));
  pending_ = std::move(pending);
  return Ok();
}

std::vector<std::string> Joins::Pending(Instant now) {
  const std::scoped_lock lock(mutex_);
  DropOld(pending_, now);
  std::vector<std::string> requests;
  for (const Letter& letter : pending_) requests.push_back(letter.json);
  return requests;
}

Status Joins::Grant(const std::string& grant_json, Instant now) {
  RK_RETURN_IF_ERROR(CheckLength(grant_json));
  RK_ASSIGN_OR_RETURN(const identity::JoinGrant grant, identity::ParseJoinGrant(grant_json));
  const std::scoped_lock lock(mutex_);
  std::vector<Letter> pending = pending_;
  std::vector<Letter> grants = grants_;
  DropToken(pending, grant.token_id);
  DropToken(grants, grant.token_id);
  DropOld(grants, now);
  if (grants.size() >= kJoinGrantsMax) grants.erase(grants.begin());
  grants.push_back({.token_id = grant.token_id, .json = grant_json, .at = now});
  RK_RETURN_IF_ERROR(Save(pending, grants));
  pending_ = std::move(pending);
  grants_ = std::move(grants);
  return Ok();
}

StatusOr<std::string> Joins::Poll(const std::string& token_id, Instant now) {
  const std::scoped_lock lock(mutex_);
  DropOld(grants_, now);
  const auto found = std::ranges::find(grants_, token_id, &Letter::token_id);
  if (found != grants_.end()) return found->json;
  return Error(Code::kNotFound, "no answer to join token {} yet", token_id);
}

}  // namespace renkei::coordinator
