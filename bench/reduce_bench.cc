// SPDX-License-Identifier: Apache-2.0
// Weighted mean of 8 files of 128 MiB (page cache warm) beside what the machine can do:
//
//   tiled accumulate   the limit: the same sums in float32 over arrays in memory, a tile at a
//                      time, without files, rounding to the type or checks
//   read only          the same files through the same windows, no arithmetic
//
// Bytes per second count the source. --benchmark_out=FILE writes JSON.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/random.h"
#include "renkei/reduce/weighted_mean.h"
#include "renkei/tensor/layout.h"
#include "renkei/tensor/writer.h"

namespace renkei {
namespace {

constexpr size_t kSites = 8;
constexpr uint64_t kFileBytes = 128u << 20;
constexpr size_t kReadBytes = 64u << 10;

void Require(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "reduce_bench: %s\n", Text(status).c_str());
  std::exit(1);
}

class FileSink final : public ByteSink {
 public:
  explicit FileSink(File& file) : file_(file) {}
  Status Append(ByteSpan bytes) override {
    RK_RETURN_IF_ERROR(file_.WriteAt(offset_, bytes));
    offset_ += bytes.size();
    return Ok();
  }

 private:
  File& file_;
  uint64_t offset_ = 0;
};

class NullSink final : public ByteSink {
 public:
  Status Append(ByteSpan bytes) override {
    benchmark::DoNotOptimize(bytes.data());
    return Ok();
  }
};

// The update files of one type, on the disk of the current directory, removed at the end.
class Updates {
 public:
  explicit Updates(tensor::DType dtype) : disk_(MakeRealDisk()) {
    const uint64_t elements = kFileBytes / tensor::SizeOf(dtype);
    const tensor::NewTensor tensors[] = {{"w", dtype, {elements}}};
    const auto layout = tensor::MakeLayout(tensors);
    Require(layout.status());
    const auto random = MakeSeededRandom(1);
    Bytes values = random->Take(1u << 20);
    const size_t width = tensor::SizeOf(dtype);
    for (size_t top = width - 1; top < values.size(); top += width) {
      values[top] = static_cast<uint8_t>((values[top] & 0x83) | 0x38);  // near 1 in every type
    }
    Require(disk_->MakeDirs(kDirectory));
    for (size_t i = 0; i < kSites; ++i) {
      const std::string path = JoinPath(kDirectory, std::to_string(i));
      auto file = disk_->Open(path, OpenMode::kCreate);
      Require(file.status());
      FileSink sink(**file);
      auto writer = tensor::Writer::Begin(sink, *layout);
      Require(writer.status());
      for (uint64_t at = 0; at < kFileBytes; at += values.size()) Require(writer->Append(values));
      files_.push_back(std::move(*file));
      inputs_.push_back({.file = files_.back().get(), .weight = 1000 + i});
    }
  }
  ~Updates() { Require(RemoveTree(*disk_, kDirectory)); }
  Updates(const Updates&) = delete;
  Updates& operator=(const Updates&) = delete;

  const std::vector<reduce::Input>& inputs() const { return inputs_; }
  const File& file(size_t index) const { return *files_[index]; }

 private:
  static constexpr const char* kDirectory = "reduce_bench.tmp";
  std::unique_ptr<Disk> disk_;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<reduce::Input> inputs_;
};

// Holds the files of one type at a time.
class Stage {
 public:
  const Updates& Use(tensor::DType dtype) {
    if (updates_ == nullptr || dtype_ != dtype) {
      updates_.reset();
      updates_ = std::make_unique<Updates>(dtype);
      dtype_ = dtype;
    }
    return *updates_;
  }

 private:
  std::unique_ptr<Updates> updates_;
  tensor::DType dtype_ = tensor::DType::kF32;
};

// The fastest tiled accumulate of this run, by number of threads: what the others are held against.
using Limits = std::map<int64_t, double>;

// Times `work`. The best of the passes counts: what disturbs a pass only ever makes it slower.
template <typename Work>
double BestBytesPerSecond(benchmark::State& state, const Work& work) {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  for (auto _ : state) {
    const auto start = Clock::now();
    work();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    state.SetIterationTime(seconds);
    best = std::max(best, static_cast<double>(kSites * kFileBytes) / seconds);
  }
  state.counters["GB/s"] = best / 1e9;
  return best;
}

void Compare(benchmark::State& state, const Limits& limits, double bytes_per_second) {
  const auto limit = limits.find(state.range(0));
  if (limit != limits.end()) state.counters["of_limit"] = bytes_per_second / limit->second;
}

// Each of `threads` works on its own share of `count` elements.
template <typename Work>
void Split(size_t threads, size_t count, const Work& work) {
  std::vector<std::jthread> workers;
  for (size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] { work(count * t / threads, count * (t + 1) / threads); });
  }
}

