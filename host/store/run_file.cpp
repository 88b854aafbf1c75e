// SPDX-License-Identifier: Apache-2.0
#include "store/run_file.h"

#include <algorithm>
#include <kith/error.hpp>
#include <utility>

#include "store/atomic_file.h"
#include "store/hdf5_calls.h"
#include "store/run_file_seal.h"
#include "store/run_file_state.h"
#include "store/run_file_tables.h"

namespace kith::host {

namespace {

std::string part(const std::string& text, const char* what) {
  if (text.empty() || text == "." || text == ".." || text.find('/') != std::string::npos ||
      text.find('\0') != std::string::npos) {
    throw DataError("store: the " + std::string(what) +
                    " is part of a path in run.h5: wanted a name without '/', got '" + text + "'");
  }
  return text;
}

}  // namespace

RunFile::RunFile(std::filesystem::path path) : state_(std::make_unique<State>()) {
  state_->path = std::move(path);
  if (!std::filesystem::exists(state_->path)) return;
  state_->guarded("read", [&] {
    check_seal(state_->path);
    const h5::Handle file = h5::open_file(state_->path);
    state_->attributes = read_attributes(file);
    state_->metrics = read_metrics(file);
  });
}

RunFile::~RunFile() = default;

const std::filesystem::path& RunFile::path() const { return state_->path; }

void RunFile::set_attribute(const std::string& name, AttributeValue value) {
  state_->attributes[name] = std::move(value);
}

const Attributes& RunFile::attributes() const { return state_->attributes; }

void RunFile::write_samples(const std::string& split, const std::vector<std::string>& paths,
                            std::span<const std::int64_t> labels,
                            const std::vector<std::string>& class_names) {
  const std::string group = "/samples/" + part(split, "split");
  check_samples(paths, labels, class_names);
  state_->write([&] {
    state_->reserve(sample_byte_size(paths, labels, class_names));
    // Both go anew, so that no label of an earlier list stays beside new paths.
    state_->replace(group + "/path");
    state_->replace(group + "/label");
    write_sample_tables(state_->begin(), group, paths, labels, class_names);
  });
}

void RunFile::write_trained_rows(std::span<const std::int64_t> rows) {
  const std::string table = "/samples/train/trained_rows";
  state_->write([&] {
    state_->reserve(rows.size_bytes());
    state_->replace(table);
    const auto count = static_cast<std::int64_t>(rows.size());
    const h5::Handle dataset =
        h5::create_dataset(state_->begin(), table, DType::kInt64, {count}, 0);
    h5::write_rows(dataset, DType::kInt64, 0, count, rows.data());
  });
}

void RunFile::write_state(const std::string& kind, const std::string& name, const ArrayView& array,
                          const Attributes& attributes) {
  const std::string table =
      "/state/" + part(kind, "kind of state") + "/" + part(name, "name of state");
  state_->write([&] {
    state_->reserve(array.byte_size() + byte_size(attributes));
    state_->replace(table);
    const h5::Handle dataset =
        h5::create_dataset(state_->begin(), table, array.dtype, array.shape, 0);
    const std::int64_t rows = array.shape.empty() ? 1 : array.shape.front();
    h5::write_rows(dataset, array.dtype, 0, rows, array.data);
    write_attributes(dataset, attributes);
  });
}

void RunFile::add_metric(const std::string& name, const std::string& unit, const MetricRow& row) {
  check_metric_name(name);
  Metric& metric = state_->metrics.try_emplace(name, Metric{unit, {}}).first->second;
  if (metric.unit != unit) {
    throw DataError("store: metric '" + name + "' has the unit '" + metric.unit + "', got '" +
                    unit + "'");
  }
  metric.rows.push_back(row);
}

const std::map<std::string, Metric>& RunFile::metrics() const { return state_->metrics; }

void RunFile::cut_metrics_after(std::int64_t step) {
  for (auto& [name, metric] : state_->metrics) {
    std::erase_if(metric.rows, [step](const MetricRow& row) { return row.step > step; });
  }
  std::erase_if(state_->metrics, [](const auto& entry) { return entry.second.rows.empty(); });
}

void RunFile::commit() {
  if (!state_->writers.empty()) {
    throw DataError("store: '" + state_->path.string() + "' can't be completed while table '" +
                    (*state_->writers.begin())->table + "' is unfinished");
  }
  state_->write([&] {
    state_->complete();
    append_seal(state_->next_path);
    publish_file(state_->next_path, state_->path);
  });
  state_->next_path.clear();
  state_->written.clear();
  state_->promised = 0;
}

FeatureWriter RunFile::features(const FeatureKey& key, DType dtype, std::int64_t rows,
                                const std::vector<std::int64_t>& row_shape, std::int64_t chunk_rows,
                                const Attributes& attributes) {
  if (rows < 0 || chunk_rows < 1) {
    throw DataError("store: features want rows >= 0 and chunk_rows >= 1, got " +
                    std::to_string(rows) + " and " + std::to_string(chunk_rows));
  }
  const std::string copy = key.copy.empty() ? "" : "." + part(key.copy, "copy");
  auto writer = std::make_unique<FeatureWriter::State>();
  writer->file = state_.get();
  writer->table = "/features/" + part(key.role, "role") + copy + "/" + part(key.output, "output") +
                  "/" + part(key.split, "split");
  writer->dtype = dtype;
  writer->rows = rows;
  writer->row_shape = row_shape;
  std::vector<std::int64_t> shape{rows};
  shape.insert(shape.end(), row_shape.begin(), row_shape.end());
  state_->write([&] {
    // Whole chunks are stored, with some 100 bytes each in HDF5's index.
    const std::uint64_t chunks =
        static_cast<std::uint64_t>(rows / chunk_rows + (rows % chunk_rows != 0));
    const ArrayView row{dtype, row_shape, nullptr};
    const auto stored = chunks * static_cast<std::uint64_t>(std::min(rows, chunk_rows));
    state_->reserve(stored * row.byte_size() + chunks * 128 + byte_size(attributes));
    state_->replace(writer->table);
    writer->dataset = h5::create_dataset(state_->begin(), writer->table, dtype, shape, chunk_rows);
    write_attributes(writer->dataset, attributes);
    state_->writers.insert(writer.get());
  });
  return FeatureWriter(std::move(writer));
}

}  // namespace kith::host
