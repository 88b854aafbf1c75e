// SPDX-License-Identifier: Apache-2.0
//
// From the start of `kith run` with ten plugins to its first training step done, against Python
// that imports torch and torchvision (torch alone where torchvision is not installed); and the time
// to compile each plugin that ships.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "child.h"

namespace kith::benchmarks {
namespace {

namespace fs = std::filesystem;

constexpr int kPairs = 15;

constexpr const char* kExperiment = R"(
name = "start"
seed = 1
[data]
reader = "idx"
path = "data"
val_fraction = 0
[encoder]
plugin = "convnet"
[method]
plugin = "simclr"
loss = { plugin = "nt_xent" }
[[views]]
count = 2
size = 28
augment = [
    { plugin = "random_resized_crop" },
    { plugin = "rotation", degrees = 10 },
    { plugin = "flip", probability = 0.5 },
    { plugin = "colour_jitter", brightness = 0.8, contrast = 0.8 },
    { plugin = "gamma", log_gamma = 0.8 },
    { plugin = "gaussian_blur", probability = 0.5 },
]
[train]
epochs = 1000
batch_size = 64
log_every = 1
[optimizer]
kind = "sgd"
base_lr = 0.01
[[evaluation]]
plugin = "knn"
)";

/// An IDX file of bytes.
void write_idx(const fs::path& file, const std::vector<std::uint32_t>& extents) {
  std::ofstream out(file, std::ios::binary);
  out << '\0' << '\0' << '\x08' << static_cast<char>(extents.size());
  std::size_t n = 1;
  for (const auto extent : extents) {
    for (const unsigned shift : {24U, 16U, 8U, 0U})
      out << static_cast<char>(extent >> shift & 0xFFU);
    n *= extent;
  }
  for (std::size_t i = 0; i < n; ++i)
    out << static_cast<char>(extents.size() == 1 ? i % 10 : i * 7919 % 251);
}

/// A folder with the experiment and its data, which goes with its object.
class Workplace {
 public:
  Workplace() : path_(fs::temp_directory_path() / ("kith_start_" + std::to_string(::getpid()))) {
    fs::create_directories(path_ / "data");
    for (const auto& [part, images] : {std::pair{"train", 64U}, {"t10k", 16U}}) {
      write_idx(path_ / "data" / (std::string(part) + "-images-idx3-ubyte"), {images, 28, 28});
      write_idx(path_ / "data" / (std::string(part) + "-labels-idx1-ubyte"), {images});
    }
    std::ofstream(path_ / "experiment.toml") << kExperiment;
  }
  ~Workplace() { fs::remove_all(path_); }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  /// Runs the experiment until its first step is done. Trials of plugins are remembered in `cache`.
  ChildResult start(const std::string& cache) {
    const auto run = path_ / ("run" + std::to_string(runs_++));
    auto result = run_child({KITH_BUILD_DIR "/host/cli/kith", "run", path_ / "experiment.toml",
                             "--device", "cpu", "--folder", run},
                            "step 1/", {{"XDG_CACHE_HOME", path_ / cache}});
    fs::remove_all(run);
    return result;
  }

 private:
  fs::path path_;
  int runs_ = 0;
};

void report(benchmark::State& state, const PairMedians& m) {
  state.SetIterationTime(m.second.wall);
  state.counters["python_s"] = m.first.wall;
  state.counters["kith_s"] = m.second.wall;
  state.counters["kith_cpu_s"] = m.second.cpu;
  state.counters["ratio"] = m.ratio.wall;
}

/// Pairs of Python and Kith. `fresh`: no plugin was tried before.
void start(benchmark::State& state, bool fresh) {
  const char* named = std::getenv("KITH_PYTHON");
  const std::string python = named != nullptr ? named : "python3";
  std::string modules = "torch, torchvision";
  if (!run_child({python, "-c", "import torchvision"}).reached) modules = "torch";
  Workplace place;
  std::string failure;
  int caches = 0;
  for (auto _ : state) {
    const auto m = measure_pairs(
        kPairs,
        [&] {
          const auto result = run_child({python, "-c", "import " + modules});
          if (!result.reached) failure = result.output;
          return result.duration;
        },
        [&] {
          const auto result = place.start("cache" + std::to_string(fresh ? caches++ : 0));
          if (!result.reached) failure = result.output;
          return result.duration;
        });
    report(state, m);
  }
  state.SetLabel("against " + python + " -c 'import " + modules + "'");
  if (!failure.empty()) state.SkipWithError(failure.c_str());
}

/// The line that the SDK's README gives.
void compile(benchmark::State& state, const fs::path& source) {
  const char* named = std::getenv("CXX");
  const auto object =
      fs::temp_directory_path() / ("kith_compile_" + std::to_string(::getpid()) + ".so");
  for (auto _ : state) {
    std::vector<double> wall, cpu;
    for (int i = 0; i < 5; ++i) {
      const auto result = run_child({named != nullptr ? named : "g++", "-shared", "-std=c++20",
                                     "-O2", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique", "-I",
                                     KITH_SOURCE_DIR "/sdk/include", source, "-o", object});
      if (!result.reached) state.SkipWithError(result.output.c_str());
      wall.push_back(result.duration.wall);
      cpu.push_back(result.duration.cpu);
    }
    state.SetIterationTime(median(wall));
    state.counters["wall_s"] = median(wall);
    state.counters["cpu_s"] = median(cpu);
  }
  fs::remove(object);
}

void add_all() {
  for (const bool fresh : {false, true})
    benchmark::RegisterBenchmark(fresh ? "start/first_time" : "start/again",
                                 [fresh](benchmark::State& state) { start(state, fresh); })
        ->Iterations(1)
        ->UseManualTime()
        ->Unit(benchmark::kSecond);
  std::vector<fs::path> sources;
  for (const auto& kind : fs::directory_iterator(KITH_SOURCE_DIR "/plugins")) {
    if (!kind.is_directory()) continue;
    for (const auto& plugin : fs::directory_iterator(kind)) {
      const auto source = plugin.path() / (plugin.path().filename().string() + ".cpp");
      if (fs::exists(source)) sources.push_back(source);
    }
  }
  std::sort(sources.begin(), sources.end());
  for (const auto& source : sources)
    benchmark::RegisterBenchmark(("compile/" + source.stem().string()).c_str(),
                                 [source](benchmark::State& state) { compile(state, source); })
        ->Iterations(1)
        ->UseManualTime()
        ->Unit(benchmark::kSecond);
}

}  // namespace
}  // namespace kith::benchmarks

int main(int argc, char** argv) {
  kith::benchmarks::add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
