// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/watched_disk.h"

#include <algorithm>
#include <utility>

#include "renkei/base/log.h"

namespace renkei {
namespace {

bool LiesIn(const std::string& path, const std::string& directory) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace

Status ProbeWrite(Disk& disk, const std::string& directory, size_t size_bytes) {
  const std::string path = JoinPath(directory, kProbeName);
  Status written;
  {
    RK_ASSIGN_OR_RETURN(const auto file, disk.Open(path, OpenMode::kCreate));
    written = file->WriteAt(0, Bytes(size_bytes));
    if (written.ok()) written = file->Sync();
  }
  const Status removed = disk.Remove(path);
  if (!written.ok()) return written;
  // Another process may try the same directory.
  return removed.code() == Code::kNotFound ? Ok() : removed;
}

class WatchedDisk::OpenFile final : public File {
 public:
  OpenFile(std::unique_ptr<File> below, std::string path, WatchedDisk& disk)
      : below_(std::move(below)), path_(std::move(path)), disk_(disk) {}

  StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const override {
    auto read = below_->ReadAt(offset, into);
    if (!read.ok()) {
      disk_.Note(path_, Doing::kRead, read.status(), into.size(), offset).IgnoreError();
    }
    return read;
  }
  StatusOr<uint64_t> Size() const override { return below_->Size(); }
  Status WriteAt(uint64_t offset, ByteSpan bytes) override {
    return disk_.Note(path_, Doing::kWrite, below_->WriteAt(offset, bytes), bytes.size());
  }
  Status Truncate(uint64_t size_bytes) override {
    return disk_.Note(path_, Doing::kWrite, below_->Truncate(size_bytes));
  }
  Status Sync() override { return disk_.Note(path_, Doing::kWrite, below_->Sync()); }