// The best that the compiler makes of the plain loop for this machine.
#if defined(__x86_64__)
[[gnu::target_clones("default", "avx2", "avx512f")]]
#endif
void AddScaled(float weight, const float* from, size_t count, float* sums) {
  for (size_t i = 0; i < count; ++i) sums[i] += weight * from[i];
}

void Accumulate(const std::vector<std::vector<float>>& sources, size_t begin, size_t end,
                float* out) {
  constexpr size_t kTile = 64u << 10;  // elements: 256 KiB
  for (size_t first = begin; first < end; first += kTile) {
    const size_t count = std::min(kTile, end - first);
    std::fill_n(out + first, count, 0.0f);
    for (size_t s = 0; s < kSites; ++s) {
      AddScaled(1.0f + static_cast<float>(s), sources[s].data() + first, count, out + first);
    }
  }
}

void TiledAccumulate(benchmark::State& state, Limits& limits) {
  const size_t elements = kFileBytes / sizeof(float);
  const std::vector<std::vector<float>> sources(kSites, std::vector<float>(elements, 1.5f));
  std::vector<float> out(elements);
  const double best = BestBytesPerSecond(state, [&] {
    Split(static_cast<size_t>(state.range(0)), elements,
          [&](size_t begin, size_t end) { Accumulate(sources, begin, end, out.data()); });
    benchmark::DoNotOptimize(out.data());
  });
  limits[state.range(0)] = std::max(limits[state.range(0)], best);
}

void ReadOnly(benchmark::State& state, const Updates& updates, const Limits& limits) {
  const auto read = [&](size_t begin, size_t end) {
    Bytes window(kSites * kReadBytes);
    for (size_t at = begin; at < end; ++at) {
      for (size_t s = 0; s < kSites; ++s) {
        Require(ReadExactly(updates.file(s), at * kReadBytes,
                            {window.data() + s * kReadBytes, kReadBytes}));
      }
    }
  };
  const double best = BestBytesPerSecond(
      state, [&] { Split(static_cast<size_t>(state.range(0)), kFileBytes / kReadBytes, read); });
  Compare(state, limits, best);
}

void WeightedMean(benchmark::State& state, const Updates& updates, const Limits& limits) {
  const reduce::Options options = {.tile_bytes = static_cast<size_t>(state.range(1)) << 10,
                                   .threads = static_cast<int>(state.range(0))};
  const double best = BestBytesPerSecond(state, [&] {
    NullSink sink;
    Require(reduce::WeightedMean(updates.inputs(), sink, options));
  });
  Compare(state, limits, best);
}

}  // namespace
}  // namespace renkei

int main(int argc, char** argv) {
  using benchmark::RegisterBenchmark;
  using renkei::tensor::DType;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const auto set = [](benchmark::internal::Benchmark* bench) {
    return bench->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(1);
  };
  renkei::Stage stage;
  renkei::Limits limits;
  const auto tiled = [&](benchmark::State& state) { renkei::TiledAccumulate(state, limits); };
  set(RegisterBenchmark("tiled_accumulate", tiled))->Arg(1)->Arg(2);
  const auto read = [&](benchmark::State& state) {
    renkei::ReadOnly(state, stage.Use(DType::kF32), limits);
  };
  set(RegisterBenchmark("read_only", read))->Arg(1)->Arg(2);
  for (const DType dtype : {DType::kF32, DType::kBF16, DType::kF16, DType::kF64}) {
    const auto mean = [&stage, &limits, dtype](benchmark::State& state) {
      renkei::WeightedMean(state, stage.Use(dtype), limits);
    };
    const std::string name = "weighted_mean/" + std::string(renkei::tensor::NameOf(dtype));
    auto* bench = set(RegisterBenchmark(name.c_str(), mean));
    for (const int threads : {1, 2}) {
      for (const int kib : {64, 128, 256, 512}) bench->Args({threads, kib});
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
