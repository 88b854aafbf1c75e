// SPDX-License-Identifier: Apache-2.0
#include "tensor/operator_call.h"

#include <gmock/gmock.h>

#include "host/tensor/facade.h"
#include "tensor/services.h"

namespace kith::host::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using IntPair = std::array<std::int64_t, 2>;

class OperatorCallTest : public FacadeTest {
 protected:
  at::Tensor a = at::randn({3, 4}), b = at::randn({3, 4});
  kith::Tensor ka = to_facade(a), kb = to_facade(b);
};

TEST_F(OperatorCallTest, TakesArgumentsByPositionAndByName) {
  EXPECT_TRUE(
      same(kith::call<"aten::sub.Tensor">(ka, kb, kith::arg("alpha", 2.0)), at::sub(a, b, 2.0)));
  EXPECT_TRUE(
      same(kith::call<"aten::transpose.int">(ka, kith::arg("dim1", 1), kith::arg("dim0", 0)),
           a.transpose(0, 1)));
  EXPECT_TRUE(
      same(kith::call<"aten::sum.dim_IntList">(ka, IntPair{0, 1}, kith::arg("keepdim", true)),
           a.sum(at::IntArrayRef({0, 1}), true)));
}

TEST_F(OperatorCallTest, FillsInTheSchemasDefaults) {
  EXPECT_TRUE(same(kith::call<"aten::gelu">(ka), at::gelu(a)));
  EXPECT_TRUE(same(kith::call<"aten::flatten.using_ints">(ka), a.flatten()));
}

TEST_F(OperatorCallTest, TakesAWordAsAnArgument) {
  EXPECT_TRUE(
      same(kith::call<"aten::gelu">(ka, kith::arg("approximate", "tanh")), at::gelu(a, "tanh")));
  EXPECT_TRUE(same(kith::call<"aten::div.Tensor_mode">(ka, kb, kith::arg("rounding_mode", "floor")),
                   at::div(a, b, "floor")));
}

TEST_F(OperatorCallTest, MakesScalarsOfNumbersAndKeepsWhetherTheyAreWhole) {
  const auto whole = at::arange(5, at::kLong);
  EXPECT_TRUE(same(kith::call<"aten::add.Scalar">(to_facade(whole), 2), whole + 2));
  EXPECT_TRUE(same(kith::call<"aten::add.Scalar">(to_facade(whole), 2.0), whole + 2.0));
  EXPECT_TRUE(same(kith::call<"aten::add.Scalar">(to_facade(whole), std::size_t{3}), whole + 3));
  EXPECT_TRUE(same(kith::call<"aten::full_like">(ka, true, kith::arg("dtype", kith::Dtype::kBool)),
                   at::full_like(a, true, at::kBool)));
}

TEST_F(OperatorCallTest, PassesAbsentTensorsAndNumbers) {
  const auto weight = at::randn({2, 4}), bias = at::randn({2});
  EXPECT_TRUE(same(kith::call<"aten::linear">(ka, to_facade(weight), kith::Tensor()),
                   at::linear(a, weight)));
  EXPECT_TRUE(
      same(kith::call<"aten::linear">(ka, to_facade(weight), std::nullopt), at::linear(a, weight)));
  EXPECT_TRUE(same(kith::call<"aten::linear">(ka, to_facade(weight), to_facade(bias)),
                   at::linear(a, weight, bias)));
  const std::optional<double> low = -0.5, none;
  EXPECT_TRUE(same(kith::call<"aten::clamp">(ka, low, none), at::clamp(a, -0.5)));
}

TEST_F(OperatorCallTest, PassesListsOfTensorsNumbersAndFlags) {
  const std::vector<kith::Tensor> parts{ka, kb, ka};
  EXPECT_TRUE(same(kith::cat(parts, 1), at::cat({a, b, a}, 1)));
  EXPECT_TRUE(same(kith::stack({ka, kb}), at::stack({a, b})));
  const auto image = at::randn({1, 2, 4, 4});
  const std::vector<double> factors{2.0, 2.0};
  EXPECT_TRUE(
      same(kith::call<"aten::upsample_nearest2d.vec">(to_facade(image), std::nullopt, factors),
           at::upsample_nearest2d(image, std::nullopt, at::ArrayRef<double>(factors))));
  // A list of optional tensors, of which the first is absent.
  const auto rows = at::tensor({2, 0}, at::kLong);
  const std::vector<kith::Tensor> index{kith::Tensor(), to_facade(rows)};
  EXPECT_TRUE(
      same(kith::call<"aten::index.Tensor">(ka, index), a.index({at::indexing::Slice(), rows})));
  // bool[3] output_mask
  const auto mean = a.mean(1, true), rstd = (a.var(1, false, true) + 1e-5).rsqrt();
  const std::array<std::int64_t, 1> shape{4};
  const std::array<std::int64_t, 3> mask{1, 0, 0};
  const auto grads = kith::call_many<"aten::native_layer_norm_backward">(
      kb, ka, shape, to_facade(mean), to_facade(rstd), std::nullopt, std::nullopt, mask);
  ASSERT_EQ(grads.size(), 3U);
  EXPECT_TRUE(grads[0].defined());
  EXPECT_FALSE(grads[1].defined());
}

