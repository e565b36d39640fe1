// SPDX-License-Identifier: Apache-2.0
// Health as the pages /healthz and /readyz tell it: 200 when every check is fine, else 503.
#pragma once

#include <string>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/http/page.h"

namespace renkei::http {

struct Check {
  std::string name;  // "disk-ledger"
  bool ok = true;
  std::string text;  // what is wrong, where, and how to mend it; or what was found
  Instant since{};   // that it is so
};

// The plain text is "ok", or "failing" and a line for each check that fails:
//   disk-ledger since 2026-11-24T01:00:00.000Z: /srv/hub/ledger/...: cannot write: No space ...
// Asked for application/json: {"ok": false, "checks": [{"name", "ok", "text", "since"}]}, with all
// checks.
Answer HealthPage(const std::vector<Check>& checks, const Question& question);

}  // namespace renkei::http
