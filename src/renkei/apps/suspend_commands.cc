// SPDX-License-Identifier: Apache-2.0
// renkei suspend | resume: an officer cuts the crossings of the party, and lets them go on.
#include "renkei/apps/commands.h"
#include "renkei/apps/person_session.h"

namespace renkei::apps {
namespace {

using syntax::Value;

// Whatever else the session would look at first can wait: seconds count.
template <typename Record>
StatusOr<uint64_t> Write(const SuspendOptions& options) {
  RK_ASSIGN_OR_RETURN(const auto session, PersonSession::Open(options.actor));
  Record record{.party = session->party().id, .site = {}, .at = session->clock().Now()};
  if (!options.site.empty()) {
    RK_ASSIGN_OR_RETURN(record.site, SiteId::Parse(options.site));
  }
  return session->Submit(record);
}

template <typename Record>
Exit Run(const SuspendOptions& options, const Console& console, const char* state) {
  const StatusOr<uint64_t> entry = Write<Record>(options);
  if (!entry.ok()) return Console::Fail(entry.status());
  Value row = Value::Object();
  row.Set("what", options.site.empty() ? "the whole party" : "site " + options.site);
  row.Set("crossings", state);
  row.Set("entry", *entry);
  console.Object(row);
  return Exit::kOk;
}

}  // namespace

Exit Suspend(const SuspendOptions& options, const Console& console) {
  return Run<record::CrossingsSuspended>(options, console, "suspended");
}

Exit Resume(const SuspendOptions& options, const Console& console) {
  return Run<record::CrossingsResumed>(options, console, "resumed");
}

}  // namespace renkei::apps