TEST_F(OperatorCallTest, CountsWhatBringsATensorToTheCpu) {
  const auto count = [](const auto& call) {
    const auto before = read_backs();
    call();
    return read_backs() - before;
  };
  const auto mask = to_facade(a > 0), places = to_facade(at::tensor({0, 1}, at::kLong));
  const std::vector<kith::Tensor> by_mask{mask}, by_place{places};
  auto target = to_facade(a.clone());
  const auto one = to_facade(at::ones({}));
  EXPECT_EQ(count([&] { kith::call<"aten::index.Tensor">(ka, by_mask); }), 1);
  EXPECT_EQ(count([&] { kith::call<"aten::index.Tensor">(ka, by_place); }), 0);
  EXPECT_EQ(count([&] { kith::call<"aten::index_put_">(target, by_mask, one); }), 1);
  EXPECT_EQ(count([&] { kith::call<"aten::index_put_">(target, by_place, one); }), 0);
  EXPECT_EQ(count([&] { kith::call<"aten::index_put">(ka, by_mask, one); }), 1);
  EXPECT_EQ(count([&] { kith::call<"aten::nonzero">(ka); }), 1);
  EXPECT_EQ(count([&] { ka.masked_fill(mask, 0.0); }), 0);
}

TEST_F(OperatorCallTest, SpreadsOneNumberOverAList) {
  const auto image = at::randn({1, 1, 4, 4});
  EXPECT_TRUE(
      same(kith::call<"aten::max_pool2d">(to_facade(image), 2), at::max_pool2d(image, {2, 2})));
}

TEST_F(OperatorCallTest, GivesSeveralResultsAndMoreThanEight) {
  const auto largest = kith::call_many<"aten::max.dim">(ka, 1);
  ASSERT_EQ(largest.size(), 2U);
  EXPECT_TRUE(same(largest[1], std::get<1>(a.max(1))));
  const auto rows = at::randn({20, 2});
  const auto parts = kith::chunk(to_facade(rows), 20);
  ASSERT_EQ(parts.size(), 20U);
  for (std::int64_t i = 0; i < 20; ++i)
    EXPECT_TRUE(same(parts[static_cast<std::size_t>(i)], rows.narrow(0, i, 1)));
}

TEST_F(OperatorCallTest, SaysHowToTakeSeveralResultsWhereOneIsTaken) {
  const auto text = error_of<kith::ShapeError>([&] { kith::call<"aten::max.dim">(ka, 1); });
  EXPECT_EQ(text, "aten::max.dim: has 2 results; use call_many");
  // What nobody took does not turn up in the next call.
  EXPECT_EQ(kith::chunk(to_facade(at::randn({9, 1})), 9).size(), 9U);
}

TEST_F(OperatorCallTest, AnUntakenResultIsReleasedByTheNextLongCall) {
  const auto source = at::randn({20, 2});
  const auto in = to_facade(source);
  const auto uses = source.use_count();
  kith_op op = nullptr;
  ASSERT_EQ(kith::detail::tensors().resolve("aten::unbind.int", &op), KITH_OK);
  const kith_arg args[] = {kith::detail::argument(in)};
  const auto storage = source.storage().use_count();
  for (int i = 0; i < 3; ++i) {
    std::uint32_t n = 0;
    kith_value one{};
    EXPECT_EQ(kith::detail::tensors().call(op, args, 1, &one, 1, &n), KITH_MORE_RESULTS);
    EXPECT_EQ(n, 20U);
  }
  EXPECT_EQ(source.storage().use_count(), storage + 20)
      << "views of one call wait, those of the others are gone";
  kith::chunk(to_facade(at::randn({9, 1})), 9);
  EXPECT_EQ(source.storage().use_count(), storage);
  EXPECT_EQ(source.use_count(), uses);
}

