// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/harness.hpp>
#include <memory>

#include "model/ranks.h"

namespace kith::harness {

/// The ranks of one on_ranks.
class Team {
 public:
  explicit Team(int count) : ranks(count) {}
  host::ThreadRanks ranks;
};

/// Does on_ranks run on this thread?
bool is_rank_thread();

/// Null: one rank alone.
std::unique_ptr<host::Communicator> communicator_of(const Rank* rank);

}  // namespace kith::harness
