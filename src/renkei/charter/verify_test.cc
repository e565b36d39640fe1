// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/charter/charter.h"
#include "renkei/charter/fixture.h"
#include "renkei/seal/envelope.h"

namespace renkei::charter {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kToml = TestToml();
const Instant kNow = *ParseInstant("2026-12-01T00:00:00Z");
const Instant kAfter = *ParseInstant("2027-11-24T00:00:00Z");

TEST(Verify, AcceptsACharterThatItsPartiesSigned) {
  const auto charter = Verify(SignedBy(kToml, {1, 2, 3, 4, 6}), kNow);
  ASSERT_THAT(charter, IsOk());
  EXPECT_EQ(*charter, *Parse(kToml, "c"));
}

TEST(Verify, NamesThePartiesWhoseSignaturesLack) {
  const auto one_lacks = Verify(SignedBy(kToml, {1, 2, 3, 6}), kNow);
  EXPECT_THAT(one_lacks,
              StatusIs(Code::kPermissionDenied,
                       "charter wafer-defects version 1: signed by 3 of 4 parties, 4 needed; not "
                       "yet by kyushu-fab (1 of 2 officers)"));
  const auto nobody = Verify(SignedBy(kToml, {}), kNow);
  EXPECT_THAT(nobody, StatusIs(Code::kPermissionDenied, HasSubstr("pacific-fab (0 of 1 officer)")));
}

TEST(Verify, CountsOfficersOnceAndNobodyElse) {
  EXPECT_THAT(Verify(SignedBy(kToml, {1, 2, 3, 5, 6}), kNow), StatusIs(Code::kPermissionDenied))
      << "5 is no officer";
  EXPECT_THAT(Verify(SignedBy(kToml, {1, 2, 3, 3, 6}), kNow), StatusIs(Code::kPermissionDenied))
      << "3 twice";
  EXPECT_THAT(Verify(SignedBy(kToml, {1, 2, 3, 9, 77, 6}), kNow), StatusIs(Code::kPermissionDenied))
      << "the coordinator and a stranger";
  EXPECT_THAT(Verify(SignedBy(kToml, {77, 1, 2, 3, 4, 6}), kNow), IsOk())
      << "a stranger does no harm";
}

TEST(Verify, AFewPartiesAreEnoughWhenTheCharterSaysSo) {
  const std::string toml = Replaced(kToml, "parties_to_adopt = 4", "parties_to_adopt = 3");
  EXPECT_THAT(Verify(SignedBy(toml, {1, 2, 6}), kNow), IsOk());
  EXPECT_THAT(Verify(SignedBy(toml, {1, 2, 3}), kNow), StatusIs(Code::kPermissionDenied));
}

TEST(Verify, SignaturesBindTheExactText) {
  const Bytes good = SignedBy(kToml, {1, 2, 3, 4, 6});
  seal::Envelope envelope = *seal::ParseEnvelope(good);
  envelope.payload.back() = ' ';
  EXPECT_THAT(Verify(AsBytes(seal::DumpEnvelope(envelope)), kNow), Not(IsOk()));
  envelope = *seal::ParseEnvelope(good);
  envelope.payload_type = "text/plain";
  EXPECT_THAT(Verify(AsBytes(seal::DumpEnvelope(envelope)), kNow),
              StatusIs(Code::kInvalidArgument, HasSubstr("payloadType")));
  envelope = *seal::ParseEnvelope(good);
  std::swap(envelope.signatures[0].signature, envelope.signatures[1].signature);
  EXPECT_THAT(Verify(AsBytes(seal::DumpEnvelope(envelope)), kNow),
              StatusIs(Code::kPermissionDenied));
  EXPECT_THAT(Verify(AsBytes("{}"), kNow), StatusIs(Code::kInvalidArgument));
}

TEST(Verify, AnExpiredCharterIsNotInForceButStillReads) {
  const Bytes envelope = SignedBy(kToml, {1, 2, 3, 4, 6});
  EXPECT_THAT(Verify(envelope, kAfter - Milliseconds(1)), IsOk());
  EXPECT_THAT(Verify(envelope, kAfter),
              StatusIs(Code::kFailedPrecondition, HasSubstr("expired at 2027-11-24")));
  EXPECT_THAT(Verify(envelope, kAfter, Expiry::kIgnored), IsOk());
  EXPECT_THAT(Verify(SignedBy(kToml, {1}), kAfter, Expiry::kIgnored),
              StatusIs(Code::kPermissionDenied));
}

TEST(Signatures, TellHowFarEachPartyIs) {
  const auto states = Signatures(*Parse(kToml, "c"), *seal::ParseEnvelope(SignedBy(kToml, {3, 6})));
  ASSERT_EQ(states.size(), 4u);
  EXPECT_EQ(states[0].party.text(), "cascade-lab");
  EXPECT_FALSE(states[0].Bound());
  EXPECT_TRUE(states[1].Bound());
  EXPECT_EQ(states[2], (SignatureState{*PartyId::Parse("kyushu-fab"), 1, 2}));
}

// The next version of `toml`, which is version 1, with one more change.
std::string NextOf(const std::string& toml, std::string_view from, std::string_view to) {
  const std::string hex = Parse(toml, "c")->sha256.hex();
  std::string next = Replaced(
      toml, "version = 1\n",
      fmt::format("version = 2\nprevious_sha256 = \"{0}\"\nfirst_sha256 = \"{0}\"\n", hex));
  next = Replaced(next, "created = 2026-11-24T", "created = 2026-11-25T");
  return Replaced(next, from, to);
}

const std::string kNext = NextOf(kToml, "approvals = 1", "approvals = 2");

TEST(VerifyAmendment, AcceptsTheNextVersionSignedByAll) {
  const Charter current = *Parse(kToml, "c");
  const auto next = VerifyAmendment(current, SignedBy(kNext, {1, 2, 3, 4, 6}), kNow);
  ASSERT_THAT(next, IsOk());
  EXPECT_EQ(next->version, 2u);
  EXPECT_EQ(next->runs.approvals, 2u);
  EXPECT_EQ(next->LedgerOrigin(), current.LedgerOrigin());
}

TEST(VerifyAmendment, NeedsTheThresholdsOfBothVersions) {
  const Charter current = *Parse(kToml, "c");
  // Version 2 would be content with two parties, and gives hokkaido-lab another key.
  const std::string easier = NextOf(kToml, "parties_to_adopt = 4", "parties_to_adopt = 2");
  EXPECT_THAT(VerifyAmendment(current, SignedBy(easier, {1, 2}), kNow),
              StatusIs(Code::kPermissionDenied, HasSubstr("version in force")));
  const std::string other_key =
      NextOf(kToml, TestKey(6).public_key().Text(), TestKey(16).public_key().Text());
  EXPECT_THAT(VerifyAmendment(current, SignedBy(other_key, {1, 2, 3, 4, 6}), kNow),
              StatusIs(Code::kPermissionDenied, HasSubstr("hokkaido-lab (0 of 1 officer)")));
  EXPECT_THAT(VerifyAmendment(current, SignedBy(other_key, {1, 2, 3, 4, 16}), kNow),
              StatusIs(Code::kPermissionDenied, HasSubstr("version in force")));
  EXPECT_THAT(VerifyAmendment(current, SignedBy(other_key, {1, 2, 3, 4, 6, 16}), kNow), IsOk());
}

TEST(VerifyAmendment, RefusesAStepBackAGapAndAnotherHistory) {
  const Charter first = *Parse(kToml, "c");
  const Charter second = *Parse(kNext, "c");
  const auto signed_by_all = [](const std::string& toml) {
    return SignedBy(toml, {1, 2, 3, 4, 6});
  };
  const struct {
    const char* message;
    const Charter& current;
    std::string next;
  } cases[] = {
      {"a step back: version 2", second, kToml},
      {"a step back: version 2", second, kNext},
      {"a step back: version 1", first, kToml},
      {"follows the one before", first, Replaced(kNext, "version = 2", "version = 3")},
      {"previous_sha256 is not", second, Replaced(kNext, "version = 2", "version = 3")},
      {"another charter", first,
       Replaced(kNext, "name = \"wafer-defects\"", "name = \"wafer-defect\"")},
      {"created no later", first,
       Replaced(kNext, "created = 2026-11-25T", "created = 2026-11-24T")},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(VerifyAmendment(c.current, signed_by_all(c.next), kNow),
                StatusIs(Code::kFailedPrecondition, HasSubstr(c.message)));
  }
  std::string third = Replaced(kNext, "version = 2", "version = 3");
  third = Replaced(third, fmt::format("previous_sha256 = \"{}\"", first.sha256.hex()),
                   fmt::format("previous_sha256 = \"{}\"", second.sha256.hex()));
  third = Replaced(third, "created = 2026-11-25T", "created = 2026-11-26T");
  EXPECT_THAT(VerifyAmendment(second, signed_by_all(third), kNow), IsOk());
  third = Replaced(third, fmt::format("first_sha256 = \"{}\"", first.sha256.hex()),
                   fmt::format("first_sha256 = \"{}\"", second.sha256.hex()));
  EXPECT_THAT(VerifyAmendment(second, signed_by_all(third), kNow),
              StatusIs(Code::kFailedPrecondition, HasSubstr("first_sha256")));
}

TEST(VerifyAmendment, RenewsAnExpiredCharterButIsItselfInForce) {
  const Charter current = *Parse(kToml, "c");
  EXPECT_THAT(VerifyAmendment(current, SignedBy(kNext, {1, 2, 3, 4, 6}), kAfter),
              StatusIs(Code::kFailedPrecondition, HasSubstr("expired")));
  const std::string renewed = NextOf(kToml, "2027-11-24T", "2028-11-24T");
  EXPECT_THAT(VerifyAmendment(current, SignedBy(renewed, {1, 2, 3, 4, 6}), kAfter), IsOk());
}

}  // namespace
}  // namespace renkei::charter
