// SPDX-License-Identifier: Apache-2.0
#include "renkei/crypto/x509.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "renkei/base/check.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/hash.h"
#include "renkei/crypto/openssl_types.h"

namespace renkei::crypto {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

const Instant kNow = ParseInstant("2026-11-24T12:00:00Z").value();
constexpr std::string_view kUri = "spiffe://acme/site/fab";

// A root and an issuer that may sign for ten days around kNow.
struct Authority {
  std::string root_key = GenerateTlsKeyPem();
  std::string issuer_key = GenerateTlsKeyPem();
  std::string root = SelfSign(Spec(root_key, 1), root_key).value();
  std::string issuer = IssueCertificate(Spec(issuer_key, 0), root, root_key).value();

  static CertificateSpec Spec(const std::string& key, int path_length) {
    return {.subject_name = path_length == 1 ? "acme root" : "acme issuer",
            .uri_san = "spiffe://acme",
            .dns_sans = {},
            .not_before = kNow - hours(120),
            .not_after = kNow + hours(120),
            .is_ca = true,
            .path_length = path_length,
            .public_key_pem = PublicKeyPem(key).value()};
  }
  std::string Issue(const CertificateSpec& spec) const {
    return IssueCertificate(spec, issuer, issuer_key).value() + issuer;
  }
};

CertificateSpec LeafSpec() {
  return {.subject_name = "fab",
          .uri_san = std::string(kUri),
          .dns_sans = {},
          .not_before = kNow - hours(1),
          .not_after = kNow + hours(23),
          .public_key_pem = PublicKeyPem(GenerateTlsKeyPem()).value()};
}

struct Extension {
  int nid;
  const char* value;
};

// What IssueCertificate never makes: a certificate of `authority` over `key` with exactly these
// extensions, the issuer's chain behind it.
std::string Forge(const Authority& authority, const std::vector<Extension>& extensions,
                  const KeyPointer& key, const EVP_MD* digest = EVP_sha256()) {
  const auto issuers = ReadCertificates(authority.issuer, 1).value();
  const KeyPointer issuer_key = ReadPrivateKey(authority.issuer_key).value();
  const CertificatePointer made(X509_new());
  RK_CHECK(X509_set_version(made.get(), X509_VERSION_3) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 7);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(kNow).time_since_epoch().count();
  ASN1_TIME_set(X509_getm_notBefore(made.get()), seconds - 3600);
  ASN1_TIME_set(X509_getm_notAfter(made.get()), seconds + 3600);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const uint8_t*>("fab"), -1, -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuers[0].get()));
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuers[0].get(), made.get(), nullptr, nullptr, 0);
  for (const Extension& extension : extensions) {
    const ExtensionPointer built(
        X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value));
    RK_CHECK(built != nullptr && X509_add_ext(made.get(), built.get(), -1) == 1);
  }
  RK_CHECK(X509_sign(made.get(), issuer_key.get(), digest) > 0);
  const BioPointer bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), made.get());
  return TextOf(bio.get()) + authority.issuer;
}

KeyPointer P256() { return KeyPointer(EVP_EC_gen("P-256")); }

TEST(X509, NamesTheIssuerOfACertificateThatProvesNothing) {
  const Authority authority;
  EXPECT_THAT(ClaimedIssuer(authority.issuer), testing::HasSubstr("acme root"));
  EXPECT_EQ(ClaimedIssuer("no certificate"), "");
}

TEST(VerifyChain, GivesTheLeafOfAGoodChain) {
  const Authority authority;
  const CertificateSpec spec = LeafSpec();
  const std::string chain = authority.Issue(spec);
  for (const std::string& shown : {chain, chain + authority.root}) {
    const auto leaf = VerifyChain(shown, authority.root, kNow);
    ASSERT_THAT(leaf, IsOk());
    EXPECT_EQ(leaf->uri_san, kUri);
    EXPECT_EQ(leaf->not_before, spec.not_before);
    EXPECT_EQ(leaf->not_after, spec.not_after);
    EXPECT_EQ(leaf->root_sha256, CertificateSha256(authority.root).value());
    EXPECT_EQ(leaf->public_key_pem, spec.public_key_pem);
  }
}

