// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kith::host {

/// The descriptor on which a trial's child reports.
inline constexpr int kTrialReportDescriptor = 3;

/// Megabytes of address space that plugins may add to the child.
inline constexpr std::uint64_t kTrialMegabytes = 2048;

/// What the child says about one file: fields "passed", path, SHA-256; or "refused", path, SHA-256,
/// code and the four lines of the refusal.
using TrialRecord = std::vector<std::string>;

/// A record as bytes: fields end in U+001F, the record in U+001E. Those bytes in a field become
/// '?'.
std::string write_record(const TrialRecord& record);

/// The child's side: writes a record on kTrialReportDescriptor, or on standard output if that is
/// not open.
void report_to_parent(const TrialRecord& record);

/// All whole records; what a child that died left unfinished is dropped.
std::vector<TrialRecord> read_records(std::string_view bytes);

}  // namespace kith::host
