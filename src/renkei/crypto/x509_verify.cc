// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "renkei/base/check.h"
#include "renkei/crypto/openssl_types.h"
#include "renkei/crypto/x509.h"

namespace renkei::crypto {
namespace {

// OpenSSL's level 2: keys and hashes of at least 112 bits, hence no SHA-1 and no short RSA.
constexpr int kSecurityLevel = 2;

using StorePointer = std::unique_ptr<X509_STORE, Freeing<X509_STORE_free>>;
using StoreContextPointer = std::unique_ptr<X509_STORE_CTX, Freeing<X509_STORE_CTX_free>>;

// Frees the stack, not what is in it.
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using StackPointer = std::unique_ptr<STACK_OF(X509), FreeStack>;

Status Unauthenticated(std::string_view why) {
  return Error(Code::kUnauthenticated, "certificate: {}", why);
}

StatusOr<std::string> OnlyUri(X509* certificate) {
  const NamesPointer names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string uri;
  int count = 0;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    ++count;
    const ASN1_IA5STRING* value = name->d.uniformResourceIdentifier;
    uri.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
               static_cast<size_t>(ASN1_STRING_length(value)));
  }
  if (count == 1) return uri;
  return Unauthenticated(fmt::format("has {} URI names, an X.509-SVID has exactly one", count));
}

Instant InstantOf(const ASN1_TIME* time) {
  std::tm parts{};
  RK_CHECK(ASN1_TIME_to_tm(time, &parts) == 1);
  return Instant(std::chrono::seconds(timegm(&parts)));
}

// A wrong clock looks like a wrong certificate: both readings, and how far apart they are.
std::string TimeReason(const X509* certificate, Instant now) {
  const Instant begin = InstantOf(X509_get0_notBefore(certificate));
  const Instant end = InstantOf(X509_get0_notAfter(certificate));
  const Milliseconds off = now < begin ? begin - now : now - end;
  return fmt::format(
      ": it is valid from {} to {}, and the clock where it was checked says {}, {} s {}; set the "
      "clock, if that is what is wrong",
      FormatInstant(begin), FormatInstant(end), FormatInstant(now), off.count() / 1000,
      now < begin ? "earlier" : "later");
}

Status CheckPath(const std::vector<CertificatePointer>& chain, X509* root, Instant now) {
  const StorePointer store(X509_STORE_new());
  const StackPointer untrusted(sk_X509_new_null());
  const StoreContextPointer context(X509_STORE_CTX_new());
  RK_CHECK(X509_STORE_add_cert(store.get(), root) == 1);
  for (size_t i = 1; i < chain.size(); ++i) {
    RK_CHECK(sk_X509_push(untrusted.get(), chain[i].get()) > 0);
  }
  RK_CHECK(X509_STORE_CTX_init(context.get(), store.get(), chain[0].get(), untrusted.get()) == 1);
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_depth(rules, kChainCertificatesMax);
  X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  X509_VERIFY_PARAM_set_time(rules, static_cast<time_t>(seconds.count()));
  if (X509_verify_cert(context.get()) == 1) return Ok();
  const int error = X509_STORE_CTX_get_error(context.get());
  std::string why = X509_verify_cert_error_string(error);
  X509* const culprit = X509_STORE_CTX_get_current_cert(context.get());
  if (culprit != nullptr &&
      (error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID)) {
    why += TimeReason(culprit, now);
  }
  ERR_clear_error();
  return Unauthenticated(why);
}

Status CheckLeaf(X509* leaf) {
  // Not X509_check_ca: that passes an authority whose key usage forbids it to sign certificates.
  if ((X509_get_extension_flags(leaf) & EXFLAG_CA) != 0) {
    return Unauthenticated("is that of an authority, not of a peer");
  }
  const uint32_t usage = X509_get_key_usage(leaf);
  if ((usage & KU_DIGITAL_SIGNATURE) == 0 || (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0) {
    return Unauthenticated("its key usage is not that of an X.509-SVID");
  }
  constexpr uint32_t kTls = XKU_SSL_SERVER | XKU_SSL_CLIENT;
  if ((X509_get_extended_key_usage(leaf) & kTls) != kTls) {
    return Unauthenticated("its extended key usage is not that of TLS server and client");
  }
  return Ok();
}

StatusOr<std::vector<CertificatePointer>> ReadChain(std::string_view chain_pem) {
  auto chain = ReadCertificates(chain_pem, kChainCertificatesMax);
  if (!chain.ok()) return Unauthenticated(Message(chain.status()));
  return chain;
}

}  // namespace

StatusOr<std::string> ClaimedUri(std::string_view chain_pem) {
  RK_ASSIGN_OR_RETURN(const auto chain, ReadChain(chain_pem));
  return OnlyUri(chain[0].get());
}

std::string ClaimedIssuer(std::string_view chain_pem) {
  constexpr size_t kCharactersMax = 200;
  const auto chain = ReadChain(chain_pem);
  if (!chain.ok()) return "";
  const BioPointer text(BIO_new(BIO_s_mem()));
  const unsigned long flags = XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_QUOTE;
  X509_NAME_print_ex(text.get(), X509_get_issuer_name(chain->front().get()), 0, flags);
  std::string name = TextOf(text.get());
  std::ranges::replace_if(
      name, [](char c) { return c < ' ' || c > '~'; }, '?');
  if (name.size() > kCharactersMax) name.resize(kCharactersMax);
  return name;
}

StatusOr<VerifiedLeaf> VerifyChain(std::string_view chain_pem, std::string_view root_pem,
                                   Instant now) {
  RK_ASSIGN_OR_RETURN(const auto chain, ReadChain(chain_pem));
  const auto roots = ReadCertificates(root_pem, 1);
  if (!roots.ok()) return Annotate(roots.status(), "root");
  RK_RETURN_IF_ERROR(CheckPath(chain, roots->front().get(), now));
  RK_RETURN_IF_ERROR(CheckLeaf(chain[0].get()));
  VerifiedLeaf leaf;
  RK_ASSIGN_OR_RETURN(leaf.uri_san, OnlyUri(chain[0].get()));
  const BioPointer key(BIO_new(BIO_s_mem()));
  RK_CHECK(PEM_write_bio_PUBKEY(key.get(), X509_get0_pubkey(chain[0].get())) == 1);
  leaf.public_key_pem = TextOf(key.get());
  leaf.not_before = InstantOf(X509_get0_notBefore(chain[0].get()));
  leaf.not_after = InstantOf(X509_get0_notAfter(chain[0].get()));
  RK_ASSIGN_OR_RETURN(leaf.root_sha256, CertificateSha256(root_pem));
  return leaf;
}

}  // namespace renkei::crypto
