// SPDX-License-Identifier: Apache-2.0
// A ledger for tests of the book, written entry by entry with real signatures and the
// coordinator's own steps in between.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/base/status_testing.h"
#include "renkei/run/book.h"
#include "renkei/run/federation_testing.h"
#include "renkei/run/step.h"

namespace renkei::run {

class Scribe {
  const TestFederation& federation_;  // first: the others begin with what it says

 public:
  explicit Scribe(const TestFederation& federation) : federation_(federation) {
    EXPECT_THAT(Write(federation.Adopted(), "coordinator"), IsOk());
  }

  Status Write(const record::Record& record, std::string_view signer) {
    const auto envelope = record::Seal(record, federation_.key(signer));
    RK_RETURN_IF_ERROR(envelope.status());
    const Decision decision = book.Check(*envelope, now);
    if (!decision.ok()) return decision.ToStatus();
    RK_RETURN_IF_ERROR(book.Apply(entries.size(), *envelope));
    entries.push_back(*envelope);
    return Ok();
  }

  void Feed(const Event& event) {
    Event next = event;
    for (;;) {
      Outcome outcome = Step(run(), std::move(live), next);
      live = std::move(outcome.live);
      const Append* append = nullptr;
      for (const Action& action : outcome.actions) {
        if (const auto* one = std::get_if<Append>(&action)) append = one;
      }
      if (append == nullptr) return;
      ASSERT_THAT(Write(append->record, "coordinator"), IsOk());
      next = Recorded{};
    }
  }

  // Enrolment to the opening of the first round.
  void StartTraining(uint32_t rounds) {
    const std::string spec = federation_.Spec(TestFederation::MadeUpBlob(0), rounds, 2);
    Prepare(spec);
    for (const char* party : {"party-a", "party-b"}) {
      ASSERT_THAT(Write(federation_.Approved(party, spec), party), IsOk());
    }
    ASSERT_THAT(
        Write(federation_.Determined("model", federation_.CoordinatorHolder()), "coordinator"),
        IsOk());
    for (const SiteId& site : federation_.sites) {
      for (const char* item : {"update", "metrics"}) {
        ASSERT_THAT(Write(federation_.Determined(item, federation_.HolderOf(site)), site.text()),
                    IsOk());
      }
    }
    Feed(Tick{now});
    Feed(ModelStored{});
  }

  // Enrolment to the last evaluation of `rounds` rounds.
  void LiveThrough(uint32_t rounds) {
    StartTraining(rounds);
    for (uint32_t round = 1; round <= rounds; ++round) {
      for (const SiteId& site : federation_.sites) Contribute(site);
      Feed(Reduced{.round = round, .output = TestFederation::MadeUpBlob(100 + round)});
      for (const SiteId& site : federation_.sites) {
        ASSERT_THAT(Write(federation_.Evaluated(run(), site, 0.5), site.text()), IsOk());
        Feed(Recorded{});
      }
    }
  }

  void Prepare(const std::string& spec) {
    for (const SiteId& site : federation_.sites) {
      ASSERT_THAT(Write(federation_.Enrolled(site), federation_.PartyOf(site).text()), IsOk());
    }
    record::Determined owner = federation_.Determined("model", federation_.OwnerHolder());
    owner.blob = TestFederation::MadeUpBlob(0);
    ASSERT_THAT(Write(owner, "party-a"), IsOk());
    ASSERT_THAT(Write(federation_.Submitted(spec, book.size() - 1), "party-a"), IsOk());
  }

  void Contribute(const SiteId& site) {
    const BlobId update = TestFederation::MadeUpBlob(book.size());
    ASSERT_THAT(Write(federation_.Contributed(run(), site, update), site.text()), IsOk());
    Feed(UpdateStored{.round = run().current.round, .site = site});
  }

  // The run is over: its first model is deleted, then a party leaves.
  void PartWays() {
    record::BlobsDeleted deleted{.party = {},
                                 .reason = "retention",
                                 .run = federation_.run,
                                 .blobs = {run().spec.model},
                                 .remaining = 1,
                                 .at = now};
    ASSERT_THAT(Write(deleted, "coordinator"), IsOk());
    EXPECT_FALSE(run().collected);
    deleted.blobs = {run().rounds.front().output};
    deleted.remaining = 0;
    ASSERT_THAT(Write(deleted, "coordinator"), IsOk());
    const PartyId party = TestFederation::Party("party-b");
    ASSERT_THAT(Write(record::PartyLeft{.party = party, .at = now}, "party-b"), IsOk());
    ASSERT_THAT(Write(record::BlobsDeleted{.party = party,
                                           .reason = "party-left",
                                           .run = {},
                                           .blobs = {TestFederation::MadeUpBlob(77)},
                                           .remaining = 0,
                                           .at = now},
                      "coordinator"),
                IsOk());
  }

  const RunState& run() const { return *book.FindRun(federation_.run); }

  Instant now = federation_.now;
  Book book;
  Live live;
  std::vector<Bytes> entries;
};

}  // namespace renkei::run
