// SPDX-License-Identifier: Apache-2.0
// backup.json: what a backup holds, and the digests by which it is checked. docs/formats/backup.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/seal/signed_note.h"

namespace renkei::backup {

inline constexpr std::string_view kFormat = "renkei-backup/1";

enum class Kind { kCoordinator, kSite };
std::string_view NameOf(Kind kind);  // "coordinator", "site"

// A copy of a ledger or mirror, below its path.
struct LedgerPart {
  std::string path;  // "ledger"; "mirror", "log"
  seal::NoteKey key;
  uint64_t size = 0;
  Digest root;
  std::string checkpoint;  // signed note; what is in the directory covers at least as much

  bool operator==(const LedgerPart&) const = default;
};

// A small file, kept as files/<sha256>.
struct FilePart {
  std::string path;  // where it was, below the directory
  uint64_t size_bytes = 0;
  Digest sha256;

  bool operator==(const FilePart&) const = default;
};

struct Manifest {
  Kind kind = Kind::kCoordinator;
  std::string site;  // of a site
  Instant taken_at{};
  bool with_keys = false;
  std::vector<LedgerPart> ledgers;
  std::vector<FilePart> files;
  std::vector<BlobId> blobs;  // ascending

  const LedgerPart* FindLedger(std::string_view path) const;
  bool operator==(const Manifest&) const = default;
};

std::string DumpManifest(const Manifest& manifest);
//   INVALID_ARGUMENT  another format, or a path that leads elsewhere
//   DATA_LOSS         not the bytes that DumpManifest made
StatusOr<Manifest> ParseManifest(std::string_view text);

// Of the backup in `directory`; errors name the file. NOT_FOUND when there is none.
StatusOr<Manifest> ReadManifest(Disk& disk, const std::string& directory);

std::string ManifestPath(const std::string& directory);
// Where the content of a file is kept.
std::string KeptPath(const std::string& directory, const Digest& sha256);

}  // namespace renkei::backup
