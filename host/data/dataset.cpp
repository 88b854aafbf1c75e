// SPDX-License-Identifier: Apache-2.0
#include "data/dataset.h"

#include <cmath>
#include <cstdint>
#include <kith/error.hpp>
#include <limits>
#include <numeric>
#include <sstream>
#include <utility>

#include "data/damaged_images.h"
#include "data/decoded_cache.h"
#include "data/file_bytes.h"
#include "digest/sha256.h"

namespace kith::host {
namespace {

std::size_t index_of(Split split) { return static_cast<std::size_t>(split); }

std::string number_text(double value) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text << value;
  return text.str();
}

/// True if all parts together fit; then a cache is worth its table.
bool fits(const Source& source, std::size_t limit) {
  std::size_t left = limit;
  for (const SplitSource* part : {source.train.get(), source.val.get(), source.test.get()}) {
    if (part == nullptr) continue;
    const std::size_t wanted = part->decoded_bytes(left);
    if (wanted > left) return false;
    left -= wanted;
  }
  return true;
}

}  // namespace

std::string_view split_name(Split split) {
  constexpr std::string_view kNames[] = {"train", "val", "test"};
  return kNames[index_of(split)];
}

/// A split as a source, or as some of its samples.
struct Dataset::Part {
  const SplitSource* source = nullptr;
  bool chosen = false;                ///< True: only `indices` of the source.
  std::vector<std::int64_t> indices;  ///< Rising.

  std::int64_t size() const {
    if (source == nullptr) return 0;
    return chosen ? static_cast<std::int64_t>(indices.size()) : source->size();
  }
  std::int64_t at(std::int64_t index) const {
    return chosen ? indices[static_cast<std::size_t>(index)] : index;
  }
};

Dataset::Dataset(Source source, double val_fraction, std::size_t cache_bytes, bool skip_damaged,
                 int threads)
    : source_(std::move(source)),
      val_fraction_(val_fraction),
      skip_damaged_(skip_damaged),
      threads_(threads),
      fields_{source_.image} {
  if (!(val_fraction >= 0 && val_fraction < 1)) {
    throw ConfigError("data: val_fraction must be in [0, 1), got " + number_text(val_fraction));
  }
  if (!source_.train || source_.train->size() == 0) {
    throw DataError("data: '" + source_.path.string() + "': train has no image");
  }
  if (!source_.train->in_memory() && fits(source_, cache_bytes)) {
    for (auto* part : {&source_.train, &source_.val, &source_.test}) {
      if (*part) *part = std::make_unique<DecodedCache>(std::move(*part));
    }
  }
  for (int i = 0; i < 3; ++i) parts_.push_back(std::make_unique<Part>());
  Part& train = *parts_[index_of(Split::kTrain)];
  Part& val = *parts_[index_of(Split::kVal)];
  train.source = source_.train.get();
  val.source = source_.val.get();
  parts_[index_of(Split::kTest)]->source = source_.test.get();
  if (!source_.val && val_fraction > 0) hold_out(train, val);
  if (!skip_damaged) return;
  leave_damaged_out(Split::kTrain);
  leave_damaged_out(Split::kVal);
}

Dataset::~Dataset() = default;

void Dataset::hold_out(Part& train, Part& val) {
  held_out_ = true;
  val.source = train.source;
  val.chosen = train.chosen = true;
  const auto limit = static_cast<std::uint64_t>(std::ldexp(val_fraction_, 64));
  for (std::int64_t i = 0; i < train.source->size(); ++i) {
    const bool held = sha256_prefix(train.source->name(i)) < limit;
    (held ? val : train).indices.push_back(i);
  }
  if (train.indices.empty()) {
    throw DataError("data: '" + source_.path.string() + "': val_fraction " +
                    number_text(val_fraction_) + " leaves none of the " +
                    std::to_string(train.source->size()) + " images of train");
  }
}

