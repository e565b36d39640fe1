// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/coordinator_desk.h"

#include <utility>

#include "renkei/charter/charter.h"

namespace renkei::wire {
namespace {

class CoordinatorDesk final : public Desk {
 public:
  explicit CoordinatorDesk(coordinator::Coordinator& coordinator) : coordinator_(coordinator) {
    const run::Book book = coordinator_.BookNow();
    if (book.charter() == nullptr) return;
    for (const charter::Party& party : book.charter()->parties) {
      roots_.push_back({.party = party.id, .ca_pem = party.ca_pem});
    }
  }

  std::vector<identity::PartyRoot> Roots() override { return roots_; }

  StatusOr<run::Welcome> Hello(const Caller& caller) override { return coordinator_.Hello(caller); }
  StatusOr<run::Page> Read(const Caller& caller, uint64_t from, uint32_t max,
                           Milliseconds wait) override {
    return coordinator_.Read(caller, from, max, wait);
  }
  StatusOr<run::Submitted> Submit(const Caller& caller, ByteSpan envelope) override {
    return coordinator_.Submit(caller, envelope);
  }
  StatusOr<std::vector<Digest>> ProveInclusion(const Caller& caller, uint64_t index,
                                               uint64_t size) override {
    return coordinator_.ProveInclusion(caller, index, size);
  }
  StatusOr<std::vector<Digest>> ProveConsistency(const Caller& caller, uint64_t from,
                                                 uint64_t to) override {
    return coordinator_.ProveConsistency(caller, from, to);
  }
  StatusOr<Bytes> Receipt(const Caller& caller, uint64_t entry) override {
    return coordinator_.Receipt(caller, entry);
  }
  StatusOr<std::unique_ptr<store::BlobSink>> BeginUpload(const Caller& caller, const BlobId& id,
                                                         std::span<const Digest> leaves) override {
    return coordinator_.BeginUpload(caller, id, leaves);
  }
  Status FinishUpload(const Caller& caller, const BlobId& id) override {
    return coordinator_.FinishUpload(caller, id);
  }
  StatusOr<std::vector<Digest>> Leaves(const Caller& caller, const BlobId& id) override {
    return coordinator_.Leaves(caller, id);
  }
  StatusOr<std::unique_ptr<File>> OpenDownload(const Caller& caller, const BlobId& id) override {
    return coordinator_.OpenDownload(caller, id);
  }
  Status CheckUpload(const Caller& caller, const BlobId& id) override {
    return coordinator_.CheckUpload(caller, id);
  }
  Status CheckDownload(const Caller& caller, const BlobId& id) override {
    return coordinator_.CheckDownload(caller, id);
  }
  void CountTransfer(uint64_t received_bytes, uint64_t sent_bytes) override {
    coordinator_.CountTransfer(received_bytes, sent_bytes);
  }
  Status Report(const Caller& caller, const run::SiteProgress& progress) override {
    return coordinator_.Report(caller, progress);
  }
  StatusOr<std::string> RunStatus(const Caller& caller, const RunId& run) override {
    return coordinator_.RunStatus(caller, run);
  }
  Status AskJoin(const Caller& caller, const std::string& json) override {
    return coordinator_.AskJoin(caller, json);
  }
  StatusOr<std::string> PollJoin(const Caller& caller, const std::string& token_id) override {
    return coordinator_.PollJoin(caller, token_id);
  }
  StatusOr<std::vector<std::string>> PendingJoins(const Caller& caller) override {
    return coordinator_.PendingJoins(caller);
  }
  Status GrantJoin(const Caller& caller, const std::string& json) override {
    return coordinator_.GrantJoin(caller, json);
  }

 private:
  coordinator::Coordinator& coordinator_;
  std::vector<identity::PartyRoot> roots_;
};

}  // namespace

std::unique_ptr<Desk> MakeCoordinatorDesk(coordinator::Coordinator& coordinator) {
  return std::make_unique<CoordinatorDesk>(coordinator);
}

}  // namespace renkei::wire
