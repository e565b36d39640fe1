// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/disk.h"

namespace renkei {

Status ReadExactly(const File& file, uint64_t offset, std::span<uint8_t> into) {
  RK_ASSIGN_OR_RETURN(const size_t got, file.ReadAt(offset, into));
  if (got == into.size()) return Ok();
  return Error(Code::kDataLoss, "file ends at byte {}, {} more were expected", offset + got,
               into.size() - got);
}

StatusOr<Bytes> ReadWhole(Disk& disk, const std::string& path, uint64_t size_bytes_max,
                          OpenMode mode) {
  RK_ASSIGN_OR_RETURN(const auto file, disk.Open(path, mode));
  RK_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size > size_bytes_max) {
    return Error(Code::kResourceExhausted, "{}: {} bytes, at most {} are read", path, size,
                 size_bytes_max);
  }
  Bytes bytes(size);
  if (Status read = ReadExactly(*file, 0, bytes); !read.ok()) return Annotate(read, path);
  return bytes;
}

Status WriteWhole(Disk& disk, const std::string& path, ByteSpan bytes) {
  const std::string temporary = path + ".tmp";
  {
    RK_ASSIGN_OR_RETURN(const auto file, disk.Open(temporary, OpenMode::kCreate));
    RK_RETURN_IF_ERROR(file->Truncate(0));
    RK_RETURN_IF_ERROR(file->WriteAt(0, bytes));
    RK_RETURN_IF_ERROR(file->Sync());
  }
  RK_RETURN_IF_ERROR(disk.Rename(temporary, path));
  return disk.SyncDir(ParentOf(path));
}

Status RemoveTree(Disk& disk, const std::string& path) {
  const Status removed = disk.Remove(path);
  if (removed.ok() || removed.code() == Code::kNotFound) return Ok();
  if (removed.code() != Code::kAlreadyExists) return removed;
  // A directory with something in it; a link to one is gone by now.
  RK_ASSIGN_OR_RETURN(const auto names, disk.List(path));
  Status failure;
  for (const std::string& name : names) {
    const Status inside = RemoveTree(disk, JoinPath(path, name));
    if (failure.ok()) failure = inside;
  }
  return failure.ok() ? disk.Remove(path) : failure;
}

std::string ParentOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  return directory.ends_with('/') ? fmt::format("{}{}", directory, name)
                                  : fmt::format("{}/{}", directory, name);
}

}  // namespace renkei