TEST(VerifyChain, HoldsWhileEveryCertificateIsValidAndNoLonger) {
  const Authority authority;
  CertificateSpec spec = LeafSpec();
  const std::string chain = authority.Issue(spec);
  EXPECT_THAT(VerifyChain(chain, authority.root, spec.not_before), IsOk());
  EXPECT_THAT(VerifyChain(chain, authority.root, spec.not_after - std::chrono::seconds(1)), IsOk());
  EXPECT_THAT(VerifyChain(chain, authority.root, spec.not_before - std::chrono::seconds(1)),
              StatusIs(Code::kUnauthenticated, HasSubstr("not yet valid")));
  EXPECT_THAT(VerifyChain(chain, authority.root, spec.not_after),
              StatusIs(Code::kUnauthenticated, HasSubstr("expired")));
  // As somebody sees it whose clock is off, who may take it for a wrong certificate.
  EXPECT_THAT(VerifyChain(chain, authority.root, spec.not_before - hours(24)),
              StatusIs(Code::kUnauthenticated, HasSubstr("86400 s earlier; set the clock")));
  EXPECT_THAT(VerifyChain(chain, authority.root, spec.not_after + hours(24)),
              StatusIs(Code::kUnauthenticated, HasSubstr("86400 s later; set the clock")));
  spec.not_after = kNow + hours(1000);  // beyond its issuer's
  EXPECT_THAT(VerifyChain(authority.Issue(spec), authority.root, kNow + hours(500)),
              StatusIs(Code::kUnauthenticated, HasSubstr("expired")));
}

