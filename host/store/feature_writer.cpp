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

void FeatureWriter::State::check_open() const {
  if (!dataset || !file->next || session != file->session) {
    throw DataError("store: table '" + table + "' of '" + file->path.string() +
                    "' is finished, or was given up after an earlier error");
  }
}

FeatureWriter::~FeatureWriter() {
  if (!state_ || !state_->dataset) return;
  const h5::Lock lock;
  state_->dataset.reset();
  RunFile::State& file = *state_->file;
  if (!file.next || file.session != state_->session) return;  // given up with its file
  try {
    h5::remove_link(file.next, state_->table);
    file.unfinished.erase(state_->table);
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
  state_->check_open();
  state_->file->write(
      [&] { h5::write_rows(state_->dataset, state_->dtype, state_->done, count, rows.data); });
  state_->done += count;
}

void FeatureWriter::finish() {
  if (state_->done != state_->rows) {
    throw DataError("store: table '" + state_->table + "' wants " + std::to_string(state_->rows) +
                    " rows, got " + std::to_string(state_->done));
  }
  state_->check_open();
  state_->file->write([&] { state_->dataset.close("complete '" + state_->table + "'"); });
  state_->file->unfinished.erase(state_->table);
}

}  // namespace kith::host
