// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/journal.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "renkei/base/check.h"
#include "renkei/crypto/merkle.h"
#include "renkei/ledger/bundle.h"

namespace renkei::ledger {
namespace {

// A record: index (8 bytes) and length (4 bytes), big-endian, the first 20 bytes of the leaf
// hash, the entry. A note has the size that it covers with the top bit set for an index.
constexpr size_t kIndexBytes = 8;
constexpr size_t kLengthBytes = 4;
constexpr size_t kCheckBytes = 20;
constexpr size_t kHeaderBytes = kIndexBytes + kLengthBytes + kCheckBytes;
constexpr uint64_t kNoteFlag = uint64_t{1} << 63;
constexpr std::string_view kPreparedName = "next";

constexpr uint64_t kSegmentBytes = 4 << 20;  // without a prepared one, a new one begins
constexpr uint64_t kPreparedBytes = 16 << 20;
constexpr uint64_t kPieceBytes = 128 << 10;
constexpr uint64_t kSegmentReadBytesMax = 64 << 20;  // a segment ends after the batch that fills it
constexpr uint64_t kExtentBytesMin = 64 << 10;  // a segment that was not prepared grows by zeros,
constexpr uint64_t kExtentBytesMax = 1 << 20;   // doubling its length between these two
constexpr size_t kBatchBytesExpected = 64 << 10;
constexpr size_t kNameDigits = 20;

void PutBigEndian(uint8_t* at, uint64_t value, size_t count) {
  for (size_t i = 0; i < count; ++i) at[i] = static_cast<uint8_t>(value >> (8 * (count - 1 - i)));
}
uint64_t GetBigEndian(ByteSpan bytes) {
  uint64_t value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

StatusOr<uint64_t> ParseSegmentName(const std::string& name) {
  uint64_t first = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), first);
  if (error == std::errc() && end == name.data() + name.size() && name.size() == kNameDigits) {
    return first;
  }
  return Error(Code::kDataLoss, "{}: is no journal segment; move it elsewhere", name);
}

struct Record {
  uint64_t index = 0;
  ByteSpan payload;
  Digest leaf_hash;
};

// The record at the start of `bytes`; no value where the records end.
std::optional<Record> ParseRecord(ByteSpan bytes) {
  if (bytes.size() < kHeaderBytes) return {};
  const uint64_t length = GetBigEndian(bytes.subspan(kIndexBytes, kLengthBytes));
  if (length > kEntryBytesMax || bytes.size() - kHeaderBytes < length) return {};
  const ByteSpan payload = bytes.subspan(kHeaderBytes, length);
  const Digest leaf_hash = crypto::LeafHash(payload);
  const ByteSpan check = bytes.subspan(kIndexBytes + kLengthBytes, kCheckBytes);
  if (!std::ranges::equal(check, leaf_hash.span().first(kCheckBytes))) return {};
  return Record{
      .index = GetBigEndian(bytes.first(kIndexBytes)), .payload = payload, .leaf_hash = leaf_hash};
}

// How many entries the last whole note among damaged bytes covers, wherever it begins.
uint64_t EntriesNotedIn(ByteSpan bytes) {
  constexpr uint8_t kFirstByteOfNote = kNoteFlag >> 56;
  uint64_t entries = 0;
  for (size_t at = 0; at + kHeaderBytes <= bytes.size(); ++at) {
    if (bytes[at] != kFirstByteOfNote) continue;
    if (const auto record = ParseRecord(bytes.subspan(at))) {
      entries = std::max(entries, record->index ^ kNoteFlag);
    }
  }
  return entries;
}

}  // namespace

void JournalBatch::Add(ByteSpan entry, const Digest& leaf_hash) {
  RK_CHECK(entry.size() <= kEntryBytesMax);
  if (bytes_.empty()) bytes_.reserve(kBatchBytesExpected);
  offsets_.push_back(bytes_.size());
  bytes_.resize(bytes_.size() + kHeaderBytes);
  uint8_t* header = bytes_.data() + offsets_.back();
  PutBigEndian(header + kIndexBytes, entry.size(), kLengthBytes);
  std::copy_n(leaf_hash.bytes.begin(), kCheckBytes, header + kIndexBytes + kLengthBytes);
  bytes_.insert(bytes_.end(), entry.begin(), entry.end());
}

ByteSpan JournalBatch::entry(size_t position) const {
  const size_t begin = offsets_[position] + kHeaderBytes;
  const size_t end = position + 1 < offsets_.size() ? offsets_[position + 1] : bytes_.size();
  return ByteSpan(bytes_).subspan(begin, end - begin);
}

