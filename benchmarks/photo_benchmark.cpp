// SPDX-License-Identifier: Apache-2.0
//
// Time from the bytes of a JPEG to two views, on one core:
//
//   photo_benchmark FOLDER [--benchmark_...]   two views of MoCo v2's list, photo after photo
//   photo_benchmark FOLDER crops               how the views begin, for comparison: one line each,
//                                              FILE TOP LEFT HEIGHT WIDTH SHA-256 of the levels
//
// Of the folder and those below it, the JPEG files of 500 x 375 are taken.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "data/file_bytes.h"
#include "data/image_codec.h"
#include "digest/sha256.h"
#include "moco_list.h"

namespace {

using kith::host::Image;
using kith::host::ImagePart;
using kith::host::ViewPipeline;
using kith::host::ViewScratch;

constexpr int kHeight = 375, kWidth = 500;

struct Photo {
  std::string file;
  std::vector<std::uint8_t> bytes;
};

std::vector<Photo> read_photos(const std::filesystem::path& folder) {
  std::vector<Photo> photos;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".jpg") continue;
    const auto size = kith::host::probe_image(entry.path());
    if (size.height != kHeight || size.width != kWidth) continue;
    photos.push_back({entry.path().string(), kith::host::read_file(entry.path())});
  }
  std::sort(photos.begin(), photos.end(),
            [](const Photo& a, const Photo& b) { return a.file < b.file; });
  return photos;
}

kith::DrawKey key_of(std::uint64_t sample, std::uint32_t view) {
  return {.seed = 1, .sample = sample, .view = view};
}

/// Decodes what the views of a sample are made from, as the loader does.
void decode(const Photo& photo, const ViewPipeline& pipeline, std::uint64_t sample,
            ViewScratch& scratch, Image& image) {
  const ImagePart part = around(pipeline.part(kHeight, kWidth, key_of(sample, 0), scratch),
                                pipeline.part(kHeight, kWidth, key_of(sample, 1), scratch));
  decode_image_part(photo.bytes, photo.file, 3, part, image);
}

kith::host::ImageView view_of(const Image& image) {
  return {image.pixels.data(), image.size.height, image.size.width, image.size.channels};
}

void two_views(benchmark::State& state, const std::vector<Photo>& photos) {
  const ViewPipeline pipeline(kith::benchmarks::moco_list(),
                              {.height = 224, .width = 224, .channels = 3});
  ViewScratch scratch;
  Image image;
  std::vector<float> views(2 * pipeline.spec().floats());
  std::uint64_t sample = 0;
  for (auto _ : state) {
    decode(photos[sample % photos.size()], pipeline, sample, scratch, image);
    for (std::uint32_t view = 0; view < 2; ++view)
      pipeline.run(view_of(image), key_of(sample, view),
                   views.data() + view * pipeline.spec().floats(), scratch);
    benchmark::DoNotOptimize(views.data());
    ++sample;
  }
  state.SetItemsProcessed(state.iterations());
}

void print_crops(const std::vector<Photo>& photos) {
  const ViewPipeline pipeline({kith::benchmarks::moco_list().front()},
                              {.height = 224, .width = 224, .channels = 3});
  ViewScratch scratch;
  std::vector<std::uint8_t> levels(pipeline.spec().floats());
  for (std::uint64_t sample = 0; sample < photos.size(); ++sample) {
    Image image;  // what is not decoded is 0
    decode(photos[sample], pipeline, sample, scratch, image);
    for (std::uint32_t view = 0; view < 2; ++view) {
      const auto drawn = pipeline.draw(kHeight, kWidth, key_of(sample, view));
      pipeline.replay_levels(view_of(image), drawn, levels.data(), scratch);
      kith::host::Sha256 sum;
      sum.update(levels.data(), levels.size());
      const auto& box = drawn[0].values;
      std::printf("%s %.0f %.0f %.0f %.0f %s\n", photos[sample].file.c_str(), box[0], box[1],
                  box[2], box[3], sum.finish().c_str());
    }
  }
}

}  // namespace

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  if (argc < 2) {
    std::cerr << "usage: photo_benchmark FOLDER [crops]\n";
    return 2;
  }
  const auto photos = read_photos(argv[1]);
  if (photos.empty()) {
    std::cerr << "photo_benchmark: no JPEG of 500 x 375 in '" << argv[1] << "'\n";
    return 1;
  }
  if (argc > 2 && std::string(argv[2]) == "crops") {
    print_crops(photos);
    return 0;
  }
  benchmark::RegisterBenchmark("two_views", [&](benchmark::State& s) { two_views(s, photos); });
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& e) {
  std::cerr << "photo_benchmark: " << e.what() << '\n';
  return 1;
}
