// SPDX-License-Identifier: Apache-2.0
#include "plugin/trial_report.h"

#include <fcntl.h>
#include <unistd.h>

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

void report_to_parent(const TrialRecord& record) {
  const std::string bytes = write_record(record);
  static const int fd = ::fcntl(kTrialReportDescriptor, F_GETFD) >= 0 ? kTrialReportDescriptor : 1;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t wrote = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (wrote <= 0) return;
    done += static_cast<std::size_t>(wrote);
  }
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
