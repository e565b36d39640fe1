// SPDX-License-Identifier: Apache-2.0
// The coordinator behind a server.
#pragma once

#include <memory>

#include "renkei/coordinator/coordinator.h"
#include "renkei/wire/desk.h"

namespace renkei::wire {

// `coordinator` outlives the desk. The roots are those of the charter that is adopted now.
std::unique_ptr<Desk> MakeCoordinatorDesk(coordinator::Coordinator& coordinator);

}  // namespace renkei::wire
