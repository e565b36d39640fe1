// SPDX-License-Identifier: Apache-2.0
#include "renkei/backup/manifest.h"

#include <algorithm>
#include <utility>

#include "renkei/crypto/hash.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"

namespace renkei::backup {
namespace {

using syntax::Fields;
using syntax::Value;

constexpr size_t kManifestBytesMax = 256 << 20;  // a million blobs
constexpr int64_t kCountMax = int64_t{1} << 53;
constexpr std::string_view kDigestKey = "sha256";

// A path below the directory, whatever it is joined to.
bool IsBelow(std::string_view path) {
  if (path.empty() || path.front() == '/') return false;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view word = path.substr(0, end);
    if (word.empty() || word == "." || word == "..") return false;
    if (end == path.size()) return true;
    path.remove_prefix(end + 1);
  }
  return false;
}

Value ToValue(const LedgerPart& part) {
  Value value = Value::Object();
  value.Set("path", part.path);
  value.Set("key", part.key.VerifierText());
  value.Set("size", part.size);
  value.Set("root", part.root.hex());
  value.Set("checkpoint", part.checkpoint);
  return value;
}

Value ToValue(const FilePart& part) {
  Value value = Value::Object();
  value.Set("path", part.path);
  value.Set("bytes", part.size_bytes);
  value.Set("sha256", part.sha256.hex());
  return value;
}

Value ToValue(const Manifest& manifest) {
  Value value = Value::Object();
  value.Set("format", kFormat);
  value.Set("kind", NameOf(manifest.kind));
  if (manifest.kind == Kind::kSite) value.Set("site", manifest.site);
  value.Set("taken_at", FormatInstant(manifest.taken_at));
  value.Set("with_keys", manifest.with_keys);
  Value& ledgers = value.Set("ledgers", Value::Array());
  for (const LedgerPart& part : manifest.ledgers) ledgers.Push(ToValue(part));
  Value& files = value.Set("files", Value::Array());
  for (const FilePart& part : manifest.files) files.Push(ToValue(part));
  Value& blobs = value.Set("blobs", Value::Array());
  for (const BlobId& blob : manifest.blobs) blobs.Push(blob.Text());
  return value;
}

Digest DigestOf(Fields& fields, std::string_view key) {
  const std::string text = fields.Text(key);
  if (fields.failed()) return {};
  const auto digest = Digest::FromHexText(text);
  if (!digest.ok()) fields.Fail(key, Message(digest.status()));
  return digest.ok() ? *digest : Digest();
}

std::string PathIn(Fields& fields) {
  std::string path = fields.Text("path");
  if (!fields.failed() && !IsBelow(path)) fields.Fail("path", "leads out of the directory");
  return path;
}

StatusOr<LedgerPart> ParseLedger(const Value& value) {
  Fields fields(value, "ledgers");
  LedgerPart part;
  part.path = PathIn(fields);
  const std::string key = fields.Text("key");
  part.size = static_cast<uint64_t>(fields.Integer("size", 0, kCountMax));
  part.root = DigestOf(fields, "root");
  part.checkpoint = fields.Text("checkpoint");
  RK_RETURN_IF_ERROR(fields.Finish());
  RK_ASSIGN_OR_RETURN(part.key, seal::NoteKey::Parse(key));
  return part;
}

StatusOr<FilePart> ParseFile(const Value& value) {
  Fields fields(value, "files");
  FilePart part;
  part.path = PathIn(fields);
  part.size_bytes = static_cast<uint64_t>(fields.Integer("bytes", 0, kCountMax));
  part.sha256 = DigestOf(fields, "sha256");
  RK_RETURN_IF_ERROR(fields.Finish());
  return part;
}

// The elements of a list that may be longer than those that people write.
const Value::Items& ItemsOf(Fields& fields, std::string_view key) {
  static const Value::Items none;
  const Value* list = fields.Any(key);
  if (list != nullptr && list->kind() == Value::Kind::kArray) return list->items();
  fields.Fail(key, "a list is needed");
  return none;
}

StatusOr<Manifest> FromValue(const Value& value) {
  Fields fields(value, "backup");
  Manifest manifest;
  const std::string format = fields.Text("format");
  if (!fields.failed() && format != kFormat) {
    fields.Fail("format", fmt::format("\"{}\" is what this version reads", kFormat));
  }
  const std::string kind = fields.Text("kind");
  manifest.kind = kind == NameOf(Kind::kSite) ? Kind::kSite : Kind::kCoordinator;
  if (!fields.failed() && kind != NameOf(manifest.kind)) {
    fields.Fail("kind", "coordinator or site");
  }
  if (manifest.kind == Kind::kSite) manifest.site = fields.Text("site");
  manifest.taken_at = fields.Time("taken_at");
  manifest.with_keys = fields.Bool("with_keys");
  for (const Value& item : ItemsOf(fields, "ledgers")) {
    RK_ASSIGN_OR_RETURN(LedgerPart part, ParseLedger(item));
    manifest.ledgers.push_back(std::move(part));
  }
  for (const Value& item : ItemsOf(fields, "files")) {
    RK_ASSIGN_OR_RETURN(FilePart part, ParseFile(item));
    manifest.files.push_back(std::move(part));
  }
  for (const Value& item : ItemsOf(fields, "blobs")) {
    if (item.kind() != Value::Kind::kText) return Error(Code::kInvalidArgument, "blobs: no names");
    RK_ASSIGN_OR_RETURN(const BlobId blob, BlobId::Parse(item.text()));
    manifest.blobs.push_back(blob);
  }
  fields.Any(kDigestKey);
  RK_RETURN_IF_ERROR(fields.Finish());
  return manifest;
}

}  // namespace

std::string_view NameOf(Kind kind) { return kind == Kind::kSite ? "site" : "coordinator"; }

const LedgerPart* Manifest::FindLedger(std::string_view path) const {
  const auto found = std::ranges::find(ledgers, path, &LedgerPart::path);
  return found == ledgers.end() ? nullptr : &*found;
}

// The digest is over the document without it, so that a flipped bit anywhere shows.
std::string DumpManifest(const Manifest& manifest) {
  Value value = ToValue(manifest);
  value.Set(kDigestKey, crypto::Sha256(AsBytes(syntax::DumpJsonPretty(value))).hex());
  return syntax::DumpJsonPretty(value);
}

StatusOr<Manifest> ParseManifest(std::string_view text) {
  const auto value = syntax::ParseJson(text, {.size_bytes_max = kManifestBytesMax});
  if (!value.ok()) return Error(Code::kDataLoss, "{}", Message(value.status()));
  RK_ASSIGN_OR_RETURN(Manifest manifest, FromValue(*value));
  if (DumpManifest(manifest) == text) return manifest;
  return Error(Code::kDataLoss, "is not what was written: its digest does not fit");
}

StatusOr<Manifest> ReadManifest(Disk& disk, const std::string& directory) {
  const std::string path = ManifestPath(directory);
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk, path, kManifestBytesMax));
  auto manifest = ParseManifest(AsText(bytes));
  if (!manifest.ok()) return Annotate(manifest.status(), path);
  return manifest;
}

std::string ManifestPath(const std::string& directory) {
  return JoinPath(directory, "backup.json");
}

std::string KeptPath(const std::string& directory, const Digest& sha256) {
  return JoinPath(JoinPath(directory, "files"), sha256.hex());
}

}  // namespace renkei::backup
