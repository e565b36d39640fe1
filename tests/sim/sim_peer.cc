// SPDX-License-Identifier: Apache-2.0
#include "sim_peer.h"

#include <utility>

#include "renkei/store/blobs.h"

namespace renkei::sim {
namespace {

constexpr uint64_t kLatencyMsMax = 60;

Status Lost() { return Error(Code::kUnavailable, "no answer from the coordinator"); }

// As the client over gRPC takes it: the coordinator's disk, which may be mended.
Status AtCaller(Status status) {
  if (status.code() != Code::kDataLoss) return status;
  return Error(Code::kUnavailable, "the coordinator's storage fails: {}", Message(status));
}
template <typename T>
StatusOr<T> AtCaller(StatusOr<T> answer) {
  if (answer.ok()) return answer;
  return AtCaller(answer.status());
}

class SimPeer final : public run::Peer {
 public:
  SimPeer(World& world, size_t site, identity::PeerId caller, record::Holder holder)
      : world_(world), site_(site), caller_(std::move(caller)), holder_(std::move(holder)) {}

  StatusOr<run::Welcome> Hello() override {
    return Call([&](coordinator::Coordinator& hub) { return hub.Hello(caller_); });
  }

  StatusOr<run::Page> Read(uint64_t from, uint32_t max, Milliseconds wait) override {
    auto page = Call([&](coordinator::Coordinator& hub) {
      return hub.Read(caller_, from, max, Milliseconds(0));
    });
    if (page.ok()) world_.referee().Read(from, *page);
    if (page.ok() && page->entries.empty()) world_.Yield(wait);
    return page;
  }

  StatusOr<run::Submitted> Submit(ByteSpan envelope) override {
    if (Chance(world_.weather().late_copies)) world_.KeepCopy(caller_, envelope);
    auto submitted =
        Call([&](coordinator::Coordinator& hub) { return hub.Submit(caller_, envelope); });
    if (submitted.ok()) {
      world_.referee().Acknowledged(submitted->index, envelope);
      world_.referee().Signed(submitted->checkpoint);
    }
    return submitted;
  }

  StatusOr<std::vector<Digest>> ProveInclusion(uint64_t index, uint64_t tree_size) override {
    return Call([&](coordinator::Coordinator& hub) {
      return hub.ProveInclusion(caller_, index, tree_size);
    });
  }
  StatusOr<std::vector<Digest>> ProveConsistency(uint64_t from, uint64_t to) override {
    return Call(
        [&](coordinator::Coordinator& hub) { return hub.ProveConsistency(caller_, from, to); });
  }

  Status Upload(store::Blobs& from, const BlobId& id, const run::Progress& progress) override {
    RK_ASSIGN_OR_RETURN(const auto leaves, from.Leaves(id));
    RK_ASSIGN_OR_RETURN(const auto file, from.Open(id));
    auto begun =
        Call([&](coordinator::Coordinator& hub) { return hub.BeginUpload(caller_, id, leaves); });
    const std::shared_ptr<HubLife> life = served_by_;  // outlives the sink
    RK_ASSIGN_OR_RETURN(const auto sink, std::move(begun));
    Bytes window;
    for (uint64_t chunk = sink == nullptr ? id.chunks() : sink->verified_chunks();
         chunk < id.chunks(); ++chunk) {
      window.resize(id.ChunkSize(chunk));
      RK_RETURN_IF_ERROR(ReadExactly(*file, chunk * kChunkBytes, window));
      world_.referee().Crossing(Way::kUp, holder_, id);
      RK_RETURN_IF_ERROR(InLife(life, [&] { return sink->Write(chunk, window); }));
      progress(chunk * kChunkBytes, id.size_bytes);
    }
    if (sink != nullptr) RK_RETURN_IF_ERROR(InLife(life, [&] { return sink->Commit(); }));
    return Call([&](coordinator::Coordinator& hub) { return hub.FinishUpload(caller_, id); });
  }

