// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <mutex>
#include <utility>

#include "renkei/store/index.h"

namespace renkei::store {
namespace {

class MemoryIndex final : public Index {
 public:
  Status Put(std::span<const Row> rows) override {
    const std::lock_guard lock(mutex_);
    for (const Row& row : rows) values_[{row.table, row.key}] = row.value;
    return Ok();
  }

  StatusOr<std::optional<Bytes>> Get(std::string_view table, std::string_view key) override {
    const std::lock_guard lock(mutex_);
    const auto at = values_.find({std::string(table), std::string(key)});
    if (at == values_.end()) return std::optional<Bytes>();
    return std::optional<Bytes>(at->second);
  }

  StatusOr<std::vector<Row>> Scan(std::string_view table, std::string_view prefix,
                                  size_t count_max) override {
    const std::lock_guard lock(mutex_);
    std::vector<Row> rows;
    auto at = values_.lower_bound({std::string(table), std::string(prefix)});
    for (; at != values_.end() && rows.size() < count_max; ++at) {
      const auto& [name, key] = at->first;
      if (name != table || !key.starts_with(prefix)) break;
      rows.push_back({.table = name, .key = key, .value = at->second});
    }
    return rows;
  }

  Status Clear() override {
    const std::lock_guard lock(mutex_);
    values_.clear();
    return Ok();
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Bytes> values_;
};

}  // namespace

std::unique_ptr<Index> MakeMemoryIndex() { return std::make_unique<MemoryIndex>(); }

}  // namespace renkei::store
