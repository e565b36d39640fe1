// SPDX-License-Identifier: Apache-2.0
// A site's way to the coordinator over a simulated link: calls are lost before they arrive or
// after they took effect, come again late, take time in which others act, and end when the
// coordinator's process does.
#pragma once

#include <memory>

#include "renkei/identity/peer_id.h"
#include "renkei/record/record.h"
#include "renkei/run/peer.h"
#include "world.h"

namespace renkei::sim {

// `world` outlives it.
std::unique_ptr<run::Peer> MakeSimPeer(World& world, size_t site, identity::PeerId caller,
                                       record::Holder holder);

}  // namespace renkei::sim
