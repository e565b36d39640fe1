// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/ledger_testing.h"

#include "renkei/base/random.h"
#include "renkei/crypto/merkle.h"
#include "renkei/ledger/bundle.h"

namespace renkei::ledger {

crypto::SigningKey TestKey(uint64_t seed) {
  return crypto::SigningKey::Generate(*MakeSeededRandom(seed));
}

seal::NoteKey TestNoteKey() { return seal::NoteKey::Of(kTestOrigin, TestKey().public_key()); }

Bytes TestEntry(uint64_t index) {
  Bytes entry = ToBytes(fmt::format("{}:", index));
  entry.resize(index == 0 ? 0 : entry.size() + index * 7 % 89, static_cast<uint8_t>(index));
  return entry;
}

std::vector<Bytes> TestEntries(uint64_t begin, uint64_t end) {
  std::vector<Bytes> entries;
  for (uint64_t i = begin; i < end; ++i) entries.push_back(TestEntry(i));
  return entries;
}

Bytes TestBundle(const std::vector<Bytes>& entries) {
  Bundle bundle;
  for (const Bytes& entry : entries) bundle.Append(entry);
  const ByteSpan bytes = bundle.Prefix(entries.size());
  return Bytes(bytes.begin(), bytes.end());
}

std::vector<Digest> TestLeaves(uint64_t count) {
  std::vector<Digest> leaves;
  for (uint64_t i = 0; i < count; ++i) leaves.push_back(crypto::LeafHash(TestEntry(i)));
  return leaves;
}

Digest TestRoot(uint64_t count) { return crypto::TreeRoot(TestLeaves(count)); }

std::string TestCheckpoint(uint64_t count) { return SignedCheckpoint(count, TestRoot(count)); }

std::string SignedCheckpoint(uint64_t size, const Digest& root, uint64_t key_seed) {
  seal::SignedNote note;
  note.text = seal::CheckpointText({.origin = kTestOrigin, .size = size, .root = root});
  seal::SignNote(note, kTestOrigin, TestKey(key_seed));
  return seal::DumpNote(note);
}

}  // namespace renkei::ledger
