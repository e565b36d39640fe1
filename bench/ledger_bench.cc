// SPDX-License-Identifier: Apache-2.0
// Durable appends of 512-byte entries by 1, 8 and 64 waiting writers, beside a bare group commit
// in the same run on the same disk: the same bytes, one write and one sync for all who wait, no
// hashing, no tiles, no checkpoint. Then one append with its checkpoint, as a protocol step does.
//
//   ledger_bench [OUT.json [DIRECTORY]]     the directory lies on the disk to measure; default .
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"
#include "renkei/ledger/ledger.h"

namespace renkei {
namespace {

using Seconds = std::chrono::duration<double>;
using SteadyClock = std::chrono::steady_clock;

constexpr size_t kEntryBytes = 512;
constexpr int kWriters[] = {1, 8, 64};
constexpr int kRounds = 5;  // bare and ledger in turn; the median counts
constexpr double kRoundSeconds = 2;
constexpr int kCheckpoints = 400;
constexpr uint64_t kExtentBytes = 1 << 20;
constexpr char kOrigin[] = "renkei/bench";

void Require(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "ledger_bench: %s\n", Text(status).c_str());
  std::exit(1);
}
template <typename T>
T Require(StatusOr<T> value) {
  Require(value.status());
  return std::move(value).value();
}

// The limit: writers that wait share one write and one sync of a preallocated file.
class BareGroupCommit {
 public:
  BareGroupCommit(Disk& disk, const std::string& path)
      : file_(Require(disk.Open(path, OpenMode::kCreate))) {
    Require(file_->Truncate(0));
  }

  void Append(ByteSpan entry) {
    std::shared_ptr<Batch> batch;
    bool is_first = false;
    {
      const std::lock_guard lock(queue_mutex_);
      if (!open_) open_ = std::make_shared<Batch>();
      batch = open_;
      is_first = batch->bytes.empty();
      batch->bytes.insert(batch->bytes.end(), entry.begin(), entry.end());
    }
    if (!is_first) {
      std::unique_lock lock(batch->mutex);
      batch->done.wait(lock, [&] { return batch->is_done; });
      return;
    }
    const std::lock_guard commit(file_mutex_);
    {
      const std::lock_guard lock(queue_mutex_);
      open_ = nullptr;
    }
    Commit(*batch);
    {
      const std::lock_guard lock(batch->mutex);
      batch->is_done = true;
    }
    batch->done.notify_all();
  }

 private:
  struct Batch {
    Bytes bytes;
    std::mutex mutex;
    std::condition_variable done;
    bool is_done = false;
  };

  void Commit(const Batch& batch) {
    Require(file_->WriteAt(offset_, batch.bytes));
    offset_ += batch.bytes.size();
    if (offset_ > allocated_) {
      Require(file_->WriteAt(offset_, Bytes(kExtentBytes)));
      allocated_ = offset_ + kExtentBytes;
    }
    Require(file_->Sync());
  }

