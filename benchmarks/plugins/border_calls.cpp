// SPDX-License-Identifier: Apache-2.0
#include <kith/loss.hpp>

namespace {

using kith::Tensor;

/// Makes the same call of an operator again and again: what a plugin pays for one. A loss only in
/// form.
class BorderCalls : public kith::Loss {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.border_calls",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "calls one operator many times, for the benchmark of the border",
  };
  static constexpr auto options = kith::options(
      kith::choice("operator", "add", "mul", "mul_number", "relu", "matmul", "transpose",
                   "clamp_min", "softmax", "linear", "linalg_vector_norm", "index_select", "cat")
          .help("what is called"),
      kith::integer("calls", 1000)
          .range(1, 1000000000)
          .help("how often, each time the loss is called"));
  static constexpr kith::LossInput inputs[] = {{"a", "N N"}, {"b", "N N"}, {"index", "K", "int64"}};
  static constexpr const char* reduction = "none: the result of the last call";

  explicit BorderCalls(const kith::Options& o)
      : operator_(o.text("operator")), calls_(o.integer("calls")) {}

  Tensor forward(std::span<const Tensor> in) const {
    const auto &a = in[0], &b = in[1], &index = in[2];
    if (operator_ == "add") return repeat([&] { return a + b; });
    if (operator_ == "mul") return repeat([&] { return a * b; });
    if (operator_ == "mul_number") return repeat([&] { return a * 0.5; });
    if (operator_ == "relu") return repeat([&] { return a.relu(); });
    if (operator_ == "matmul") return repeat([&] { return a.matmul(b); });
    if (operator_ == "transpose") return repeat([&] { return a.transpose(0, 1); });
    if (operator_ == "clamp_min") return repeat([&] { return a.clamp_min(0.0); });
    if (operator_ == "softmax") return repeat([&] { return kith::softmax(a, 1); });
    if (operator_ == "linear")
      return repeat([&] { return kith::call<"aten::linear">(a, b, std::nullopt); });
    if (operator_ == "index_select") return repeat([&] { return a.index_select(0, index); });
    if (operator_ == "cat") return repeat([&] { return kith::cat({a, b}); });
    return repeat([&] {
      const std::int64_t rows = 1;
      return kith::call<"aten::linalg_vector_norm">(a, 2.0, kith::Ints(&rows, 1), true);
    });
  }

 private:
  template <class F>
  Tensor repeat(F&& call) const {
    Tensor last;
    for (std::int64_t i = 0; i < calls_; ++i) last = call();
    return last;
  }

  std::string operator_;
  std::int64_t calls_;
};

}  // namespace

KITH_PLUGIN(BorderCalls);
