// SPDX-License-Identifier: Apache-2.0
// All durable I/O. The real disk, and a lying one for tests (lying_disk.h).
//
// Paths are plain strings. Every error names the path and the system's reason:
//   NOT_FOUND            no such file or directory
//   ALREADY_EXISTS       kCreateNew on a name that is there
//   RESOURCE_EXHAUSTED   disk full, quota, too many open files
//   PERMISSION_DENIED    not allowed, or a read-only file system
//   DATA_LOSS            the device failed (EIO)
//   UNAVAILABLE          the lock is held by another process
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"

namespace renkei {

// An open file. Reads may run in several threads at once; writes are the caller's to order.
class File {
 public:
  virtual ~File() = default;
  // Fills `into` from `offset`; returns the bytes read, fewer only at the end of the file.
  virtual StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const = 0;
  virtual StatusOr<uint64_t> Size() const = 0;
  virtual Status WriteAt(uint64_t offset, ByteSpan bytes) = 0;
  virtual Status Truncate(uint64_t size_bytes) = 0;
  // Content is on stable storage when this returns OK. The name is not: see Disk::SyncDir.
  virtual Status Sync() = 0;
};

// Fills all of `into` or fails: DATA_LOSS when the file ends first.
Status ReadExactly(const File& file, uint64_t offset, std::span<uint8_t> into);

enum class OpenMode {
  kRead,       // must exist
  kReadAlien,  // the same, for what a program that is not trusted left there: opens at once, and
               // INVALID_ARGUMENT for a link, a pipe, a device or a directory
  kWrite,      // read and write; must exist
  kCreate,     // read and write; made empty when absent
  kCreateNew,  // read and write; must be absent
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  virtual StatusOr<bool> Exists(const std::string& path) = 0;
  // Names in a directory, sorted, without "." and "..".
  virtual StatusOr<std::vector<std::string>> List(const std::string& path) = 0;
  virtual Status MakeDirs(const std::string& path) = 0;  // existing ones are fine
  virtual Status Rename(const std::string& from, const std::string& to) = 0;  // replaces `to`
  virtual Status Remove(const std::string& path) = 0;  // a file or an empty directory
  // The names in the directory are on stable storage when this returns OK.
  virtual Status SyncDir(const std::string& path) = 0;
  virtual StatusOr<uint64_t> FreeBytes(const std::string& path) = 0;
  // An exclusive lock on `path` (made when absent) until the result is destroyed.
  virtual StatusOr<std::unique_ptr<File>> Lock(const std::string& path) = 0;
};

// The operating system's file system. New files are 0600, new directories 0700.
std::unique_ptr<Disk> MakeRealDisk();

// The whole file. RESOURCE_EXHAUSTED when it is longer than `size_bytes_max`.
StatusOr<Bytes> ReadWhole(Disk& disk, const std::string& path, uint64_t size_bytes_max,
                          OpenMode mode = OpenMode::kRead);

// Replaces `path` so that a crash leaves the old content or the new: temporary file, sync,
// rename, sync of the directory.
Status WriteWhole(Disk& disk, const std::string& path, ByteSpan bytes);

// Removes a directory with all it holds, or a file; an absent one is fine. Links are removed, not
// followed. An error names what stays; all else is gone.
Status RemoveTree(Disk& disk, const std::string& path);

// "a/b" of "a/b/c"; "." when there is no slash.
std::string ParentOf(std::string_view path);
std::string JoinPath(std::string_view directory, std::string_view name);

// Bytes in order, to a place that the implementation knows.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Status Append(ByteSpan bytes) = 0;
};

}  // namespace renkei
