// SPDX-License-Identifier: Apache-2.0
//
// Time from the bytes of a JPEG to two views, on one core:
//
//   photo_benchmark FOLDER [--benchmark_...]   two views of SimCLR's list, photo after photo
//   photo_benchmark FOLDER views               the views of each photo, for comparison
//                                              (print_view.h)
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
#include "print_view.h"
#include "simclr_list.h"

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
  const ViewPipeline pipeline(kith::benchmarks::simclr_list(),
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

void print_views(const std::vector<Photo>& photos) {
  const ViewPipeline pipeline(kith::benchmarks::simclr_list(),
                              {.height = 224, .width = 224, .channels = 3});
  ViewScratch scratch;
  for (std::uint64_t sample = 0; sample < photos.size(); ++sample) {
    Image image;  // what is not decoded is 0
    decode(photos[sample], pipeline, sample, scratch, image);
    for (std::uint32_t view = 0; view < 2; ++view)
      kith::benchmarks::print_view(photos[sample].file, pipeline, view_of(image),
                                   pipeline.draw(kHeight, kWidth, key_of(sample, view)), scratch);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  if (argc < 2) {
    std::cerr << "usage: photo_benchmark FOLDER [views]\n";
    return 2;
  }
  const auto photos = read_photos(argv[1]);
  if (photos.empty()) {
    std::cerr << "photo_benchmark: no JPEG of 500 x 375 in '" << argv[1] << "'\n";
    return 1;
  }
  if (argc > 2 && std::string(argv[2]) == "views") {
    print_views(photos);
    return 0;
  }
  benchmark::RegisterBenchmark("two_views", [&](benchmark::State& s) { two_views(s, photos); });
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& e) {
  std::cerr << "photo_benchmark: " << e.what() << '\n';
  return 1;
}
