// SPDX-License-Identifier: Apache-2.0
// What the ledger's tests share. Tests only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/crypto/sign.h"
#include "renkei/seal/signed_note.h"

namespace renkei::ledger {

inline constexpr char kTestOrigin[] = "renkei/test/0123456789abcdef";

// The same key in every run.
crypto::SigningKey TestKey(uint64_t seed = 1);
seal::NoteKey TestNoteKey();

// Distinct entries of 0 to 96 bytes, the same in every run.
Bytes TestEntry(uint64_t index);
std::vector<Bytes> TestEntries(uint64_t begin, uint64_t end);

// The bytes of their bundle.
Bytes TestBundle(const std::vector<Bytes>& entries);

// The leaf hashes of TestEntries(0, count), and the root by the plain recursion.
std::vector<Digest> TestLeaves(uint64_t count);
Digest TestRoot(uint64_t count);

// The signed note over TestRoot(count), or over `root`.
std::string TestCheckpoint(uint64_t count);
std::string SignedCheckpoint(uint64_t size, const Digest& root, uint64_t key_seed = 1);

}  // namespace renkei::ledger
