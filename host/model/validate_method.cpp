// SPDX-License-Identifier: Apache-2.0
#include "model/validate_method.h"

#include <kith/abi/method.h>

#include <kith/error.hpp>
#include <string>

#include "tensor/border.h"

namespace kith::host {

void validate_method(const PluginObject& method, std::int64_t batch_size,
                     std::int64_t train_images) {
  const auto& api = method.api<kith_method_api>();
  if (api.validate == nullptr) return;
  const auto args = method.arguments.args();
  check_plugin(
      api.validate(args.data(), static_cast<std::uint32_t>(args.size()), batch_size, train_images),
      method.metadata.id + ": options");
}

void require_whole_groups(const Job& job, std::int64_t batch_size) {
  const auto groups = job.most_batch_norm_groups();
  if (batch_size % groups == 0) return;
  throw ConfigError("train.batch_size: the method takes batch statistics of " +
                    std::to_string(groups) + " groups of each batch, so wanted a multiple of " +
                    std::to_string(groups) + ", got " + std::to_string(batch_size));
}

}  // namespace kith::host
