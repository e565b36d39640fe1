// SPDX-License-Identifier: Apache-2.0
// A coordinator in the same process for the agent's tests: a real ledger, the real rules and steps
// of runs, blobs in memory. Its "reduction" is the first counted update. It can be made to fail,
// to forget answers and to lie.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/base/lying_disk.h"
#include "renkei/crypto/hash.h"
#include "renkei/ledger/ledger.h"
#include "renkei/record/receipt.h"
#include "renkei/run/book.h"
#include "renkei/run/federation_testing.h"
#include "renkei/run/peer.h"
#include "renkei/run/step.h"
#include "renkei/store/blob_tree.h"
#include "renkei/store/blobs.h"

namespace renkei::site {

class TestCoordinator final : public run::Peer {
 public:
  explicit TestCoordinator(const run::TestFederation& federation) : federation_(federation) {
    now = federation.now;
    ledger_ = ledger::Ledger::Open(disk_, "ledger", federation.charter.LedgerOrigin(),
                                   *federation.coordinator)
                  .value();
    Write(federation.Adopted(), "coordinator");
    for (const SiteId& site : federation.sites) {
      Write(federation.Enrolled(site), federation.PartyOf(site).text());
    }
  }

  // The owner's determination, submission and all approvals; the model is in the blobs.
  void StartRun(const std::string& spec) {
    record::Determined go = federation_.Determined("model", federation_.OwnerHolder());
    go.blob = run::ParseSpec(spec, "spec")->model;
    const uint64_t index = Write(go, "party-a");
    Write(federation_.Submitted(spec, index), "party-a");
    Write(federation_.Approved("party-a", spec), "party-a");
    Write(federation_.Approved("party-b", spec), "party-b");
    Write(federation_.Determined("model", federation_.CoordinatorHolder()), "coordinator");
    Feed(run::ModelStored{});
  }

  uint64_t Write(const record::Record& record, const std::string& author) {
    const Bytes envelope = record::Seal(record, federation_.key(author)).value();
    const auto submitted = Accept(envelope);
    EXPECT_TRUE(submitted.ok()) << submitted.status();
    return submitted.value_or(run::Submitted{}).index;
  }

  // The bytes of a site's contribution are here and good.
  void Arrived(const SiteId& site) {
    Feed(run::UpdateStored{.round = run().current.round, .site = site});
  }

  void PassTo(Instant when) {
    now = when;
    Feed(run::Tick{now});
  }

  // Entries of a kind, in order.
  template <typename Kind>
  std::vector<Kind> All() const {
    std::vector<Kind> found;
    for (uint64_t i = 0; i < ledger_->size(); ++i) {
      const record::Entry entry = record::Open(ledger_->Entry(i).value()).value();
      if (const auto* record = std::get_if<Kind>(&entry.record)) found.push_back(*record);
    }
    return found;
  }
  const run::RunState& run() const { return *book_.FindRun(federation_.run); }
  const run::Book& book() const { return book_; }

