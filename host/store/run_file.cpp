// SPDX-License-Identifier: Apache-2.0
#include "store/run_file.h"

#include <unistd.h>

#include <kith/error.hpp>
#include <optional>
#include <set>
#include <utility>

#include "store/atomic_file.h"
#include "store/hdf5.h"
#include "store/run_file_tables.h"

namespace kith::host {

namespace {

constexpr const char* kTables[] = {"/features", "/samples", "/state"};

std::string part(const std::string& text, const char* what) {
  if (text.empty() || text == "." || text == ".." || text.find('/') != std::string::npos ||
      text.find('\0') != std::string::npos) {
    throw DataError("store: the " + std::string(what) +
                    " is part of a path in run.h5: wanted a name without '/', got '" + text + "'");
  }
  return text;
}

}  // namespace

struct RunFile::State {
  std::filesystem::path path;
  Attributes attributes;
  std::map<std::string, Metric> metrics;

  // The file being written, if there is one, and the tables that it has anew.
  h5::Handle next;
  std::filesystem::path next_path;
  std::set<std::string> written;
  std::set<std::string> unfinished;

  ~State() { drop(); }

  const h5::Handle& begin() {
    if (!next) {
      next_path = partial_path(path);
      next = h5::create_file(next_path);
    }
    return next;
  }

  // Gives the new file up.
  void drop() noexcept {
    if (next_path.empty()) return;
    h5::Lock lock;
    next.reset();
    ::unlink(next_path.c_str());
    next_path.clear();
    written.clear();
    unfinished.clear();
  }

  // Runs a piece of work on the file and puts the file's name before the text of an error.
  template <class Work>
  auto guarded(const char* action, Work&& work) {
    const h5::Lock lock;
    try {
      return work();
    } catch (const DataError& error) {
      throw DataError("store: cannot " + std::string(action) + " '" + path.string() +
                      "': " + error.what());
    }
  }

  void replace(const std::string& table) {
    if (unfinished.count(table) > 0) {
      throw DataError("table '" + table + "' is being written already");
    }
    h5::remove_link(begin(), table);
    written.insert(table);
  }
};

RunFile::RunFile(std::filesystem::path path) : state_(std::make_unique<State>()) {
  state_->path = std::move(path);
  if (!std::filesystem::exists(state_->path)) return;
  state_->guarded("read", [&] {
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
  state_->guarded("write", [&] {
    // Both go anew, so that no label of an earlier list stays beside new paths.
    state_->replace(group + "/path");
    state_->replace(group + "/label");
    write_sample_tables(state_->begin(), group, paths, labels, class_names);
  });
}

void RunFile::write_state(const std::string& kind, const std::string& name, const ArrayView& array,
                          const Attributes& attributes) {
  const std::string table =
      "/state/" + part(kind, "kind of state") + "/" + part(name, "name of state");
  state_->guarded("write", [&] {
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
  if (!state_->unfinished.empty()) {
    throw DataError("store: '" + state_->path.string() + "' can't be completed while table '" +
                    *state_->unfinished.begin() + "' is unfinished");
  }
  try {
    state_->guarded("write", [&] {
      const h5::Handle& next = state_->begin();
      if (std::filesystem::exists(state_->path)) {
        const h5::Handle last = h5::open_file(state_->path);
        for (const char* group : kTables) {
          for (const std::string& table : h5::list_datasets(last, group)) {
            if (state_->written.count(table) == 0) h5::copy_dataset(last, next, table);
          }
        }
      }
      write_metrics(next, state_->metrics);
      write_attributes(next, state_->attributes);
      h5::flush_file(next);
      state_->next.close("complete it");
    });
    publish_file(state_->next_path, state_->path);
  } catch (...) {
    state_->drop();
    throw;
  }
  state_->next_path.clear();
  state_->written.clear();
}

struct FeatureWriter::State {
  RunFile::State* file = nullptr;
  h5::Handle dataset;
  std::string table;
  DType dtype = DType::kFloat32;
  std::int64_t rows = 0;
  std::int64_t done = 0;
  std::vector<std::int64_t> row_shape;
};

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
  state_->guarded("write", [&] {
    state_->replace(writer->table);
    writer->dataset = h5::create_dataset(state_->begin(), writer->table, dtype, shape, chunk_rows);
    write_attributes(writer->dataset, attributes);
    state_->unfinished.insert(writer->table);
  });
  return FeatureWriter(std::move(writer));
}

FeatureWriter::FeatureWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
FeatureWriter::FeatureWriter(FeatureWriter&&) noexcept = default;

FeatureWriter::~FeatureWriter() {
  if (!state_ || !state_->dataset) return;
  const h5::Lock lock;
  state_->dataset.reset();
  RunFile::State& file = *state_->file;
  file.unfinished.erase(state_->table);
  file.written.erase(state_->table);
  try {
    if (file.next) h5::remove_link(file.next, state_->table);
  } catch (...) {
    file.drop();  // a table with half of its rows is never completed
  }
}

void FeatureWriter::append(const ArrayView& rows) {
  const bool same_row =
      !rows.shape.empty() && std::equal(rows.shape.begin() + 1, rows.shape.end(),
                                        state_->row_shape.begin(), state_->row_shape.end());
  if (rows.dtype != state_->dtype || !same_row) {
    throw ShapeError("store: table '" + state_->table + "' wants rows of shape " +
                     shape_text(state_->row_shape) + " of " + dtype_name(state_->dtype) +
                     ", got an array " + shape_text(rows.shape) + " of " + dtype_name(rows.dtype));
  }
  const std::int64_t count = rows.shape.front();
  if (count > state_->rows - state_->done) {
    throw ShapeError("store: table '" + state_->table + "' wants " + std::to_string(state_->rows) +
                     " rows, got " + std::to_string(state_->done + count));
  }
  state_->file->guarded("write", [&] {
    if (!state_->dataset) throw DataError("table '" + state_->table + "' is finished");
    h5::write_rows(state_->dataset, state_->dtype, state_->done, count, rows.data);
  });
  state_->done += count;
}

void FeatureWriter::finish() {
  if (state_->done != state_->rows) {
    throw DataError("store: table '" + state_->table + "' wants " + std::to_string(state_->rows) +
                    " rows, got " + std::to_string(state_->done));
  }
  state_->file->guarded("write",
                        [&] { state_->dataset.close("complete '" + state_->table + "'"); });
  state_->file->unfinished.erase(state_->table);
}

}  // namespace kith::host
