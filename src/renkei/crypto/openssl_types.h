// SPDX-License-Identifier: Apache-2.0
// Owning pointers for OpenSSL's objects, and reading of PEM. Inside crypto only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "renkei/base/status.h"

namespace renkei::crypto {

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioPointer = std::unique_ptr<BIO, Freeing<BIO_free_all>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using CertificatePointer = std::unique_ptr<X509, Freeing<X509_free>>;
using ExtensionPointer = std::unique_ptr<X509_EXTENSION, Freeing<X509_EXTENSION_free>>;
using NamesPointer = std::unique_ptr<GENERAL_NAMES, Freeing<GENERAL_NAMES_free>>;

BioPointer ReadingBio(std::string_view text);
std::string TextOf(BIO* bio);

//   INVALID_ARGUMENT  not that PEM, or a key that is not of P-256
StatusOr<KeyPointer> ReadPrivateKey(std::string_view pem);
StatusOr<KeyPointer> ReadPublicKey(std::string_view pem);
// 1 to `count_max` certificates.
StatusOr<std::vector<CertificatePointer>> ReadCertificates(std::string_view pem, int count_max);

}  // namespace renkei::crypto
