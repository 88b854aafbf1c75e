// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "config/experiment.h"
#include "config/plugin_reader.h"
#include "config/problems.h"
#include "config/table_reader.h"

namespace kith::host {

/// Reads the tables of an experiment that name plugins.
class PartReader {
 public:
  /// @param root  reader of the whole file; must outlive this object, as the others.
  PartReader(TableReader& root, PluginReader& plugins, Problems& problems);

  std::vector<RoleConfig> roles();
  PluginUse method();
  std::vector<ViewConfig> views();
  EvalViewConfig eval_view(const std::vector<ViewConfig>& views);
  std::vector<EvaluationConfig> evaluations(const std::vector<RoleConfig>& roles,
                                            const std::vector<ViewConfig>& views);

 private:
  ViewConfig view(const ConfigNode& node, const std::string& path);
  std::vector<PluginUse> augmentations(TableReader& table);
  EvaluationConfig evaluation(const ConfigNode& node, const std::string& path,
                              const std::vector<std::string>& roles,
                              const std::vector<ViewConfig>& views);
  PixelRows pixels(TableReader& table);

  TableReader& root_;
  PluginReader& plugins_;
  Problems& problems_;
};

}  // namespace kith::host