ByteSpan JournalBatch::Number(uint64_t first) {
  for (const size_t offset : offsets_) {
    PutBigEndian(bytes_.data() + offset, first, kIndexBytes);
    ++first;
  }
  return bytes_;
}

Journal::Journal(Disk& disk, std::string directory)
    : disk_(disk), directory_(std::move(directory)) {}

std::string Journal::PathOf(uint64_t first) const {
  return JoinPath(directory_, fmt::format("{:020}", first));
}

StatusOr<std::unique_ptr<Journal>> Journal::Open(Disk& disk, std::string directory,
                                                 const Replay& replay) {
  RK_RETURN_IF_ERROR(disk.MakeDirs(directory));
  auto journal = std::unique_ptr<Journal>(new Journal(disk, std::move(directory)));
  RK_ASSIGN_OR_RETURN(const auto names, disk.List(journal->directory_));
  for (const std::string& name : names) {
    if (name == kPreparedName) continue;  // made ahead by another process; overwritten
    RK_ASSIGN_OR_RETURN(const uint64_t first, ParseSegmentName(name));
    if (journal->segments_.empty()) journal->next_ = first;
    if (first != journal->next_) {
      return Error(Code::kDataLoss, "{}: entries {} to {} are missing before it",
                   journal->PathOf(first), journal->next_, first);
    }
    if (journal->file_) {
      journal->sizes_bytes_.push_back(journal->offset_);
      journal->older_bytes_ += journal->offset_;
    }
    RK_RETURN_IF_ERROR(journal->ReplaySegment(first, replay));
  }
  if (journal->segments_.empty()) {
    RK_RETURN_IF_ERROR(journal->OpenSegment(0));
    return journal;
  }
  return journal;
}

StatusOr<std::unique_ptr<Journal>> Journal::Begin(Disk& disk, std::string directory,
                                                  uint64_t first) {
  RK_RETURN_IF_ERROR(disk.MakeDirs(directory));
  RK_ASSIGN_OR_RETURN(const auto names, disk.List(directory));
  if (!names.empty()) {
    return Error(Code::kAlreadyExists, "{}: there is a journal already", directory);
  }
  auto journal = std::unique_ptr<Journal>(new Journal(disk, std::move(directory)));
  journal->next_ = first;
  RK_RETURN_IF_ERROR(journal->OpenSegment(first));
  return journal;
}

// A note is written once the entries that it covers are synced.
Status Journal::CutTail() {
  RK_ASSIGN_OR_RETURN(const Bytes bytes,
                      ReadWhole(disk_, PathOf(segments_.back()), kSegmentReadBytesMax));
  if (bytes.size() > offset_) {
    const ByteSpan tail = ByteSpan(bytes).subspan(offset_);
    if (const auto covered = EntriesNotedIn(tail); covered > next_) {
      return Error(Code::kDataLoss,
                   "{}: the record of entry {} at byte {} is damaged, and {} entries were signed; "
                   "restore the file from a copy",
                   PathOf(segments_.back()), next_, offset_, covered);
    }
    // It would be taken for records once new ones grow up to it.
    RK_RETURN_IF_ERROR(file_->Truncate(offset_));
    RK_RETURN_IF_ERROR(file_->Sync());
  }
  allocated_ = offset_;
  return Ok();
}

Status Journal::ReplaySegment(uint64_t first, const Replay& replay) {
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk_, PathOf(first), kSegmentReadBytesMax));
  RK_ASSIGN_OR_RETURN(file_, disk_.Open(PathOf(first), OpenMode::kWrite));
  segments_.push_back(first);
  offset_ = 0;
  while (const auto record = ParseRecord(ByteSpan(bytes).subspan(offset_))) {
    if (record->index == next_) {
      RK_RETURN_IF_ERROR(replay.entry(next_, record->payload, record->leaf_hash));
      ++next_;
    } else if ((record->index & kNoteFlag) != 0 && (record->index ^ kNoteFlag) <= next_) {
      RK_RETURN_IF_ERROR(replay.note(record->payload));
    } else {
      break;
    }
    offset_ += kHeaderBytes + record->payload.size();
  }
  return Ok();
}

