// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <kith/error.hpp>
#include <utility>

#include "store/hdf5_calls.h"
#include "store/run_file.h"
#include "store/run_file_state.h"

namespace kith::host {

FeatureWriter::FeatureWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
FeatureWriter::FeatureWriter(FeatureWriter&&) noexcept = default;

RunFile::State& FeatureWriter::State::open_file() const {
  if (file == nullptr) {
    throw DataError("store: table '" + table +
                    "' is finished, or was given up after an earlier error");
  }
  return *file;
}

FeatureWriter::~FeatureWriter() {
  if (!state_ || state_->file == nullptr) return;
  RunFile::State& file = *state_->file;
  const h5::Lock lock;
  file.writers.erase(state_.get());
  state_->dataset.reset();
  try {
    h5::remove_link(file.next, state_->table);
    file.written.erase(state_->table);
  } catch (...) {
    file.drop();  // half a table is never completed
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
  state_->open_file().write(
      [&] { h5::write_rows(state_->dataset, state_->dtype, state_->done, count, rows.data); });
  state_->done += count;
}

void FeatureWriter::finish() {
  RunFile::State& file = state_->open_file();
  if (state_->done != state_->rows) {
    throw DataError("store: table '" + state_->table + "' wants " + std::to_string(state_->rows) +
                    " rows, got " + std::to_string(state_->done));
  }
  file.write([&] { state_->dataset.close("complete '" + state_->table + "'"); });
  file.writers.erase(state_.get());
  state_->file = nullptr;
}

}  // namespace kith::host
