// SPDX-License-Identifier: Apache-2.0
#include "sweep_fixture.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "run_contents.h"
#include "small_data.h"

namespace kith::integration {
namespace fs = std::filesystem;

SweepWorkshop::SweepWorkshop() {
  write_idx_data(folder() / "data");
  auto text = replaced(kSmallExperiment, "loader_threads = 1", "loader_threads = 0");
  experiment(replaced(text, "epochs = 4", "epochs = 2"), "base.toml");
}

void SweepWorkshop::sweep(const std::string& text) const {
  write_text(
      folder() / "sweep.toml",
      "name = \"try\"\nexperiment = \"base.toml\"\nchoose = { metric = \"knn/top1\" }\n" + text);
}

Outcome SweepWorkshop::run_sweep(int code, const std::vector<std::string>& more) const {
  std::vector<std::string> arguments{"sweep", "sweep.toml"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  auto outcome = kith(arguments);
  EXPECT_EQ(outcome.code, code) << outcome.out << outcome.err;
  return outcome;
}

std::map<std::string, fs::path> SweepWorkshop::cells(const fs::path& sweep) const {
  std::map<std::string, fs::path> found;
  if (!fs::exists(sweep / "cells")) return found;
  for (const auto& entry : fs::directory_iterator(sweep / "cells")) {
    const auto name = entry.path().filename().string();
    if (entry.is_directory()) found[name.substr(0, name.rfind('-'))] = entry.path();
  }
  return found;
}

void SweepWorkshop::wait_for_lines(Process& process, const std::string& cell, long lines) const {
  const auto enough = [&] {
    const auto found = cells(made());
    const auto at = found.find(cell);
    if (at == found.end() || !fs::exists(at->second / "log.jsonl")) return false;
    const auto text = read_text(at->second / "log.jsonl");
    return std::count(text.begin(), text.end(), '\n') >= lines;
  };
  while (process.running() && !enough()) ::usleep(2000);
}

std::vector<std::vector<std::string>> SweepWorkshop::table() const {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(read_text(made() / "table.csv"));
  for (std::string line; std::getline(lines, line);) {
    rows.emplace_back(1);
    for (const char c : line) {
      if (c == ',')
        rows.back().emplace_back();
      else
        rows.back().back() += c;
    }
  }
  return rows;
}

double SweepWorkshop::logged(const fs::path& run, const std::string& metric) {
  double value = -1;
  for (const auto& line : read_log(run))
    if (line.contains("metric") && line["metric"] == metric) value = line["value"];
  if (value < 0) throw std::runtime_error("no " + metric + " in the log of " + run.string());
  return value;
}

}  // namespace kith::integration
