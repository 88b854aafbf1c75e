// SPDX-License-Identifier: Apache-2.0
#include "store/json_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <kith/error.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/atomic_file.h"

namespace kith::host {

namespace {

using nlohmann::ordered_json;

std::string read_all(const std::filesystem::path& path) {
  FileDescriptor file(path, O_RDONLY, "read");
  std::string text(file.size(), '\0');
  file.read(text.data(), text.size());
  return text;
}

// The bytes up to the end of the last whole line, found from the end in blocks.
std::uint64_t whole_lines_size(const FileDescriptor& file) {
  constexpr std::uint64_t kBlock = 4096;
  std::uint64_t end = file.size();
  std::string block;
  while (end > 0) {
    const std::uint64_t begin = end > kBlock ? end - kBlock : 0;
    block.resize(end - begin);
    const ssize_t got = ::pread(file.fd(), block.data(), block.size(), static_cast<off_t>(begin));
    if (got != static_cast<ssize_t>(block.size())) {
      throw_system_error("read", file.path(), got < 0 ? errno : EIO);
    }
    const std::size_t newline = block.rfind('\n');
    if (newline != std::string::npos) return begin + newline + 1;
    end = begin;
  }
  return 0;
}

// The step of a line; nothing if it has none.
std::optional<std::int64_t> step_of(std::string_view line, const std::string& place) {
  const ordered_json object = ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    throw DataError("log: " + place + " is no JSON object; the line is damaged: remove it");
  }
  const auto step = object.find("step");
  if (step == object.end() || step->is_null()) return std::nullopt;
  if (!step->is_number_integer()) {
    throw DataError("log: " + place + " has a step that is no whole number; correct the line");
  }
  return step->get<std::int64_t>();
}

}  // namespace

JsonLog::JsonLog(std::filesystem::path path) : path_(std::move(path)) { open(); }

void JsonLog::open() {
  file_ = FileDescriptor(path_, O_RDWR | O_CREAT | O_APPEND, "open");
  const std::uint64_t whole = whole_lines_size(file_);
  if (whole != file_.size() && ::ftruncate(file_.fd(), static_cast<off_t>(whole)) != 0) {
    throw_system_error("write", path_, errno);
  }
}

void JsonLog::write(const ordered_json& object) {
  if (!object.is_object()) throw DataError("log: wanted a JSON object, got " + object.dump());
  // A log line is worth more than the exact bytes of a bad name in it, so these are replaced.
  const std::string line =
      object.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + '\n';
  file_.write(line.data(), line.size());
}

void JsonLog::cut_to(std::uint64_t size) {
  if (file_.size() > size && ::ftruncate(file_.fd(), static_cast<off_t>(size)) != 0) {
    throw_system_error("write", path_, errno);
  }
}

void JsonLog::cut_after(std::int64_t step) {
  const std::string text = read_all(path_);
  std::string kept;
  bool dropping = false;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;  // half a line: dropped
    const std::string_view line(text.data() + begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.empty()) continue;
    const auto of_line = step_of(line, path_.string() + ":" + std::to_string(number));
    if (of_line) dropping = *of_line > step;
    if (!dropping) kept.append(line).push_back('\n');
  }
  write_text_file(path_, kept);
  open();
}

}  // namespace kith::host
