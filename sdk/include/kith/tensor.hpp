// SPDX-License-Identifier: Apache-2.0
//
// Tensors of the host's LibTorch, seen through the C border. Reads like LibTorch; includes none of
// it.
#pragma once

#include <kith/abi/tensor.h>

#include <cstdint>
#include <initializer_list>
#include <kith/operator_note.hpp>
#include <kith/plugin.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kith {

enum class Dtype : std::int32_t {
  kUInt8 = KITH_DTYPE_UINT8,
  kInt32 = KITH_DTYPE_INT32,
  kInt64 = KITH_DTYPE_INT64,
  kFloat16 = KITH_DTYPE_FLOAT16,
  kFloat32 = KITH_DTYPE_FLOAT32,
  kFloat64 = KITH_DTYPE_FLOAT64,
  kBool = KITH_DTYPE_BOOL,
  kBFloat16 = KITH_DTYPE_BFLOAT16,
};

namespace detail {
inline const kith_tensor_api& tensors() {
  static const auto& api = service<kith_tensor_api>(KITH_TENSOR_SERVICE);
  return api;
}
}  // namespace detail

/// A counted reference to a tensor that the host owns. Copying shares; nothing is copied. [any
/// thread]
class Tensor {
 public:
  Tensor() = default;
  Tensor(const Tensor& other) : handle_(other.handle_) {
    if (handle_ != nullptr) detail::tensors().retain(handle_);
  }
  Tensor(Tensor&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Tensor& operator=(Tensor other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Tensor() {
    if (handle_ != nullptr) detail::tensors().release(handle_);
  }

  /// Takes over a reference that the caller owned.
  static Tensor adopt(kith_tensor handle) {
    Tensor t;
    t.handle_ = handle;
    return t;
  }
  /// Takes a reference of its own.
  static Tensor borrow(kith_tensor handle) {
    if (handle != nullptr) detail::tensors().retain(handle);
    return adopt(handle);
  }
  kith_tensor handle() const { return handle_; }
  /// Gives the reference away: the receiver releases it.
  kith_tensor give() { return std::exchange(handle_, nullptr); }

  bool defined() const { return handle_ != nullptr; }
  std::int64_t dim() const { return info().dim; }
  std::int64_t numel() const { return info().numel; }
  /// Valid until the tensor is resized in place.
  std::span<const std::int64_t> sizes() const {
    const auto i = info();
    return {i.sizes, static_cast<std::size_t>(i.dim)};
  }
  /// Negative dimensions count from the end. @throws ShapeError outside the range.
  std::int64_t size(std::int64_t d) const {
    const auto i = info();
    const auto at = d < 0 ? d + i.dim : d;
    if (at < 0 || at >= i.dim)
      throw ShapeError("size: dimension " + std::to_string(d) + " of a tensor with " +
                       std::to_string(i.dim) + " dimensions");
    return i.sizes[at];
  }
  Dtype dtype() const { return static_cast<Dtype>(info().dtype); }
  bool is_cuda() const { return info().device == KITH_DEVICE_CUDA; }
  bool requires_grad() const { return info().requires_grad != 0; }
  /// The first element of a contiguous CPU tensor. @throws ShapeError if it is elsewhere or has
  /// gaps.
  template <class T>
  T* data() const {
    const auto i = info();
    if (i.device != KITH_DEVICE_CPU || i.contiguous == 0)
      throw ShapeError(
          "data: wanted a contiguous CPU tensor; call contiguous() first, and keep to tensors on "
          "CUDA");
    return static_cast<T*>(i.data);
  }
  /// The gradient that arrived at this parameter in the last backward pass, undefined if none did:
  /// for `after_backward`.
  Tensor grad() const {
    kith_tensor out = nullptr;
    detail::check(detail::tensors().grad(handle_, &out));
    return adopt(out);
  }
  kith_tensor_info info() const {
    kith_tensor_info i{};
    i.struct_size = sizeof i;
    detail::tensors().info(handle_, &i);
    return i;
  }

  Tensor t() const { return unary(KITH_T); }
  Tensor exp() const { return unary(KITH_EXP); }
  Tensor log() const { return unary(KITH_LOG); }
  Tensor sqrt() const { return unary(KITH_SQRT); }
  Tensor rsqrt() const { return unary(KITH_RSQRT); }
  Tensor abs() const { return unary(KITH_ABS); }
  Tensor square() const { return unary(KITH_SQUARE); }
  Tensor relu() const { return unary(KITH_RELU); }
  Tensor tanh() const { return unary(KITH_TANH); }
  Tensor sigmoid() const { return unary(KITH_SIGMOID); }
  Tensor sum() const { return unary(KITH_SUM); }
  Tensor mean() const { return unary(KITH_MEAN); }
  /// The same values, without a gradient.
  Tensor detach() const { return unary(KITH_DETACH); }
  Tensor clone() const { return unary(KITH_CLONE); }
  Tensor contiguous() const { return unary(KITH_CONTIGUOUS); }
  Tensor matmul(const Tensor& b) const { return binary(KITH_MATMUL, *this, b); }

  Tensor sum(std::int64_t d, bool keepdim = false) const;
  Tensor mean(std::int64_t d, bool keepdim = false) const;
  Tensor logsumexp(std::int64_t d, bool keepdim = false) const;
  Tensor view(std::initializer_list<std::int64_t> sizes) const;
  Tensor reshape(std::initializer_list<std::int64_t> sizes) const;
  Tensor flatten(std::int64_t start = 0, std::int64_t end = -1) const;
  Tensor transpose(std::int64_t a, std::int64_t b) const;
  Tensor unsqueeze(std::int64_t d) const;
  Tensor squeeze(std::int64_t d) const;
  /// Rows [start, start + length) of dimension d, a view.
  Tensor narrow(std::int64_t d, std::int64_t start, std::int64_t length) const;
  Tensor select(std::int64_t d, std::int64_t index) const;
  Tensor index_select(std::int64_t d, const Tensor& index) const;
  Tensor gather(std::int64_t d, const Tensor& index) const;
  Tensor diagonal() const;
  Tensor masked_fill(const Tensor& mask, double value) const;
  Tensor clamp_min(double value) const;
  Tensor clamp_max(double value) const;
  Tensor pow(double exponent) const;
  Tensor to(Dtype dtype) const;
  Tensor& copy_(const Tensor& source);
  Tensor& index_copy_(std::int64_t d, const Tensor& index, const Tensor& source);
  Tensor& add_(const Tensor& other, double alpha = 1.0);
  Tensor& mul_(double factor);

  static Tensor binary(std::uint32_t code, const Tensor& a, const Tensor& b) {
    kith_tensor out = nullptr;
    detail::check(detail::tensors().binary(code, a.handle_, b.handle_, &out));
    return adopt(out);
  }
  /// A whole number stays one: an integer tensor keeps its dtype.
  template <class S>
  static Tensor binary(std::uint32_t code, const Tensor& a, S b) {
    kith_tensor out = nullptr;
    detail::check(detail::tensors().binary_scalar(code, a.handle_, static_cast<double>(b),
                                                  std::is_integral_v<S>, &out));
    return adopt(out);
  }
  Tensor unary(std::uint32_t code) const {
    kith_tensor out = nullptr;
    detail::check(detail::tensors().unary(code, handle_, &out));
    return adopt(out);
  }

 private:
  kith_tensor handle_ = nullptr;
};

inline Tensor operator+(const Tensor& a, const Tensor& b) { return Tensor::binary(KITH_ADD, a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return Tensor::binary(KITH_SUB, a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return Tensor::binary(KITH_MUL, a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return Tensor::binary(KITH_DIV, a, b); }
inline Tensor operator-(const Tensor& a) { return a.unary(KITH_NEG); }
template <class S>
concept Number = std::is_arithmetic_v<S>;
template <Number S>
Tensor operator+(const Tensor& a, S b) {
  return Tensor::binary(KITH_ADD, a, b);
}
template <Number S>
Tensor operator-(const Tensor& a, S b) {
  return Tensor::binary(KITH_SUB, a, b);
}
template <Number S>
Tensor operator*(const Tensor& a, S b) {
  return Tensor::binary(KITH_MUL, a, b);
}
template <Number S>
Tensor operator/(const Tensor& a, S b) {
  return Tensor::binary(KITH_DIV, a, b);
}
template <Number S>
Tensor operator+(S a, const Tensor& b) {
  return b + a;
}
template <Number S>
Tensor operator*(S a, const Tensor& b) {
  return b * a;
}
template <Number S>
Tensor operator-(S a, const Tensor& b) {
  return -b + a;
}
template <Number S>
Tensor operator/(S a, const Tensor& b) {
  return b.unary(KITH_RECIPROCAL) * a;
}
inline Tensor operator==(const Tensor& a, const Tensor& b) { return Tensor::binary(KITH_EQ, a, b); }
inline Tensor operator!=(const Tensor& a, const Tensor& b) { return Tensor::binary(KITH_NE, a, b); }
inline Tensor operator<(const Tensor& a, const Tensor& b) { return Tensor::binary(KITH_LT, a, b); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return Tensor::binary(KITH_LE, a, b); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return Tensor::binary(KITH_GT, a, b); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return Tensor::binary(KITH_GE, a, b); }
template <Number S>
Tensor operator==(const Tensor& a, S b) {
  return Tensor::binary(KITH_EQ, a, b);
}
template <Number S>
Tensor operator!=(const Tensor& a, S b) {
  return Tensor::binary(KITH_NE, a, b);
}
template <Number S>
Tensor operator<(const Tensor& a, S b) {
  return Tensor::binary(KITH_LT, a, b);
}
template <Number S>
Tensor operator<=(const Tensor& a, S b) {
  return Tensor::binary(KITH_LE, a, b);
}
template <Number S>
Tensor operator>(const Tensor& a, S b) {
  return Tensor::binary(KITH_GT, a, b);
}
template <Number S>
Tensor operator>=(const Tensor& a, S b) {
  return Tensor::binary(KITH_GE, a, b);
}

/// While it lives, nothing on this thread is recorded for a gradient.
class NoGrad {
 public:
  NoGrad() : before_(detail::tensors().set_grad_mode(0)) {}
  ~NoGrad() { detail::tensors().set_grad_mode(before_); }
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  std::int32_t before_;
};

}  // namespace kith

#include <kith/operators.hpp>