  Status Download(const BlobId& id, store::Blobs& into, const run::Progress& progress) override {
    RK_ASSIGN_OR_RETURN(const auto leaves, Call([&](coordinator::Coordinator& hub) {
                          return hub.Leaves(caller_, id);
                        }));
    RK_ASSIGN_OR_RETURN(const auto sink, into.Receive(id, leaves));
    auto opened =
        Call([&](coordinator::Coordinator& hub) { return hub.OpenDownload(caller_, id); });
    const std::shared_ptr<HubLife> life = served_by_;  // outlives the file
    RK_ASSIGN_OR_RETURN(const auto file, std::move(opened));
    Bytes window;
    for (uint64_t chunk = sink->verified_chunks(); chunk < id.chunks(); ++chunk) {
      window.resize(id.ChunkSize(chunk));
      RK_RETURN_IF_ERROR(
          InLife(life, [&] { return ReadExactly(*file, chunk * kChunkBytes, window); }));
      world_.referee().Crossing(Way::kDown, holder_, id);
      RK_RETURN_IF_ERROR(sink->Write(chunk, window));
      progress(chunk * kChunkBytes, id.size_bytes);
    }
    return sink->Commit();
  }

  StatusOr<Bytes> Receipt(uint64_t entry_index) override {
    auto receipt =
        Call([&](coordinator::Coordinator& hub) { return hub.Receipt(caller_, entry_index); });
    if (receipt.ok()) world_.referee().Receipted(entry_index);
    return receipt;
  }

  Status Report(const run::SiteProgress& progress) override {
    return Call([&](coordinator::Coordinator& hub) { return hub.Report(caller_, progress); });
  }
  StatusOr<std::string> RunStatus(const RunId& run) override {
    return Call([&](coordinator::Coordinator& hub) { return hub.RunStatus(caller_, run); });
  }
  Status AskJoin(const std::string& request_json) override {
    return Call([&](coordinator::Coordinator& hub) { return hub.AskJoin(caller_, request_json); });
  }
  StatusOr<std::string> PollJoin(const std::string& token_id) override {
    return Call([&](coordinator::Coordinator& hub) { return hub.PollJoin(caller_, token_id); });
  }
  StatusOr<std::vector<std::string>> PendingJoins() override {
    return Call([&](coordinator::Coordinator& hub) { return hub.PendingJoins(caller_); });
  }
  Status GrantJoin(const std::string& grant_json) override {
    return Call([&](coordinator::Coordinator& hub) { return hub.GrantJoin(caller_, grant_json); });
  }

 private:
  bool Chance(uint64_t of_1000) { return world_.random().Below(1000) < of_1000; }

  // The request's way, in which others act.
  Status Travel() {
    world_.Yield(Milliseconds(1 + world_.random().Below(kLatencyMsMax)));
    if (world_.SiteIsDead(site_) || world_.Partitioned(site_)) return Lost();
    return Chance(world_.weather().lost_requests) ? Lost() : Ok();
  }

  // Whether an answer that a life gave comes back.
  bool AnswerIsLost(const std::shared_ptr<HubLife>& life) {
    world_.AfterHubCall();
    return life->disk.dead() || world_.Partitioned(site_) || Chance(world_.weather().lost_replies);
  }

  template <typename Work>
  auto Call(Work work) -> decltype(work(std::declval<coordinator::Coordinator&>())) {
    RK_RETURN_IF_ERROR(Travel());
    const std::shared_ptr<HubLife> life = world_.hub();
    if (life == nullptr) return Lost();
    served_by_ = life;
    auto answer = work(*life->coordinator);
    if (AnswerIsLost(life)) return Lost();
    return AtCaller(std::move(answer));
  }

  // A step of a stream that began in `life`.
  template <typename Work>
  Status InLife(const std::shared_ptr<HubLife>& life, Work work) {
    RK_RETURN_IF_ERROR(Travel());
    if (life == nullptr || life != world_.hub()) return Lost();
    const Status done = work();
    return AnswerIsLost(life) ? Lost() : AtCaller(done);
  }

  World& world_;
  size_t site_;
  identity::PeerId caller_;
  record::Holder holder_;
  std::shared_ptr<HubLife> served_by_;  // the last call
};

}  // namespace

std::unique_ptr<run::Peer> MakeSimPeer(World& world, size_t site, identity::PeerId caller,
                                       record::Holder holder) {
  return std::make_unique<SimPeer>(world, site, std::move(caller), std::move(holder));
}

}  // namespace renkei::sim
