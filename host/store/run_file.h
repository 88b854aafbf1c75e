// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/array.h"
#include "store/attribute.h"

namespace kith::host {

/// Where features belong: /features/<role>[.<copy>]/<output>/<split>.
struct FeatureKey {
  std::string role;    ///< "encoder"
  std::string copy;    ///< "teacher"; empty for the trained encoder itself
  std::string output;  ///< "features"
  std::string split;   ///< "train", "val", "test"
};

/// One row of a metric.
struct MetricRow {
  std::int64_t step = 0;  ///< optimiser steps done
  double epoch = 0;       ///< epochs done; a fraction within an epoch
  double value = 0;
  bool operator==(const MetricRow&) const = default;
};

struct Metric {
  std::string unit;  ///< "1" for a fraction in [0, 1], "nat", "s", ...
  std::vector<MetricRow> rows;
};

class RunFile;

/// Takes the rows of one feature table in their order, batch by batch. It ends with finish;
/// without, the rows are dropped and what run.h5 had under that name stays. Not to outlive its
/// RunFile.
class FeatureWriter {
 public:
  FeatureWriter(FeatureWriter&&) noexcept;
  FeatureWriter& operator=(FeatureWriter&&) = delete;
  ~FeatureWriter();

  /// @param rows  [n, ...] of the dtype and row shape that RunFile::features was given, n >= 0
  /// @throws ShapeError if they differ or are more than announced; DataError if writing fails.
  void append(const ArrayView& rows);

  /// @throws DataError if fewer rows came than were announced.
  void finish();

 private:
  friend class RunFile;
  struct State;
  explicit FeatureWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A run's run.h5. The layout is documented in this folder's README.
///
/// What is written goes into a new file beside run.h5; commit completes it with everything that
/// run.h5 has and that was not written anew, fsyncs it and renames it over run.h5. So a reader
/// opens a complete and closed file at any moment, and a reader that has it open keeps what it
/// opened. Metrics and attributes of the file are held in memory. Any exception of commit leaves
/// run.h5 as it was; tables written since the last commit are lost then, metrics and attributes are
/// not. [one thread at a time; HDF5 is used by one thread of the process at a time]
class RunFile {
 public:
  /// Goes on with the file at `path` if there is one: reads its metrics and attributes.
  /// @throws DataError with HDF5's error stack if it can't be read.
  explicit RunFile(std::filesystem::path path);
  ~RunFile();
  RunFile(const RunFile&) = delete;
  RunFile& operator=(const RunFile&) = delete;

  const std::filesystem::path& path() const;

  /// Sets an attribute of the root group (provenance).
  void set_attribute(const std::string& name, AttributeValue value);
  const Attributes& attributes() const;

  /// Writes /samples/<split>/path and, unless `labels` is empty, /samples/<split>/label.
  /// @throws DataError if labels and paths differ in number, or a label has no class name.
  void write_samples(const std::string& split, const std::vector<std::string>& paths,
                     std::span<const std::int64_t> labels,
                     const std::vector<std::string>& class_names);

  /// Writes /samples/train/trained_rows: the rows of /samples/train that were trained on, rising.
  /// Row i of a memory bank is of row trained_rows[i].
  void write_trained_rows(std::span<const std::int64_t> rows);

  /// Begins a feature table of `rows` rows; row i is row i of /samples/<split>.
  /// @param chunk_rows  rows of one batch, >= 1
  FeatureWriter features(const FeatureKey& key, DType dtype, std::int64_t rows,
                         const std::vector<std::int64_t>& row_shape, std::int64_t chunk_rows,
                         const Attributes& attributes = {});

  /// Writes /state/<kind>/<name>. The attributes say what it is; "dimensions" has the meaning of
  /// each dimension in order.
  void write_state(const std::string& kind, const std::string& name, const ArrayView& array,
                   const Attributes& attributes = {});

  /// Appends a row to /metrics/<name>; '/' in the name makes groups.
  /// @throws DataError if the metric has another unit already.
  void add_metric(const std::string& name, const std::string& unit, const MetricRow& row);
  const std::map<std::string, Metric>& metrics() const;

  /// Takes all metrics back to a checkpoint: drops rows with a later step, and metrics without
  /// rows.
  void cut_metrics_after(std::int64_t step);

  /// Makes everything so far visible and durable under path().
  /// @throws DataError if it fails or a FeatureWriter is unfinished.
  void commit();

 private:
  friend class FeatureWriter;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kith::host
