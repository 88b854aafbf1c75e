// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <kith/abi/evaluation.h>

#include <deque>

#include "harness/plugin_access.h"
#include "harness/values.h"
#include "tensor/border.h"
#include "tensor/handle.h"

namespace kith::harness {
namespace {

at::Tensor rows_or_none(const Values& rows, at::ScalarType type) {
  return rows.numbers.empty() ? at::Tensor() : to_tensor(rows, type, at::kCPU);
}

at::Tensor labels_or_none(const std::vector<std::int64_t>& labels) {
  return labels.empty() ? at::Tensor() : to_tensor(labels, at::kCPU);
}

const char* const kWho = "harness";

kith_report report_into(EvaluationResult& result) {
  kith_report report{};
  report.struct_size = sizeof report;
  report.self = &result;
  report.metric = [](void* self, kith_text name, double value, kith_text unit) {
    return host::serve(kWho, [&] {
      static_cast<EvaluationResult*>(self)->metrics[host::to_string(name)] = {
          value, host::to_string(unit)};
    });
  };
  report.table = [](void* self, kith_text name, kith_tensor value) {
    return host::serve(kWho, [&] {
      static_cast<EvaluationResult*>(self)->tables[host::to_string(name)] =
          to_values(host::unwrap(value));
    });
  };
  return report;
}

}  // namespace

EvaluationResult evaluate(const std::string& table, const EvaluationInput& input, Compute compute) {
  const auto plugin = load_plugin("evaluation", table);
  const auto& api = plugin->api<kith_evaluation_api>();
  const auto& id = plugin->metadata.id;
  const auto args = plugin->arguments.args();
  void* self = nullptr;
  host::check_plugin(
      api.create(nullptr, args.data(), static_cast<std::uint32_t>(args.size()), &self),
      id + ": constructor");
  const std::unique_ptr<void, void (*)(void*)> owned(self, api.destroy);

  const auto real = scalar_type(compute);
  const host::Lent bank(rows_or_none(input.bank, real)),
      bank_labels(labels_or_none(input.bank_labels));
  const host::Lent query(rows_or_none(input.query, real)),
      query_labels(labels_or_none(input.query_labels));
  std::deque<host::Lent> lent;
  std::vector<kith_tensor> views;
  for (const auto& view : input.views)
    views.push_back(lent.emplace_back(to_tensor(view, real, at::kCPU)).get());
  const kith_evaluation_data data{sizeof data,
                                  0,
                                  bank.get(),
                                  bank_labels.get(),
                                  query.get(),
                                  query_labels.get(),
                                  input.classes,
                                  views.data(),
                                  static_cast<std::uint32_t>(views.size()),
                                  0,
                                  input.bank_val_rows};
  EvaluationResult result;
  const auto report = report_into(result);
  host::check_plugin(api.evaluate(self, &data, &report), id + ": evaluate");
  return result;
}

}  // namespace kith::harness
