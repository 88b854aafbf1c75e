// SPDX-License-Identifier: Apache-2.0
#include "sweep/sweep_folder.h"

#include <algorithm>
#include <system_error>

#include "store/run_file.h"
#include "store/run_lock.h"
#include "sweep/run_result.h"

namespace kith::host {
namespace {

namespace fs = std::filesystem;

/// Labels as the part of a file name: "crop-colour_jitter".
std::string slug(const std::vector<std::string>& labels) {
  constexpr std::size_t kMost = 60;
  std::string text;
  for (const auto& label : labels) {
    if (!text.empty()) text += '-';
    for (const char c : label) {
      const bool plain =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
      if (plain && !(text.empty() && c == '.'))
        text += c;
      else if (!text.empty() && text.back() != '_')
        text += '_';
    }
  }
  return text.empty() ? "cell" : text.substr(0, kMost);
}

/// The id that ends the name of a run's folder; empty if none does.
std::string id_in(const std::string& name) {
  const auto at = name.rfind('-');
  return at == std::string::npos ? "" : name.substr(at + 1);
}

std::vector<std::string> run_names(const fs::path& cells) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(cells, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->is_directory(error)) names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

FileDescriptor SweepFolder::hold() const {
  std::error_code error;
  fs::create_directories(cells(), error);
  if (error) throw_system_error("create", cells(), error.value());
  return lock_run(path_);
}

CellPlace SweepFolder::place(const SweepGrid& grid, const SweepRun& run) const {
  std::string name =
      slug(grid.points[run.point].labels) + "-seed" + std::to_string(run.seed) + "-" + run.id;
  for (const auto& existing : run_names(cells()))
    if (id_in(existing) == run.id) name = existing;
  const fs::path base = cells() / name;
  return {base.string() + ".toml", base, base.string() + ".log", base.string() + ".err"};
}

CellState SweepFolder::state(const CellPlace& place) const {
  // Without a run.h5 a run has not come to its first checkpoint, and may lack any of its files.
  if (!fs::exists(place.run / "run.h5")) return CellState::kNew;
  return is_finished(place.run) ? CellState::kDone : CellState::kBegun;
}

std::vector<std::string> SweepFolder::strangers(const SweepGrid& grid) const {
  auto names = run_names(cells());
  std::erase_if(names, [&](const std::string& name) {
    return std::any_of(grid.runs.begin(), grid.runs.end(),
                       [&](const SweepRun& run) { return run.id == id_in(name); });
  });
  return names;
}

}  // namespace kith::host
