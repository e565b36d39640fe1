// SPDX-License-Identifier: Apache-2.0
// A coordinator and its federation in one process, for tests: sites are fakes that do what the
// ledger asks of them and nothing else, so that they too may stop and go on anywhere.
#pragma once

#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/gate/determine.h"
#include "renkei/record/record.h"
#include "renkei/run/federation_testing.h"
#include "renkei/store/blobs.h"
#include "renkei/tensor/reader.h"
#include "renkei/tensor/writer.h"

namespace renkei::coordinator {

using Floats = std::vector<float>;

// A safetensors file with one F32 tensor "w" in `blobs`.
inline StatusOr<BlobId> WriteModel(store::Blobs& blobs, const Floats& values,
                                   const std::string& name = "w") {
  const tensor::NewTensor one{.name = name, .dtype = tensor::DType::kF32, .shape = {values.size()}};
  RK_ASSIGN_OR_RETURN(const tensor::Layout layout, tensor::MakeLayout({&one, 1}));
  RK_ASSIGN_OR_RETURN(const auto draft, blobs.Create());
  RK_ASSIGN_OR_RETURN(tensor::Writer writer, tensor::Writer::Begin(*draft, layout));
  static_assert(std::endian::native == std::endian::little);
  RK_RETURN_IF_ERROR(writer.Append(
      {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(float)}));
  RK_RETURN_IF_ERROR(writer.Finish());
  return draft->Finish();
}

inline StatusOr<Floats> ReadModel(const File& file) {
  RK_ASSIGN_OR_RETURN(const tensor::Layout layout, tensor::ReadLayout(file));
  Floats values(layout.tensors[0].elements());
  RK_RETURN_IF_ERROR(
      ReadExactly(file, layout.data_begin,
                  {reinterpret_cast<uint8_t*>(values.data()), values.size() * sizeof(float)}));
  return values;
}

class House {
 public:
  static constexpr size_t kElements = 300'000;  // 1.2 MB: two chunks

  explicit House(const run::TestFederation::Options& options = {})
      : federation(options), clock(federation.now), at_home(store::MakeMemoryBlobs()) {
    for (size_t i = 0; i < kElements; ++i) first.push_back(static_cast<float>(i % 97) / 8);
    model = WriteModel(*at_home, first).value();
  }

  Status Open() {
    hub.reset();
    Options options;
    options.dir = "hub";
    options.key = &federation.key("coordinator");
    options.charter_envelope = federation.charter_envelope;
    options.keep_updates = keep_updates;
    RK_ASSIGN_OR_RETURN(hub, Coordinator::Open(options, disk, clock));
    return Ok();
  }

  static identity::PeerId Person(std::string_view party) {
    return {.party = run::TestFederation::Party(party),
            .kind = identity::PeerKind::kPerson,
            .name = "alice"};
  }
  identity::PeerId Site(const SiteId& site) const {
    return {
        .party = federation.PartyOf(site), .kind = identity::PeerKind::kSite, .name = site.text()};
  }

  StatusOr<run::Submitted> SubmitAs(const identity::PeerId& caller, std::string_view signer,
                                    const record::Record& record) {
    RK_ASSIGN_OR_RETURN(const Bytes envelope, record::Seal(record, federation.key(signer)));
    return hub->Submit(caller, envelope);
  }
  StatusOr<run::Submitted> SubmitPerson(std::string_view party, const record::Record& record) {
    return SubmitAs(Person(party), party, record);
  }
  StatusOr<run::Submitted> SubmitSite(const SiteId& site, const record::Record& record) {
    return SubmitAs(Site(site), site.text(), record);
  }

  record::Determined Determine(std::string item, const record::Holder& from,
                               std::vector<record::Holder> recipients) {
    std::erase(recipients, from);
    return gate::Determine(federation.charter, {},
                           {.item = std::move(item),
                            .run = federation.run,
                            .from = from,
                            .recipients = std::move(recipients),
                            .purposes = {"defects"},
                            .classification_us = "EAR99",
                            .classification_jp = "not-listed",
                            .blob = std::nullopt},
                           clock.Now());
  }

  // People: enrol all sites, determine, submit, approve, upload the model. What the ledger holds
  // already is not done again.
  Status People(const std::string& spec) {
    const run::Book book = hub->BookNow();
    for (const SiteId& site : federation.sites) {
      if (book.FindSite(site) != nullptr) continue;
      RK_RETURN_IF_ERROR(
          SubmitPerson(federation.PartyOf(site).text(), federation.Enrolled(site)).status());
    }
    const run::RunState* run = book.FindRun(federation.run);
    if (run == nullptr) {
      record::Determined owner =
          Determine("model", federation.OwnerHolder(), federation.Everybody());
      owner.blob = model;
      RK_ASSIGN_OR_RETURN(const run::Submitted go, SubmitPerson("party-a", owner));
      RK_RETURN_IF_ERROR(SubmitPerson("party-a", federation.Submitted(spec, go.index)).status());
    }
    for (const char* party : {"party-a", "party-b"}) {
      if (run != nullptr && run->approved.contains(run::TestFederation::Party(party))) continue;
      RK_RETURN_IF_ERROR(SubmitPerson(party, federation.Approved(party, spec)).status());
    }
    return Upload(Person("party-a"), *at_home, model);
  }

