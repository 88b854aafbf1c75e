// SPDX-License-Identifier: Apache-2.0
// Feeds a corpus, and changed copies of its files, to a fuzzer's entry: the same inputs on every
// machine, and no clang.
//
//   NAME_replay CORPUS_FOLDER CHANGED_COPIES_OF_EACH
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz_entry.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes read(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// One to four changes, each of a kind that readers get wrong: a bit, a byte of the extremes, a
/// large number, a cut, a piece twice, a piece of another file.
Bytes changed(Bytes bytes, const Bytes& other, std::mt19937& random) {
  const auto below = [&](std::size_t n) {
    return n == 0 ? 0 : static_cast<std::size_t>(random() % n);
  };
  const auto at = [&](std::size_t i) { return bytes.begin() + static_cast<std::ptrdiff_t>(i); };
  for (std::size_t i = 0, n = 1 + below(4); i < n && !bytes.empty(); ++i) {
    const std::size_t place = below(bytes.size());
    const std::size_t length = std::min(bytes.size() - place, 1 + below(32));
    switch (below(6)) {
      case 0:
        bytes[place] ^= static_cast<std::uint8_t>(1U << below(8));
        break;
      case 1: {
        static constexpr std::uint8_t kExtremes[] = {0, 1, 0x7f, 0x80, 0xff};
        bytes[place] = kExtremes[below(5)];
        break;
      }
      case 2:
        std::fill_n(at(place), std::min<std::size_t>(length, 8), std::uint8_t{0xff});
        break;
      case 3:
        bytes.resize(place);
        break;
      case 4: {
        const Bytes piece(at(place), at(place + length));
        bytes.insert(at(place), piece.begin(), piece.end());
        break;
      }
      default: {
        const std::size_t from = below(other.size());
        const std::size_t count = std::min(other.size() - from, length);
        std::copy_n(other.begin() + static_cast<std::ptrdiff_t>(from), count, at(place));
      }
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER CHANGED_COPIES_OF_EACH\n", argv[0]);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Bytes> corpus;
  for (const auto& file : files) corpus.push_back(read(file));
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no files in %s\n", argv[0], argv[1]);
    return 1;
  }
  std::mt19937 random(1);
  std::size_t inputs = 0;
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    LLVMFuzzerTestOneInput(corpus[i].data(), corpus[i].size());
    ++inputs;
    for (int copy = 0; copy < std::atoi(argv[2]); ++copy, ++inputs) {
      const Bytes input = changed(corpus[i], corpus[random() % corpus.size()], random);
      LLVMFuzzerTestOneInput(input.data(), input.size());
    }
  }
  std::printf("%zu files, %zu inputs\n", corpus.size(), inputs);
  return 0;
}