StatusOr<std::unique_ptr<File>> Journal::PrepareSegment(Disk& disk, const std::string& directory) {
  RK_ASSIGN_OR_RETURN(auto file, disk.Open(JoinPath(directory, kPreparedName), OpenMode::kCreate));
  RK_RETURN_IF_ERROR(file->Truncate(0));
  // In pieces, so that the commits of others get in between.
  const Bytes zeros(kPieceBytes);
  for (uint64_t at = 0; at < kPreparedBytes; at += zeros.size()) {
    RK_RETURN_IF_ERROR(file->WriteAt(at, zeros));
    RK_RETURN_IF_ERROR(file->Sync());
  }
  RK_RETURN_IF_ERROR(disk.SyncDir(directory));
  return file;
}

Status Journal::OpenSegment(uint64_t first) {
  std::unique_ptr<File> file = std::move(prepared_);
  const bool is_prepared = file != nullptr;
  if (is_prepared) {
    RK_RETURN_IF_ERROR(disk_.Rename(JoinPath(directory_, kPreparedName), PathOf(first)));
  } else {
    RK_ASSIGN_OR_RETURN(file, disk_.Open(PathOf(first), OpenMode::kCreate));
    RK_RETURN_IF_ERROR(file->Truncate(0));
  }
  RK_RETURN_IF_ERROR(disk_.SyncDir(directory_));
  if (file_) {
    sizes_bytes_.push_back(offset_);
    older_bytes_ += offset_;
  }
  file_ = std::move(file);
  segments_.push_back(first);
  offset_ = 0;
  allocated_ = is_prepared ? kPreparedBytes : 0;
  return Ok();
}

Status Journal::Append(JournalBatch& batch) {
  RK_RETURN_IF_ERROR(Write(batch.Number(next_)));
  next_ += batch.count();
  return Ok();
}

Status Journal::AppendNote(uint64_t size, std::string_view note) {
  RK_CHECK(size <= next_);
  JournalBatch batch;
  batch.Add(AsBytes(note), crypto::LeafHash(AsBytes(note)));
  return Write(batch.Number(size | kNoteFlag));
}

Status Journal::Write(ByteSpan bytes) {
  if (!broken_.ok()) {
    return Error(Code::kFailedPrecondition, "the journal failed before, open the ledger again: {}",
                 Message(broken_));
  }
  // A new segment begins instead of growing this one. It holds an entry, so that no two have one
  // name.
  const bool is_full =
      offset_ + bytes.size() > allocated_ && (prepared_ != nullptr || offset_ >= kSegmentBytes);
  if (is_full && next_ > segments_.back()) RK_RETURN_IF_ERROR(Rotate());
  const Status written = WriteAndSync(bytes);
  if (written.ok()) return written;
  // What may be behind offset_ now must never be read as records.
  broken_ = written;
  if (written.code() == Code::kResourceExhausted && file_->Truncate(offset_).ok() &&
      file_->Sync().ok()) {
    allocated_ = offset_;
    broken_ = Ok();
  }
  return written;
}

Status Journal::WriteAndSync(ByteSpan bytes) {
  const uint64_t end = offset_ + bytes.size();
  RK_RETURN_IF_ERROR(file_->WriteAt(offset_, bytes));
  if (end > allocated_) {
    const uint64_t extent = std::clamp(allocated_, kExtentBytesMin, kExtentBytesMax);
    const Bytes zeros(extent);
    RK_RETURN_IF_ERROR(file_->WriteAt(end, zeros));
    allocated_ = end + extent;
  }
  RK_RETURN_IF_ERROR(file_->Sync());
  offset_ = end;
  return Ok();
}

Status Journal::Rotate() {
  const Status opened = OpenSegment(next_);
  if (opened.ok()) return opened;
  // An empty segment that stays behind would hide records added to the old one.
  const Status removed = disk_.Remove(PathOf(next_));
  const bool is_gone = removed.ok() || removed.code() == Code::kNotFound;
  if (!is_gone || !disk_.SyncDir(directory_).ok()) broken_ = opened;
  return opened;
}

Status Journal::TrimBefore(uint64_t index) {
  while (segments_.size() > 1 && segments_[1] <= index) {
    // One after another: a crash must not leave a hole.
    RK_RETURN_IF_ERROR(disk_.Remove(PathOf(segments_.front())));
    RK_RETURN_IF_ERROR(disk_.SyncDir(directory_));
    older_bytes_ -= sizes_bytes_.front();
    segments_.erase(segments_.begin());
    sizes_bytes_.erase(sizes_bytes_.begin());
  }
  return Ok();
}

}  // namespace renkei::ledger
