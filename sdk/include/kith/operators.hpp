// SPDX-License-Identifier: Apache-2.0
//
// Any operator of the host's LibTorch by its schema name, and the usual functions written with it.
#pragma once

#include <array>
#include <concepts>
#include <kith/tensor.hpp>

namespace kith {

using Ints = std::span<const std::int64_t>;

/// An argument that is matched by its name in the operator's schema; the others go by position.
template <class T>
struct Named {
  const char* name;
  const T& value;
};
template <class T>
Named<T> arg(const char* name, const T& value) {
  return {name, value};
}

namespace detail {

inline kith_value value(std::nullopt_t) { return {KITH_NONE, 0, {}}; }
inline kith_value value(const Tensor& t) { return {KITH_TENSOR, 1, {.tensor = t.handle()}}; }
inline kith_value value(double d) { return {KITH_DOUBLE, 1, {.d = d}}; }
inline kith_value value(bool b) { return {KITH_BOOL, 1, {.i = b ? 1 : 0}}; }
template <std::integral I>
kith_value value(I i) {
  return {KITH_INT, 1, {.i = static_cast<std::int64_t>(i)}};
}
inline kith_value value(Dtype d) { return {KITH_DTYPE, 1, {.i = static_cast<std::int64_t>(d)}}; }
inline kith_value value(Ints v) {
  return {KITH_INTS, static_cast<std::uint32_t>(v.size()), {.ints = v.data()}};
}
template <std::size_t N>
kith_value value(const std::array<std::int64_t, N>& v) {
  return value(Ints(v));
}
inline kith_value value(std::string_view s) {
  return {KITH_STRING, static_cast<std::uint32_t>(s.size()), {.text = s.data()}};
}
inline kith_value value(const char* s) {
  return value(std::string_view(s));
}  // else it would become a bool
inline kith_value value(std::span<const double> v) {
  return {KITH_DOUBLES, static_cast<std::uint32_t>(v.size()), {.doubles = v.data()}};
}
template <class T>
kith_value value(const std::optional<T>& v) {
  return v ? value(*v) : value(std::nullopt);
}
// A Tensor is one pointer, so a run of them is a run of handles.
static_assert(sizeof(Tensor) == sizeof(kith_tensor));
inline kith_value value(std::span<const Tensor> v) {
  return {KITH_TENSORS,
          static_cast<std::uint32_t>(v.size()),
          {.tensors = reinterpret_cast<const kith_tensor*>(v.data())}};
}
template <class T>
kith_arg argument(const T& v) {
  return {nullptr, value(v)};
}
template <class T>
kith_arg argument(const Named<T>& v) {
  return {v.name, value(v.value)};
}

template <FixedString Name>
kith_op operator_handle() {
  note_operator<Name, true>();
  static const kith_op op = [] {
    kith_op found = nullptr;
    detail::check(tensors().resolve(Name.data, &found));
    return found;
  }();
  return op;
}

inline Tensor tensor_of(const kith_value& v) {
  return Tensor::adopt(v.tag == KITH_TENSOR ? v.v.tensor : nullptr);
}

}  // namespace detail

/// Calls an operator with one tensor as its result: `call<"aten::conv2d">(x, weight, bias)`.
/// Arguments left out take the schema's default. The name goes into the plugin's list of operators,
/// which the host checks before loading.
template <FixedString Name, class... Args>
Tensor call(const Args&... args) {
  const kith_arg list[] = {detail::argument(args)...};
  kith_value result{};
  std::uint32_t n = 0;
  const auto status = detail::tensors().call(detail::operator_handle<Name>(), list, sizeof...(Args),
                                             &result, 1, &n);
  if (status == KITH_MORE_RESULTS)
    throw ShapeError(std::string(Name.view()) + ": has " + std::to_string(n) +
                     " results; use call_many");
  detail::check(status);
  return detail::tensor_of(result);
}

/// Calls an operator with several results; a list of tensors counts as several.
template <FixedString Name, class... Args>
std::vector<Tensor> call_many(const Args&... args) {
  const kith_arg list[] = {detail::argument(args)...};
  std::vector<kith_value> results(8);
  std::uint32_t n = 0;
  const auto& api = detail::tensors();
  auto status =
      api.call(detail::operator_handle<Name>(), list, sizeof...(Args), results.data(), 8, &n);
  if (status == KITH_MORE_RESULTS) {
    results.resize(n);
    status = api.take_results(results.data(), n);
  }
  detail::check(status);
  std::vector<Tensor> tensors;
  tensors.reserve(n);
  for (std::uint32_t i = 0; i < n; ++i) tensors.push_back(detail::tensor_of(results[i]));
  return tensors;
}

/// Is the operator there? It goes into the plugin's list as one that the plugin can do without.
template <FixedString Name>
bool has_operator() {
  detail::note_operator<Name, false>();
  kith_op found = nullptr;
  return detail::tensors().resolve(Name.data, &found) == KITH_OK;
}

inline Tensor Tensor::sum(std::int64_t d, bool keepdim) const {
  return call<"aten::sum.dim_IntList">(*this, Ints(&d, 1), keepdim);
}
inline Tensor Tensor::mean(std::int64_t d, bool keepdim) const {
  return call<"aten::mean.dim">(*this, Ints(&d, 1), keepdim);
}
inline Tensor Tensor::logsumexp(std::int64_t d, bool keepdim) const {
  return call<"aten::logsumexp">(*this, Ints(&d, 1), keepdim);
}
inline Tensor Tensor::view(std::initializer_list<std::int64_t> s) const {
  return call<"aten::view">(*this, Ints(s.begin(), s.size()));
}
inline Tensor Tensor::reshape(std::initializer_list<std::int64_t> s) const {
  return call<"aten::reshape">(*this, Ints(s.begin(), s.size()));
}
inline Tensor Tensor::flatten(std::int64_t start, std::int64_t end) const {
  return call<"aten::flatten.using_ints">(*this, start, end);
}
inline Tensor Tensor::transpose(std::int64_t a, std::int64_t b) const {
  return call<"aten::transpose.int">(*this, a, b);
}
inline Tensor Tensor::unsqueeze(std::int64_t d) const { return call<"aten::unsqueeze">(*this, d); }
inline Tensor Tensor::squeeze(std::int64_t d) const { return call<"aten::squeeze.dim">(*this, d); }
inline Tensor Tensor::narrow(std::int64_t d, std::int64_t start, std::int64_t length) const {
  return call<"aten::narrow">(*this, d, start, length);
}
inline Tensor Tensor::select(std::int64_t d, std::int64_t index) const {
  return call<"aten::select.int">(*this, d, index);
}
inline Tensor Tensor::index_select(std::int64_t d, const Tensor& index) const {
  return call<"aten::index_select">(*this, d, index);
}
inline Tensor Tensor::gather(std::int64_t d, const Tensor& index) const {
  return call<"aten::gather">(*this, d, index);
}
inline Tensor Tensor::diagonal() const { return call<"aten::diagonal">(*this); }
inline Tensor Tensor::masked_fill(const Tensor& mask, double v) const {
  return call<"aten::masked_fill.Scalar">(*this, mask, v);
}
inline Tensor Tensor::clamp_min(double v) const { return call<"aten::clamp_min">(*this, v); }
inline Tensor Tensor::clamp_max(double v) const { return call<"aten::clamp_max">(*this, v); }
inline Tensor Tensor::pow(double e) const { return call<"aten::pow.Tensor_Scalar">(*this, e); }
inline Tensor Tensor::to(Dtype d) const { return call<"aten::to.dtype">(*this, d); }
inline Tensor& Tensor::copy_(const Tensor& source) {
  call<"aten::copy_">(*this, source);
  return *this;
}
inline Tensor& Tensor::index_copy_(std::int64_t d, const Tensor& index, const Tensor& source) {
  call<"aten::index_copy_">(*this, d, index, source);
  return *this;
}
inline Tensor& Tensor::add_(const Tensor& other, double alpha) {
  if (alpha == 1.0)
    call<"aten::add_.Tensor">(*this, other);  // whole numbers take no alpha with a fraction
  else
    call<"aten::add_.Tensor">(*this, other, arg("alpha", alpha));
  return *this;
}
inline Tensor& Tensor::mul_(double factor) {
  call<"aten::mul_.Scalar">(*this, factor);
  return *this;
}

inline Tensor matmul(const Tensor& a, const Tensor& b) { return a.matmul(b); }
inline Tensor exp(const Tensor& x) { return x.exp(); }
inline Tensor log(const Tensor& x) { return x.log(); }
inline Tensor maximum(const Tensor& a, const Tensor& b) {
  return Tensor::binary(KITH_MAXIMUM, a, b);
}
inline Tensor minimum(const Tensor& a, const Tensor& b) {
  return Tensor::binary(KITH_MINIMUM, a, b);
}
inline Tensor cat(std::span<const Tensor> parts, std::int64_t d = 0) {
  return call<"aten::cat">(parts, d);
}
inline Tensor cat(std::initializer_list<Tensor> parts, std::int64_t d = 0) {
  return cat(std::span<const Tensor>(parts.begin(), parts.size()), d);
}
inline Tensor stack(std::span<const Tensor> parts, std::int64_t d = 0) {
  return call<"aten::stack">(parts, d);
}
inline Tensor stack(std::initializer_list<Tensor> parts, std::int64_t d = 0) {
  return stack(std::span<const Tensor>(parts.begin(), parts.size()), d);
}
/// Two or more equal parts along a dimension; the last may be shorter.
inline std::vector<Tensor> chunk(const Tensor& x, std::int64_t parts, std::int64_t d = 0) {
  return call_many<"aten::chunk">(x, parts, d);
}
inline Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  return call<"aten::where.self">(condition, a, b);
}
inline Tensor softmax(const Tensor& x, std::int64_t d) { return call<"aten::softmax.int">(x, d); }
inline Tensor log_softmax(const Tensor& x, std::int64_t d) {
  return call<"aten::log_softmax.int">(x, d);
}
/// x itself, or float32 of what autocast made narrower: for a loss, and for what enters one.
inline Tensor at_least_float32(const Tensor& x) {
  const auto dtype = x.dtype();
  return dtype == Dtype::kBFloat16 || dtype == Dtype::kFloat16 ? x.to(Dtype::kFloat32) : x;
}
/// Mean over rows of the softmax cross-entropy, float32 of narrower logits. @param logits [N, C]
/// @param target int64 [N]
inline Tensor cross_entropy(const Tensor& logits, const Tensor& target) {
  return call<"aten::cross_entropy_loss">(at_least_float32(logits), target);
}
/// Rows divided by max(their Euclidean norm, eps), as PyTorch's functional normalise; float32 of
/// narrower numbers.
inline Tensor normalize(const Tensor& x, std::int64_t d = 1, double eps = 1e-12) {
  const Tensor wide = at_least_float32(x);
  const auto norm = call<"aten::linalg_vector_norm">(wide, 2.0, Ints(&d, 1), true);
  return wide / norm.clamp_min(eps);
}
/// x modulo n, in [0, n): a pointer's place in a ring.
inline Tensor remainder(const Tensor& x, std::int64_t n) {
  return call<"aten::remainder.Scalar">(x, n);
}
/// What `compute` returns, with nothing recorded for a gradient:
/// `const Tensor key = no_grad([&] { return encoder(view); });`
template <class F>
auto no_grad(F&& compute) {
  const NoGrad scope;
  return compute();
}
/// begin, begin + 1, ... end - 1 as int64, on the device of `like`.
inline Tensor arange_like(const Tensor& like, std::int64_t begin, std::int64_t end) {
  const auto nothing = std::array<std::int64_t, 1>{0};
  const auto out = call<"aten::new_empty">(like, nothing, arg("dtype", Dtype::kInt64));
  return call<"aten::arange.start_out">(begin, end, 1, arg("out", out));
}
/// 0, 1, ... n - 1 as int64, on the device of `like`.
inline Tensor arange_like(const Tensor& like, std::int64_t n) { return arange_like(like, 0, n); }
/// True on the main diagonal of an n x n matrix, on the device of `like`.
inline Tensor eye_mask_like(const Tensor& like, std::int64_t n) {
  const auto i = arange_like(like, n);
  return i.unsqueeze(1) == i.unsqueeze(0);
}
inline Tensor zeros_like(const Tensor& like) { return call<"aten::zeros_like">(like); }
inline Tensor ones_like(const Tensor& like) { return call<"aten::ones_like">(like); }
inline Tensor new_zeros(const Tensor& like, std::initializer_list<std::int64_t> sizes) {
  return call<"aten::new_zeros">(like, Ints(sizes.begin(), sizes.size()));
}

/// A new CPU tensor with a copy of the numbers.
inline Tensor from_data(const void* data, Dtype dtype, Ints sizes) {
  kith_tensor out = nullptr;
  detail::check(detail::tensors().from_data(data, static_cast<std::int32_t>(dtype), sizes.data(),
                                            static_cast<std::uint32_t>(sizes.size()), &out));
  return Tensor::adopt(out);
}

}  // namespace kith
