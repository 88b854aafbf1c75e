// SPDX-License-Identifier: Apache-2.0
//
// The base of an evaluation plugin.
#pragma once

#include <kith/abi/evaluation.h>

#include <kith/operators.hpp>
#include <kith/plugin.hpp>

namespace kith {

/// For an evaluation that wants views of held-out images in place of two splits: how many views of
/// how many images (fewer, where val has fewer).
struct ViewsWanted {
  int count = 2;
  int images = 2000;
};

/// One representation of two splits, or of views.
struct EvaluationData {
  Tensor bank;          // float32 [M, D]: features that are searched or fitted on
  Tensor bank_labels;   // int64 [M]; undefined without labels
  Tensor query;         // float32 [N, D]
  Tensor query_labels;  // int64 [N]; undefined without labels
  std::int64_t classes;
  std::vector<Tensor> views;  // float32 [n, D] each, row i of all is of one image
  /// How many of the bank's last rows are of val, where the query is test: what is chosen is chosen
  /// on these. 0 where the query is val itself, or there is no val.
  std::int64_t bank_val_rows = 0;
};

/// Where results go.
class Report {
 public:
  explicit Report(const kith_report* report) : report_(report) {}
  /// One number; a fraction is in [0, 1].
  void metric(std::string_view name, double value, std::string_view unit = "fraction") const {
    detail::check(report_->metric(report_->self, {name.data(), name.size()}, value,
                                  {unit.data(), unit.size()}));
  }
  /// A tensor that belongs to the result: votes, a confusion matrix.
  void table(std::string_view name, const Tensor& value) const {
    detail::check(report_->table(report_->self, {name.data(), name.size()}, value.handle()));
  }

 private:
  const kith_report* report_;
};

/// An evaluation turns features into metrics. It may read tensors back.
///
/// A plugin derives from it and has identity, options,
///   static constexpr bool needs_labels;
///   static constexpr kith::ViewsWanted views;   // optional: it gets views, and no bank and query
///   static constexpr bool ignores_shift = true; // optional: the same vector added to all features
///                                               // changes nothing; it is not run on centred ones
///   a constructor from (const kith::Options&), and
///   void evaluate(const kith::EvaluationData& data, const kith::Report& report) const;   // [train
///   thread]
class Evaluation {
 public:
  static constexpr const char* kInterface = KITH_EVALUATION_INTERFACE;

  template <class P, class W>
  static consteval void describe(W& w) {
    if (P::needs_labels) w.fact("needs", "labels", "", "");
    if constexpr (requires { P::views; }) {
      w.fact("needs", "views", detail::Decimal(P::views.count).view(), "");
      w.fact("needs", "view_images", detail::Decimal(P::views.images).view(), "");
    }
    if constexpr (requires { P::ignores_shift; })
      if (P::ignores_shift) w.fact("ignores", "shift", "", "");
  }
  template <class P, class W>
  static consteval void services(W& w) {
    w.service(KITH_TENSOR_SERVICE);
  }
  template <class P>
  static const void* table() {
    static constexpr kith_evaluation_api api = {
        sizeof(kith_evaluation_api),
        1,
        [](kith_instance, const kith_arg* options, std::uint32_t n, void** self) {
          return detail::guard([&] { *self = new P(Options(options, n)); });
        },
        [](void* self) { delete static_cast<P*>(self); },
        [](void* self, const kith_evaluation_data* d, const kith_report* report) {
          return detail::guard([&] {
            EvaluationData data{Tensor::borrow(d->bank),
                                Tensor::borrow(d->bank_labels),
                                Tensor::borrow(d->query),
                                Tensor::borrow(d->query_labels),
                                d->classes,
                                {},
                                KITH_HAS(d, bank_val_rows) ? d->bank_val_rows : 0};
            if (KITH_HAS(d, n_views))
              for (std::uint32_t i = 0; i < d->n_views; ++i)
                data.views.push_back(Tensor::borrow(d->views[i]));
            if constexpr (requires { P::views; }) {
              if (data.views.size() != static_cast<std::size_t>(P::views.count))
                throw ShapeError("wanted " + std::to_string(P::views.count) + " views, got " +
                                 std::to_string(data.views.size()));
            }
            static_cast<const P*>(self)->evaluate(data, Report(report));
          });
        },
    };
    return &api;
  }
};

}  // namespace kith
