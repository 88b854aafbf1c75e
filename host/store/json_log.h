// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "store/file_descriptor.h"

namespace kith::host {

/// Appends to a run's log.jsonl: one JSON object a line, each handed to the system as it is
/// written.
///
/// A reader that follows the file sees whole lines. A line that a killed process left half written
/// is dropped when the log is opened. Numbers that are not finite become null. [one thread]
class JsonLog {
 public:
  /// Opens the log for appending, makes it if it is absent.
  explicit JsonLog(std::filesystem::path path);

  /// Appends one line. `object` has the member "step" (whole number), if it belongs to a step.
  /// @throws DataError if it is no object or can't be written.
  void write(const nlohmann::ordered_json& object);

  /// Takes the log back to a checkpoint: drops the lines whose step is greater, and those without a
  /// step that came after such a line.
  /// @throws DataError that names the line, if one is no JSON object; the file is then as it was.
  void cut_after(std::int64_t step);

  /// Makes all lines so far durable.
  void sync() { file_.sync(); }

  /// Bytes so far.
  std::uint64_t size() const { return file_.size(); }
  /// Drops what lies behind the first `size` bytes, if there is more.
  void cut_to(std::uint64_t size);

 private:
  void open();

  std::filesystem::path path_;
  FileDescriptor file_;
};

}  // namespace kith::host
