// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/party_authority.h"

#include <utility>

namespace renkei::identity {
namespace {

constexpr uint64_t kPemBytesMax = 64 << 10;
constexpr size_t kGenerationBytes = 4;

std::string CaFile(const std::string& dir, std::string_view name) {
  return fmt::format("{}/ca/{}", dir, name);
}

StatusOr<std::string> ReadPem(Disk& disk, const std::string& dir, std::string_view name) {
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk, CaFile(dir, name), kPemBytesMax));
  return ToText(bytes);
}

// The common name is for people; nothing is decided by it.
std::string CommonName(const std::string& text) { return text.substr(0, 64); }

// The party that the root's own URI name says.
StatusOr<PartyId> PartyOf(const std::string& root_pem, const std::string& file) {
  const auto uri = crypto::ClaimedUri(root_pem);
  if (!uri.ok()) return Annotate(uri.status(), file);
  const std::string prefix = "spiffe://";
  if (!uri->starts_with(prefix)) {
    return Error(Code::kInvalidArgument, "{}: not the root of a party", file);
  }
  return PartyId::Parse(uri->substr(prefix.size()));
}

}  // namespace

Status PartyAuthority::Create(Disk& disk, const std::string& dir, const PartyId& party,
                              Random& random, Clock& clock) {
  RK_ASSIGN_OR_RETURN(const bool exists, disk.Exists(CaFile(dir, "root.pem")));
  if (exists) {
    return Error(Code::kAlreadyExists, "{}: there is an authority already",
                 CaFile(dir, "root.pem"));
  }
  const Instant now = clock.Now();
  const std::string generation = ToHex(random.Take(kGenerationBytes));
  const std::string root_key = crypto::GenerateTlsKeyPem();
  const std::string issuer_key = crypto::GenerateTlsKeyPem();
  crypto::CertificateSpec spec = {
      .subject_name = CommonName(fmt::format("root {} of {}", generation, party)),
      .uri_san = PartyUri(party),
      .dns_sans = {},
      .not_before = now - kLeafBackdated,
      .not_after = now + kRootLife,
      .is_ca = true,
      .path_length = 1,
      .public_key_pem = ""};
  RK_ASSIGN_OR_RETURN(spec.public_key_pem, crypto::PublicKeyPem(root_key));
  RK_ASSIGN_OR_RETURN(const std::string root, crypto::SelfSign(spec, root_key));
  spec.subject_name = CommonName(fmt::format("issuer {} of {}", generation, party));
  spec.not_after = now + kIssuerLife;
  spec.path_length = 0;
  RK_ASSIGN_OR_RETURN(spec.public_key_pem, crypto::PublicKeyPem(issuer_key));
  RK_ASSIGN_OR_RETURN(const std::string issuer, crypto::IssueCertificate(spec, root, root_key));

  RK_RETURN_IF_ERROR(disk.MakeDirs(dir + "/ca"));
  RK_RETURN_IF_ERROR(WriteWhole(disk, CaFile(dir, "issuer.key"), AsBytes(issuer_key)));
  RK_RETURN_IF_ERROR(WriteWhole(disk, CaFile(dir, "issuer.pem"), AsBytes(issuer)));
  RK_RETURN_IF_ERROR(WriteWhole(disk, CaFile(dir, "root.key"), AsBytes(root_key)));
  return WriteWhole(disk, CaFile(dir, "root.pem"), AsBytes(root));
}

StatusOr<PartyAuthority> PartyAuthority::Open(Disk& disk, const std::string& dir) {
  PartyAuthority authority;
  RK_ASSIGN_OR_RETURN(authority.root_pem_, ReadPem(disk, dir, "root.pem"));
  RK_ASSIGN_OR_RETURN(authority.issuer_pem_, ReadPem(disk, dir, "issuer.pem"));
  RK_ASSIGN_OR_RETURN(authority.issuer_key_pem_, ReadPem(disk, dir, "issuer.key"));
  RK_ASSIGN_OR_RETURN(authority.party_, PartyOf(authority.root_pem_, CaFile(dir, "root.pem")));
  return authority;
}

StatusOr<std::string> PartyAuthority::IssueChain(const PeerId& peer,
                                                 std::string_view public_key_pem,
                                                 Instant now) const {
  if (peer.party != party_) {
    return Error(Code::kPermissionDenied, "the authority of {} cannot speak for {}", party_,
                 peer.party);
  }
  const std::string uri = peer.Uri();
  if (const auto named = PeerId::Parse(uri); !named.ok() || *named != peer) {
    return Error(Code::kInvalidArgument, "no certificate can name this peer: '{}'", uri);
  }
  crypto::CertificateSpec spec = {.subject_name = CommonName(peer.name),
                                  .uri_san = uri,
                                  .dns_sans = {},
                                  .not_before = now - kLeafBackdated,
                                  .not_after = now + kLeafLife,
                                  .public_key_pem = std::string(public_key_pem)};
  if (peer.kind == PeerKind::kCoordinator) spec.dns_sans.emplace_back(kCoordinatorDnsName);
  RK_ASSIGN_OR_RETURN(const std::string leaf,
                      crypto::IssueCertificate(spec, issuer_pem_, issuer_key_pem_));
  const std::string chain = leaf + issuer_pem_;
  // Nobody gets a leaf that nobody would believe: files of two authorities, or expired ones.
  const PartyRoot own = {.party = party_, .ca_pem = root_pem_};
  if (const auto proved = VerifyPeer(chain, {&own, 1}, now); !proved.ok()) {
    return Error(Code::kFailedPrecondition, "the authority of {} makes no valid leaf: {}", party_,
                 Message(proved.status()));
  }
  return chain;
}

StatusOr<TlsFiles> PartyAuthority::IssueTls(const PeerId& peer, Instant now) const {
  TlsFiles tls;
  tls.key_pem = crypto::GenerateTlsKeyPem();
  tls.not_after = now + kLeafLife;
  RK_ASSIGN_OR_RETURN(const std::string public_key, crypto::PublicKeyPem(tls.key_pem));
  RK_ASSIGN_OR_RETURN(tls.chain_pem, IssueChain(peer, public_key, now));
  return tls;
}

}  // namespace renkei::identity
