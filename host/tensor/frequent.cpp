// SPDX-License-Identifier: Apache-2.0
#include "tensor/frequent.h"

#include <ATen/ATen.h>

#include "tensor/border.h"
#include "tensor/handle.h"

namespace kith::host {
namespace {

template <class B>
at::Tensor binary_of(std::uint32_t code, const at::Tensor& a, const B& b) {
  switch (code) {
    case KITH_ADD:
      return at::add(a, b);
    case KITH_SUB:
      return at::sub(a, b);
    case KITH_MUL:
      return at::mul(a, b);
    case KITH_DIV:
      return at::div(a, b);
    case KITH_EQ:
      return at::eq(a, b);
    case KITH_NE:
      return at::ne(a, b);
    case KITH_LT:
      return at::lt(a, b);
    case KITH_LE:
      return at::le(a, b);
    case KITH_GT:
      return at::gt(a, b);
    case KITH_GE:
      return at::ge(a, b);
    default:
      break;
  }
  if constexpr (std::is_same_v<B, at::Tensor>) {
    switch (code) {
      case KITH_MATMUL:
        return at::matmul(a, b);
      case KITH_MAXIMUM:
        return at::maximum(a, b);
      case KITH_MINIMUM:
        return at::minimum(a, b);
      default:
        break;
    }
  }
  throw ShapeError("unknown binary operator " + std::to_string(code));
}

at::Tensor unary_of(std::uint32_t code, const at::Tensor& a) {
  switch (code) {
    case KITH_NEG:
      return at::neg(a);
    case KITH_EXP:
      return at::exp(a);
    case KITH_LOG:
      return at::log(a);
    case KITH_SQRT:
      return at::sqrt(a);
    case KITH_RELU:
      return at::relu(a);
    case KITH_SUM:
      return at::sum(a);
    case KITH_MEAN:
      return at::mean(a);
    case KITH_T:
      return a.t();
    case KITH_DETACH:
      return a.detach();
    case KITH_ABS:
      return at::abs(a);
    case KITH_SQUARE:
      return at::square(a);
    case KITH_TANH:
      return at::tanh(a);
    case KITH_SIGMOID:
      return at::sigmoid(a);
    case KITH_CONTIGUOUS:
      return a.contiguous();
    case KITH_CLONE:
      return a.clone();
    case KITH_RSQRT:
      return at::rsqrt(a);
    case KITH_RECIPROCAL:
      return at::reciprocal(a);
    default:
      throw ShapeError("unknown unary operator " + std::to_string(code));
  }
}

constexpr const char* kBinaryNames[] = {"add", "sub", "mul", "div", "matmul", "maximum", "minimum",
                                        "eq",  "ne",  "lt",  "le",  "gt",     "ge"};
constexpr const char* kUnaryNames[] = {
    "neg", "exp",    "log",  "sqrt",    "relu",       "sum",   "mean",  "t",         "detach",
    "abs", "square", "tanh", "sigmoid", "contiguous", "clone", "rsqrt", "reciprocal"};

template <std::size_t N>
std::string name_of(const char* const (&names)[N], std::uint32_t code) {
  return code < N ? std::string("aten::") + names[code] : "operator " + std::to_string(code);
}

/// The error's text with the operator in front and the shapes behind.
kith_status failed(const std::string& name, const at::Tensor& a, const at::Tensor* b) noexcept {
  const auto shape = [](const at::Tensor& t) {
    return t.defined() ? c10::str(t.sizes()) : std::string("undefined");
  };
  return record_current_exception(
      name, "self " + shape(a) + (b != nullptr ? ", other " + shape(*b) : ""));
}

}  // namespace

kith_status frequent_binary(std::uint32_t code, kith_tensor a, kith_tensor b, kith_tensor* out) {
  try {
    *out = wrap(binary_of(code, unwrap(a), unwrap(b)));
    return KITH_OK;
  } catch (...) {
    return failed(name_of(kBinaryNames, code), unwrap(a), &unwrap(b));
  }
}

kith_status frequent_binary_scalar(std::uint32_t code, kith_tensor a, double b,
                                   std::int32_t b_is_int, kith_tensor* out) {
  try {
    const auto scalar = b_is_int != 0 ? at::Scalar(static_cast<std::int64_t>(b)) : at::Scalar(b);
    *out = wrap(binary_of(code, unwrap(a), scalar));
    return KITH_OK;
  } catch (...) {
    return failed(name_of(kBinaryNames, code), unwrap(a), nullptr);
  }
}

kith_status frequent_unary(std::uint32_t code, kith_tensor a, kith_tensor* out) {
  try {
    *out = wrap(unary_of(code, unwrap(a)));
    return KITH_OK;
  } catch (...) {
    return failed(name_of(kUnaryNames, code), unwrap(a), nullptr);
  }
}

}  // namespace kith::host
