// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/doorkeeper.h"

#include <optional>

#include <grpc/grpc_security_constants.h>

namespace renkei::wire {
namespace {

// Two signatures are checked per verdict, about 0.15 ms: worth keeping in a burst of calls, not
// worth a late answer to an expiry.
constexpr Milliseconds kVerdictAge{1000};
constexpr size_t kVerdictsMax = 1024;

std::string Property(const grpc::ServerContext& context, const char* name) {
  const auto values = context.auth_context()->FindPropertyValues(name);
  return values.empty() ? std::string() : std::string(values[0].data(), values[0].size());
}

}  // namespace

std::string Doorkeeper::ShownChain(const grpc::ServerContext& context) {
  const std::string leaf = Property(context, GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (leaf.empty()) return leaf;
  // OpenSSL leaves the leaf out of the chain that a server sees.
  const std::string chain = Property(context, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
  return chain.starts_with(leaf) ? chain : leaf + chain;
}

StatusOr<identity::PeerId> Doorkeeper::Identify(const grpc::ServerContext& context) {
  return IdentifyChain(ShownChain(context));
}

StatusOr<identity::PeerId> Doorkeeper::IdentifyChain(const std::string& chain) {
  if (chain.empty()) return identity::PeerId{};
  const Instant now = clock_.Now();
  {
    const std::lock_guard lock(mutex_);
    const auto known = verdicts_.find(chain);
    if (known != verdicts_.end() && now >= known->second.at &&
        now - known->second.at < kVerdictAge) {
      return known->second.peer;
    }
  }
  auto peer = identity::VerifyPeer(chain, desk_.Roots(), now);
  if (!peer.ok()) {
    return Error(Code::kUnauthenticated, "the caller's certificate does not count: {}",
                 Message(peer.status()));
  }
  const std::lock_guard lock(mutex_);
  if (verdicts_.size() >= kVerdictsMax) verdicts_.clear();
  verdicts_.insert_or_assign(chain, Verdict{.peer = *peer, .at = now});
  return peer;
}

}  // namespace renkei::wire
