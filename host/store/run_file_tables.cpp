// SPDX-License-Identifier: Apache-2.0
#include "store/run_file_tables.h"

#include <cstddef>
#include <kith/error.hpp>

namespace kith::host {

namespace {

constexpr const char* kMetrics = "/metrics";

h5::Handle metric_type() {
  h5::Handle type = h5::make_record_type(sizeof(MetricRow));
  h5::insert_member(type, "step", offsetof(MetricRow, step), DType::kInt64);
  h5::insert_member(type, "epoch", offsetof(MetricRow, epoch), DType::kFloat64);
  h5::insert_member(type, "value", offsetof(MetricRow, value), DType::kFloat64);
  return type;
}

// HDF5's header of a table or an attribute, and of the groups that it is in.
constexpr std::uint64_t kObjectBytes = 1024;

// A text lies in a heap, with a reference to it and a header of its own.
std::uint64_t text_bytes(const std::vector<std::string>& texts) {
  std::uint64_t bytes = 8192;
  for (const std::string& text : texts) bytes += text.size() + 64;
  return bytes;
}

}  // namespace

std::uint64_t byte_size(const std::map<std::string, Metric>& metrics) {
  std::uint64_t bytes = 0;
  for (const auto& [name, metric] : metrics) {
    bytes += 2 * kObjectBytes + name.size() + metric.rows.size() * sizeof(MetricRow);
  }
  return bytes;
}

std::uint64_t byte_size(const Attributes& attributes) {
  std::uint64_t bytes = 0;
  for (const auto& [name, value] : attributes) {
    bytes += kObjectBytes + name.size();
    if (const auto* text = std::get_if<std::string>(&value)) bytes += text_bytes({*text});
    if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
      bytes += text_bytes(*texts);
    }
    if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&value)) {
      bytes += numbers->size() * sizeof(std::int64_t);
    }
  }
  return bytes;
}

std::uint64_t sample_byte_size(const std::vector<std::string>& paths,
                               std::span<const std::int64_t> labels,
                               const std::vector<std::string>& class_names) {
  return 2 * kObjectBytes + text_bytes(paths) + labels.size_bytes() + text_bytes(class_names);
}

void check_samples(const std::vector<std::string>& paths, std::span<const std::int64_t> labels,
                   const std::vector<std::string>& class_names) {
  if (labels.empty()) return;
  if (labels.size() != paths.size()) {
    throw DataError("store: samples want one label a path, got " + std::to_string(labels.size()) +
                    " labels and " + std::to_string(paths.size()) + " paths");
  }
  if (class_names.empty()) return;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    // A negative label means that this sample has none.
    if (labels[i] >= static_cast<std::int64_t>(class_names.size())) {
      throw DataError("store: sample '" + paths[i] + "' has label " + std::to_string(labels[i]) +
                      ", but there are " + std::to_string(class_names.size()) + " class names");
    }
  }
}

void write_sample_tables(const h5::Handle& file, const std::string& group,
                         const std::vector<std::string>& paths,
                         std::span<const std::int64_t> labels,
                         const std::vector<std::string>& class_names) {
  h5::write_texts(file, group + "/path", paths);
  if (labels.empty()) return;
  const auto count = static_cast<std::int64_t>(labels.size());
  const h5::Handle dataset = h5::create_dataset(file, group + "/label", DType::kInt64, {count}, 0);
  h5::write_rows(dataset, DType::kInt64, 0, count, labels.data());
  h5::write_attribute(dataset, "class_names", class_names);
}

void check_metric_name(const std::string& name) {
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = name.find('/', begin);
    const std::string part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string::npos) {
      throw DataError("store: a metric's name is parts joined by '/', got '" + name + "'");
    }
    if (end == std::string::npos) return;
    begin = end + 1;
  }
}

void write_metrics(const h5::Handle& file, const std::map<std::string, Metric>& metrics) {
  h5::make_group(file, kMetrics);
  const h5::Handle type = metric_type();
  for (const auto& [name, metric] : metrics) {
    const std::string path = std::string(kMetrics) + "/" + name;
    h5::write_records(file, path, type, static_cast<std::int64_t>(metric.rows.size()),
                      metric.rows.data());
    h5::write_attribute(h5::open_dataset(file, path), "unit", metric.unit);
  }
}

std::map<std::string, Metric> read_metrics(const h5::Handle& file) {
  std::map<std::string, Metric> metrics;
  const h5::Handle type = metric_type();
  const std::string group = kMetrics;
  for (const std::string& path : h5::list_datasets(file, group)) {
    const h5::Handle dataset = h5::open_dataset(file, path);
    Metric metric;
    const AttributeValue unit = h5::read_attribute(dataset, "unit");
    if (!std::holds_alternative<std::string>(unit)) {
      throw DataError("the attribute 'unit' of '" + path + "' is no text");
    }
    metric.unit = std::get<std::string>(unit);
    metric.rows.resize(static_cast<std::size_t>(h5::element_count(dataset)));
    h5::read_records(dataset, type, metric.rows.data());
    metrics[path.substr(group.size() + 1)] = std::move(metric);
  }
  return metrics;
}

void write_attributes(const h5::Handle& object, const Attributes& attributes) {
  for (const auto& [name, value] : attributes) h5::write_attribute(object, name, value);
}

Attributes read_attributes(const h5::Handle& object) {
  Attributes attributes;
  for (const std::string& name : h5::list_attributes(object)) {
    attributes[name] = h5::read_attribute(object, name);
  }
  return attributes;
}

}  // namespace kith::host
