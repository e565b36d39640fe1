// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/connection.h"

#include <utility>

#include "renkei/wire/grpc_peer.h"

namespace renkei::apps {

StatusOr<charter::Charter> LoadCharter(Disk& disk, const std::string& file, Instant now,
                                       charter::Expiry expiry) {
  RK_ASSIGN_OR_RETURN(const Bytes envelope, ReadWhole(disk, file, kCharterFileBytesMax));
  auto charter = charter::Verify(envelope, now, expiry);
  if (!charter.ok()) return Annotate(charter.status(), file);
  return charter;
}

std::vector<identity::PartyRoot> RootsOf(const charter::Charter& charter) {
  std::vector<identity::PartyRoot> roots;
  for (const charter::Party& party : charter.parties) {
    roots.push_back({.party = party.id, .ca_pem = party.ca_pem});
  }
  return roots;
}

std::unique_ptr<run::Peer> ConnectTo(const charter::Charter& charter, const identity::TlsFiles& tls,
                                     Clock& clock, Random& random, std::stop_token stop) {
  wire::PeerOptions options;
  options.address = charter.coordinator.address;
  options.roots = RootsOf(charter);
  options.coordinator.party = charter.coordinator.party;
  options.coordinator.kind = identity::PeerKind::kCoordinator;
  options.coordinator.name = charter.coordinator.site.text();
  options.chain_pem = tls.chain_pem;
  options.key_pem = tls.key_pem;
  options.stop = std::move(stop);
  return wire::MakeGrpcPeer(std::move(options), clock, random);
}

Status Fold(const ledger::Mirror& mirror, run::Book& book) {
  for (uint64_t i = book.size(); i < mirror.size(); ++i) {
    RK_ASSIGN_OR_RETURN(const Bytes envelope, mirror.Entry(i));
    RK_RETURN_IF_ERROR(book.Apply(i, envelope));
  }
  return Ok();
}

StatusOr<std::string> ReadText(Disk& disk, const std::string& path, uint64_t size_bytes_max) {
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk, path, size_bytes_max));
  return ToText(bytes);
}

}  // namespace renkei::apps
