/* SPDX-License-Identifier: Apache-2.0
 *
 * Service "kith.module/1": what encoders and methods declare (parameters, buffers, callables) and
 * the layers that need to know how they are being called. The host owns every tensor that is
 * declared here. [train thread]
 */
#ifndef KITH_ABI_MODULE_H
#define KITH_ABI_MODULE_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_MODULE_SERVICE "kith.module/1"

/* What a parameter is: `optimizer.no_decay` and `optimizer.no_adaptation` choose by it. */
enum {
  KITH_WEIGHT = 0,
  KITH_BIAS = 1,
  KITH_NORM_SCALE = 2,
  KITH_NORM_SHIFT = 3,
  KITH_POSITION_TABLE = 4,
  KITH_CLASS_TOKEN = 5,
  KITH_LOG_SCALE = 6,
  KITH_WEIGHT_NORM_GAIN = 7,
};

/* How a parameter or buffer begins. The draw is keyed by (seed, full name): the same name always
 * begins the same. */
enum {
  KITH_INIT_CONSTANT = 0,         /* a */
  KITH_INIT_UNIFORM = 1,          /* in [a, b) */
  KITH_INIT_NORMAL = 2,           /* mean a, standard deviation b */
  KITH_INIT_TRUNCATED_NORMAL = 3, /* mean a, standard deviation b, cut at 2 b */
  KITH_INIT_UNIT_ROWS = 4,        /* normal rows, then divided by their norm */
};
typedef struct kith_init {
  uint32_t kind;
  uint32_t reserved;
  double a;
  double b;
} kith_init;

/* A network that is called through the host: an encoder in a role, or a head of a method. */
typedef struct kith_callable_s* kith_callable;

typedef struct kith_forward {
  uint32_t struct_size;
  void* self;
  /* outputs[n_outputs]: those whose bit is set in `want` are filled, owned by the caller; the
   * others stay null. */
  kith_status (*run)(void* self, kith_tensor input, uint64_t want, kith_tensor* outputs,
                     uint32_t n_outputs);
  void (*destroy)(void* self);
} kith_forward;

typedef struct kith_module_api {
  uint32_t struct_size;
  uint32_t version; /* 1 */
  /* Declares a trained parameter. The name is local ("layer1.0.conv1.weight"); the host puts the
   * instance's prefix in front. Declaring a name twice in one instance is an error. The dtype is
   * the job's compute dtype. The export kind is as in `buffer`. */
  kith_status (*parameter)(kith_instance instance, kith_text name, const int64_t* sizes,
                           uint32_t dim, const kith_init* init, uint32_t kind,
                           kith_text export_kind, kith_tensor* out);
  /* Declares an untrained tensor that is part of the state. dtype -1: the job's compute dtype. A
   * non-empty export kind
   * ("queue", "memory_bank", "prototypes", "centre", "scalar") is where the HDF5 file has it:
   * /state/<kind>/<name>. */
  kith_status (*buffer)(kith_instance instance, kith_text name, const int64_t* sizes, uint32_t dim,
                        int32_t dtype, const kith_init* init, kith_text export_kind,
                        kith_tensor* out);
  /* Is the network now called in training mode? */
  int32_t (*training)(kith_instance instance);
  /* Batch normalisation over dimension 1 of [N, C, ...]: statistics of the rows of one call, by
   * groups (row n is in group n mod g) and over ranks as the role has it; running averages move
   * once per call, never in a recomputation. weight and bias may be null. */
  kith_status (*batch_norm)(kith_instance instance, kith_tensor input, kith_tensor weight,
                            kith_tensor bias, kith_tensor running_mean, kith_tensor running_var,
                            double momentum, double eps, kith_tensor* out);
  kith_status (*dropout)(kith_instance instance, kith_tensor input, double probability,
                         kith_tensor* out);
  /* Calls a role's encoder or a head. A call is one forward: it sees just the rows it is given. */
  kith_status (*call)(kith_callable callable, kith_tensor input, uint64_t want,
                      kith_tensor* outputs, uint32_t n_outputs);
} kith_module_api;

#ifdef __cplusplus
}
#endif
#endif
