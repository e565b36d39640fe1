// SPDX-License-Identifier: Apache-2.0
// The letter box between a site that wants to join and the person of its party who answers:
// requests in, grants out, both under MACs that the coordinator cannot make. Bounded, durable,
// thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::coordinator {

inline constexpr size_t kJoinsPendingMax = 64;
inline constexpr size_t kJoinGrantsMax = 256;      // the oldest goes first
inline constexpr size_t kJoinBytesMax = 32 << 10;  // of one request or grant
inline constexpr Milliseconds kJoinLifetime{24 * 3600 * 1000};

class Joins {
 public:
  // Takes up the file at `path`, if there is one. DATA_LOSS when it cannot be understood.
  static StatusOr<std::unique_ptr<Joins>> Open(Disk& disk, std::string path);

  // A request with the same token replaces the earlier one.
  //   INVALID_ARGUMENT    not a join request
  //   RESOURCE_EXHAUSTED  too long, or kJoinsPendingMax wait already
  Status Ask(const std::string& request_json, Instant now);
  // Requests that wait, oldest first.
  std::vector<std::string> Pending(Instant now);
  // The request leaves the queue.   INVALID_ARGUMENT  not a join grant
  Status Grant(const std::string& grant_json, Instant now);
  // NOT_FOUND until granted.
  StatusOr<std::string> Poll(const std::string& token_id, Instant now);

 private:
  struct Letter {
    std::string token_id;
    std::string json;
    Instant at{};
  };

  Joins(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  Status Load();
  Status Save(const std::vector<Letter>& pending, const std::vector<Letter>& grants);

  Disk& disk_;
  std::string path_;
  std::mutex mutex_;
  std::vector<Letter> pending_;
  std::vector<Letter> grants_;
};

}  // namespace renkei::coordinator
