// SPDX-License-Identifier: Apache-2.0
// A copy of a ledger or mirror that its owner goes on writing, and the way back: a copy that is
// written again. docs/formats/ledger.md, "Copies".
#pragma once

#include <string>
#include <string_view>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/ledger/checkpoint_file.h"
#include "renkei/ledger/verify_directory.h"
#include "renkei/seal/signed_note.h"

namespace renkei::ledger {

// Copies what the checkpoint in `from` covers to `to`, a directory without a journal that nobody
// else writes, made when absent. What `to` has of the same ledger already is not copied again, but
// verified. Every byte of the copy is verified before its checkpoint is replaced; then it is
// durable, and `visit` was called with every entry. On error `to` covers what it did.
//
//   NOT_FOUND            `from` has no checkpoint
//   DATA_LOSS            damaged, or `to` has another history of this ledger: names the file
//   FAILED_PRECONDITION  `to` covers more entries than `from`
//   UNAVAILABLE          `from` went on so fast that its last tiles could not be read
StatusOr<VerifyReport> CopyDirectory(Disk& disk, const std::string& from, const std::string& to,
                                     const seal::NoteKey& key, const EntryVisitor& visit = {});

// That the signed note is of the ledger in `directory`, a verified copy, and not beyond its end.
//
//   DATA_LOSS            not signed by `key`, or of another history
//   FAILED_PRECONDITION  the note covers more entries
Status CheckNoteAgainst(Disk& disk, const std::string& directory, const seal::NoteKey& key,
                        std::string_view note);

// The same for the root of the first `size` entries.
Status CheckRootAgainst(Disk& disk, const std::string& directory, const seal::NoteKey& key,
                        uint64_t size, const Digest& root);

// Gives a verified copy the journal with which Ledger::Open goes on behind its checkpoint: nothing
// is signed again, and nothing else can be at an index that the checkpoint covers.
//
//   ALREADY_EXISTS  there is a journal
Status BeginJournal(Disk& disk, const std::string& directory, const seal::NoteKey& key);

}  // namespace renkei::ledger
