// SPDX-License-Identifier: Apache-2.0
#include "renkei/seal/signed_note.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "renkei/base/check.h"
#include "renkei/crypto/hash.h"
#include "renkei/syntax/utf8.h"

namespace renkei::seal {
namespace {

constexpr uint8_t kEd25519 = 1;                      // C2SP signed-note, "Signature types"
constexpr std::string_view kDash = "\xe2\x80\x94 ";  // em dash and a space
constexpr size_t kHashBytes = 4;

Status BadNote(std::string_view why) {
  return Error(Code::kInvalidArgument, "not a signed note: {}", why);
}

uint32_t BigEndian32(ByteSpan bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

uint32_t KeyHash(std::string_view name, const crypto::PublicKey& key) {
  Bytes bytes = ToBytes(name);
  bytes.push_back('\n');
  bytes.push_back(kEd25519);
  bytes.insert(bytes.end(), key.bytes.begin(), key.bytes.end());
  return BigEndian32(crypto::Sha256(bytes).span());
}

bool IsKeyName(std::string_view name) {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](unsigned char c) {
    return c <= ' ' || c == '+' || c == 0x7f;
  });
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 && c != '\n'; });
}

StatusOr<NoteSignature> ParseSignatureLine(std::string_view line) {
  if (!line.starts_with(kDash)) return BadNote("a signature line begins with an em dash");
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsKeyName(line.substr(0, space))) {
    return BadNote("a signature line has a key name and a signature");
  }
  const auto bytes = FromBase64(line.substr(space + 1));
  if (!bytes.ok() || bytes->size() <= kHashBytes) return BadNote("a signature is not base64");
  return NoteSignature{.name = std::string(line.substr(0, space)),
                       .key_hash = BigEndian32(*bytes),
                       .signature = Bytes(bytes->begin() + kHashBytes, bytes->end())};
}

// The part up to the next newline, which is taken off `text` too.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

NoteKey NoteKey::Of(std::string name, const crypto::PublicKey& key) {
  RK_CHECK(IsKeyName(name));
  const uint32_t hash = KeyHash(name, key);
  return {.name = std::move(name), .key_hash = hash, .key = key};
}

std::string NoteKey::VerifierText() const {
  Bytes bytes = {kEd25519};
  bytes.insert(bytes.end(), key.bytes.begin(), key.bytes.end());
  return fmt::format("{}+{:08x}+{}", name, key_hash, ToBase64(bytes));
}

StatusOr<NoteKey> NoteKey::Parse(std::string_view verifier_text) {
  const auto bad = [] {
    return Error(Code::kInvalidArgument,
                 "not a verifier key: expected <name>+<hash>+<base64> of an Ed25519 key");
  };
  const size_t first = verifier_text.find('+');
  if (first == std::string_view::npos || verifier_text.size() < first + 10 ||
      verifier_text[first + 9] != '+') {
    return bad();
  }
  const auto bytes = FromBase64(verifier_text.substr(first + 10));
  NoteKey key;
  key.name = std::string(verifier_text.substr(0, first));
  if (!bytes.ok() || bytes->size() != 1 + key.key.bytes.size() || bytes->front() != kEd25519 ||
      !IsKeyName(key.name)) {
    return bad();
  }
  std::copy(bytes->begin() + 1, bytes->end(), key.key.bytes.begin());
  key.key_hash = KeyHash(key.name, key.key);
  if (key.VerifierText() != verifier_text) return bad();
  return key;
}

StatusOr<SignedNote> ParseNote(std::string_view note) {
  if (note.size() > kNoteBytesMax) return BadNote("longer than 64 KiB");
  if (!syntax::IsUtf8(note)) return BadNote("not UTF-8");
  if (HasControlCharacter(note)) return BadNote("has control characters");
  const size_t split = note.rfind("\n\n");
  if (split == std::string_view::npos || !note.ends_with('\n')) {
    return BadNote("text, a blank line and signatures are expected");
  }
  SignedNote parsed;
  parsed.text = std::string(note.substr(0, split + 1));
  std::string_view lines = note.substr(split + 2);
  while (!lines.empty()) {
    if (parsed.signatures.size() == kNoteSignaturesMax) return BadNote("too many signatures");
    RK_ASSIGN_OR_RETURN(NoteSignature signature, ParseSignatureLine(TakeLine(lines)));
    parsed.signatures.push_back(std::move(signature));
  }
  if (parsed.signatures.empty()) return BadNote("no signature");
  return parsed;
}

std::string DumpNote(const SignedNote& note) {
  std::string out = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    Bytes bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<uint8_t>(signature.key_hash >> shift));
    }
    bytes.insert(bytes.end(), signature.signature.begin(), signature.signature.end());
    out += fmt::format("{}{} {}\n", kDash, signature.name, ToBase64(bytes));
  }
  return out;
}

void SignNote(SignedNote& note, const std::string& name, const crypto::SigningKey& key) {
  const crypto::Signature signature = key.Sign(AsBytes(note.text));
  note.signatures.push_back({.name = name,
                             .key_hash = KeyHash(name, key.public_key()),
                             .signature = Bytes(signature.begin(), signature.end())});
}

bool NoteSignedBy(const SignedNote& note, const NoteKey& key) {
  return std::any_of(note.signatures.begin(), note.signatures.end(), [&](const auto& signature) {
    return signature.name == key.name && signature.key_hash == key.key_hash &&
           crypto::Verify(key.key, AsBytes(note.text), signature.signature);
  });
}

std::string CheckpointText(const Checkpoint& checkpoint) {
  return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size,
                     ToBase64(checkpoint.root.span()));
}

StatusOr<Checkpoint> ParseCheckpointText(std::string_view note_text) {
  const auto bad = [](std::string_view what) {
    return Error(Code::kInvalidArgument, "not a checkpoint: {}", what);
  };
  if (!note_text.ends_with('\n')) return bad("the last line has no end");
  std::string_view rest = note_text;
  Checkpoint checkpoint;
  checkpoint.origin = std::string(TakeLine(rest));
  if (checkpoint.origin.empty()) return bad("the first line is the origin");
  const std::string_view size = TakeLine(rest);
  const auto [end, error] =
      std::from_chars(size.data(), size.data() + size.size(), checkpoint.size);
  if (error != std::errc() || end != size.data() + size.size() ||
      size != std::to_string(checkpoint.size)) {
    return bad("the second line is the size, in decimal");
  }
  const auto root = FromBase64(TakeLine(rest));
  if (!root.ok() || root->size() != Digest::kSize) return bad("the third line is the root, base64");
  RK_ASSIGN_OR_RETURN(checkpoint.root, Digest::FromSpan(*root));
  while (!rest.empty()) {
    if (TakeLine(rest).empty()) return bad("an extension line is empty");
  }
  return checkpoint;
}

StatusOr<Checkpoint> OpenCheckpoint(std::string_view signed_note, const NoteKey& key) {
  RK_ASSIGN_OR_RETURN(const SignedNote note, ParseNote(signed_note));
  if (!NoteSignedBy(note, key)) {
    return Error(Code::kDataLoss, "checkpoint: no valid signature of {}", key.name);
  }
  RK_ASSIGN_OR_RETURN(const Checkpoint checkpoint, ParseCheckpointText(note.text));
  if (checkpoint.origin == key.name) return checkpoint;
  return Error(Code::kDataLoss, "checkpoint: of another ledger than {}", key.name);
}

}  // namespace renkei::seal