 private:
  std::unique_ptr<File> below_;
  std::string path_;
  WatchedDisk& disk_;
};

WatchedDisk::WatchedDisk(Disk& below, Clock& clock, std::vector<Place> places)
    : below_(below), clock_(clock) {
  for (Place& place : places) {
    std::string& directory = place.directory;
    while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
    Watched& watched = watched_.emplace_back();
    watched.condition.place = std::move(place);
    watched.condition.since = clock.Now();
  }
}

std::vector<WatchedDisk::Condition> WatchedDisk::Conditions() const {
  const std::lock_guard lock(mutex_);
  std::vector<Condition> conditions;
  for (const Watched& watched : watched_) conditions.push_back(watched.condition);
  return conditions;
}

void WatchedDisk::Probe() {
  const std::lock_guard probe_lock(probe_mutex_);
  std::vector<Watched> due;
  {
    const Milliseconds now = clock_.Monotonic();
    const std::lock_guard lock(mutex_);
    for (Watched& watched : watched_) {
      const bool is_fine = watched.condition.failure.ok();
      const Milliseconds every = is_fine ? kProbeWhileFine : kProbeWhileFailing;
      if (watched.probed && now - *watched.probed < every) continue;
      watched.probed = now;
      due.push_back(watched);
    }
  }
  for (const Watched& tried : due) {
    const std::string& directory = tried.condition.place.directory;
    const auto there = below_.Exists(directory);
    if (there.ok() && !*there) continue;
    const Status status = TryAgain(tried);
    if (!status.ok()) {
      Note(JoinPath(directory, kProbeName), Doing::kWrite, status).IgnoreError();
      continue;
    }
    const std::lock_guard lock(mutex_);
    for (Watched& watched : watched_) {
      if (watched.condition.place.name != tried.condition.place.name ||
          watched.condition.failure.ok()) {
        continue;
      }
      log::Info("disk.works-again", {{"place", watched.condition.place.name},
                                     {"path", watched.condition.place.directory}});
      watched.condition.failure = Ok();
      watched.condition.since = clock_.Now();
      watched.probe_bytes = kProbeBytesMin;
      watched.read.reset();
    }
  }
}

Status WatchedDisk::TryAgain(const Watched& watched) {
  RK_RETURN_IF_ERROR(ProbeWrite(below_, watched.condition.place.directory, watched.probe_bytes));
  if (!watched.read) return Ok();
  const auto file = below_.Open(watched.read->path, OpenMode::kRead);
  if (file.status().code() == Code::kNotFound) return Ok();
  RK_RETURN_IF_ERROR(file.status());
  Bytes into(watched.read->size_bytes);
  return (*file)->ReadAt(watched.read->offset, into).status();
}

WatchedDisk::Watched* WatchedDisk::PlaceOf(const std::string& path) {
  Watched* found = nullptr;
  for (Watched& watched : watched_) {
    const std::string& directory = watched.condition.place.directory;
    if (!LiesIn(path, directory)) continue;
    if (found == nullptr || directory.size() > found->condition.place.directory.size()) {
      found = &watched;
    }
  }
  return found;
}

Status WatchedDisk::Note(const std::string& path, Doing doing, Status status, size_t size_bytes,
                         uint64_t offset) {
  const bool is_failure = status.code() == Code::kResourceExhausted ||
                          status.code() == Code::kDataLoss ||
                          (status.code() == Code::kPermissionDenied && doing == Doing::kWrite);
  if (!is_failure) return status;
  const std::lock_guard lock(mutex_);
  Watched* const watched = PlaceOf(path);
  if (watched == nullptr) return status;
  if (doing == Doing::kRead && size_bytes > 0) {
    watched->read = {
        .path = path, .offset = offset, .size_bytes = std::min(size_bytes, kProbeBytesMax)};
  }
  if (doing == Doing::kWrite) {
    watched->probe_bytes = std::clamp(size_bytes, watched->probe_bytes, kProbeBytesMax);
  }
  if (!watched->condition.failure.ok()) return status;
  watched->condition.failure = status;
  watched->condition.since = clock_.Now();
  watched->probed = clock_.Monotonic();
  log::Error("disk.failed", {{"place", watched->condition.place.name}, {"why", Message(status)}});
  return status;
}

StatusOr<std::unique_ptr<File>> WatchedDisk::Open(const std::string& path, OpenMode mode) {
  auto file = below_.Open(path, mode);
  if (mode == OpenMode::kReadAlien) return file;
  if (!file.ok())
    return Note(path, mode == OpenMode::kRead ? Doing::kRead : Doing::kWrite, file.status());
  return std::make_unique<OpenFile>(std::move(*file), path, *this);
}

StatusOr<bool> WatchedDisk::Exists(const std::string& path) { return below_.Exists(path); }

StatusOr<std::vector<std::string>> WatchedDisk::List(const std::string& path) {
  auto names = below_.List(path);
  if (!names.ok()) return Note(path, Doing::kRead, names.status());
  return names;
}

Status WatchedDisk::MakeDirs(const std::string& path) {
  return Note(path, Doing::kWrite, below_.MakeDirs(path));
}

Status WatchedDisk::Rename(const std::string& from, const std::string& to) {
  return Note(to, Doing::kWrite, below_.Rename(from, to));
}

// What cannot be removed is for the caller to judge: a trainer may leave such things.
Status WatchedDisk::Remove(const std::string& path) { return below_.Remove(path); }

Status WatchedDisk::SyncDir(const std::string& path) {
  return Note(path, Doing::kWrite, below_.SyncDir(path));
}

StatusOr<uint64_t> WatchedDisk::FreeBytes(const std::string& path) {
  return below_.FreeBytes(path);
}

StatusOr<std::unique_ptr<File>> WatchedDisk::Lock(const std::string& path) {
  auto file = below_.Lock(path);
  if (!file.ok()) return Note(path, Doing::kWrite, file.status());
  return std::make_unique<OpenFile>(std::move(*file), path, *this);
}

}  // namespace renkei
