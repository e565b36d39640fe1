// SPDX-License-Identifier: Apache-2.0
// C2SP signed-note with Ed25519 keys, and tlog-checkpoint. docs/formats/signed-note.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"

namespace renkei::seal {

inline constexpr size_t kNoteBytesMax = 64 << 10;
inline constexpr size_t kNoteSignaturesMax = 100;

// A name with its key: "<name>+<hash>+<base64(0x01 || key)>".
struct NoteKey {
  std::string name;
  uint32_t key_hash = 0;  // first 4 bytes of SHA-256(name || 0x0A || 0x01 || key), big-endian
  crypto::PublicKey key;

  static NoteKey Of(std::string name, const crypto::PublicKey& key);
  std::string VerifierText() const;
  //   INVALID_ARGUMENT  not the text form, another algorithm, or a hash that does not fit
  static StatusOr<NoteKey> Parse(std::string_view verifier_text);

  bool operator==(const NoteKey&) const = default;
};

struct NoteSignature {
  std::string name;
  uint32_t key_hash = 0;
  Bytes signature;  // without the hash
};

struct SignedNote {
  std::string text;  // ends with a newline
  std::vector<NoteSignature> signatures;
};

// INVALID_ARGUMENT unless text, blank line, and 1 to kNoteSignaturesMax signature lines.
StatusOr<SignedNote> ParseNote(std::string_view note);
std::string DumpNote(const SignedNote& note);
void SignNote(SignedNote& note, const std::string& name, const crypto::SigningKey& key);
bool NoteSignedBy(const SignedNote& note, const NoteKey& key);

struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  Digest root;

  bool operator==(const Checkpoint&) const = default;
};

// Three lines: origin, size, base64 of the root; extension lines are ignored when read.
std::string CheckpointText(const Checkpoint& checkpoint);
StatusOr<Checkpoint> ParseCheckpointText(std::string_view note_text);
// The checkpoint in a note signed by `key`, whose name is the origin.
//   INVALID_ARGUMENT  not such a note
//   DATA_LOSS         not signed by that key, or of another origin
StatusOr<Checkpoint> OpenCheckpoint(std::string_view signed_note, const NoteKey& key);

}  // namespace renkei::seal
