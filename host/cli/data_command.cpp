// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <kith/error.hpp>
#include <numeric>

#include "cli/commands.h"
#include "config/data_section.h"
#include "config/load_experiment.h"
#include "data/damaged_images.h"
#include "data/parallel.h"
#include "train/data_settings.h"

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

/// What was found in a split.
struct Findings {
  std::int64_t images = 0;
  std::vector<std::string> reasons;
};

/// Decodes all of a split; shows how far it is where a person watches.
Findings walk(SplitSource& part, std::string_view name, std::int64_t classes) {
  const bool watched = isatty(STDERR_FILENO) == 1;
  Findings findings;
  findings.images = part.size();
  try {
    part.open(classes);
  } catch (const DataError& error) {
    findings.reasons.push_back(error.what());
    return findings;
  }
  std::vector<std::int64_t> all(static_cast<std::size_t>(findings.images));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  const auto show = [&](std::int64_t done) {
    fmt::print(stderr, "\r{}: {} of {}\x1b[K", name, done, findings.images);
  };
  std::function<void(std::int64_t)> progress;
  if (watched) progress = show;
  for (auto& image : find_damaged(part, all, startup_threads(), progress))
    findings.reasons.push_back(std::move(image.reason));
  if (watched) fmt::print(stderr, "\r\x1b[K");
  return findings;
}

}  // namespace

int data_check_command(const DataArguments& arguments) {
  const auto config = read_config(arguments);
  auto settings = dataset_settings(config);
  settings.skip_damaged = true;  // all that is wrong is listed, not the first alone
  const Source source = open_source(settings);
  constexpr std::int64_t kAnyClass = -1;
  const auto classes =
      source.class_names.empty() ? kAnyClass : static_cast<std::int64_t>(source.class_names.size());
  fmt::print("{} in {}: {}\n", source.reader, source.path.string(),
             source.class_names.empty() ? std::string("no labels")
                                        : fmt::format("{} classes", source.class_names.size()));
  for (const auto& warning : source.warnings) fmt::print("warning: {}\n", warning);
  std::size_t damaged = 0;
  std::int64_t images = 0;
  const std::pair<const char*, SplitSource*> parts[] = {
      {"train", source.train.get()}, {"val", source.val.get()}, {"test", source.test.get()}};
  for (const auto& [name, part] : parts) {
    if (part == nullptr) continue;
    const auto findings = walk(*part, name, classes);
    fmt::print("{:<6}{:>9} images, {} damaged\n", name, findings.images, findings.reasons.size());
    for (const auto& reason : findings.reasons) fmt::print("  {}\n", reason);
    damaged += findings.reasons.size();
    images += findings.images;
  }
  if (source.test)
    fmt::print("(that test was walked over here is counted as a reading of test in no run)\n");
  if (damaged == 0) {
    fmt::print("all {} images decode\n", images);
    return kExitOk;
  }
  fmt::print("{} of {} images do not decode; put them right or remove them{}\n", damaged, images,
             uses(config.reader, "on_damaged")
                 ? ", or leave them out with data.on_damaged = \"skip\""
                 : "");
  return kExitError;
}

}  // namespace kith::host