TEST(VerifyChain, RefusesChainsThatDoNotLeadToTheRoot) {
  const Authority authority;
  const Authority other;  // the same names, other keys
  const std::string chain = authority.Issue(LeafSpec());
  const std::string leaf = chain.substr(0, chain.size() - authority.issuer.size());
  CertificateSpec deeper = LeafSpec();
  deeper.is_ca = true;
  const std::string deeper_key = GenerateTlsKeyPem();
  deeper.public_key_pem = PublicKeyPem(deeper_key).value();
  const std::string sub_issuer =
      IssueCertificate(deeper, authority.issuer, authority.issuer_key).value();
  const std::string too_deep =
      IssueCertificate(LeafSpec(), sub_issuer, deeper_key).value() + sub_issuer + authority.issuer;
  std::string flipped = chain;
  flipped[leaf.size() / 2] = flipped[leaf.size() / 2] == 'A' ? 'B' : 'A';
  const struct {
    std::string_view why;
    std::string chain;
  } cases[] = {
      {"another root of the same name", other.Issue(LeafSpec())},
      {"the issuer is missing", leaf},
      {"the issuer comes first", authority.issuer + leaf},
      {"an issuer of another root", leaf + other.issuer},
      {"a path longer than the root allows", too_deep},
      {"more certificates than anybody needs", chain + chain + chain},
      {"a byte of the leaf was changed", flipped},
      {"nothing", ""},
      {"garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
      {"a key", GenerateTlsKeyPem()},
      {"very long", std::string(kChainPemBytesMax + 1, 'x')},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(VerifyChain(c.chain, authority.root, kNow), StatusIs(Code::kUnauthenticated))
        << c.why;
  }
  EXPECT_THAT(VerifyChain(chain, "garbage", kNow), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(VerifyChain(chain, authority.issuer, kNow), StatusIs(Code::kUnauthenticated));
}

// The extensions of a good leaf, with `changes` in place of those of the same kind; one without a
// value takes the extension away.
std::vector<Extension> Leaf(const std::vector<Extension>& changes) {
  std::vector<Extension> extensions = {{NID_subject_alt_name, "URI:spiffe://acme/site/fab"},
                                       {NID_basic_constraints, "critical,CA:FALSE"},
                                       {NID_key_usage, "critical,digitalSignature"},
                                       {NID_ext_key_usage, "serverAuth,clientAuth"},
                                       {NID_subject_key_identifier, "hash"},
                                       {NID_authority_key_identifier, "keyid"}};
  for (const Extension& change : changes) {
    std::erase_if(extensions, [&](const Extension& e) { return e.nid == change.nid; });
    if (change.value != nullptr) extensions.push_back(change);
  }
  return extensions;
}

TEST(VerifyChain, TakesAnSvid) {
  const Authority authority;
  for (const auto& changes : std::vector<std::vector<Extension>>{
           {},
           {{NID_subject_alt_name, "DNS:renkei.internal,URI:spiffe://acme/site/fab"}},
           {{NID_ext_key_usage, nullptr}}}) {
    EXPECT_THAT(VerifyChain(Forge(authority, Leaf(changes), P256()), authority.root, kNow), IsOk());
  }
}

TEST(VerifyChain, RefusesLeavesThatAreNoSvid) {
  const Authority authority;
  const struct {
    std::string_view why;
    std::vector<Extension> changes;
  } cases[] = {
      {"two URIs",
       {{NID_subject_alt_name, "URI:spiffe://acme/site/fab,URI:spiffe://acme/site/lab"}}},
      {"no name at all", {{NID_subject_alt_name, nullptr}}},
      {"a DNS name alone", {{NID_subject_alt_name, "DNS:acme"}}},
      {"an authority",
       {{NID_basic_constraints, "critical,CA:TRUE"},
        {NID_key_usage, "critical,digitalSignature,keyCertSign"}}},
      {"an authority that may only sign data", {{NID_basic_constraints, "critical,CA:TRUE"}}},
      {"may sign certificates", {{NID_key_usage, "critical,digitalSignature,keyCertSign"}}},
      {"may sign revocations", {{NID_key_usage, "critical,digitalSignature,cRLSign"}}},
      {"may not sign", {{NID_key_usage, "critical,keyAgreement"}}},
      {"no key usage", {{NID_key_usage, nullptr}}},
      {"for code, not for TLS", {{NID_ext_key_usage, "codeSigning"}}},
      {"for one end of TLS", {{NID_ext_key_usage, "serverAuth"}}},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(VerifyChain(Forge(authority, Leaf(c.changes), P256()), authority.root, kNow),
                StatusIs(Code::kUnauthenticated))
        << c.why;
  }
  std::vector<Extension> twice = Leaf({});
  twice.push_back(twice.front());
  EXPECT_THAT(VerifyChain(Forge(authority, twice, P256()), authority.root, kNow),
              StatusIs(Code::kUnauthenticated));
}

TEST(VerifyChain, RefusesWeakHashesAndWeakKeys) {
  const Authority authority;
  const std::vector<Extension> good = Leaf({});
  EXPECT_THAT(VerifyChain(Forge(authority, good, P256(), EVP_sha1()), authority.root, kNow),
              StatusIs(Code::kUnauthenticated));
  EXPECT_THAT(
      VerifyChain(Forge(authority, good, KeyPointer(EVP_RSA_gen(1024))), authority.root, kNow),
      StatusIs(Code::kUnauthenticated));
}

TEST(VerifyChain, RefusesALeafSignedByALeaf) {
  const Authority authority;
  const std::string key = GenerateTlsKeyPem();
  CertificateSpec first = LeafSpec();
  first.public_key_pem = PublicKeyPem(key).value();
  const std::string chain = authority.Issue(first);
  CertificateSpec second = LeafSpec();
  second.uri_san = "spiffe://acme/coordinator/main";
  const std::string leaf = chain.substr(0, chain.size() - authority.issuer.size());
  const std::string forged = IssueCertificate(second, leaf, key).value();
  EXPECT_THAT(VerifyChain(forged + chain, authority.root, kNow), StatusIs(Code::kUnauthenticated));
}

TEST(ClaimedUri, IsThatOfTheFirstCertificateUnverified) {
  const Authority authority;
  EXPECT_THAT(ClaimedUri(authority.Issue(LeafSpec())), IsOkAndHolds(std::string(kUri)));
  EXPECT_THAT(ClaimedUri(authority.root), IsOkAndHolds(std::string("spiffe://acme")));
  EXPECT_THAT(ClaimedUri("garbage"), StatusIs(Code::kUnauthenticated));
}

TEST(IssueCertificate, SetsWhatServesAndNoMore) {
  const Authority authority;
  CertificateSpec spec = LeafSpec();
  spec.dns_sans = {"renkei.internal", "odd,name"};
  const auto chain = ReadCertificates(authority.Issue(spec), 2).value();
  X509* leaf = chain[0].get();
  std::vector<int> nids;
  for (int i = 0; i < X509_get_ext_count(leaf); ++i) {
    nids.push_back(OBJ_obj2nid(X509_EXTENSION_get_object(X509_get_ext(leaf, i))));
  }
  EXPECT_THAT(nids, testing::UnorderedElementsAre(NID_subject_alt_name, NID_basic_constraints,
                                                  NID_key_usage, NID_ext_key_usage,
                                                  NID_subject_key_identifier,
                                                  NID_authority_key_identifier));
  EXPECT_EQ(X509_check_host(leaf, "renkei.internal", 0, 0, nullptr), 1);
  const NamesPointer names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)));
  EXPECT_EQ(sk_GENERAL_NAME_num(names.get()), 3);
  EXPECT_EQ(ASN1_STRING_length(X509_get_serialNumber(leaf)), 16);
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get_serialNumber(leaf), X509_get_serialNumber(chain[1].get())),
            0);
}

