// SPDX-License-Identifier: Apache-2.0
#include "plugin/trial_report.h"

namespace kith::host {
namespace {

constexpr char kFieldEnd = '\x1f';
constexpr char kRecordEnd = '\x1e';

}  // namespace

std::string write_record(const TrialRecord& record) {
  std::string out;
  for (const std::string& field : record) {
    for (char c : field) out += c == kFieldEnd || c == kRecordEnd ? '?' : c;
    out += kFieldEnd;
  }
  return out + kRecordEnd;
}

std::vector<TrialRecord> read_records(std::string_view bytes) {
  std::vector<TrialRecord> out;
  TrialRecord record;
  std::string field;
  for (char c : bytes) {
    if (c == kFieldEnd) {
      record.push_back(std::move(field));
      field.clear();
    } else if (c == kRecordEnd) {
      out.push_back(std::move(record));
      record.clear();
      field.clear();
    } else {
      field += c;
    }
  }
  return out;
}

}  // namespace kith::host