  // What a client does: chunk after chunk from where the sink is.
  Status Upload(const identity::PeerId& caller, store::Blobs& from, const BlobId& id) {
    RK_ASSIGN_OR_RETURN(const auto leaves, from.Leaves(id));
    RK_ASSIGN_OR_RETURN(const auto sink, hub->BeginUpload(caller, id, leaves));
    if (sink != nullptr) {
      RK_ASSIGN_OR_RETURN(const auto file, from.Open(id));
      for (uint64_t chunk = sink->verified_chunks(); chunk < id.chunks(); ++chunk) {
        Bytes bytes(id.ChunkSize(chunk));
        RK_RETURN_IF_ERROR(ReadExactly(*file, chunk * kChunkBytes, bytes));
        RK_RETURN_IF_ERROR(sink->Write(chunk, bytes));
        ++chunks_sent;
      }
      RK_RETURN_IF_ERROR(sink->Commit());
    }
    return hub->FinishUpload(caller, id);
  }

  // One act of a site: the first thing that the ledger waits for it to do, if any.
  Status Act(const SiteId& site) {
    const run::Book book = hub->BookNow();
    const run::RunState* run = book.FindRun(federation.run);
    if (run == nullptr || run->phase == run::Phase::kFinished) return Ok();
    const run::Candidate* candidate = run->Find(site);
    for (const char* item : {"update", "metrics"}) {
      const bool stands = std::string_view(item) == "update" ? candidate->update.has_value()
                                                             : candidate->metrics.has_value();
      if (stands) continue;
      return SubmitSite(site, Determine(item, candidate->holder, run::ResultRecipients(*run)))
          .status();
    }
    if (run->phase == run::Phase::kTraining) return Train(*run, site);
    if (run->phase == run::Phase::kEvaluating && !run->current.evaluated.contains(site)) {
      record::Evaluated entry = federation.Evaluated(*run, site, 0.5);
      return SubmitSite(site, entry).status();
    }
    return Ok();
  }

  // The update of a site in a round: a pure function of base, site and round.
  static Floats Trained(const Floats& base, size_t site, uint32_t round) {
    Floats values = base;
    for (size_t i = site; i < values.size(); i += 7) {
      values[i] += static_cast<float>(site + 1) * 0.37F / static_cast<float>(round);
    }
    return values;
  }
  uint64_t Examples(size_t site) const { return 100 + 37 * site; }

  // All sites act in turn until the run is finished or nothing moves for `idle_max` turns.
  Status LiveToTheEnd(const std::string& spec, int turns_max = 400) {
    RK_RETURN_IF_ERROR(People(spec));
    for (int turn = 0; turn < turns_max; ++turn) {
      hub->Turn();
      if (Finished()) return Ok();
      for (const SiteId& site : federation.sites) RK_RETURN_IF_ERROR(Act(site));
      clock.Advance(Milliseconds(10));
    }
    return Error(Code::kInternal, "the run did not finish");
  }

  bool Finished() const {
    const run::Book book = hub->BookNow();
    const run::RunState* run = book.FindRun(federation.run);
    return run != nullptr && run->phase == run::Phase::kFinished;
  }
  // By a copy of the book, which stays.
  run::RunState Run() const { return *hub->BookNow().FindRun(federation.run); }

  run::TestFederation federation;
  LyingDisk disk;
  ManualClock clock;
  std::unique_ptr<store::Blobs> at_home;  // of people and sites
  Floats first;
  BlobId model;
  uint64_t chunks_sent = 0;
  Milliseconds keep_updates = std::chrono::days(30);
  std::unique_ptr<Coordinator> hub;

 private:
  Status Train(const run::RunState& run, const SiteId& site) {
    if (!std::ranges::binary_search(run.current.participants, site)) return Ok();
    const auto contributed = run.current.contributed.find(site);
    if (contributed != run.current.contributed.end()) {
      if (hub->Receipt(Site(site), contributed->second.index).ok()) return Ok();
      return Upload(Site(site), *at_home, contributed->second.update);
    }
    RK_ASSIGN_OR_RETURN(const auto file, hub->OpenDownload(Site(site), run.current.base));
    RK_ASSIGN_OR_RETURN(const Floats base, ReadModel(*file));
    const size_t number =
        static_cast<size_t>(std::ranges::find(federation.sites, site) - federation.sites.begin());
    RK_ASSIGN_OR_RETURN(const BlobId update,
                        WriteModel(*at_home, Trained(base, number, run.current.round)));
    record::Contributed entry = federation.Contributed(run, site, update);
    entry.examples = Examples(number);
    entry.at = clock.Now();
    RK_RETURN_IF_ERROR(SubmitSite(site, entry).status());
    return Upload(Site(site), *at_home, update);
  }
};

}  // namespace renkei::coordinator
