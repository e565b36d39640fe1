// SPDX-License-Identifier: Apache-2.0
// A desk in memory that grants everything to everybody it can name. Tests only.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "renkei/wire/desk.h"

namespace renkei::wire {

class MemoryDesk final : public Desk {
 public:
  explicit MemoryDesk(std::vector<identity::PartyRoot> roots)
      : roots_(std::move(roots)), blobs_(store::MakeMemoryBlobs()) {}

  store::Blobs& blobs() { return *blobs_; }
  Caller last_caller() const {
    const std::lock_guard lock(mutex_);
    return last_caller_;
  }
  std::vector<std::string> reports() const {
    const std::lock_guard lock(mutex_);
    return reports_;
  }
  // What FinishUpload answers.
  void SetVerdict(Status verdict) { verdict_ = std::move(verdict); }

  // What beginning a transfer and going on with one is answered for callers of `party`.
  void Suspend(const PartyId& party) {
    const std::lock_guard lock(mutex_);
    suspended_ = party;
  }

  // Downloads get the bytes of this blob, under the name and leaves of the one asked for.
  void ServeInstead(const BlobId& blob) { served_instead_ = blob; }

  std::vector<identity::PartyRoot> Roots() override { return roots_; }

  StatusOr<run::Welcome> Hello(const Caller& caller) override {
    Note(caller);
    return run::Welcome{.protocol = 0,
                        .charter_envelope = ToBytes("the charter"),
                        .checkpoint = "a checkpoint",
                        .server_version = {}};
  }
  StatusOr<run::Page> Read(const Caller& caller, uint64_t from, uint32_t max,
                           Milliseconds wait) override {
    Note(caller);
    std::unique_lock lock(mutex_);
    grown_.wait_for(lock, wait, [&] { return entries_.size() > from; });
    run::Page page;
    for (uint64_t i = from; i < entries_.size() && page.entries.size() < max; ++i) {
      page.entries.push_back(entries_[i]);
    }
    page.checkpoint = std::to_string(from + page.entries.size());
    return page;
  }
  StatusOr<run::Submitted> Submit(const Caller& caller, ByteSpan envelope) override {
    Note(caller);
    const std::lock_guard lock(mutex_);
    if (AsText(envelope) == "refuse me") {
      return Error(Code::kPermissionDenied, "charter [[permit]] 3 says no");
    }
    entries_.emplace_back(envelope.begin(), envelope.end());
    grown_.notify_all();
    return run::Submitted{.index = entries_.size() - 1,
                          .inclusion = std::vector<Digest>(3),
                          .checkpoint = std::to_string(entries_.size())};
  }
  StatusOr<std::vector<Digest>> ProveInclusion(const Caller& caller, uint64_t index,
                                               uint64_t size) override {
    Note(caller);
    if (index >= size) return Error(Code::kOutOfRange, "{} of {}", index, size);
    return std::vector<Digest>(size);
  }
  StatusOr<std::vector<Digest>> ProveConsistency(const Caller& caller, uint64_t from,
                                                 uint64_t to) override {
    Note(caller);
    return std::vector<Digest>(to - from);
  }
  StatusOr<Bytes> Receipt(const Caller& caller, uint64_t entry) override {
    Note(caller);
    return ToBytes("receipt " + std::to_string(entry));
  }

  StatusOr<std::unique_ptr<store::BlobSink>> BeginUpload(const Caller& caller, const BlobId& id,
                                                         std::span<const Digest> leaves) override {
    Note(caller);
    RK_RETURN_IF_ERROR(CheckTransfer(caller));
    RK_ASSIGN_OR_RETURN(const bool here, blobs_->Has(id));
    if (here) return std::unique_ptr<store::BlobSink>();
    return blobs_->Receive(id, leaves);
  }
  Status FinishUpload(const Caller& caller, const BlobId& /*id*/) override {
    Note(caller);
    return verdict_;
  }
  StatusOr<std::vector<Digest>> Leaves(const Caller& caller, const BlobId& id) override {
    Note(caller);
    return blobs_->Leaves(id);
  }
  StatusOr<std::unique_ptr<File>> OpenDownload(const Caller& caller, const BlobId& id) override {
    Note(caller);
    RK_RETURN_IF_ERROR(CheckTransfer(caller));
    return blobs_->Open(served_instead_.value_or(id));
  }

  Status CheckUpload(const Caller& caller, const BlobId&) override { return CheckTransfer(caller); }
  Status CheckDownload(const Caller& caller, const BlobId&) override {
    return CheckTransfer(caller);
  }

  void CountTransfer(uint64_t received_bytes, uint64_t sent_bytes) override {
    received_bytes_ += received_bytes;
    sent_bytes_ += sent_bytes;
  }
  uint64_t received_bytes() const { return received_bytes_; }
  uint64_t sent_bytes() const { return sent_bytes_; }

  Status Report(const Caller& caller, const run::SiteProgress& progress) override {
    Note(caller);
    const std::lock_guard lock(mutex_);
    reports_.push_back(fmt::format("{} {} {} {}", progress.run, progress.round, progress.phase,
                                   progress.fraction));
    return Ok();
  }
  StatusOr<std::string> RunStatus(const Caller& caller, const RunId& run) override {
    Note(caller);
    return fmt::format("{{\"run\":\"{}\"}}", run);
  }
  Status AskJoin(const Caller& caller, const std::string& json) override {
    Note(caller);
    const std::lock_guard lock(mutex_);
    joins_.push_back(json);
    return Ok();
  }
  StatusOr<std::string> PollJoin(const Caller& caller, const std::string& token_id) override {
    Note(caller);
    const std::lock_guard lock(mutex_);
    if (grant_.empty()) return Error(Code::kNotFound, "no answer to {} yet", token_id);
    return grant_;
  }
  StatusOr<std::vector<std::string>> PendingJoins(const Caller& caller) override {
    Note(caller);
    const std::lock_guard lock(mutex_);
    return joins_;
  }
  Status GrantJoin(const Caller& caller, const std::string& json) override {
    Note(caller);
    const std::lock_guard lock(mutex_);
    grant_ = json;
    return Ok();
  }

 private:
  Status CheckTransfer(const Caller& caller) const {
    const std::lock_guard lock(mutex_);
    if (suspended_ != caller.party) return Ok();
    return Error(Code::kPermissionDenied, "suspended: {}", caller.party);
  }
  void Note(const Caller& caller) {
    const std::lock_guard lock(mutex_);
    last_caller_ = caller;
  }

  const std::vector<identity::PartyRoot> roots_;
  const std::unique_ptr<store::Blobs> blobs_;
  Status verdict_;
  std::optional<BlobId> served_instead_;
  mutable std::mutex mutex_;
  std::condition_variable grown_;
  Caller last_caller_;
  PartyId suspended_;
  std::vector<Bytes> entries_;
  std::vector<std::string> reports_;
  std::vector<std::string> joins_;
  std::string grant_;
  std::atomic<uint64_t> received_bytes_ = 0;
  std::atomic<uint64_t> sent_bytes_ = 0;
};

}  // namespace renkei::wire
