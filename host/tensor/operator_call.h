// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/tensor.h>

#include <set>
#include <string>

namespace kith::host {

/// The functions of kith.tensor/1 that call an operator by its schema; see there.
kith_status resolve_operator(const char* name, kith_op* op);
kith_status call_operator(kith_op op, const kith_arg* args, std::uint32_t n_args,
                          kith_value* results, std::uint32_t capacity, std::uint32_t* n_results);
kith_status take_results(kith_value* results, std::uint32_t capacity);

/// How many calls of operators that read a tensor back (item, nonzero, boolean indexing) this
/// thread made.
std::int64_t read_backs();

/// Notes the operators that plugins call by name on this thread while it lives, for tests. Of two
/// that live at once the younger one notes.
class OperatorRecord {
 public:
  OperatorRecord();
  ~OperatorRecord();
  OperatorRecord(const OperatorRecord&) = delete;
  OperatorRecord& operator=(const OperatorRecord&) = delete;
  const std::set<std::string>& names() const { return names_; }

 private:
  std::set<std::string> names_;
  std::set<std::string>* before_;
};

}  // namespace kith::host
