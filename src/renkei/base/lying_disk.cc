// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/lying_disk.h"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>

#include "renkei/base/check.h"

namespace renkei {
namespace {

constexpr uint64_t kUnlimitedBytes = uint64_t{1} << 40;

// A write, or with `bytes` absent a truncation to `offset`.
struct ContentChange {
  uint64_t offset = 0;
  std::optional<Bytes> bytes;
};

void Apply(const ContentChange& change, Bytes& content) {
  if (!change.bytes) {
    content.resize(change.offset);
    return;
  }
  if (content.size() < change.offset) content.resize(change.offset);
  const auto at = content.begin() + static_cast<std::ptrdiff_t>(change.offset);
  const auto over = std::min<std::ptrdiff_t>(content.end() - at, std::ssize(*change.bytes));
  const auto rest = change.bytes->begin() + over;
  std::copy(change.bytes->begin(), rest, at);
  content.insert(content.end(), rest, change.bytes->end());
}

struct Node {
  bool is_directory = false;
  Bytes content;                        // what reads see
  Bytes stable;                         // what a crash leaves
  std::vector<ContentChange> unsynced;  // from `stable` to `content`
};

// shared_ptr: an open file stays readable after its name is gone, and two name tables (seen and
// stable) speak of one node.
using NodePtr = std::shared_ptr<Node>;
using Names = std::map<std::string, NodePtr>;

struct NameChange {
  enum class Kind { kCreate, kRemove, kRename };
  Kind kind;
  std::string path;
  std::string to;  // kRename
  NodePtr node;
};

bool IsBelow(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

// The names for which IsBelow holds. They stand together, and most calls ask of few among many.
template <class Table>
auto Below(Table& names, const std::string& directory) {
  static_assert('0' == '/' + 1);
  return std::ranges::subrange(names.lower_bound(directory + '/'),
                               names.lower_bound(directory + '0'));
}

void EraseTree(Names& names, const std::string& path) {
  names.erase(path);
  const auto below = Below(names, path);
  names.erase(below.begin(), below.end());
}

// Whether ParentOf(path) == directory, asked too often to make the text of each.
bool IsIn(std::string_view path, std::string_view directory) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return directory == ".";
  return path.substr(0, std::max<size_t>(slash, 1)) == directory;
}

void Apply(const NameChange& change, Names& names) {
  const auto at = names.find(change.path);
  const bool is_there = at != names.end() && at->second == change.node;
  switch (change.kind) {
    case NameChange::Kind::kCreate:
      names[change.path] = change.node;
      return;
    case NameChange::Kind::kRemove:
      if (is_there) EraseTree(names, change.path);
      return;
    case NameChange::Kind::kRename:
      break;
  }
  Names moved = {{change.to, change.node}};
  if (is_there) {
    for (const auto& [path, node] : Below(names, change.path)) {
      moved[change.to + path.substr(change.path.size())] = node;
    }
    EraseTree(names, change.path);
  }
  EraseTree(names, change.to);
  names.merge(moved);
}

std::string Trim(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

bool IsRoot(const std::string& path) { return path == "." || path == "/"; }

// What survives of an unsynced write: all, nothing, or a part of it.
std::optional<ContentChange> Survivor(const ContentChange& change, Random& random) {
  const uint64_t fate = random.Below(3);
  if (fate == 0) return std::nullopt;
  if (fate == 1 || !change.bytes || change.bytes->empty()) return change;
  const uint64_t begin = random.Below(change.bytes->size());
  const uint64_t end = begin + 1 + random.Below(change.bytes->size() - begin);
  return ContentChange{.offset = change.offset + begin,
                       .bytes = Bytes(change.bytes->begin() + static_cast<std::ptrdiff_t>(begin),
                                      change.bytes->begin() + static_cast<std::ptrdiff_t>(end))};
}

// A bit that was flipped, and the byte that this made.
struct Flip {
  std::weak_ptr<Node> node;
  uint64_t bit = 0;
  uint8_t made = 0;
};

void FlipIn(Bytes& content, uint64_t bit) {
  if (bit / 8 < content.size()) content[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
}

}  // namespace

struct LyingDisk::State {
  mutable std::mutex mutex;
  Names names;
  Names stable_names;
  std::vector<NameChange> unsynced_names;
  std::set<std::string> locks;
  std::vector<Flip> flips;
  uint64_t boots = 0;
  uint64_t steps = 0;
  uint64_t first_failing_step = std::numeric_limits<uint64_t>::max();
  uint64_t capacity_bytes = kUnlimitedBytes;
  std::string unreadable;  // empty: nothing is

  // All below: `mutex` is held.
  Status Step(const std::string& path) {
    if (++steps < first_failing_step) return Ok();
    return Error(Code::kDataLoss, "{}: the device fails (step {})", path, steps);
  }
  Status CheckReadable(const std::string& path) const {
    if (unreadable.empty() || (path != unreadable && !IsBelow(path, unreadable))) return Ok();
    return Error(Code::kDataLoss, "{}: the device fails to read", path);
  }
  Status CheckRoom(const std::string& path, uint64_t more_bytes) const {
    if (capacity_bytes - std::min(capacity_bytes, UsedBytes()) >= more_bytes) return Ok();
    return Error(Code::kResourceExhausted, "{}: no space left on the disk", path);
  }
  uint64_t UsedBytes() const {
    uint64_t used = 0;
    if (capacity_bytes == kUnlimitedBytes) return used;
    for (const auto& [path, node] : names) used += node->content.size();
    return used;
  }
  NodePtr Find(const std::string& path) const {
    const auto at = names.find(path);
    return at == names.end() ? nullptr : at->second;
  }
  bool IsDirectory(const std::string& path) const {
    const NodePtr node = Find(path);
    return IsRoot(path) || (node && node->is_directory);
  }
  bool HasChildren(const std::string& path) const { return !Below(names, path).empty(); }
  void Change(NameChange change) {
    Apply(change, names);
    unsynced_names.push_back(std::move(change));
  }
  StatusOr<NodePtr> Create(const std::string& path) {
    if (!IsDirectory(ParentOf(path))) {
      return Error(Code::kNotFound, "{}: cannot open: no such directory", path);
    }
    RK_RETURN_IF_ERROR(Step(path));
    auto node = std::make_shared<Node>();
    Change({.kind = NameChange::Kind::kCreate, .path = path, .to = "", .node = node});
    return node;
  }
  // Files of directories that did not survive are unreachable.
  void DropOrphans() {
    for (auto at = names.begin(); at != names.end();) {
      at = IsDirectory(ParentOf(at->first)) ? std::next(at) : names.erase(at);
    }
  }

  class OpenFile;
};

class LyingDisk::State::OpenFile final : public File {
 public:
  OpenFile(State& state, NodePtr node, std::string path, bool is_writable, bool is_lock)
      : state_(state),
        node_(std::move(node)),
        path_(std::move(path)),
        boot_(state.boots),
        is_writable_(is_writable),
        is_lock_(is_lock) {}
  ~OpenFile() override {
    const std::lock_guard lock(state_.mutex);
    if (is_lock_ && boot_ == state_.boots) state_.locks.erase(path_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const override {
    const std::lock_guard lock(state_.mutex);
    RK_RETURN_IF_ERROR(CheckUsable());
    RK_RETURN_IF_ERROR(state_.CheckReadable(path_));
    const Bytes& content = node_->content;
    if (offset >= content.size()) return size_t{0};
    const size_t count = std::min<uint64_t>(into.size(), content.size() - offset);
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }

  StatusOr<uint64_t> Size() const override {
    const std::lock_guard lock(state_.mutex);
    RK_RETURN_IF_ERROR(CheckUsable());
    return node_->content.size();
  }

  Status WriteAt(uint64_t offset, ByteSpan bytes) override {
    const std::lock_guard lock(state_.mutex);
    RK_RETURN_IF_ERROR(CheckWritable());
    const uint64_t end = offset + bytes.size();
    if (end > node_->content.size()) {
      RK_RETURN_IF_ERROR(state_.CheckRoom(path_, end - node_->content.size()));
    }
    Status step = state_.Step(path_);
    if (!step.ok()) bytes = bytes.first(bytes.size() / 2);
    if (!bytes.empty()) Change({.offset = offset, .bytes = Bytes(bytes.begin(), bytes.end())});
    return step;
  }

  Status Truncate(uint64_t size_bytes) override {
    const std::lock_guard lock(state_.mutex);
    RK_RETURN_IF_ERROR(CheckWritable());
    if (size_bytes > node_->content.size()) {
      RK_RETURN_IF_ERROR(state_.CheckRoom(path_, size_bytes - node_->content.size()));
    }
    RK_RETURN_IF_ERROR(state_.Step(path_));
    Change({.offset = size_bytes, .bytes = std::nullopt});
    return Ok();
  }

  Status Sync() override {
    const std::lock_guard lock(state_.mutex);
    RK_RETURN_IF_ERROR(CheckUsable());
    RK_RETURN_IF_ERROR(state_.Step(path_));
    for (const ContentChange& change : node_->unsynced) Apply(change, node_->stable);
    node_->unsynced.clear();
    return Ok();
  }

 private:
  Status CheckUsable() const {
    if (boot_ == state_.boots) return Ok();
    return Error(Code::kUnavailable, "{}: was open when the power failed", path_);
  }
  Status CheckWritable() const {
    RK_RETURN_IF_ERROR(CheckUsable());
    if (is_writable_) return Ok();
    return Error(Code::kFailedPrecondition, "{}: is open for reading only", path_);
  }
  void Change(ContentChange change) {
    Apply(change, node_->content);
    node_->unsynced.push_back(std::move(change));
  }

  State& state_;
  NodePtr node_;
  std::string path_;
  uint64_t boot_;
  bool is_writable_;
  bool is_lock_;
};

LyingDisk::LyingDisk() : state_(std::make_unique<State>()) {}
LyingDisk::~LyingDisk() = default;

void LyingDisk::Crash(Random* random) {
  const std::lock_guard lock(state_->mutex);
  State& state = *state_;
  ++state.boots;
  state.locks.clear();
  for (const NameChange& change : state.unsynced_names) {
    if (random != nullptr && random->Below(2) == 0) Apply(change, state.stable_names);
  }
  state.unsynced_names.clear();
  state.names = state.stable_names;
  state.DropOrphans();
  state.stable_names = state.names;
  for (const auto& [path, node] : state.names) {
    for (const ContentChange& change : node->unsynced) {
      if (random == nullptr) break;
      if (const auto kept = Survivor(change, *random)) Apply(*kept, node->stable);
    }
    node->unsynced.clear();
    node->content = node->stable;
  }
}

void LyingDisk::Kill() {
  const std::lock_guard lock(state_->mutex);
  ++state_->boots;
  state_->locks.clear();
}

void LyingDisk::FailAfter(uint64_t steps) {
  RK_CHECK(steps > 0);
  const std::lock_guard lock(state_->mutex);
  state_->first_failing_step = state_->steps + steps;
}

void LyingDisk::SetCapacity(uint64_t size_bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->capacity_bytes = size_bytes;
}

void LyingDisk::FailReads(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  state_->unreadable = path;
}

void LyingDisk::ClearFaults() {
  const std::lock_guard lock(state_->mutex);
  state_->first_failing_step = std::numeric_limits<uint64_t>::max();
  state_->capacity_bytes = kUnlimitedBytes;
  state_->unreadable.clear();
}

void LyingDisk::FlipBit(const std::string& path, uint64_t bit) {
  const std::lock_guard lock(state_->mutex);
  const NodePtr node = state_->Find(path);
  RK_CHECK(node && bit / 8 < node->content.size());
  FlipIn(node->content, bit);
  FlipIn(node->stable, bit);
  state_->flips.push_back({.node = node, .bit = bit, .made = node->content[bit / 8]});
}

void LyingDisk::MendBits() {
  const std::lock_guard lock(state_->mutex);
  for (const Flip& flip : state_->flips) {
    const NodePtr node = flip.node.lock();
    if (node == nullptr) continue;
    for (Bytes* bytes : {&node->content, &node->stable}) {
      const bool is_there = flip.bit / 8 < bytes->size() && (*bytes)[flip.bit / 8] == flip.made;
      if (is_there) FlipIn(*bytes, flip.bit);
    }
  }
  state_->flips.clear();
}

std::vector<std::string> LyingDisk::Files() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> files;
  for (const auto& [path, node] : state_->names) {
    if (!node->is_directory) files.push_back(path);
  }
  return files;
}

uint64_t LyingDisk::steps() const {
  const std::lock_guard lock(state_->mutex);
  return state_->steps;
}

StatusOr<std::unique_ptr<File>> LyingDisk::Open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(state_->mutex);
  NodePtr node = state_->Find(path);
  if (node && mode == OpenMode::kCreateNew) {
    return Error(Code::kAlreadyExists, "{}: cannot open: file exists", path);
  }
  const bool only_reads = mode == OpenMode::kRead || mode == OpenMode::kReadAlien;
  if (state_->IsDirectory(path)) {
    return Error(mode == OpenMode::kReadAlien ? Code::kInvalidArgument : Code::kFailedPrecondition,
                 "{}: cannot open: is a directory", path);
  }
  if (!node) {
    if (only_reads || mode == OpenMode::kWrite) {
      return Error(Code::kNotFound, "{}: cannot open: no such file", path);
    }
    RK_ASSIGN_OR_RETURN(node, state_->Create(path));
  }
  return std::make_unique<State::OpenFile>(*state_, std::move(node), path, !only_reads, false);
}

StatusOr<bool> LyingDisk::Exists(const std::string& raw_path) {
  const std::string path = Trim(raw_path);
  const std::lock_guard lock(state_->mutex);
  return IsRoot(path) || state_->Find(path) != nullptr;
}

StatusOr<std::vector<std::string>> LyingDisk::List(const std::string& raw_path) {
  const std::string path = Trim(raw_path);
  const std::lock_guard lock(state_->mutex);
  if (!state_->IsDirectory(path)) {
    return Error(Code::kNotFound, "{}: cannot list: no such directory", path);
  }
  std::vector<std::string> children;
  const Names& names = state_->names;
  for (const auto& [name, node] :
       IsRoot(path) ? std::ranges::subrange(names.begin(), names.end()) : Below(names, path)) {
    if (IsIn(name, path)) children.push_back(name.substr(name.rfind('/') + 1));
  }
  std::sort(children.begin(), children.end());
  return children;
}

Status LyingDisk::MakeDirs(const std::string& raw_path) {
  const std::string path = Trim(raw_path);
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> missing;
  for (std::string at = path; !state_->IsDirectory(at); at = ParentOf(at)) {
    if (state_->Find(at)) {
      return Error(Code::kAlreadyExists, "{}: is a file, a directory is needed", at);
    }
    missing.push_back(at);
  }
  if (missing.empty()) return Ok();
  RK_RETURN_IF_ERROR(state_->Step(path));
  // Nothing of a directory that had the name before can come back.
  EraseTree(state_->stable_names, missing.back());
  std::erase_if(state_->unsynced_names, [&](const NameChange& change) {
    return change.path == missing.back() || IsBelow(change.path, missing.back());
  });
  for (const std::string& directory : missing) {
    auto node = std::make_shared<Node>();
    node->is_directory = true;
    state_->names[directory] = node;
    state_->stable_names[directory] = node;
  }
  return Ok();
}

Status LyingDisk::Rename(const std::string& raw_from, const std::string& raw_to) {
  const std::string from = Trim(raw_from);
  const std::string to = Trim(raw_to);
  const std::lock_guard lock(state_->mutex);
  const NodePtr node = state_->Find(from);
  if (!node || !state_->IsDirectory(ParentOf(to))) {
    return Error(Code::kNotFound, "{}: cannot rename to {}: no such file or directory", from, to);
  }
  if (from == to) return Ok();
  if (state_->IsDirectory(to) && (!node->is_directory || state_->HasChildren(to))) {
    return Error(Code::kAlreadyExists, "{}: cannot rename to {}: a directory is there", from, to);
  }
  RK_RETURN_IF_ERROR(state_->Step(from));
  state_->Change({.kind = NameChange::Kind::kRename, .path = from, .to = to, .node = node});
  return Ok();
}

Status LyingDisk::Remove(const std::string& raw_path) {
  const std::string path = Trim(raw_path);
  const std::lock_guard lock(state_->mutex);
  const NodePtr node = state_->Find(path);
  if (!node) return Error(Code::kNotFound, "{}: cannot remove: no such file or directory", path);
  if (state_->HasChildren(path)) {
    return Error(Code::kAlreadyExists, "{}: cannot remove: the directory is not empty", path);
  }
  RK_RETURN_IF_ERROR(state_->Step(path));
  state_->Change({.kind = NameChange::Kind::kRemove, .path = path, .to = "", .node = node});
  return Ok();
}

Status LyingDisk::SyncDir(const std::string& raw_path) {
  const std::string path = Trim(raw_path);
  const std::lock_guard lock(state_->mutex);
  if (!state_->IsDirectory(path)) {
    return Error(Code::kNotFound, "{}: cannot sync: no such directory", path);
  }
  RK_RETURN_IF_ERROR(state_->Step(path));
  std::vector<NameChange>& unsynced = state_->unsynced_names;
  size_t later = 0;
  for (size_t i = 0; i < unsynced.size(); ++i) {
    const NameChange& change = unsynced[i];
    if (IsIn(change.path, path) || (!change.to.empty() && IsIn(change.to, path))) {
      Apply(change, state_->stable_names);
    } else if (later++ != i) {
      unsynced[later - 1] = std::move(unsynced[i]);
    }
  }
  unsynced.erase(unsynced.begin() + static_cast<std::ptrdiff_t>(later), unsynced.end());
  return Ok();
}

StatusOr<uint64_t> LyingDisk::FreeBytes(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  if (!IsRoot(path) && !state_->Find(Trim(path))) {
    return Error(Code::kNotFound, "{}: cannot stat: no such file or directory", path);
  }
  return state_->capacity_bytes - std::min(state_->capacity_bytes, state_->UsedBytes());
}

StatusOr<std::unique_ptr<File>> LyingDisk::Lock(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  if (state_->locks.contains(path)) {
    return Error(Code::kUnavailable, "{}: another process works in this directory; stop it first",
                 path);
  }
  NodePtr node = state_->Find(path);
  if (!node) {
    RK_ASSIGN_OR_RETURN(node, state_->Create(path));
  }
  state_->locks.insert(path);
  return std::make_unique<State::OpenFile>(*state_, std::move(node), path, true, true);
}

}  // namespace renkei
