// SPDX-License-Identifier: Apache-2.0
// Certificates for TLS (RFC 5280, X.509-SVID): P-256 keys, SHA-256, PEM texts, as few extensions
// as serve.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/status.h"

namespace renkei::crypto {

inline constexpr int kChainCertificatesMax = 4;
inline constexpr size_t kChainPemBytesMax = 64 << 10;

// A new private key, PKCS #8 PEM.
std::string GenerateTlsKeyPem();
// Its public half, SubjectPublicKeyInfo PEM: what a join request carries.
//   INVALID_ARGUMENT  not a private key of P-256
StatusOr<std::string> PublicKeyPem(std::string_view key_pem);

struct CertificateSpec {
  std::string subject_name;  // common name
  std::string uri_san;       // empty: none
  std::vector<std::string> dns_sans;
  Instant not_before{};
  Instant not_after{};
  bool is_ca = false;
  int path_length = 0;  // for a CA: certificates of CAs below it
  std::string public_key_pem;
};

//   INVALID_ARGUMENT  a PEM text is wrong, or key and certificate do not belong together
StatusOr<std::string> SelfSign(const CertificateSpec& spec, std::string_view key_pem);
StatusOr<std::string> IssueCertificate(const CertificateSpec& spec,
                                       std::string_view issuer_cert_pem,
                                       std::string_view issuer_key_pem);

struct VerifiedLeaf {
  std::string uri_san;
  std::string public_key_pem;  // as PublicKeyPem gives it
  Instant not_before{};
  Instant not_after{};  // no longer valid then
  Digest root_sha256;
};

// The leaf of `chain_pem` (leaf first, then issuers; the root may be left out) when a valid path
// leads to `root_pem` at `now` and the leaf is an X.509-SVID: no CA, may sign digitally, for both
// ends of TLS, exactly one URI name. Nothing is fetched.
//   UNAUTHENTICATED   otherwise, with the reason
//   INVALID_ARGUMENT  `root_pem` is not one certificate
StatusOr<VerifiedLeaf> VerifyChain(std::string_view chain_pem, std::string_view root_pem,
                                   Instant now);

// The URI name of the first certificate, not verified: to find the root to verify against.
//   UNAUTHENTICATED  no certificate, or not exactly one URI name
StatusOr<std::string> ClaimedUri(std::string_view chain_pem);

// The name of the first certificate's issuer in printable ASCII, as it says itself, not verified:
// for messages. At most 200 characters; empty when there is no certificate.
std::string ClaimedIssuer(std::string_view chain_pem);

// SHA-256 over the DER form of the first certificate.
StatusOr<Digest> CertificateSha256(std::string_view cert_pem);

}  // namespace renkei::crypto