  StatusOr<run::Welcome> Hello() override {
    return run::Welcome{.charter_envelope = federation_.charter_envelope,
                        .checkpoint = "",
                        .server_version = "test"};
  }
  StatusOr<run::Page> Read(uint64_t from, uint32_t max, Milliseconds) override {
    RK_RETURN_IF_ERROR(Fault("read"));
    if (from > ledger_->size()) return Error(Code::kOutOfRange, "beyond the end");
    run::Page page;
    for (uint64_t i = from; i < ledger_->size() && page.entries.size() < max; ++i) {
      page.entries.push_back(ledger_->Entry(i).value());
    }
    page.checkpoint = ledger_->checkpoint().value();
    page.now = now;
    if (change_page) change_page(page);
    return page;
  }
  StatusOr<run::Submitted> Submit(ByteSpan envelope) override {
    RK_RETURN_IF_ERROR(Fault("submit"));
    if (record::KindOf(record::Open(envelope).value().record) == refuse_kind) {
      return Error(Code::kPermissionDenied, "refused");
    }
    auto submitted = Accept(envelope);
    if (change_submitted && submitted.ok()) change_submitted(*submitted);
    RK_RETURN_IF_ERROR(Fault("submit-answer"));
    return submitted;
  }
  StatusOr<std::vector<Digest>> ProveInclusion(uint64_t index, uint64_t size) override {
    return ledger_->ProveInclusion(index, size);
  }
  StatusOr<std::vector<Digest>> ProveConsistency(uint64_t from, uint64_t to) override {
    return ledger_->ProveConsistency(from, to);
  }
  Status Upload(store::Blobs& from, const BlobId& id, const run::Progress&) override {
    RK_RETURN_IF_ERROR(Fault("upload"));
    ++uploads;
    if (on_upload) on_upload();
    RK_ASSIGN_OR_RETURN(const auto file, from.Open(id));
    RK_RETURN_IF_ERROR(store::Import(*blobs, *file).status());
    for (const auto& [site, contribution] : run().current.contributed) {
      if (contribution.update != id) continue;
      if (bad_update) return MakeError(Code::kInvalidArgument, *bad_update);
      Feed(run::UpdateStored{.round = run().current.round, .site = site});
    }
    return Fault("upload-answer");
  }
  Status Download(const BlobId& id, store::Blobs& into, const run::Progress&) override {
    RK_RETURN_IF_ERROR(Fault("download"));
    RK_ASSIGN_OR_RETURN(const auto file, blobs->Open(id));
    return store::Import(into, *file).status();
  }
  StatusOr<Bytes> Receipt(uint64_t entry) override {
    RK_RETURN_IF_ERROR(Fault("receipt"));
    const Bytes envelope = ledger_->Entry(entry).value();
    const record::Entry opened = record::Open(envelope).value();
    const auto& manifest = std::get<record::Contributed>(opened.record);
    if (!blobs->Has(manifest.update).value()) {
      return Error(Code::kFailedPrecondition, "the bytes have not all arrived");
    }
    record::Receipt receipt{.charter = federation_.charter.sha256.hex(),
                            .run = manifest.run,
                            .round = manifest.round,
                            .site = manifest.site,
                            .manifest_sha256 = crypto::Sha256(envelope),
                            .entry = entry,
                            .at = now};
    if (change_receipt) change_receipt(receipt);
    return record::SealReceipt(receipt, *federation_.coordinator);
  }
  Status Report(const run::SiteProgress& progress) override {
    if (on_report) on_report(progress);
    return Ok();
  }
  StatusOr<std::string> RunStatus(const RunId&) override { return std::string("{}"); }
  Status AskJoin(const std::string&) override { return Ok(); }
  StatusOr<std::string> PollJoin(const std::string&) override {
    return Error(Code::kNotFound, "not granted");
  }
  StatusOr<std::vector<std::string>> PendingJoins() override { return std::vector<std::string>(); }
  Status GrantJoin(const std::string&) override { return Ok(); }

  Instant now{};
  std::unique_ptr<store::Blobs> blobs = store::MakeMemoryBlobs();
  std::map<std::string, int> fail_next;  // by call: that many UNAVAILABLE
  std::function<void(run::Page&)> change_page;
  std::function<void(run::Submitted&)> change_submitted;
  std::function<void(record::Receipt&)> change_receipt;
  std::optional<std::string> bad_update;
  std::string refuse_kind;
  std::function<void(const run::SiteProgress&)> on_report;
  std::function<void()> on_upload;
  int uploads = 0;

 private:
  Status Fault(const std::string& call) {
    int& left = fail_next[call];
    if (left == 0) return Ok();
    --left;
    return Error(Code::kUnavailable, "{} fails", call);
  }

  StatusOr<run::Submitted> Accept(ByteSpan envelope) {
    const Digest sha256 = crypto::Sha256(envelope);
    if (const auto known = known_.find(sha256); known != known_.end()) {
      return run::Submitted{
          .index = known->second, .inclusion = {}, .checkpoint = ledger_->checkpoint().value()};
    }
    const run::Decision decision = book_.Check(envelope, now);
    if (!decision.ok()) return decision.ToStatus();
    const uint64_t index = ledger_->Append(envelope).value();
    EXPECT_TRUE(book_.Apply(index, envelope).ok());
    known_[sha256] = index;
    if (book_.FindRun(federation_.run) != nullptr) Feed(run::Recorded{});
    return run::Submitted{
        .index = index, .inclusion = {}, .checkpoint = ledger_->checkpoint().value()};
  }

  void Feed(const run::Event& event) {
    live_.now = now;
    run::Outcome outcome = run::Step(run(), live_, event);
    live_ = std::move(outcome.live);
    for (const run::Action& action : outcome.actions) {
      if (const auto* append = std::get_if<run::Append>(&action)) {
        Write(append->record, "coordinator");
      } else if (const auto* reduce = std::get_if<run::Reduce>(&action)) {
        Feed(run::Reduced{.round = reduce->round, .output = reduce->inputs.at(0).update});
      }
    }
  }

  const run::TestFederation& federation_;
  LyingDisk disk_;
  std::unique_ptr<ledger::Ledger> ledger_;
  run::Book book_;
  run::Live live_;
  std::map<Digest, uint64_t> known_;
};

}  // namespace renkei::site
