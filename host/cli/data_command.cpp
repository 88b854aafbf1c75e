// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <kith/error.hpp>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "config/data_section.h"
#include "config/load_experiment.h"
#include "data/damaged_images.h"
#include "data/dataset.h"
#include "data/on_problem.h"
#include "train/data_settings.h"
#include "train/threads.h"

namespace kith::host {
namespace {

DataConfig read_config(const DataArguments& arguments) {
  if (std::filesystem::is_directory(arguments.path))
    return data_at(arguments.path, arguments.reader.empty() ? "image_folder" : arguments.reader,
                   arguments.set);
  if (!arguments.reader.empty())
    throw ConfigError(
        "data check: --reader goes with a folder; in an experiment it is written as "
        "data.reader, or set with --set data.reader=" +
        arguments.reader);
  return load_data(arguments.path, arguments.set);
}

/// What was found in a split, or in the data set's files before any was walked over.
struct Findings {
  std::vector<std::string> problems;  ///< What is wrong with files, labels and folders.
  std::vector<std::string> damaged;   ///< Why each image that does not decode does not.
  std::int64_t images = 0;
};

/// Decodes all of a split; shows how far it is where a person watches.
Findings walk(SplitSource& part, std::string_view name, std::int64_t classes,
              std::vector<std::string>& told) {
  const bool watched = isatty(STDERR_FILENO) == 1;
  Findings findings;
  findings.images = part.size();
  passes([&](const std::string& text) { told.push_back(text); }, [&] { part.open(classes); });
  findings.problems.swap(told);
  std::vector<std::int64_t> all(static_cast<std::size_t>(findings.images));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  const auto show = [&](std::int64_t done) {
    fmt::print(stderr, "\r{}: {} of {}\x1b[K", name, done, findings.images);
  };
  std::function<void(std::int64_t)> progress;
  if (watched) progress = show;
  for (auto& image : find_damaged(part, all, startup_threads(usable_cores()), progress))
    findings.damaged.push_back(std::move(image.reason));
  if (watched) fmt::print(stderr, "\r\x1b[K");
  return findings;
}

void print_lines(const std::vector<std::string>& lines) {
  for (const auto& line : lines) fmt::print("  {}\n", line);
}

/// Prints what is wrong with a walked split and adds it to what was found so far.
void report(const Findings& findings, std::string_view name, Findings& sum) {
  fmt::print("{:<6}{:>9} images, {} damaged", name, findings.images, findings.damaged.size());
  if (!findings.problems.empty()) fmt::print(", problems: {}", findings.problems.size());
  fmt::print("\n");
  print_lines(findings.problems);
  print_lines(findings.damaged);
  sum.images += findings.images;
  sum.problems.insert(sum.problems.end(), findings.problems.begin(), findings.problems.end());
  sum.damaged.insert(sum.damaged.end(), findings.damaged.begin(), findings.damaged.end());
}

std::string verdict(const Findings& sum, bool can_skip) {
  if (sum.problems.empty() && sum.damaged.empty())
    return fmt::format("all {} images decode", sum.images);
  std::string text;
  if (!sum.problems.empty())
    text = fmt::format("problems with files, labels or folders: {}; put them right\n",
                       sum.problems.size());
  if (sum.damaged.empty()) return text + "of the images that could be looked at none is damaged";
  return text + fmt::format("{} of {} images do not decode; put them right or remove them{}",
                            sum.damaged.size(), sum.images,
                            can_skip ? ", or leave them out with data.on_damaged = \"skip\"" : "");
}

}  // namespace

int data_check_command(const DataArguments& arguments) {
  const auto config = read_config(arguments);
  auto settings = dataset_settings(config);
  settings.skip_damaged = true;  // all that is wrong is listed, not the first alone
  settings.threads = startup_threads(usable_cores());
  std::vector<std::string> told;
  const auto tell = [&](const std::string& text) { told.push_back(text); };
  Source source;
  const bool opened = passes(tell, [&] { source = open_source(settings, tell); });
  if (!opened && told.size() == 1) throw DataError(told.front());
  Findings sum;
  if (opened)
    fmt::print("{} in {}: {}\n", source.reader, source.path.string(),
               source.class_names.empty() ? std::string("no labels")
                                          : fmt::format("{} classes", source.class_names.size()));
  for (const auto& warning : source.warnings) fmt::print("warning: {}\n", warning);
  print_lines(told);
  sum.problems.swap(told);
  constexpr std::int64_t kAnyClass = -1;
  const auto classes =
      source.class_names.empty() ? kAnyClass : static_cast<std::int64_t>(source.class_names.size());
  const std::pair<const char*, SplitSource*> parts[] = {
      {"train", source.train.get()}, {"val", source.val.get()}, {"test", source.test.get()}};
  for (const auto& [name, part] : parts)
    if (part != nullptr) report(walk(*part, name, classes, told), name, sum);
  if (source.test)
    fmt::print("(that test was walked over here is counted as a reading of test in no run)\n");
  fmt::print("{}\n", verdict(sum, uses(config.reader, "on_damaged")));
  return sum.problems.empty() && sum.damaged.empty() ? kExitOk : kExitError;
}

}  // namespace kith::host
