// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "renkei/base/disk.h"

namespace renkei {
namespace {

Code CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Code::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
      return Code::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case EFBIG:
      return Code::kResourceExhausted;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kPermissionDenied;
    case EIO:
      return Code::kDataLoss;
    default:
      return Code::kFailedPrecondition;
  }
}

// How an operator mends it; nothing where the reason says it all.
std::string_view RemedyOf(int error) {
  switch (error) {
    case ENOSPC:
      return "; make room on that disk, or move the directory to a larger one";
    case EDQUOT:
      return "; raise the quota of the user that runs this, or make room";
    case EMFILE:
      return "; raise the limit of open files of this process (ulimit -n, LimitNOFILE=)";
    case ENFILE:
      return "; raise the machine's limit of open files (sysctl fs.file-max)";
    case EROFS:
      return "; mount it writable: after a device error check the disk first";
    case EACCES:
    case EPERM:
      return "; give it to the user that runs this (chown, chmod)";
    case EIO:
      return "; the device fails: see the kernel's log (dmesg), and move the directory to a sound "
             "disk";
    default:
      return "";
  }
}

Status SystemError(const std::string& path, std::string_view doing, int error) {
  return Error(CodeOf(error), "{}: cannot {}: {}{}", path, doing,
               std::generic_category().message(error), RemedyOf(error));
}

class RealFile final : public File {
 public:
  RealFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~RealFile() override { close(fd_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const override {
    size_t done = 0;
    while (done < into.size()) {
      const ssize_t got =
          pread(fd_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return SystemError(path_, "read", errno);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  StatusOr<uint64_t> Size() const override {
    struct stat status;
    if (fstat(fd_, &status) != 0) return SystemError(path_, "stat", errno);
    return static_cast<uint64_t>(status.st_size);
  }

  Status WriteAt(uint64_t offset, ByteSpan bytes) override {
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t put =
          pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return SystemError(path_, "write", errno);
      done += static_cast<size_t>(put);
    }
    return Ok();
  }

  Status Truncate(uint64_t size_bytes) override {
    if (ftruncate(fd_, static_cast<off_t>(size_bytes)) != 0) {
      return SystemError(path_, "truncate", errno);
    }
    return Ok();
  }

  Status Sync() override {
    if (fdatasync(fd_) != 0) return SystemError(path_, "sync", errno);
    return Ok();
  }

 private:
  int fd_;
  std::string path_;
};

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadAlien:
      return O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    case OpenMode::kWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT;
    case OpenMode::kCreateNew:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

class RealDisk final : public Disk {
 public:
  StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    const int fd = open(path.c_str(), FlagsOf(mode) | O_CLOEXEC, 0600);
    if (fd < 0 && mode == OpenMode::kReadAlien && (errno == ELOOP || errno == ENXIO)) {
      return NotAFile(path);
    }
    if (fd < 0) return SystemError(path, "open", errno);
    auto file = std::make_unique<RealFile>(fd, path);
    if (mode == OpenMode::kReadAlien) RK_RETURN_IF_ERROR(CheckRegular(fd, path));
    return file;
  }

  StatusOr<bool> Exists(const std::string& path) override {
    struct stat status;
    if (stat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return SystemError(path, "stat", errno);
  }

  StatusOr<std::vector<std::string>> List(const std::string& path) override {
    DIR* directory = opendir(path.c_str());
    if (directory == nullptr) return SystemError(path, "list", errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int error = errno;
    closedir(directory);
    if (error != 0) return SystemError(path, "list", error);
    std::sort(names.begin(), names.end());
    return names;
  }

  Status MakeDirs(const std::string& path) override {
    if (path.empty() || path == "/" || path == ".") return Ok();
    if (mkdir(path.c_str(), 0700) == 0) return SyncDir(ParentOf(path));
    if (errno == EEXIST) return CheckDirectory(path);
    if (errno != ENOENT) return SystemError(path, "make the directory", errno);
    RK_RETURN_IF_ERROR(MakeDirs(ParentOf(path)));
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
      return SystemError(path, "make the directory", errno);
    }
    return SyncDir(ParentOf(path));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) == 0) return Ok();
    return SystemError(from, fmt::format("rename to {}", to), errno);
  }

  Status Remove(const std::string& path) override {
    if (remove(path.c_str()) == 0) return Ok();
    return SystemError(path, "remove", errno);
  }

  Status SyncDir(const std::string& path) override {
    const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return SystemError(path, "open the directory", errno);
    const int result = fsync(fd);
    const int error = errno;
    close(fd);
    if (result != 0) return SystemError(path, "sync the directory", error);
    return Ok();
  }

  StatusOr<uint64_t> FreeBytes(const std::string& path) override {
    struct statvfs status;
    if (statvfs(path.c_str(), &status) != 0) return SystemError(path, "stat the disk of", errno);
    return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
  }

  StatusOr<std::unique_ptr<File>> Lock(const std::string& path) override {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return SystemError(path, "open", errno);
    auto file = std::make_unique<RealFile>(fd, path);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return file;
    if (errno != EWOULDBLOCK) return SystemError(path, "lock", errno);
    return Error(Code::kUnavailable, "{}: another process works in this directory; stop it first",
                 path);
  }

 private:
  static Status NotAFile(const std::string& path) {
    return Error(Code::kInvalidArgument,
                 "{}: a regular file is needed, not a link, pipe, device or directory", path);
  }

  static Status CheckRegular(int fd, const std::string& path) {
    struct stat status;
    if (fstat(fd, &status) != 0) return SystemError(path, "stat", errno);
    return S_ISREG(status.st_mode) ? Ok() : NotAFile(path);
  }

  static Status CheckDirectory(const std::string& path) {
    struct stat status;
    if (stat(path.c_str(), &status) != 0) return SystemError(path, "stat", errno);
    if (S_ISDIR(status.st_mode)) return Ok();
    return Error(Code::kAlreadyExists, "{}: is a file, a directory is needed", path);
  }
};

}  // namespace

std::unique_ptr<Disk> MakeRealDisk() { return std::make_unique<RealDisk>(); }

}  // namespace renkei
