// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/peer_id.h"

#include <algorithm>
#include <utility>

#include "renkei/crypto/x509.h"

namespace renkei::identity {
namespace {

constexpr std::string_view kScheme = "spiffe://";

struct KindName {
  PeerKind kind;
  std::string_view name;
};
constexpr KindName kKinds[] = {{PeerKind::kSite, "site"},
                               {PeerKind::kPerson, "person"},
                               {PeerKind::kCoordinator, "coordinator"}};

}  // namespace

std::string PartyUri(const PartyId& party) { return fmt::format("{}{}", kScheme, party); }

std::string PeerId::Uri() const {
  const auto* found = std::ranges::find(kKinds, kind, &KindName::kind);
  if (found == std::end(kKinds)) return "";
  return fmt::format("{}/{}/{}", PartyUri(party), found->name, name);
}

StatusOr<PeerId> PeerId::Parse(std::string_view uri) {
  const auto bad = [] {
    return Error(Code::kInvalidArgument,
                 "not a peer's id: expected spiffe://<party>/<site, person or coordinator>/<name>");
  };
  if (!uri.starts_with(kScheme)) return bad();
  const std::string_view path = uri.substr(kScheme.size());
  const size_t first = path.find('/');
  const size_t second = path.find('/', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos) return bad();
  const auto* kind =
      std::ranges::find(kKinds, path.substr(first + 1, second - first - 1), &KindName::name);
  auto party = PartyId::Parse(path.substr(0, first));
  if (kind == std::end(kKinds) || !party.ok() || !CheckName("name", path.substr(second + 1)).ok()) {
    return bad();
  }
  return PeerId{
      .party = *std::move(party), .kind = kind->kind, .name = std::string(path.substr(second + 1))};
}

StatusOr<PeerId> VerifyPeer(std::string_view chain_pem, std::span<const PartyRoot> roots,
                            Instant now) {
  RK_ASSIGN_OR_RETURN(const std::string uri, crypto::ClaimedUri(chain_pem));
  auto peer = PeerId::Parse(uri);
  if (!peer.ok()) return Error(Code::kUnauthenticated, "certificate: {}", Message(peer.status()));
  const auto root = std::ranges::find(roots, peer->party, &PartyRoot::party);
  if (root == roots.end()) {
    return Error(Code::kUnauthenticated, "certificate: {} is not a party of this charter",
                 peer->party);
  }
  RK_RETURN_IF_ERROR(crypto::VerifyChain(chain_pem, root->ca_pem, now).status());
  return peer;
}

}  // namespace renkei::identity
