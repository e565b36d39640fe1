// SPDX-License-Identifier: Apache-2.0
// The letter box between a site and its own party: what the site asks (to join, to renew its leaf)
// and what it is answered, neither of which the coordinator can make. It knows nothing of what is
// in them. Bounded, durable, thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::coordinator {

inline constexpr size_t kStrangersPendingMax = 64;
inline constexpr size_t kKnownPendingMax = 1024;     // as many as there may be sites
inline constexpr size_t kAnswersMax = 256;           // the oldest goes first
inline constexpr size_t kLetterBytesMax = 32 << 10;  // of one request or answer
inline constexpr Milliseconds kLetterLifetime{24 * 3600 * 1000};

struct Letter {
  std::string id;      // under which the answer is asked for
  std::string from;    // a later letter of the same sender replaces the earlier
  bool known = false;  // its sender has been identified: strangers cannot crowd it out
  std::string json;
  Instant until{};  // forgotten then

  bool operator==(const Letter&) const = default;
};

class LetterBox {
 public:
  // Takes up the file at `path`, if there is one. DATA_LOSS when it cannot be understood.
  static StatusOr<std::unique_ptr<LetterBox>> Open(Disk& disk, std::string path);

  //   RESOURCE_EXHAUSTED  too long, or as many wait already as may
  Status Ask(Letter letter, Instant now);
  // Letters that wait, oldest first.
  std::vector<Letter> Pending(Instant now);
  // The one of them with this id, if any.
  std::optional<Letter> FindPending(const std::string& id, Instant now);
  // The letter with this id leaves the queue.   RESOURCE_EXHAUSTED  too long
  Status Answer(Letter answer, Instant now);
  // NOT_FOUND until answered.
  StatusOr<std::string> Poll(const std::string& id, Instant now);

 private:
  LetterBox(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  Status Load();
  Status Save(const std::vector<Letter>& pending, const std::vector<Letter>& answers);

  Disk& disk_;
  std::string path_;
  std::mutex mutex_;
  std::vector<Letter> pending_;
  std::vector<Letter> answers_;
};

}  // namespace renkei::coordinator
