// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <mutex>
#include <utility>

#include <sqlite3.h>

#include "renkei/store/index.h"

namespace renkei::store {
namespace {

// Bumped when the table changes; a file of another version is emptied.
constexpr int kFormatVersion = 1;
constexpr int kBusyTimeoutMs = 5000;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

Status EngineError(sqlite3* database, const std::string& path) {
  const Code code =
      sqlite3_errcode(database) == SQLITE_FULL ? Code::kResourceExhausted : Code::kInternal;
  return Error(code, "{}: index: {}", path, sqlite3_errmsg(database));
}

// Keys are blobs: SQLite compares them byte by byte, as the contract says.
void BindBytes(const Statement& statement, int at, ByteSpan bytes) {
  // A null pointer would bind NULL instead of an empty blob.
  const void* start = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  sqlite3_bind_blob64(statement.get(), at, start, bytes.size(), SQLITE_STATIC);
}
Bytes ColumnBytes(const Statement& statement, int at) {
  const auto* start = static_cast<const uint8_t*>(sqlite3_column_blob(statement.get(), at));
  return Bytes(start, start + sqlite3_column_bytes(statement.get(), at));
}

class SqliteIndex final : public Index {
 public:
  explicit SqliteIndex(std::string path) : path_(std::move(path)) {}

  Status Open() {
    sqlite3* raw = nullptr;
    const int result = sqlite3_open_v2(
        path_.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
        nullptr);
    database_.reset(raw);
    if (result != SQLITE_OK) return EngineError(raw, path_);
    sqlite3_busy_timeout(raw, kBusyTimeoutMs);
    // A cache: NORMAL may lose the last rows at power loss but never the file's order.
    RK_RETURN_IF_ERROR(Run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"));
    RK_ASSIGN_OR_RETURN(const Statement version, Prepare("PRAGMA user_version"));
    if (sqlite3_step(version.get()) != SQLITE_ROW) return EngineError(raw, path_);
    const int found = sqlite3_column_int(version.get(), 0);
    if (found != 0 && found != kFormatVersion) {
      return Error(Code::kDataLoss, "{}: index of version {}", path_, found);
    }
    RK_RETURN_IF_ERROR(
        Run("CREATE TABLE IF NOT EXISTS row (name BLOB NOT NULL, key BLOB NOT NULL,"
            " value BLOB NOT NULL, PRIMARY KEY (name, key)) WITHOUT ROWID;"));
    RK_RETURN_IF_ERROR(Run(fmt::format("PRAGMA user_version={}", kFormatVersion).c_str()));
    RK_ASSIGN_OR_RETURN(put_, Prepare("INSERT OR REPLACE INTO row VALUES (?1, ?2, ?3)"));
    RK_ASSIGN_OR_RETURN(get_, Prepare("SELECT value FROM row WHERE name = ?1 AND key = ?2"));
    RK_ASSIGN_OR_RETURN(scan_, Prepare("SELECT key, value FROM row WHERE name = ?1 AND key >= ?2"
                                       " ORDER BY key"));
    return Ok();
  }

  Status Put(std::span<const Row> rows) override {
    const std::lock_guard lock(mutex_);
    RK_RETURN_IF_ERROR(Run("BEGIN"));
    Status put = PutAll(rows);
    if (put.ok()) put = Run("COMMIT");
    if (!put.ok()) Run("ROLLBACK").IgnoreError();
    return put;
  }

  StatusOr<std::optional<Bytes>> Get(std::string_view table, std::string_view key) override {
    const std::lock_guard lock(mutex_);
    BindBytes(get_, 1, AsBytes(table));
    BindBytes(get_, 2, AsBytes(key));
    std::optional<Bytes> value;
    const int result = sqlite3_step(get_.get());
    if (result == SQLITE_ROW) value = ColumnBytes(get_, 0);
    sqlite3_reset(get_.get());
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
      return EngineError(database_.get(), path_);
    }
    return value;
  }

  StatusOr<std::vector<Row>> Scan(std::string_view table, std::string_view prefix,
                                  size_t count_max) override {
    const std::lock_guard lock(mutex_);
    BindBytes(scan_, 1, AsBytes(table));
    BindBytes(scan_, 2, AsBytes(prefix));
    std::vector<Row> rows;
    int result = SQLITE_DONE;
    while (rows.size() < count_max && (result = sqlite3_step(scan_.get())) == SQLITE_ROW) {
      std::string key = ToText(ColumnBytes(scan_, 0));
      if (!key.starts_with(prefix)) break;
      rows.push_back(
          {.table = std::string(table), .key = std::move(key), .value = ColumnBytes(scan_, 1)});
    }
    sqlite3_reset(scan_.get());
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
      return EngineError(database_.get(), path_);
    }
    return rows;
  }

  Status Clear() override {
    const std::lock_guard lock(mutex_);
    return Run("DELETE FROM row");
  }

 private:
  Status PutAll(std::span<const Row> rows) {
    for (const Row& row : rows) {
      BindBytes(put_, 1, AsBytes(row.table));
      BindBytes(put_, 2, AsBytes(row.key));
      BindBytes(put_, 3, row.value);
      const int result = sqlite3_step(put_.get());
      sqlite3_reset(put_.get());
      if (result != SQLITE_DONE) return EngineError(database_.get(), path_);
    }
    return Ok();
  }

  Status Run(const char* sql) {
    if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return Ok();
    return EngineError(database_.get(), path_);
  }

  StatusOr<Statement> Prepare(const char* sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(database_.get(), sql, -1, &raw, nullptr) != SQLITE_OK) {
      return EngineError(database_.get(), path_);
    }
    return Statement(raw);
  }

  std::mutex mutex_;
  std::string path_;
  Database database_;
  Statement put_;
  Statement get_;
  Statement scan_;
};

}  // namespace

StatusOr<std::unique_ptr<Index>> MakeSqliteIndex(const std::string& path) {
  auto index = std::make_unique<SqliteIndex>(path);
  const Status opened = index->Open();
  if (opened.ok()) return index;
  // Unreadable: the cache begins anew.
  index.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path + suffix).c_str());
  index = std::make_unique<SqliteIndex>(path);
  RK_RETURN_IF_ERROR(index->Open());
  return index;
}

}  // namespace renkei::store
