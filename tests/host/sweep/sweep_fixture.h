// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "host/config/experiment_fixture.h"
#include "sweep/grid.h"

namespace kith::host {

/// A sweep over kSmallExperiment with knn, which is base.toml; tests add axes to it.
inline constexpr const char* kSmallSweep = R"(name = "small"
experiment = "base.toml"
choose = { metric = "knn/top1" }
)";

/// Sweeps in a temporary folder of the test's own.
class SweepFixture : public ExperimentFixture {
 protected:
  SweepFixture();

  struct Read {
    SweepFile file;
    SweepGrid grid;
  };
  /// Reads a sweep that is right.
  Read read(const std::string& text, bool small = false,
            const std::vector<std::string>& overrides = {}) const;
  /// The text of the error that reading gives, with the folder's name cut out.
  std::string sweep_errors(const std::string& text,
                           const std::vector<std::string>& overrides = {}) const;

 private:
  Read read_all(const std::string& text, bool small, const std::vector<std::string>& overrides,
                Problems& problems) const;
};

}  // namespace kith::host
