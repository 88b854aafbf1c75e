// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/util/Exception.h>

#include <functional>
#include <set>
#include <string>

namespace kith::host {

/// While it lives, LibTorch's warnings on its thread are told, each text once. That an operator has
/// no deterministic form on a GPU is said in the words of a run: two runs of one seed may differ.
/// [one thread; the warnings of a backward pass come back to the one that asked for it]
class WarningsTold : public c10::WarningHandler {
 public:
  explicit WarningsTold(std::function<void(const std::string& text)> tell);
  ~WarningsTold() override;
  WarningsTold(const WarningsTold&) = delete;
  WarningsTold& operator=(const WarningsTold&) = delete;
  void process(const c10::Warning& warning) override;

 private:
  std::function<void(const std::string& text)> tell_;
  std::set<std::string> told_;
  c10::WarningHandler* before_;
};

}  // namespace kith::host