TEST_F(OperatorCallTest, RefusesAnOperatorThatThisLibTorchLacks) {
  EXPECT_FALSE(kith::has_operator<"aten::no_such_operator">());
  EXPECT_TRUE(kith::has_operator<"aten::mm">());
  const auto text = error_of<kith::PluginError>([&] { kith::call<"aten::no_such_operator">(ka); });
  EXPECT_THAT(text, AllOf(HasSubstr("no 'aten::no_such_operator' in LibTorch "),
                          HasSubstr(libtorch_version())));
  EXPECT_THAT(error_of<kith::PluginError>([&] { kith::call<"aten::add.NoSuchOverload">(ka); }),
              HasSubstr("aten::add.NoSuchOverload"));
}

TEST_F(OperatorCallTest, SaysWhichArgumentHasTheWrongType) {
  EXPECT_THAT(error_of<kith::ShapeError>([&] { kith::call<"aten::softmax.int">(ka, 0.5); }),
              HasSubstr("aten::softmax.int: argument 'dim' wants int, got a number with a fraction "
                        "(self [3, 4])"));
  EXPECT_THAT(error_of<kith::ShapeError>([&] { kith::call<"aten::softmax.int">(ka, kb); }),
              HasSubstr("argument 'dim' wants int, got a tensor"));
  EXPECT_THAT(error_of<kith::ShapeError>([&] { kith::call<"aten::mm">(ka, 2); }),
              HasSubstr("argument 'mat2' wants Tensor, got a whole number"));
}

TEST_F(OperatorCallTest, SaysWhenArgumentsAreTooManyMissingOrGivenTwice) {
  EXPECT_THAT(error_of<kith::ShapeError>([&] { kith::call<"aten::mm">(ka, kb, kb); }),
              HasSubstr("aten::mm: takes at most 2 arguments, got 3"));
  EXPECT_THAT(error_of<kith::ShapeError>([&] { kith::call<"aten::mm">(ka); }),
              HasSubstr("argument 'mat2' is missing"));
  EXPECT_THAT(
      error_of<kith::ShapeError>([&] { kith::call<"aten::mm">(ka, kb, kith::arg("mat2", kb)); }),
      testing::AnyOf(HasSubstr("was given twice"), HasSubstr("takes at most")));
  EXPECT_THAT(
      error_of<kith::ShapeError>([&] { kith::call<"aten::mm">(ka, kith::arg("other", kb)); }),
      HasSubstr("no argument 'other'; it has self, mat2"));
  EXPECT_THAT(error_of<kith::ShapeError>(
                  [&] { kith::call<"aten::sub.Tensor">(ka, kb, kith::arg("other", kb)); }),
              HasSubstr("argument 'other' was given twice"));
}

TEST_F(OperatorCallTest, NamesTheOperatorAndTheShapesOfAnErrorInIt) {
  const auto text = error_of<kith::ShapeError>([&] { kith::call<"aten::mm">(ka, kb); });
  EXPECT_THAT(text, AllOf(HasSubstr("aten::mm: "), HasSubstr("(self [3, 4], mat2 [3, 4])")));
  EXPECT_THAT(error_of<kith::ShapeError>([&] { kith::cat({ka, to_facade(at::ones({2, 2}))}, 0); }),
              AllOf(HasSubstr("aten::cat: "), HasSubstr("tensors[0] [3, 4], tensors[1] [2, 2]")));
  // The host goes on.
  EXPECT_TRUE(same(ka + kb, a + b));
}

TEST_F(OperatorCallTest, LetsTheGradientThrough) {
  const auto w = at::randn({4, 2}).requires_grad_(true);
  kith::call<"aten::mm">(ka, to_facade(w)).square().sum();
  const auto loss = kith::call<"aten::mm">(ka, to_facade(w)).square().sum();
  to_host(loss).backward();
  EXPECT_TRUE(at::allclose(w.grad(), 2 * a.t().mm(a.mm(w.detach())), 1e-5, 1e-6));
}

TEST_F(OperatorCallTest, CountsReferencesSoThatNothingLeaks) {
  const auto held = at::randn({2, 2});
  const auto before = held.use_count();
  {
    auto x = to_facade(held);
    auto y = x;
    kith::Tensor z = std::move(y);
    x = z;
    y = kith::Tensor::borrow(x.handle());
    EXPECT_EQ(held.use_count(), before + 1) << "one handle, counted on its own";
    for (int i = 0; i < 100; ++i) (x * 2.0 + z).matmul(y);
  }
  EXPECT_EQ(held.use_count(), before);
}

}  // namespace
}  // namespace kith::host::test
