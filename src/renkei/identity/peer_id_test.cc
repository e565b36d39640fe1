// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/peer_id.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "renkei/base/disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/x509.h"

namespace renkei::identity {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

const Instant kNow = ParseInstant("2026-11-24T12:00:00Z").value();

PartyId PartyOf(std::string_view text) { return PartyId::Parse(text).value(); }

// A party that issues whatever it is asked to, also what it should not.
struct Rogue {
  explicit Rogue(const std::string& name) : party(PartyOf(name)) {
    crypto::CertificateSpec spec = Spec("spiffe://" + name, key);
    spec.is_ca = true;
    root = crypto::SelfSign(spec, key).value();
  }

  static crypto::CertificateSpec Spec(const std::string& uri, const std::string& key_pem) {
    return {.subject_name = "x",
            .uri_san = uri,
            .dns_sans = {},
            .not_before = kNow - hours(1),
            .not_after = kNow + hours(1),
            .public_key_pem = crypto::PublicKeyPem(key_pem).value()};
  }
  std::string Issue(const crypto::CertificateSpec& spec) const {
    return crypto::IssueCertificate(spec, root, key).value();
  }
  std::string Issue(const std::string& uri) const {
    return Issue(Spec(uri, crypto::GenerateTlsKeyPem()));
  }
  PartyRoot Root() const { return {.party = party, .ca_pem = root}; }

