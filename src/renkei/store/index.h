// SPDX-License-Identifier: Apache-2.0
// A cache of keys and values that can be rebuilt from the ledger and the blobs at any time:
// losing it costs time, never truth. Two twins keep one contract: memory and SQLite.
//
// Thread-safe. Errors are the engine's, as INTERNAL or RESOURCE_EXHAUSTED; after one, Clear and
// rebuild.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"

namespace renkei::store {

struct Row {
  std::string table;
  std::string key;
  Bytes value;

  auto operator<=>(const Row&) const = default;
};

class Index {
 public:
  virtual ~Index() = default;
  // All of the rows or none; a row replaces one of the same table and key.
  virtual Status Put(std::span<const Row> rows) = 0;
  virtual StatusOr<std::optional<Bytes>> Get(std::string_view table, std::string_view key) = 0;
  // Rows of `table` whose key begins with `prefix`, ascending by the key's bytes, at most
  // `count_max`.
  virtual StatusOr<std::vector<Row>> Scan(std::string_view table, std::string_view prefix,
                                          size_t count_max) = 0;
  virtual Status Clear() = 0;
};

std::unique_ptr<Index> MakeMemoryIndex();
// A file that is damaged, or of another format, is emptied: it is a cache.
StatusOr<std::unique_ptr<Index>> MakeSqliteIndex(const std::string& path);

}  // namespace renkei::store