  std::unique_ptr<File> file_;
  std::mutex queue_mutex_;
  std::shared_ptr<Batch> open_;
  std::mutex file_mutex_;
  uint64_t offset_ = 0;
  uint64_t allocated_ = 0;
};

struct Figures {
  double appends_per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

double At(std::vector<double>& sorted, double share) {
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

Figures Measure(int writers, const std::function<void(ByteSpan)>& append) {
  std::vector<std::vector<double>> waits(static_cast<size_t>(writers));
  const auto begin = SteadyClock::now();
  const auto end =
      begin + std::chrono::duration_cast<SteadyClock::duration>(Seconds(kRoundSeconds));
  {
    std::vector<std::jthread> threads;
    for (auto& mine : waits) {
      threads.emplace_back([&] {
        const Bytes entry(kEntryBytes, 0x61);
        for (auto before = SteadyClock::now(); before < end;) {
          append(entry);
          const auto after = SteadyClock::now();
          mine.push_back(Seconds(after - before).count() * 1e6);
          before = after;
        }
      });
    }
  }
  const double seconds = Seconds(SteadyClock::now() - begin).count();
  std::vector<double> all;
  for (const auto& mine : waits) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  return {.appends_per_second = static_cast<double>(all.size()) / seconds,
          .p50_us = At(all, 0.5),
          .p99_us = At(all, 0.99)};
}

Figures Median(const std::vector<Figures>& rounds) {
  const auto of = [&](double Figures::*field) {
    std::vector<double> values;
    for (const Figures& round : rounds) values.push_back(round.*field);
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  return {.appends_per_second = of(&Figures::appends_per_second),
          .p50_us = of(&Figures::p50_us),
          .p99_us = of(&Figures::p99_us)};
}

std::string Json(const Figures& figures) {
  return fmt::format(R"({{"appends_per_second":{:.0f},"p50_us":{:.1f},"p99_us":{:.1f}}})",
                     figures.appends_per_second, figures.p50_us, figures.p99_us);
}

struct Place {
  std::unique_ptr<Disk> disk = MakeRealDisk();
  crypto::SigningKey key = crypto::SigningKey::Generate(*MakeSystemRandom());
  std::string directory;
};

std::string CompareWriters(Place& place, int writers) {
  std::vector<Figures> bare;
  std::vector<Figures> ours;
  for (int round = 0; round < kRounds; ++round) {
    {
      BareGroupCommit commit(*place.disk, place.directory + "/bare");
      bare.push_back(Measure(writers, [&](ByteSpan entry) { commit.Append(entry); }));
    }
    Require(place.disk->Remove(place.directory + "/bare"));
    const std::string directory = place.directory + "/ledger";
    {
      const auto ledger = Require(ledger::Ledger::Open(*place.disk, directory, kOrigin, place.key));
      ours.push_back(
          Measure(writers, [&](ByteSpan entry) { Require(ledger->Append(entry).status()); }));
    }
    Require(RemoveTree(*place.disk, directory));
  }
  const Figures limit = Median(bare);
  const Figures got = Median(ours);
  const double ratio = got.appends_per_second / limit.appends_per_second;
  fmt::print(
      "{:>7}  {:>9.0f} {:>7.0f} {:>7.0f}   {:>9.0f} {:>7.0f} {:>7.0f}   {:>5.2f}  {:>5.2f}\n",
      writers, limit.appends_per_second, limit.p50_us, limit.p99_us, got.appends_per_second,
      got.p50_us, got.p99_us, ratio, got.p99_us / limit.p99_us);
  std::fflush(stdout);
  return fmt::format(R"({{"writers":{},"bare":{},"ledger":{},"ratio":{:.3f},"p99_ratio":{:.3f}}})",
                     writers, Json(limit), Json(got), ratio, got.p99_us / limit.p99_us);
}

std::string MeasureCheckpoints(Place& place) {
  const std::string directory = place.directory + "/steps";
  std::vector<double> waits;
  {
    const auto ledger = Require(ledger::Ledger::Open(*place.disk, directory, kOrigin, place.key));
    const Bytes entry(2 * 1024, 0x61);
    for (int i = 0; i < kCheckpoints; ++i) {
      const auto before = SteadyClock::now();
      Require(ledger->Append(entry).status());
      Require(ledger->checkpoint().status());
      waits.push_back(Seconds(SteadyClock::now() - before).count() * 1e6);
    }
  }
  Require(RemoveTree(*place.disk, directory));
  std::sort(waits.begin(), waits.end());
  fmt::print("\nappend of 2 KiB + checkpoint: p50 {:.0f} us, p99 {:.0f} us\n", At(waits, 0.5),
             At(waits, 0.99));
  return fmt::format(R"({{"p50_us":{:.1f},"p99_us":{:.1f}}})", At(waits, 0.5), At(waits, 0.99));
}

int Main(int argc, char** argv) {
  Place place;
  place.directory = fmt::format("{}/ledger-bench-XXXXXX", argc > 2 ? argv[2] : ".");
  if (mkdtemp(place.directory.data()) == nullptr) {
    std::perror(place.directory.c_str());
    return 1;
  }
  fmt::print("durable appends of {} bytes, median of {} rounds of {} s\n\n", kEntryBytes, kRounds,
             kRoundSeconds);
  fmt::print("          bare group commit             ledger\n");
  fmt::print("writers   appends/s  p50 us  p99 us   appends/s  p50 us  p99 us   ratio  p99 x\n");
  std::string rows;
  for (const int writers : kWriters) {
    if (!rows.empty()) rows += ',';
    rows += CompareWriters(place, writers);
  }
  const std::string steps = MeasureCheckpoints(place);
  Require(RemoveTree(*place.disk, place.directory));
  if (argc > 1) {
    std::ofstream out(argv[1]);
    out << fmt::format("{{\"entry_bytes\":{},\"append\":[{}],\"append_and_checkpoint\":{}}}\n",
                       kEntryBytes, rows, steps);
    if (!out.flush()) {
      std::fprintf(stderr, "ledger_bench: cannot write %s\n", argv[1]);
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace renkei

int main(int argc, char** argv) { return renkei::Main(argc, argv); }
