// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/tls.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <utility>

#include <google/protobuf/stubs/logging.h>
#include <grpc/grpc_security_constants.h>
#include <grpc/support/log.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "renkei/base/bytes.h"
#include "renkei/base/log.h"
#include "renkei/crypto/x509.h"
#include "renkei/wire/protocol.h"
#include "renkei/wire/status_codes.h"

namespace renkei::wire {
namespace {

namespace tls = grpc::experimental;

std::string ToString(grpc::string_ref text) { return {text.data(), text.size()}; }

class ServerVerifier final : public tls::ExternalCertificateVerifier {
 public:
  explicit ServerVerifier(std::shared_ptr<ServerExpectation> expectation)
      : expectation_(std::move(expectation)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/, grpc::Status* answer) override {
    *answer = ToGrpc(expectation_->Check(ToString(request->peer_cert_full_chain())));
    return true;  // answered at once
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest* /*request*/) override {}

 private:
  const std::shared_ptr<ServerExpectation> expectation_;  // gRPC owns the verifier
};

void SendToOurLog(gpr_log_func_args* line) {
  log::Debug("grpc", {{"at", line->file}, {"line", line->line}, {"text", line->message}});
}

void SendProtobufToOurLog(google::protobuf::LogLevel /*level*/, const char* file, int line,
                          const std::string& text) {
  log::Debug("protobuf", {{"at", file}, {"line", line}, {"text", text}});
}

std::shared_ptr<tls::StaticDataCertificateProvider> Identity(const std::string& chain_pem,
                                                             const std::string& key_pem) {
  return std::make_shared<tls::StaticDataCertificateProvider>(
      std::vector<tls::IdentityKeyCertPair>{{key_pem, chain_pem}});
}

// The bytes of the first block of a PEM text.
StatusOr<Bytes> FromPem(const std::string& pem) {
  const size_t begin = pem.find('\n', pem.find("-----BEGIN "));
  const size_t end = pem.find("-----END ", begin);
  if (begin == std::string::npos || end == std::string::npos) {
    return Error(Code::kInvalidArgument, "not a PEM text");
  }
  std::string text = pem.substr(begin, end - begin);
  std::erase(text, '\n');
  return FromBase64(text);
}

}  // namespace

Status CheckServable(const std::string& chain_pem, const std::string& key_pem,
                     const std::vector<identity::PartyRoot>& roots, Instant now) {
  const auto peer = identity::VerifyPeer(chain_pem, roots, now);
  if (!peer.ok()) {
    return Error(Code::kInvalidArgument, "the server's own certificate does not count: {}",
                 Message(peer.status()));
  }
  if (peer->kind != identity::PeerKind::kCoordinator) {
    return Error(Code::kInvalidArgument,
                 "the server's own certificate names {}, which is no coordinator", peer->Uri());
  }
  RK_ASSIGN_OR_RETURN(const std::string public_pem, crypto::PublicKeyPem(key_pem));
  RK_ASSIGN_OR_RETURN(const Bytes public_key, FromPem(public_pem));
  RK_ASSIGN_OR_RETURN(const Bytes leaf, FromPem(chain_pem));
  // A certificate holds its SubjectPublicKeyInfo (RFC 5280 4.1) byte for byte.
  if (std::search(leaf.begin(), leaf.end(), public_key.begin(), public_key.end()) == leaf.end()) {
    return Error(Code::kInvalidArgument, "the server's key is not that of its certificate");
  }
  return Ok();
}

void PrepareGrpc() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Suites of TLS 1.3 are not governed by this list. A P-256 leaf cannot serve an RSA suite, so
    // a handshake of TLS 1.2 ends in "no shared cipher"; server_test.cc tries one.
    setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-RSA-AES256-GCM-SHA384", /*overwrite=*/1);
    gpr_set_log_function(SendToOurLog);
    google::protobuf::SetLogHandler(SendProtobufToOurLog);
  });
}

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const std::string& chain_pem,
                                                               const std::string& key_pem) {
  PrepareGrpc();
  tls::TlsServerCredentialsOptions options(Identity(chain_pem, key_pem));
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  options.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
  options.set_check_call_host(false);
  return tls::TlsServerCredentials(options);
}

ServerExpectation::ServerExpectation(std::vector<identity::PartyRoot> roots,
                                     identity::PeerId coordinator, Clock& clock)
    : roots_(std::move(roots)), coordinator_(std::move(coordinator)), clock_(clock) {}

Status ServerExpectation::Check(const std::string& chain_pem) {
  const Status answer = [&]() -> Status {
    RK_ASSIGN_OR_RETURN(const identity::PeerId peer,
                        identity::VerifyPeer(chain_pem, roots_, clock_.Now()));
    const bool expected = peer.kind == identity::PeerKind::kCoordinator &&
                          peer.party == coordinator_.party &&
                          (coordinator_.name.empty() || peer.name == coordinator_.name);
    if (expected) return Ok();
    return Error(Code::kUnauthenticated, "{} answers where the coordinator of {} was expected",
                 peer.Uri(), coordinator_.party);
  }();
  const std::lock_guard lock(mutex_);
  last_ =
      Annotate(answer, fmt::format("the coordinator's certificate does not count (issued by {})",
                                   crypto::ClaimedIssuer(chain_pem)));
  return last_;
}

Status ServerExpectation::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials(
    const std::string& chain_pem, const std::string& key_pem,
    std::shared_ptr<ServerExpectation> expectation) {
  PrepareGrpc();
  tls::TlsChannelCredentialsOptions options;
  if (!chain_pem.empty()) {
    options.set_certificate_provider(Identity(chain_pem, key_pem));
    options.watch_identity_key_cert_pairs();
  }
  // The expectation checks the whole chain, against the one root that counts.
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      tls::ExternalCertificateVerifier::Create<ServerVerifier>(std::move(expectation)));
  return tls::TlsCredentials(options);
}

}  // namespace renkei::wire
