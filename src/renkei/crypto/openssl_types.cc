// SPDX-License-Identifier: Apache-2.0
#include "renkei/crypto/openssl_types.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "renkei/base/check.h"
#include "renkei/crypto/x509.h"

namespace renkei::crypto {
namespace {

// Never asks the terminal for a pass phrase.
int NoPassPhrase(char*, int, int, void*) { return 0; }

StatusOr<KeyPointer> OnP256(EVP_PKEY* key, std::string_view what) {
  KeyPointer owned(key);
  char group[32] = "";
  if (owned == nullptr ||
      EVP_PKEY_get_group_name(owned.get(), group, sizeof(group), nullptr) != 1 ||
      std::string_view(group) != "prime256v1") {
    ERR_clear_error();
    return Error(Code::kInvalidArgument, "not the PEM of a P-256 {} key", what);
  }
  return owned;
}

}  // namespace

BioPointer ReadingBio(std::string_view text) {
  BioPointer bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  RK_CHECK(bio != nullptr);
  return bio;
}

std::string TextOf(BIO* bio) {
  char* start = nullptr;
  const long length = BIO_get_mem_data(bio, &start);
  return std::string(start, static_cast<size_t>(length));
}

StatusOr<KeyPointer> ReadPrivateKey(std::string_view pem) {
  return OnP256(PEM_read_bio_PrivateKey(ReadingBio(pem).get(), nullptr, NoPassPhrase, nullptr),
                "private");
}

StatusOr<KeyPointer> ReadPublicKey(std::string_view pem) {
  return OnP256(PEM_read_bio_PUBKEY(ReadingBio(pem).get(), nullptr, NoPassPhrase, nullptr),
                "public");
}

StatusOr<std::vector<CertificatePointer>> ReadCertificates(std::string_view pem, int count_max) {
  if (pem.size() > kChainPemBytesMax) {
    return Error(Code::kInvalidArgument, "certificates of {} bytes, at most {} are read",
                 pem.size(), kChainPemBytesMax);
  }
  std::vector<CertificatePointer> certificates;
  const BioPointer bio = ReadingBio(pem);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, NoPassPhrase, nullptr)) {
    certificates.emplace_back(certificate);
    if (certificates.size() > static_cast<size_t>(count_max)) break;
  }
  ERR_clear_error();
  if (certificates.empty() || certificates.size() > static_cast<size_t>(count_max)) {
    return Error(Code::kInvalidArgument, "expected 1 to {} certificates in PEM", count_max);
  }
  return certificates;
}

}  // namespace renkei::crypto