void Dataset::leave_damaged_out(Split split) {
  Part& part = *parts_[index_of(split)];
  if (part.source == nullptr) return;
  if (!part.chosen) {
    part.indices.resize(static_cast<std::size_t>(part.source->size()));
    std::iota(part.indices.begin(), part.indices.end(), std::int64_t{0});
    part.chosen = true;
  }
  const auto damaged = find_damaged(*part.source, part.indices, threads_);
  for (const DamagedImage& image : damaged) {
    left_out_.push_back({split, part.source->name(image.index), image.reason});
  }
  auto next = damaged.begin();
  std::erase_if(part.indices, [&](std::int64_t index) {
    if (next == damaged.end() || next->index != index) return false;
    ++next;
    return true;
  });
  if (part.indices.empty() && !damaged.empty()) {
    throw DataError("data: '" + source_.path.string() + "': none of the " +
                    std::to_string(damaged.size()) + " images of " +
                    std::string(split_name(split)) +
                    " decodes; the first: " + damaged.front().reason);
  }
}

const std::string& Dataset::reader() const { return source_.reader; }
const std::filesystem::path& Dataset::path() const { return source_.path; }
const std::vector<FieldSpec>& Dataset::fields() const { return fields_; }
int Dataset::channels() const { return source_.channels; }
bool Dataset::has_labels() const { return !source_.class_names.empty(); }
const std::vector<std::string>& Dataset::class_names() const { return source_.class_names; }
bool Dataset::in_memory() const { return source_.train->in_memory(); }
std::int64_t Dataset::test_reads() const { return test_reads_; }

std::string Dataset::val_rule() const {
  if (source_.val) return "val is a part of the data set";
  if (!held_out_) return "no val";
  return "val is held out of train: the samples whose name's SHA-256, its first 8 bytes read as a "
         "big-endian number, is below " +
         number_text(val_fraction_) + " * 2^64";
}

std::string Dataset::identity() const {
  Sha256 sum;
  for (const Split split : {Split::kTrain, Split::kVal}) {
    for (std::int64_t i = 0; i < size(split); ++i) {
      const std::string line = name(split, i) + "\n" + std::to_string(label(split, i)) + "\n";
      sum.update(line.data(), line.size());
    }
    sum.update("\n", 1);
  }
  return sum.finish();
}

std::int64_t Dataset::size(Split split) const { return parts_[index_of(split)]->size(); }

std::int64_t Dataset::source_index(Split split, std::int64_t index) const {
  if (split == Split::kTest && test_reads_ == 0) {
    throw DataError("data: test was asked for before it was opened");
  }
  const Part& part = *parts_[index_of(split)];
  if (index < 0 || index >= part.size()) {
    throw DataError("data: sample index must be in [0, " + std::to_string(part.size()) + ") in " +
                    std::string(split_name(split)) + ", got " + std::to_string(index));
  }
  return part.at(index);
}

std::int64_t Dataset::label(Split split, std::int64_t index) const {
  const std::int64_t at = source_index(split, index);
  return parts_[index_of(split)]->source->label(at);
}

std::vector<std::int64_t> Dataset::labels(Split split) const {
  std::vector<std::int64_t> all;
  all.reserve(static_cast<std::size_t>(size(split)));
  for (std::int64_t i = 0; i < size(split); ++i) all.push_back(label(split, i));
  return all;
}

std::string Dataset::name(Split split, std::int64_t index) const {
  const std::int64_t at = source_index(split, index);
  return parts_[index_of(split)]->source->name(at);
}

ImageSize Dataset::image_size(Split split, std::int64_t index) const {
  const std::int64_t at = source_index(split, index);
  return parts_[index_of(split)]->source->image_size(at);
}

void Dataset::decode(Split split, std::int64_t index, Image& out) const {
  const std::int64_t at = source_index(split, index);
  parts_[index_of(split)]->source->decode(at, out);
}

void Dataset::decode_part(Split split, std::int64_t index, const ImagePart& part,
                          Image& out) const {
  const std::int64_t at = source_index(split, index);
  parts_[index_of(split)]->source->decode_part(at, part, out);
}

void Dataset::open_test() {
  if (!source_.test) {
    throw DataError("data: '" + source_.path.string() + "' has no test split");
  }
  constexpr std::int64_t kAnyClass = -1;
  const auto classes = static_cast<std::int64_t>(source_.class_names.size());
  if (test_reads_ == 0) {
    source_.test->open(has_labels() ? classes : kAnyClass);
    if (skip_damaged_) leave_damaged_out(Split::kTest);
  }
  ++test_reads_;
}

}  // namespace kith::host
