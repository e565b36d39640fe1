// SPDX-License-Identifier: Apache-2.0
#include "renkei/charter/draft.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/charter/fixture.h"

namespace renkei::charter {
namespace {

using testing::HasSubstr;

DraftSpec Example() {
  DraftSpec spec;
  spec.name = "wafer-defects";
  spec.cards = TestCards();
  spec.purposes = {"semiconductor-defect-research", "yield \"learning\""};
  spec.created = *ParseInstant("2026-11-24T00:00:00Z");
  spec.expires = *ParseInstant("2027-11-24T00:00:00Z");
  spec.parties_to_adopt = 3;
  spec.approvals = 2;
  spec.auditors = 1;
  return spec;
}

TEST(Draft, SaysWhatItWasAskedToSay) {
  const DraftSpec spec = Example();
  const auto text = Draft(spec);
  ASSERT_THAT(text, IsOk());
  const auto charter = Parse(*text, "c");
  ASSERT_THAT(charter, IsOk());
  EXPECT_EQ(charter->name, spec.name);
  EXPECT_EQ(charter->created, spec.created);
  EXPECT_EQ(charter->expires, spec.expires);
  EXPECT_EQ(charter->parties_to_adopt, 3u);
  EXPECT_EQ(charter->runs.approvals, 2u);
  EXPECT_EQ(charter->runs.auditors, 1u);
  EXPECT_EQ(charter->runs.weight_max, spec.weight_max);
  EXPECT_EQ(charter->runs.purposes, spec.purposes);
  EXPECT_EQ(charter->coordinator, *spec.cards[0].coordinator);
  ASSERT_EQ(charter->parties.size(), 4u);
  for (const PartyCard& card : spec.cards) {
    Party party = *charter->FindParty(card.party.id);
    party.line = 0;
    EXPECT_EQ(party, card.party);
  }
}

TEST(Draft, IsTheSameTextWhateverTheOrderOfTheCards) {
  DraftSpec spec = Example();
  const auto text = Draft(spec);
  std::ranges::reverse(spec.cards);
  EXPECT_THAT(Draft(spec), IsOkAndHolds(*text));
}

TEST(Draft, RefusesWhatCannotBecomeACharter) {
  const struct {
    const char* message;
    void (*change)(DraftSpec&);
  } cases[] = {
      {"[coordinator]", [](DraftSpec& s) { s.cards.erase(s.cards.begin()); }},
      {"both bring a coordinator",
       [](DraftSpec& s) { s.cards[1].coordinator = s.cards[0].coordinator; }},
      {"twice", [](DraftSpec& s) { s.cards.push_back(s.cards[1]); }},
      {"purpose", [](DraftSpec& s) { s.purposes.clear(); }},
      {"charter name", [](DraftSpec& s) { s.name = "Wafer defects"; }},
      {"expires", [](DraftSpec& s) { s.expires = s.created; }},
      {"parties_to_adopt is 5", [](DraftSpec& s) { s.parties_to_adopt = 5; }},
  };
  for (const auto& c : cases) {
    DraftSpec spec = Example();
    c.change(spec);
    EXPECT_THAT(Draft(spec), StatusIs(Code::kInvalidArgument, HasSubstr(c.message))) << c.message;
  }
}

TEST(PartyCard, ComesBackAsItWas) {
  for (const PartyCard& card : TestCards()) {
    const std::string text = DumpPartyCard(card);
    auto again = ParsePartyCard(text, "party.toml");
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->coordinator, card.coordinator);
    EXPECT_EQ(DumpPartyCard(*again), text);
    again->party.line = 0;
    EXPECT_EQ(again->party, card.party);
  }
}

TEST(PartyCard, HoldsOnePartyAndItsOwnCoordinator) {
  const std::string text = DumpPartyCard(TestCards()[0]);
  const std::string other = DumpPartyCard(TestCards()[1]);
  EXPECT_THAT(ParsePartyCard(Replaced(text, "renkei-party/1", "renkei-party/0"), "p"),
              StatusIs(Code::kInvalidArgument, HasSubstr("format")));
  EXPECT_THAT(ParsePartyCard(Replaced(text, "party = \"pacific-fab\"", "party = \"other\""), "p"),
              StatusIs(Code::kInvalidArgument, HasSubstr("p: coordinator: its party is other")));
  EXPECT_THAT(ParsePartyCard(text + other.substr(other.find("[[party]]")), "p"),
              StatusIs(Code::kInvalidArgument, HasSubstr("exactly one")));
  EXPECT_THAT(ParsePartyCard("format = \"renkei-party/1\"\n", "p"),
              StatusIs(Code::kInvalidArgument, HasSubstr("party: is missing")));
}

}  // namespace
}  // namespace renkei::charter
