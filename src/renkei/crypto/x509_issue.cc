// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "renkei/base/check.h"
#include "renkei/crypto/hash.h"
#include "renkei/crypto/openssl_types.h"
#include "renkei/crypto/x509.h"

namespace renkei::crypto {
namespace {

constexpr size_t kSerialBytes = 16;

std::string CertificateText(X509* certificate) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  RK_CHECK(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return TextOf(bio.get());
}

void SetTime(ASN1_TIME* time, Instant instant) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant.time_since_epoch());
  RK_CHECK(ASN1_TIME_set(time, static_cast<time_t>(seconds.count())) != nullptr);
}

void SetSerial(X509* certificate) {
  std::array<uint8_t, kSerialBytes> bytes;
  RK_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  bytes[0] = static_cast<uint8_t>((bytes[0] & 0x7f) | 0x40);  // positive, always 16 bytes
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  RK_CHECK(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr);
  BN_free(number);
}

Status AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPointer extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1) return Ok();
  ERR_clear_error();
  return Error(Code::kInvalidArgument, "certificate: {} cannot be set", OBJ_nid2sn(nid));
}

// Built as objects and not through OpenSSL's configuration syntax: a comma in a name stays one.
Status AddNames(X509* certificate, const CertificateSpec& spec) {
  const NamesPointer names(GENERAL_NAMES_new());
  const auto add = [&](int type, const std::string& text) {
    ASN1_IA5STRING* value = ASN1_IA5STRING_new();
    RK_CHECK(ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1);
    GENERAL_NAME* name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, type, value);
    RK_CHECK(sk_GENERAL_NAME_push(names.get(), name) > 0);
  };
  if (!spec.uri_san.empty()) add(GEN_URI, spec.uri_san);
  for (const std::string& dns : spec.dns_sans) add(GEN_DNS, dns);
  if (sk_GENERAL_NAME_num(names.get()) == 0) return Ok();
  RK_CHECK(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) == 1);
  return Ok();
}

Status AddExtensions(X509* certificate, X509* issuer, const CertificateSpec& spec) {
  RK_RETURN_IF_ERROR(AddNames(certificate, spec));
  if (spec.is_ca) {
    RK_RETURN_IF_ERROR(AddExtension(certificate, issuer, NID_basic_constraints,
                                    fmt::format("critical,CA:TRUE,pathlen:{}", spec.path_length)));
    RK_RETURN_IF_ERROR(AddExtension(certificate, issuer, NID_key_usage, "critical,keyCertSign"));
  } else {
    RK_RETURN_IF_ERROR(
        AddExtension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE"));
    RK_RETURN_IF_ERROR(
        AddExtension(certificate, issuer, NID_key_usage, "critical,digitalSignature"));
    RK_RETURN_IF_ERROR(
        AddExtension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth"));
  }
  RK_RETURN_IF_ERROR(AddExtension(certificate, issuer, NID_subject_key_identifier, "hash"));
  return AddExtension(certificate, issuer, NID_authority_key_identifier, "keyid");
}

// `issuer` is nullptr for a certificate that signs itself.
StatusOr<std::string> Make(const CertificateSpec& spec, X509* issuer, EVP_PKEY* issuer_key) {
  RK_ASSIGN_OR_RETURN(const KeyPointer public_key, ReadPublicKey(spec.public_key_pem));
  const CertificatePointer certificate(X509_new());
  X509* made = certificate.get();
  RK_CHECK(made != nullptr && X509_set_version(made, X509_VERSION_3) == 1);
  SetSerial(made);
  SetTime(X509_getm_notBefore(made), spec.not_before);
  SetTime(X509_getm_notAfter(made), spec.not_after);
  RK_CHECK(X509_set_pubkey(made, public_key.get()) == 1);
  if (X509_NAME_add_entry_by_NID(X509_get_subject_name(made), NID_commonName, MBSTRING_UTF8,
                                 reinterpret_cast<const uint8_t*>(spec.subject_name.data()),
                                 static_cast<int>(spec.subject_name.size()), -1, 0) != 1) {
    ERR_clear_error();
    return Error(Code::kInvalidArgument, "certificate: the subject's name has 1 to 64 characters");
  }
  X509* signer = issuer == nullptr ? made : issuer;
  RK_CHECK(X509_set_issuer_name(made, X509_get_subject_name(signer)) == 1);
  RK_RETURN_IF_ERROR(AddExtensions(made, signer, spec));
  RK_CHECK(X509_sign(made, issuer_key, EVP_sha256()) > 0);
  return CertificateText(made);
}

}  // namespace

std::string GenerateTlsKeyPem() {
  const KeyPointer key(EVP_EC_gen("P-256"));
  RK_CHECK(key != nullptr);
  const BioPointer bio(BIO_new(BIO_s_secmem()));
  RK_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                         nullptr) == 1);
  return TextOf(bio.get());
}

StatusOr<std::string> PublicKeyPem(std::string_view key_pem) {
  RK_ASSIGN_OR_RETURN(const KeyPointer key, ReadPrivateKey(key_pem));
  const BioPointer bio(BIO_new(BIO_s_mem()));
  RK_CHECK(PEM_write_bio_PUBKEY(bio.get(), key.get()) == 1);
  return TextOf(bio.get());
}

StatusOr<std::string> SelfSign(const CertificateSpec& spec, std::string_view key_pem) {
  RK_ASSIGN_OR_RETURN(const KeyPointer key, ReadPrivateKey(key_pem));
  return Make(spec, nullptr, key.get());
}

StatusOr<std::string> IssueCertificate(const CertificateSpec& spec,
                                       std::string_view issuer_cert_pem,
                                       std::string_view issuer_key_pem) {
  RK_ASSIGN_OR_RETURN(const KeyPointer key, ReadPrivateKey(issuer_key_pem));
  RK_ASSIGN_OR_RETURN(const auto issuers, ReadCertificates(issuer_cert_pem, 1));
  if (X509_check_private_key(issuers[0].get(), key.get()) != 1) {
    ERR_clear_error();
    return Error(Code::kInvalidArgument, "the issuer's key is not that of its certificate");
  }
  return Make(spec, issuers[0].get(), key.get());
}

StatusOr<Digest> CertificateSha256(std::string_view cert_pem) {
  RK_ASSIGN_OR_RETURN(const auto certificates, ReadCertificates(cert_pem, kChainCertificatesMax));
  uint8_t* der = nullptr;
  const int length = i2d_X509(certificates[0].get(), &der);
  RK_CHECK(length > 0);
  const Digest digest = Sha256({der, static_cast<size_t>(length)});
  OPENSSL_free(der);
  return digest;
}

}  // namespace renkei::crypto
