// SPDX-License-Identifier: Apache-2.0
// The second thread: what reads whole models. Memory does not grow with them.
#include <memory>
#include <utility>
#include <vector>

#include "renkei/base/log.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/reduce/weighted_mean.h"
#include "renkei/run/spec.h"
#include "renkei/tensor/reader.h"
#include "renkei/tensor/values.h"

namespace renkei::coordinator {
namespace {

static_assert(run::kWeightedMeanAlgorithm == reduce::kAlgorithm);

constexpr char kUpdateInvalid[] = "update-invalid";
constexpr char kModelInvalid[] = "model-invalid";

// Whether the bytes are to blame, and not our disk.
bool BytesAreBad(const Status& status) {
  return status.code() == Code::kInvalidArgument || status.code() == Code::kResourceExhausted;
}

// Ends a reduction that would keep a process from ending.
class StoppableSink final : public ByteSink {
 public:
  StoppableSink(ByteSink& sink, std::stop_token stop) : sink_(sink), stop_(std::move(stop)) {}
  Status Append(ByteSpan bytes) override {
    if (stop_.stop_requested()) return Error(Code::kCancelled, "asked to stop");
    return sink_.Append(bytes);
  }

 private:
  ByteSink& sink_;
  const std::stop_token stop_;
};

}  // namespace

bool Coordinator::WorkOnce() {
  Work work;
  {
    const std::unique_lock lock(state_mutex_);
    if (work_.empty()) return false;
    work = std::move(work_.front());
    work_.pop_front();
  }
  if (work.collect) {
    Collect();
    return true;
  }
  if (!work.reduce.empty()) {
    ReduceRound(work);
    return true;
  }
  Status status;
  if (work.model) {
    BlobId model;
    {
      const std::shared_lock lock(state_mutex_);
      const run::RunState* run = book_.FindRun(work.run);
      if (run != nullptr) model = run->spec.model;
    }
    status = CheckModel(model);
  } else {
    status = CheckUpdate(work.run, work.round, work.site);
  }
  if (!status.ok()) {
    log::Warn("work.check-failed", {{"run", work.run.text()}, {"why", Message(status)}});
  }
  return true;
}

// Bad bytes are their sender's when they still hash to their name, and else our disk's.
Status Coordinator::WhoseFault(const BlobId& blob, const Status& status) const {
  if (!BytesAreBad(status)) return status;
  RK_RETURN_IF_ERROR(blobs_->Check(blob));
  return status;
}

Status Coordinator::CheckModel(const BlobId& model) {
  RK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, blobs_->Open(model));
  auto layout = tensor::ReadLayout(*file);
  const Status status =
      WhoseFault(model, layout.ok() ? tensor::CheckFinite(*file, *layout) : layout.status());
  if (!status.ok() && !BytesAreBad(status)) return status;
  std::vector<RunId> runs;
  {
    const std::shared_lock lock(state_mutex_);
    for (const auto& [id, run] : book_.runs()) {
      if (run.spec.model == model && run.phase != run::Phase::kFinished) runs.push_back(id);
    }
  }
  for (const RunId& id : runs) {
    if (status.ok()) {
      Tell(id, run::ModelStored{});
    } else {
      Tell(id, run::ModelBad{kModelInvalid});
    }
  }
  return status;
}

Status Coordinator::CheckUpdate(const RunId& id, uint32_t round, const SiteId& site) {
  BlobId update;
  BlobId base;
  {
    const std::shared_lock lock(state_mutex_);
    const run::RunState* run = book_.FindRun(id);
    if (run == nullptr || run->current.round != round) return Ok();
    const auto contribution = run->current.contributed.find(site);
    if (contribution == run->current.contributed.end()) return Ok();
    update = contribution->second.update;
    base = run->current.base;
  }
  const Status status = WhoseFault(update, CheckLayout(update, base));
  if (status.ok()) {
    Tell(id, run::UpdateStored{.round = round, .site = site});
  } else if (BytesAreBad(status)) {
    Tell(id, run::UpdateBad{.round = round, .site = site, .code = kUpdateInvalid});
  } else {
    Tell(id, run::UpdateUnreadable{.round = round, .site = site});
  }
  return status;
}

Status Coordinator::CheckLayout(const BlobId& update, const BlobId& base) const {
  RK_ASSIGN_OR_RETURN(const std::unique_ptr<File> base_file, blobs_->Open(base));
  RK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, blobs_->Open(update));
  const auto expected = tensor::ReadLayout(*base_file);
  if (!expected.ok()) {
    return Error(Code::kDataLoss, "base model {}: {}", base.Text(), Message(expected.status()));
  }
  RK_ASSIGN_OR_RETURN(const tensor::Layout got, tensor::ReadLayout(*file));
  RK_RETURN_IF_ERROR(tensor::CheckSameLayout(*expected, got));
  return tensor::CheckFinite(*file, got);
}

void Coordinator::ReduceRound(const Work& work) {
  const auto reduce = [&]() -> StatusOr<BlobId> {
    std::vector<std::unique_ptr<File>> files;
    std::vector<reduce::Input> inputs;
    for (const record::ReduceInput& input : work.reduce) {
      if (work_stop_.stop_requested()) return Error(Code::kCancelled, "asked to stop");
      // They lay on a disk since they were hashed; a sum of other bytes would be signed.
      RK_RETURN_IF_ERROR(blobs_->Check(input.update));
      RK_ASSIGN_OR_RETURN(auto file, blobs_->Open(input.update));
      inputs.push_back({.file = file.get(), .weight = input.weight});
      files.push_back(std::move(file));
    }
    RK_ASSIGN_OR_RETURN(const std::unique_ptr<store::BlobDraft> draft, blobs_->Create());
    StoppableSink stoppable(*draft, work_stop_);
    RK_RETURN_IF_ERROR(
        reduce::WeightedMean(inputs, stoppable, {.threads = options_.reduce_threads}));
    return draft->Finish();
  };
  const StatusOr<BlobId> output = reduce();
  if (output.ok()) {
    Tell(work.run, run::Reduced{.round = work.round, .output = *output});
    return;
  }
  // The next start finds the round as it was.
  if (output.status().code() == Code::kCancelled) return;
  log::Error("round.not-reduced",
             {{"run", work.run.text()}, {"round", work.round}, {"why", Message(output.status())}});
  // A full or read-only disk says nothing of the inputs: that is waited out.
  const bool is_room = output.status().code() == Code::kResourceExhausted ||
                       output.status().code() == Code::kPermissionDenied;
  Tell(work.run, run::ReduceFailed{.round = work.round,
                                   .lack_of_room = is_room ? Message(output.status()) : ""});
}

}  // namespace renkei::coordinator
