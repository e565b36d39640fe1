// SPDX-License-Identifier: Apache-2.0
#include "renkei/reduce/weighted_mean.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/kernels/environment.h"
#include "renkei/reduce/sources.h"
#include "renkei/reduce/tile.h"
#include "renkei/reduce/tile_mean.h"
#include "renkei/tensor/writer.h"

namespace renkei::reduce {
namespace {

constexpr size_t kTilesPerThread = 3;  // one being made while others wait to be appended

size_t TileBytes(const Options& options, size_t threads) {
  const size_t per_tile_byte = TileMean::kBuffersPerTile + kTilesPerThread;
  const size_t most = std::min(kTileBytesMax, kBufferBytesMax / threads / per_tile_byte);
  return std::clamp(options.tile_bytes, kTileBytesMin, most);
}

// Tiles made by several threads, appended in order by one. A ring of slots bounds how far the
// makers run ahead.
class TileRing {
 public:
  TileRing(const Sources& sources, size_t tile_bytes, size_t threads)
      : cutter_(sources.layout, tile_bytes), slots_(threads * kTilesPerThread) {}

  // Makes tiles until there is none left or Stop was called.
  void Make(TileMean& mean) {
    std::unique_lock lock(mutex_);
    while (true) {
      room_.wait(lock, [&] { return is_over_ || cut_ - appended_ < slots_.size(); });
      if (is_over_) return;
      Slot& slot = slots_[cut_ % slots_.size()];
      if (!cutter_.Next(slot.tile)) {
        is_over_ = true;
        room_.notify_all();
        made_.notify_all();
        return;
      }
      ++cut_;
      lock.unlock();
      slot.status = mean.Reduce(slot.tile, slot.out);
      lock.lock();
      slot.is_made = true;
      if (&slot == &slots_[appended_ % slots_.size()]) made_.notify_one();
    }
  }

  // Returns the error of the first tile that has one, as a single thread would.
  Status AppendAll(tensor::Writer& writer) {
    std::unique_lock lock(mutex_);
    while (true) {
      Slot& slot = slots_[appended_ % slots_.size()];
      made_.wait(lock, [&] { return slot.is_made || (is_over_ && appended_ == cut_); });
      if (!slot.is_made) return Ok();
      lock.unlock();
      RK_RETURN_IF_ERROR(slot.status);
      RK_RETURN_IF_ERROR(writer.Append(slot.out));
      lock.lock();
      slot.is_made = false;
      ++appended_;
      room_.notify_one();
    }
  }

  void Stop() {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    room_.notify_all();
  }

 private:
  struct Slot {
    Tile tile;
    Bytes out;
    Status status;
    bool is_made = false;
  };

  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable made_;
  TileCutter cutter_;
  std::vector<Slot> slots_;
  uint64_t cut_ = 0;
  uint64_t appended_ = 0;
  bool is_over_ = false;
};

Status ReduceAlone(const Sources& sources, const Options& options, tensor::Writer& writer) {
  const size_t tile_bytes = TileBytes(options, 1);
  TileCutter cutter(sources.layout, tile_bytes);
  TileMean mean(sources, options.integers, tile_bytes);
  Tile tile;
  Bytes out;
  while (cutter.Next(tile)) {
    RK_RETURN_IF_ERROR(mean.Reduce(tile, out));
    RK_RETURN_IF_ERROR(writer.Append(out));
  }
  return Ok();
}

Status ReduceTogether(const Sources& sources, const Options& options, size_t threads,
                      tensor::Writer& writer) {
  const size_t tile_bytes = TileBytes(options, threads);
  TileRing ring(sources, tile_bytes, threads);
  std::vector<std::jthread> makers;
  makers.reserve(threads);
  for (size_t i = 0; i < threads; ++i) {
    makers.emplace_back([&] {
      TileMean mean(sources, options.integers, tile_bytes);
      ring.Make(mean);
    });
  }
  const Status appended = ring.AppendAll(writer);
  ring.Stop();
  return appended;
}

}  // namespace

Status WeightedMean(std::span<const Input> inputs, ByteSink& out, const Options& options) {
  RK_RETURN_IF_ERROR(kernels::CheckFloatEnvironment());
  RK_ASSIGN_OR_RETURN(const Sources sources, OpenSources(inputs));
  RK_ASSIGN_OR_RETURN(tensor::Writer writer, tensor::Writer::Begin(out, sources.layout));
  const auto threads = static_cast<size_t>(std::clamp(options.threads, 1, kThreadsMax));
  RK_RETURN_IF_ERROR(threads == 1 ? ReduceAlone(sources, options, writer)
                                  : ReduceTogether(sources, options, threads, writer));
  return writer.Finish();
}

}  // namespace renkei::reduce