  PartyId party;
  std::string key = crypto::GenerateTlsKeyPem();
  std::string root;
};

TEST(PeerId, ComesBackFromItsUri) {
  const struct {
    PeerKind kind;
    std::string_view uri;
  } cases[] = {{PeerKind::kSite, "spiffe://acme/site/fab-1"},
               {PeerKind::kPerson, "spiffe://acme/person/fab-1"},
               {PeerKind::kCoordinator, "spiffe://acme/coordinator/fab-1"}};
  for (const auto& c : cases) {
    const PeerId peer = {.party = PartyOf("acme"), .kind = c.kind, .name = "fab-1"};
    EXPECT_EQ(peer.Uri(), c.uri);
    EXPECT_THAT(PeerId::Parse(c.uri), IsOkAndHolds(peer));
  }
  EXPECT_EQ(PeerId{}.Uri(), "");
  EXPECT_EQ(PartyUri(PartyOf("acme")), "spiffe://acme");
}

TEST(PeerId, RefusesOtherUris) {
  for (const std::string_view uri : {"",
                                     "spiffe://acme",
                                     "spiffe://acme/",
                                     "spiffe://acme/site",
                                     "spiffe://acme/site/",
                                     "spiffe://acme/site/a/b",
                                     "spiffe://acme/site/a/",
                                     "spiffe://acme/robot/a",
                                     "spiffe:///site/a",
                                     "spiffe://Acme/site/a",
                                     "spiffe://acme/site/A",
                                     "SPIFFE://acme/site/a",
                                     "spiffe://acme:443/site/a",
                                     "spiffe://me@acme/site/a",
                                     "spiffe://acme/site/a?x=1",
                                     "spiffe://acme/site/a#x",
                                     "https://acme/site/a",
                                     "spiffe://acme/site/%61",
                                     "spiffe://acme//site/a",
                                     " spiffe://acme/site/a"}) {
    EXPECT_THAT(PeerId::Parse(uri), StatusIs(Code::kInvalidArgument)) << uri;
  }
  EXPECT_THAT(PeerId::Parse(std::string_view("spiffe://acme/site/a\0b", 22)),
              StatusIs(Code::kInvalidArgument));
}

TEST(VerifyPeer, BelievesEachPartyAboutItself) {
  const Rogue us("sierra-semi");
  const Rogue jp("miyako-fab");
  const std::vector<PartyRoot> roots = {us.Root(), jp.Root()};
  for (const Rogue* rogue : {&us, &jp}) {
    const PeerId peer = {.party = rogue->party, .kind = PeerKind::kSite, .name = "fab"};
    EXPECT_THAT(VerifyPeer(rogue->Issue(peer.Uri()), roots, kNow), IsOkAndHolds(peer));
  }
}

TEST(VerifyPeer, BelievesNoPartyAboutAnother) {
  const Rogue us("sierra-semi");
  const Rogue jp("miyako-fab");
  const std::vector<PartyRoot> roots = {us.Root(), jp.Root()};
  for (const std::string path : {"/site/fab", "/person/emi", "/coordinator/main"}) {
    EXPECT_THAT(VerifyPeer(us.Issue("spiffe://miyako-fab" + path), roots, kNow),
                StatusIs(Code::kUnauthenticated));
    EXPECT_THAT(VerifyPeer(us.Issue("spiffe://miyako-fab" + path) + jp.root, roots, kNow),
                StatusIs(Code::kUnauthenticated));
  }
}

TEST(VerifyPeer, RefusesWhatIsNoPeersCertificate) {
  const Rogue acme("acme");
  const std::vector<PartyRoot> roots = {acme.Root()};
  const std::string key = crypto::GenerateTlsKeyPem();
  const std::string uri = "spiffe://acme/site/fab";
  crypto::CertificateSpec authority = Rogue::Spec(uri, key);
  authority.is_ca = true;
  crypto::CertificateSpec expired = Rogue::Spec(uri, key);
  expired.not_after = kNow - std::chrono::minutes(1);
  crypto::CertificateSpec early = Rogue::Spec(uri, key);
  early.not_before = kNow + std::chrono::minutes(1);
  crypto::CertificateSpec dns_only = Rogue::Spec("", key);
  dns_only.dns_sans = {"spiffe.acme"};
  const struct {
    std::string_view why;
    std::string chain;
    std::string_view says;
  } cases[] = {
      {"an authority", acme.Issue(authority), ""},
      {"the root itself", acme.root, "not a peer's id"},
      {"expired", acme.Issue(expired), "expired"},
      {"not yet valid", acme.Issue(early), "not yet valid"},
      {"no URI", acme.Issue(Rogue::Spec("", key)), "0 URI names"},
      {"a DNS name alone", acme.Issue(dns_only), "0 URI names"},
      {"a party that is not there", acme.Issue("spiffe://other/site/fab"), "not a party"},
      {"a URI that is no id", acme.Issue("spiffe://acme/site"), "not a peer's id"},
      {"a web address", acme.Issue("https://acme/site/fab"), "not a peer's id"},
      {"signed by itself", crypto::SelfSign(Rogue::Spec(uri, key), key).value(), ""},
      {"garbage", "-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n", ""},
      {"no PEM", "garbage", ""},
      {"nothing", "", ""},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(VerifyPeer(c.chain, roots, kNow),
                StatusIs(Code::kUnauthenticated, HasSubstr(std::string(c.says))))
        << c.why;
  }
  EXPECT_THAT(VerifyPeer(acme.Issue(uri), {}, kNow), StatusIs(Code::kUnauthenticated));
}

// The fenced blocks of a page of docs/formats.
std::vector<std::string> BlocksOf(const std::string& name) {
  const auto disk = MakeRealDisk();
  const auto page = ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/" + name, 1 << 20);
  std::vector<std::string> blocks;
  if (!page.ok()) return blocks;
  const std::string document = ToText(*page);
  for (size_t at = document.find("```\n"); at != std::string::npos;) {
    const size_t end = document.find("```", at + 4);
    blocks.push_back(document.substr(at + 4, end - at - 4));
    at = document.find("```\n", end + 3);
  }
  return blocks;
}

TEST(VerifyPeer, BelievesTheChainInTheDocumentMadeByAnotherTool) {
  const auto blocks = BlocksOf("identity.md");
  ASSERT_EQ(blocks.size(), 2u);
  const std::vector<PartyRoot> roots = {{.party = PartyOf("miyako-fab"), .ca_pem = blocks[0]}};
  EXPECT_THAT(VerifyPeer(blocks[1], roots, kNow),
              IsOkAndHolds(PeerId{
                  .party = PartyOf("miyako-fab"), .kind = PeerKind::kSite, .name = "fab-jp"}));
}

// Of the same authority, with two names: spiffe://miyako-fab/site/fab-jp and
// spiffe://sierra-semi/site/fab-us. Made by OpenSSL's command line; our code cannot.
constexpr std::string_view kTwoNames = R"(-----BEGIN CERTIFICATE-----
MIIB/TCCAaSgAwIBAgIPPUFh8kCG1p53VI06A2FsMAoGCCqGSM49BAMCMB8xHTAb
BgNVBAMMFGlzc3VlciBvZiBtaXlha28tZmFiMCAXDTI2MTEyNDAzMDkxN1oYDzIx
MjYwNzIzMDMwOTE3WjARMQ8wDQYDVQQDDAZmYWItanAwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAARK64KBnyF6a36vyCZynq4ysQtYvOegA0As/SAgl0d5KG09gFZc
Qxmjrv3Sx2qj6twhnfJKISDkQB+0lyWHEaelo4HOMIHLMAwGA1UdEwEB/wQCMAAw
DgYDVR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjBM
BgNVHREERTBDhh9zcGlmZmU6Ly9taXlha28tZmFiL3NpdGUvZmFiLWpwhiBzcGlm
ZmU6Ly9zaWVycmEtc2VtaS9zaXRlL2ZhYi11czAdBgNVHQ4EFgQUw2xDpQxP0/SE
Is7RaBpE15H3QzMwHwYDVR0jBBgwFoAUwl+AM/RHkldH7cbemZZ6ZKoHdsAwCgYI
KoZIzj0EAwIDRwAwRAIgJuhWUA8G51YaV5oe3misiZYJFkw9MDLPOiHp6SzqoSoC
IHHU8hmB2bJp2f4SiN/4zDF0Qw9LZJ6J/PzFEpP0mWmK
-----END CERTIFICATE-----
)";

TEST(VerifyPeer, RefusesACertificateOfTwoNames) {
  const auto blocks = BlocksOf("identity.md");
  ASSERT_EQ(blocks.size(), 2u);
  const std::string issuer = blocks[1].substr(blocks[1].rfind("-----BEGIN"));
  for (const std::string_view party : {"miyako-fab", "sierra-semi"}) {
    const std::vector<PartyRoot> roots = {{.party = PartyOf(party), .ca_pem = blocks[0]}};
    EXPECT_THAT(VerifyPeer(std::string(kTwoNames) + issuer, roots, kNow),
                StatusIs(Code::kUnauthenticated, HasSubstr("2 URI names")));
  }
}

}  // namespace
}  // namespace renkei::identity
