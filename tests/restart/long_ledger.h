// SPDX-License-Identifier: Apache-2.0
// A ledger of many entries, all of them valid: one run of four sites, round after round.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "renkei/base/check.h"
#include "renkei/base/disk.h"
#include "renkei/ledger/ledger.h"
#include "renkei/record/record.h"
#include "renkei/run/federation_testing.h"
#include "renkei/run/run_state.h"
#include "renkei/run/spec.h"

namespace renkei::restart {

// A disk that does not wait for its device: what is written in a hurry is there after the end of
// a process, and nothing here cuts the power.
class HastyDisk final : public Disk {
 public:
  StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    return Hasten(disk_->Open(path, mode));
  }
  StatusOr<bool> Exists(const std::string& path) override { return disk_->Exists(path); }
  StatusOr<std::vector<std::string>> List(const std::string& path) override {
    return disk_->List(path);
  }
  Status MakeDirs(const std::string& path) override { return disk_->MakeDirs(path); }
  Status Rename(const std::string& from, const std::string& to) override {
    return disk_->Rename(from, to);
  }
  Status Remove(const std::string& path) override { return disk_->Remove(path); }
  Status SyncDir(const std::string&) override { return Ok(); }
  StatusOr<uint64_t> FreeBytes(const std::string& path) override { return disk_->FreeBytes(path); }
  StatusOr<std::unique_ptr<File>> Lock(const std::string& path) override {
    return Hasten(disk_->Lock(path));
  }

 private:
  class HastyFile final : public File {
   public:
    explicit HastyFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
    StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const override {
      return file_->ReadAt(offset, into);
    }
    StatusOr<uint64_t> Size() const override { return file_->Size(); }
    Status WriteAt(uint64_t offset, ByteSpan bytes) override {
      return file_->WriteAt(offset, bytes);
    }
    Status Truncate(uint64_t size_bytes) override { return file_->Truncate(size_bytes); }
    Status Sync() override { return Ok(); }

   private:
    std::unique_ptr<File> file_;
  };
  static StatusOr<std::unique_ptr<File>> Hasten(StatusOr<std::unique_ptr<File>> file) {
    if (!file.ok()) return file;
    return std::make_unique<HastyFile>(*std::move(file));
  }

  std::unique_ptr<Disk> disk_ = MakeRealDisk();
};

// Writes the entries, a second of the federation's time apart. `federation.now` ends at the time
// of the last one.
class LongLedger {
 public:
  LongLedger(run::TestFederation& federation, Disk& disk, const std::string& dir)
      : federation_(federation),
        ledger_(ledger::Ledger::Open(disk, dir, federation.charter.LedgerOrigin(),
                                     *federation.coordinator)
                    .value()) {}

  void WriteTo(uint64_t entries) {
    Begin();
    for (uint32_t round = 1; ledger_->size() < entries; ++round) Live(round);
  }

 private:
  uint64_t Write(const record::Record& record, std::string_view author) {
    const uint64_t index =
        ledger_->Append(record::Seal(record, federation_.key(author)).value()).value();
    federation_.now += std::chrono::seconds(1);
    return index;
  }

  record::Determined Standing(std::string item, const record::Holder& from) {
    record::Determined determined = federation_.Determined(std::move(item), from);
    determined.uses_max = 1'000'000;
    return determined;
  }

  void Begin() {
    Write(federation_.Adopted(), "coordinator");
    for (const SiteId& site : federation_.sites) {
      Write(federation_.Enrolled(site), federation_.PartyOf(site).text());
    }
    base_ = run::TestFederation::MadeUpBlob(0);
    const std::string spec = federation_.Spec(base_, run::kRoundsMax, 4);
    record::Determined owner = Standing("model", federation_.OwnerHolder());
    owner.blob = base_;
    owner_go_ = Write(owner, "party-a");
    Write(federation_.Submitted(spec, owner_go_), "party-a");
    for (const char* party : {"party-a", "party-b"}) {
      Write(federation_.Approved(party, spec), party);
    }
    Write(Standing("model", federation_.CoordinatorHolder()), "coordinator");
    for (const SiteId& site : federation_.sites) {
      updates_.push_back(Write(Standing("update", federation_.HolderOf(site)), site.text()));
      Write(Standing("metrics", federation_.HolderOf(site)), site.text());
    }
  }

  // Everybody who comes to hold the result, in the order of run::ResultRecipients.
  std::vector<record::Holder> Recipients() const {
    run::RunState run;
    run.coordinator = federation_.CoordinatorHolder();
    run.owner_holder = federation_.OwnerHolder();
    for (const SiteId& site : federation_.sites) {
      run.candidates[site].holder = federation_.HolderOf(site);
    }
    return run::ResultRecipients(run);
  }

  void Live(uint32_t round) {
    const RunId& run = federation_.run;
    const record::Metrics metrics = {{"accuracy", 0.5}, {"loss", 1.25}, {"macro_f1", 0.25}};
    Write(record::RoundOpened{.run = run,
                              .round = round,
                              .base = base_,
                              .participants = federation_.sites,
                              .recipients = Recipients(),
                              .deadline = federation_.now + std::chrono::seconds(100),
                              .owner_determination = owner_go_,
                              .at = federation_.now},
          "coordinator");
    record::RoundClosed closed{
        .run = run, .round = round, .counted = {}, .not_counted = {}, .at = {}};
    record::RoundReduced reduced{.run = run,
                                 .round = round,
                                 .inputs = {},
                                 .algorithm = std::string(run::kWeightedMeanAlgorithm),
                                 .output = run::TestFederation::MadeUpBlob(++blobs_),
                                 .at = {}};
    for (size_t i = 0; i < federation_.sites.size(); ++i) {
      const SiteId& site = federation_.sites[i];
      const BlobId update = run::TestFederation::MadeUpBlob(++blobs_);
      const uint64_t entry = Write(record::Contributed{.run = run,
                                                       .round = round,
                                                       .site = site,
                                                       .base = base_,
                                                       .update = update,
                                                       .encoding = "plain",
                                                       .examples = 100,
                                                       .metrics = metrics,
                                                       .determination = updates_[i],
                                                       .at = federation_.now},
                                   site.text());
      closed.counted.push_back({.site = site, .entry = entry, .weight = 100});
      reduced.inputs.push_back({.site = site, .update = update, .weight = 100});
    }
    closed.at = federation_.now;
    Write(closed, "coordinator");
    reduced.at = federation_.now;
    Write(reduced, "coordinator");
    for (const SiteId& site : federation_.sites) {
      Write(record::Evaluated{.run = run,
                              .round = round,
                              .site = site,
                              .model = reduced.output,
                              .examples = 100,
                              .metrics = metrics,
                              .at = federation_.now},
            site.text());
    }
    base_ = reduced.output;
  }

  run::TestFederation& federation_;
  std::unique_ptr<ledger::Ledger> ledger_;
  BlobId base_;
  uint64_t owner_go_ = 0;
  uint64_t blobs_ = 0;
  std::vector<uint64_t> updates_;  // each site's standing determination
};

}  // namespace renkei::restart
