// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "augment/augmentation.h"
#include "augment/view_pipeline.h"

namespace kith::testing {

/// Options that differ from their defaults.
using Settings = std::vector<std::pair<std::string, std::vector<host::OptionScalar>>>;

/// An augmentation made from the shared library that ships, opened as the program opens it.
std::shared_ptr<const host::Augmentation> load_augmentation(const std::string& name,
                                                            const Settings& settings = {});

/// The same, of a library built without variants for newer processors.
std::shared_ptr<const host::Augmentation> load_plain_augmentation(const std::string& name,
                                                                  const Settings& settings = {});

/// What the library declares about its options.
const std::vector<host::OptionSpec>& option_specs(const std::string& name);

/// What a test wants drawn: by field name.
using DrawnFields = std::vector<std::pair<std::string, double>>;

/// The drawn parameters of each augmentation of a pipeline, all applied; every field is given.
host::DrawnView drawn_of(const host::ViewPipeline& pipeline,
                         const std::vector<DrawnFields>& fields);

}  // namespace kith::testing
