// SPDX-License-Identifier: Apache-2.0
#include "life_disk.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace renkei::sim {
namespace {

Status Gone(const std::string& path) {
  return Error(Code::kUnavailable, "{}: this process is dead", path);
}

}  // namespace

std::string StepName(std::string_view what, std::string_view path) {
  std::string name(what);
  char before = ' ';
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty()) continue;
    const bool bucket = part.size() == 2 && std::ranges::all_of(part, [](unsigned char c) {
                          return std::isxdigit(c) != 0;
                        });
    const bool numbered =
        bucket || std::ranges::any_of(part, [](unsigned char c) { return std::isdigit(c) != 0; });
    const size_t dash = part.find('-');
    name += std::exchange(before, '/');
    if (!numbered) {
      name += part;
    } else {
      if (dash != std::string_view::npos) name += part.substr(0, dash + 1);
      name += '*';
    }
  }
  return name;
}

std::optional<Side> StepWatch::Take(const std::string& name) {
  ++count_;
  const uint64_t occurrence = ++seen_[name];
  if (armed_step_ && count_ >= *armed_step_) {
    armed_step_.reset();
    return armed_side_;
  }
  if (point_ && point_->step == name && occurrence >= point_->occurrence) {
    const Side side = point_->side;
    point_.reset();
    return side;
  }
  return std::nullopt;
}

struct LifeDisk::Life {
  explicit Life(StepWatch& watch_in) : watch(watch_in) {}

  // Takes the durable step `work` under its name, or dies beside it.
  template <typename Work>
  Status Step(std::string_view what, const std::string& path, Work work) {
    if (dead) return Gone(path);
    const std::optional<Side> side = watch.Take(StepName(what, path));
    if (side == Side::kBefore) {
      dead = true;
      return Gone(path);
    }
    const Status done = work();
    if (side != Side::kAfter) return done;
    dead = true;
    return Gone(path);
  }

  StepWatch& watch;
  bool dead = false;
};

class LifeDisk::LifeFile final : public File {
 public:
  LifeFile(std::shared_ptr<Life> life, std::string path, std::unique_ptr<File> file)
      : life_(std::move(life)), path_(std::move(path)), file_(std::move(file)) {}

  StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const override {
    if (life_->dead) return Gone(path_);
    return file_->ReadAt(offset, into);
  }
  StatusOr<uint64_t> Size() const override {
    if (life_->dead) return Gone(path_);
    return file_->Size();
  }
  Status WriteAt(uint64_t offset, ByteSpan bytes) override {
    return life_->Step("write", path_, [&] { return file_->WriteAt(offset, bytes); });
  }
  Status Truncate(uint64_t size_bytes) override {
    return life_->Step("truncate", path_, [&] { return file_->Truncate(size_bytes); });
  }
  Status Sync() override {
    return life_->Step("sync", path_, [&] { return file_->Sync(); });
  }

 private:
  std::shared_ptr<Life> life_;
  std::string path_;
  std::unique_ptr<File> file_;
};

LifeDisk::LifeDisk(LyingDisk& disk, StepWatch& watch)
    : disk_(disk), life_(std::make_shared<Life>(watch)) {}

bool LifeDisk::dead() const { return life_->dead; }
void LifeDisk::End() { life_->dead = true; }

StatusOr<std::unique_ptr<File>> LifeDisk::Open(const std::string& path, OpenMode mode) {
  if (life_->dead) return Gone(path);
  bool creates = mode == OpenMode::kCreateNew;
  if (mode == OpenMode::kCreate) {
    RK_ASSIGN_OR_RETURN(const bool there, disk_.Exists(path));
    creates = !there;
  }
  StatusOr<std::unique_ptr<File>> opened = Gone(path);
  const auto open = [&] {
    opened = disk_.Open(path, mode);
    return opened.status();
  };
  RK_RETURN_IF_ERROR(creates ? life_->Step("create", path, open) : open());
  return std::make_unique<LifeFile>(life_, path, *std::move(opened));
}

StatusOr<bool> LifeDisk::Exists(const std::string& path) {
  if (life_->dead) return Gone(path);
  return disk_.Exists(path);
}

StatusOr<std::vector<std::string>> LifeDisk::List(const std::string& path) {
  if (life_->dead) return Gone(path);
  return disk_.List(path);
}

Status LifeDisk::MakeDirs(const std::string& path) {
  if (life_->dead) return Gone(path);
  RK_ASSIGN_OR_RETURN(const bool there, disk_.Exists(path));
  if (there) return disk_.MakeDirs(path);
  return life_->Step("make-dirs", path, [&] { return disk_.MakeDirs(path); });
}

Status LifeDisk::Rename(const std::string& from, const std::string& to) {
  return life_->Step("rename", to, [&] { return disk_.Rename(from, to); });
}

Status LifeDisk::Remove(const std::string& path) {
  if (life_->dead) return Gone(path);
  RK_ASSIGN_OR_RETURN(const bool there, disk_.Exists(path));
  if (!there) return disk_.Remove(path);
  return life_->Step("remove", path, [&] { return disk_.Remove(path); });
}

Status LifeDisk::SyncDir(const std::string& path) {
  return life_->Step("sync-dir", path, [&] { return disk_.SyncDir(path); });
}

StatusOr<uint64_t> LifeDisk::FreeBytes(const std::string& path) {
  if (life_->dead) return Gone(path);
  return disk_.FreeBytes(path);
}

StatusOr<std::unique_ptr<File>> LifeDisk::Lock(const std::string& path) {
  if (life_->dead) return Gone(path);
  RK_ASSIGN_OR_RETURN(auto file, disk_.Lock(path));
  return std::make_unique<LifeFile>(life_, path, std::move(file));
}

}  // namespace renkei::sim