TEST(IssueCertificate, RefusesWhatDoesNotFitTogether) {
  const Authority authority;
  const Authority other;
  const auto refuses = [&](const CertificateSpec& spec, const std::string& issuer,
                           const std::string& key) {
    EXPECT_THAT(IssueCertificate(spec, issuer, key), StatusIs(Code::kInvalidArgument));
  };
  refuses(LeafSpec(), authority.issuer, other.issuer_key);
  refuses(LeafSpec(), "garbage", authority.issuer_key);
  refuses(LeafSpec(), authority.issuer, "garbage");
  CertificateSpec spec = LeafSpec();
  spec.subject_name = std::string(65, 'x');
  refuses(spec, authority.issuer, authority.issuer_key);
  spec = LeafSpec();
  spec.public_key_pem = authority.issuer_key;
  refuses(spec, authority.issuer, authority.issuer_key);
}

TEST(TlsKeys, AreP256InPkcs8) {
  const std::string key = GenerateTlsKeyPem();
  EXPECT_THAT(key, testing::StartsWith("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_NE(key, GenerateTlsKeyPem());
  EXPECT_THAT(PublicKeyPem(key), IsOkAndHolds(testing::StartsWith("-----BEGIN PUBLIC KEY-----\n")));
}

TEST(TlsKeys, OfOtherKindsAreRefused) {
  const auto pem_of = [](const KeyPointer& key, const EVP_CIPHER* cipher) {
    const BioPointer bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), cipher, "pass", cipher ? 4 : 0, nullptr,
                                  nullptr);
    return TextOf(bio.get());
  };
  EXPECT_THAT(PublicKeyPem("garbage"), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(PublicKeyPem(""), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(PublicKeyPem(pem_of(KeyPointer(EVP_EC_gen("P-384")), nullptr)),
              StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(PublicKeyPem(pem_of(KeyPointer(EVP_RSA_gen(2048)), nullptr)),
              StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(PublicKeyPem(pem_of(P256(), EVP_aes_128_cbc())), StatusIs(Code::kInvalidArgument));
}

TEST(CertificateSha256, IsOverTheDer) {
  const Authority authority;
  std::string body;
  for (size_t at = authority.root.find('\n') + 1; authority.root[at] != '-'; ++at) {
    if (authority.root[at] != '\n') body.push_back(authority.root[at]);
  }
  EXPECT_THAT(CertificateSha256(authority.root), IsOkAndHolds(Sha256(FromBase64(body).value())));
  EXPECT_THAT(CertificateSha256(""), StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace renkei::crypto
