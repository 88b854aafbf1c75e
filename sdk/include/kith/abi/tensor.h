/* SPDX-License-Identifier: Apache-2.0
 *
 * Service "kith.tensor/1": tensors, operators and automatic differentiation. All functions are [any
 * thread] unless a tag says otherwise; gradients flow through every call as they do in LibTorch.
 */
#ifndef KITH_ABI_TENSOR_H
#define KITH_ABI_TENSOR_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_TENSOR_SERVICE "kith.tensor/1"

/* An operator of the host's LibTorch, resolved once. Lives until the process ends. */
typedef const struct kith_op_s* kith_op;

typedef struct kith_tensor_info {
  uint32_t struct_size;
  int32_t dtype;  /* KITH_DTYPE_* */
  int32_t device; /* KITH_DEVICE_* */
  int32_t device_index;
  int64_t dim;
  int64_t numel;
  const int64_t* sizes;   /* [dim], valid until the tensor is resized in place */
  const int64_t* strides; /* [dim], in elements */
  void* data;             /* first element, on the device; null for an undefined tensor */
  int32_t requires_grad;
  int32_t contiguous;
} kith_tensor_info;

/* Frequent operators with an entry of their own: no schema is looked at. The numbers are fixed for
 * ever. */
enum {
  KITH_ADD = 0,
  KITH_SUB = 1,
  KITH_MUL = 2,
  KITH_DIV = 3,
  KITH_MATMUL = 4,
  KITH_MAXIMUM = 5,
  KITH_MINIMUM = 6,
  KITH_EQ = 7,
  KITH_NE = 8,
  KITH_LT = 9,
  KITH_LE = 10,
  KITH_GT = 11,
  KITH_GE = 12,
};
enum {
  KITH_NEG = 0,
  KITH_EXP = 1,
  KITH_LOG = 2,
  KITH_SQRT = 3,
  KITH_RELU = 4,
  KITH_SUM = 5,
  KITH_MEAN = 6,
  KITH_T = 7,
  KITH_DETACH = 8,
  KITH_ABS = 9,
  KITH_SQUARE = 10,
  KITH_TANH = 11,
  KITH_SIGMOID = 12,
  KITH_CONTIGUOUS = 13,
  KITH_CLONE = 14,
  KITH_RSQRT = 15,
  KITH_RECIPROCAL = 16,
};

/* A backward written by hand. Runs on a thread of the automatic differentiation, never at the same
 * time as itself. */
typedef struct kith_backward {
  uint32_t struct_size;
  void* self;
  /* grads_out[n_outputs] (null: no gradient arrived) -> grads_in[n_inputs], each owned by the
   * caller, null = none. */
  kith_status (*run)(void* self, const kith_tensor* grads_out, uint32_t n_outputs,
                     kith_tensor* grads_in, uint32_t n_inputs);
  void (*destroy)(void* self);
} kith_backward;

/* A piece of the forward pass that is run again in the backward pass instead of keeping its
 * intermediate values. */
typedef struct kith_segment {
  uint32_t struct_size;
  void* self;
  kith_status (*run)(void* self, const kith_tensor* inputs, uint32_t n_inputs, kith_tensor* outputs,
                     uint32_t n_outputs);
  void (*destroy)(void* self);
} kith_segment;

typedef struct kith_tensor_api {
  uint32_t struct_size;
  uint32_t version; /* 1 */
  /* Finds an operator by schema name ("aten::conv2d") and overload ("" or "Tensor"). */
  kith_status (*resolve)(const char* name, kith_op* op);
  /* Calls it. Arguments left out take the schema's default; named ones are matched by name; numbers
   * become Scalars. Writes at most `capacity` results (lists are flattened) and the number of
   * results. KITH_MORE_RESULTS: none was written, call take_results on the same thread with room
   * for *n_results. The caller owns the tensors returned. */
  kith_status (*call)(kith_op op, const kith_arg* args, uint32_t n_args, kith_value* results,
                      uint32_t capacity, uint32_t* n_results);
  kith_status (*take_results)(kith_value* results, uint32_t capacity);
  void (*retain)(kith_tensor tensor);
  void (*release)(kith_tensor tensor); /* legal until the process ends */
  void (*info)(kith_tensor tensor, kith_tensor_info* info);
  /* A new CPU tensor with a copy of the data (row-major). data null: zeros. */
  kith_status (*from_data)(const void* data, int32_t dtype, const int64_t* sizes, uint32_t dim,
                           kith_tensor* out);
  kith_status (*binary)(uint32_t code, kith_tensor a, kith_tensor b, kith_tensor* out);
  kith_status (*binary_scalar)(uint32_t code, kith_tensor a, double b, int32_t b_is_int,
                               kith_tensor* out);
  kith_status (*unary)(uint32_t code, kith_tensor a, kith_tensor* out);
  /* Sets automatic differentiation on or off for this thread; returns what it was. */
  int32_t (*set_grad_mode)(int32_t enabled);
  /* outputs[m] were computed from inputs[n] without a graph; results[m] are the same values with
   * the given backward. The host owns `backward->self` from here on, also when the call fails. */
  kith_status (*custom_gradient)(const kith_tensor* inputs, uint32_t n, const kith_tensor* outputs,
                                 uint32_t m, const kith_backward* backward, kith_tensor* results);
  /* Runs a segment now without a graph, and again in the backward pass. The host owns
   * `segment->self` from here on. The second run draws the same numbers and leaves buffers alone.
   */
  kith_status (*checkpoint)(const kith_tensor* inputs, uint32_t n, const kith_segment* segment,
                            kith_tensor* outputs, uint32_t m);
  /* The gradient that arrived at a leaf (a parameter) in the last backward pass; null if none did.
   * [train thread] */
  kith_status (*grad)(kith_tensor tensor, kith_tensor* out);
} kith_tensor_api;

#ifdef __cplusplus
}
#endif
#endif
