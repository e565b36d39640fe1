// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/drain.h"

#include <utility>

#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"

namespace renkei::site {
namespace {

using syntax::Fields;
using syntax::Value;

constexpr uint64_t kDrainFileBytesMax = 1 << 20;

// No value when the file is not there.
StatusOr<std::optional<Value>> ReadJsonFile(Disk& disk, const std::string& path) {
  const auto text = ReadWhole(disk, path, kDrainFileBytesMax);
  if (text.status().code() == Code::kNotFound) return std::optional<Value>();
  RK_RETURN_IF_ERROR(text.status());
  auto value = syntax::ParseJson(AsText(*text), {.size_bytes_max = kDrainFileBytesMax});
  if (!value.ok()) return Annotate(value.status(), path);
  return std::optional(*std::move(value));
}

Status WriteJsonFile(Disk& disk, const std::string& path, const Value& value) {
  return WriteWhole(disk, path, AsBytes(syntax::DumpJsonPretty(value)));
}

}  // namespace

StatusOr<Instant> AskToDrain(const SiteFiles& files, Disk& disk, Instant now) {
  const auto order = ReadDrainOrder(files, disk);
  if (order.ok() && *order) return **order;
  if (!order.ok() && order.status().code() != Code::kInvalidArgument) return order.status();
  Value document = Value::Object();
  document.Set("asked", FormatInstant(now));
  RK_RETURN_IF_ERROR(WriteJsonFile(disk, files.drain_order(), document));
  return now;
}

Status TakeBackDrain(const SiteFiles& files, Disk& disk) {
  for (const std::string& path : {files.drain_order(), files.drain_state()}) {
    const Status removed = disk.Remove(path);
    if (!removed.ok() && removed.code() != Code::kNotFound) return removed;
  }
  return disk.SyncDir(files.dir);
}

StatusOr<std::optional<Instant>> ReadDrainOrder(const SiteFiles& files, Disk& disk) {
  RK_ASSIGN_OR_RETURN(const auto document, ReadJsonFile(disk, files.drain_order()));
  if (!document) return std::optional<Instant>();
  Fields fields(*document, files.drain_order());
  const Instant asked = fields.Time("asked");
  RK_RETURN_IF_ERROR(fields.Finish());
  return std::optional(asked);
}

Status WriteDrainState(const SiteFiles& files, Disk& disk, const DrainState& state) {
  Value document = Value::Object();
  document.Set("asked", FormatInstant(state.asked));
  document.Set("in_flight", Value(state.in_flight));
  return WriteJsonFile(disk, files.drain_state(), document);
}

StatusOr<std::optional<DrainState>> ReadDrainState(const SiteFiles& files, Disk& disk) {
  RK_ASSIGN_OR_RETURN(const auto document, ReadJsonFile(disk, files.drain_state()));
  if (!document) return std::optional<DrainState>();
  Fields fields(*document, files.drain_state());
  DrainState state{.asked = fields.Time("asked"), .in_flight = fields.Texts("in_flight")};
  RK_RETURN_IF_ERROR(fields.Finish());
  return std::optional(std::move(state));
}

}  // namespace renkei::site
