/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface "kith.method/1", offered by a method plugin, and service "kith.training/1", which the
 * host offers to it.
 */
#ifndef KITH_ABI_METHOD_H
#define KITH_ABI_METHOD_H

#include "module.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_METHOD_INTERFACE "kith.method/1"
#define KITH_TRAINING_SERVICE "kith.training/1"

/* Where training is. step counts optimiser steps from 0 over the whole run. */
typedef struct kith_progress {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t step, steps;   /* steps: of the whole run */
  int64_t epoch, epochs; /* epoch counts from 0 */
  int64_t steps_per_epoch;
} kith_progress;

/* One optimiser step's batch. Valid during the call it is handed to. */
typedef struct kith_step_s* kith_step;

typedef struct kith_method_api {
  uint32_t struct_size;
  uint32_t version; /* 1 */
  kith_status (*create)(kith_instance instance, const kith_arg* options, uint32_t n_options,
                        void** self);
  void (*destroy)(void* self);
  /* Options that must fit together or fit the experiment; called in `kith check` before anything is
   * created. Slot may be null. batch_size counts images of the whole batch; train_images those
   * that are trained on. */
  kith_status (*validate)(const kith_arg* options, uint32_t n_options, int64_t batch_size,
                          int64_t train_images);
  kith_status (*begin_epoch)(void* self, const kith_progress* progress); /* may be null */
  kith_status (*step)(void* self, kith_step step,
                      kith_tensor* loss);                     /* loss: 0-d, with a gradient */
  kith_status (*after_backward)(void* self, kith_step step);  /* may be null; gradients are there */
  kith_status (*after_optimizer)(void* self, kith_step step); /* may be null */
  /* What the loss of a step is where the method tells nothing apart; asked for in steps that the
   * host looks at. May be null, as where it is the loss plugins that know it. */
  kith_status (*chance_value)(void* self, double* out);
} kith_method_api;

/* A schedule of one number over the run; a pure function of progress. */
enum {
  KITH_SCHEDULE_CONSTANT = 0, /* start */
  KITH_SCHEDULE_COSINE = 1,   /* from start at the first step to end at the last, half a cosine */
  KITH_SCHEDULE_LINEAR = 2,
};
typedef struct kith_schedule {
  uint32_t kind;
  uint32_t reserved;
  double start;
  double end;
} kith_schedule;

/* How a copy (teacher, key encoder, target) begins and follows its source. The optimiser never sees
 * it. */
enum { KITH_BEGIN_COPIED = 0, KITH_BEGIN_OWN = 1 };
enum { KITH_BUFFERS_OWN = 0, KITH_BUFFERS_COPIED = 1, KITH_BUFFERS_AVERAGED = 2 };
enum { KITH_MOVE_AFTER_OPTIMIZER = 0, KITH_MOVE_BEFORE_STEP = 1 };
typedef struct kith_copy {
  uint32_t struct_size;
  uint32_t begin;             /* KITH_BEGIN_* */
  uint32_t buffers;           /* KITH_BUFFERS_* */
  uint32_t move;              /* KITH_MOVE_* */
  kith_schedule ema_momentum; /* the old value's share, in [0, 1] */
  const kith_arg* options;    /* encoder options that differ in the copy */
  uint32_t n_options;
  uint32_t reserved;
} kith_copy;

/* What a method may force on parameters whose local names begin with a prefix. */
enum {
  KITH_FORCE_FROZEN_UNTIL_STEP = 0, /* value: first step that trains it; infinity: never */
  KITH_FORCE_FROZEN_UNTIL_EPOCH = 1,
  KITH_FORCE_CONSTANT_LR = 2, /* the base rate, without the schedule */
  KITH_FORCE_LR_FACTOR = 3,
  KITH_FORCE_CLAMP_MIN = 4, /* after each optimiser step */
  KITH_FORCE_CLAMP_MAX = 5,
};

/* Random tensors: keyed by (seed, rank-independent purpose, epoch, step, name). */
enum {
  KITH_RANDOM_UNIFORM = 0,     /* in [a, b) */
  KITH_RANDOM_NORMAL = 1,      /* mean a, standard deviation b */
  KITH_RANDOM_INTEGERS = 2,    /* int64 in [a, b) */
  KITH_RANDOM_PERMUTATION = 3, /* int64 permutation of 0 .. sizes[0] - 1 */
  KITH_RANDOM_MASK = 4,        /* bool, true with probability a */
};

typedef struct kith_loss_ref_s* kith_loss_ref;

typedef struct kith_training_api {
  uint32_t struct_size;
  uint32_t version; /* 1 */
  /* -- while the method is created [main thread] -- */
  /* The encoder in a role of the experiment; outputs are given in the order that `output_index`
   * tells. */
  kith_status (*role)(kith_instance instance, kith_text role, kith_callable* out);
  /* The position of a named output of a role's encoder, an error with the nearest name if it has
   * none; and, where `width` is not null, the size of its dimension 1. */
  kith_status (*output)(kith_callable callable, kith_text name, uint32_t* index,
                        uint32_t* n_outputs, int64_t* width);
  /* A place for the parameters of a head: names declared in it get "<name>." in front. */
  kith_status (*scope)(kith_instance instance, kith_text name, kith_instance* out);
  /* Makes a head of the scope's parameters callable. The host owns forward->self from here on. */
  kith_status (*head)(kith_instance scope, const kith_forward* forward, kith_callable* out);
  /* A copy of a role. */
  kith_status (*copy_role)(kith_callable source, kith_text copy_name, const kith_copy* copy,
                           kith_callable* out);
  /* A scope for a copy of a head; the caller then declares the same names in it and calls `head`.
   */
  kith_status (*copy_scope)(kith_instance scope, kith_text copy_name, const kith_copy* copy,
                            kith_instance* out);
  kith_status (*force)(kith_instance instance, kith_text prefix, uint32_t what, double value);
  /* Splits batch normalisation of a callable into groups (1: none, and then over all ranks or each
   * on its own). Without it: one group over all ranks. */
  kith_status (*batch_norm_groups)(kith_callable callable, int64_t groups, int32_t synchronised);
  /* The loss that the option of this name refers to, with the order of inputs that the method
   * binds. */
  kith_status (*loss)(kith_instance instance, kith_text option, const kith_text* inputs,
                      uint32_t n_inputs, kith_loss_ref* out);
  int64_t (*train_images)(kith_instance instance);
  int64_t (*batch_size)(kith_instance instance);
  int64_t (*classes)(kith_instance instance); /* 0 without labels */
  /* -- in a step [train thread] -- */
  kith_status (*loss_forward)(kith_loss_ref loss, const kith_tensor* inputs, uint32_t n_inputs,
                              kith_tensor* out);
  const kith_progress* (*progress)(kith_instance instance);
  /* The value of a schedule now, as a 0-d float tensor on the device. */
  kith_status (*schedule)(kith_instance instance, const kith_schedule* schedule, kith_tensor* out);
  uint32_t (*view_count)(kith_step step);
  kith_status (*view)(kith_step step, uint32_t index, kith_tensor* out); /* float [N, C, H, W] */
  kith_status (*indices)(kith_step step,
                         kith_tensor* out); /* int64 [N], in [0, train_images): a bank's rows */
  kith_status (*labels)(kith_step step, kith_tensor* out); /* int64 [N]; an error without labels */
  /* Records a 0-d tensor under a name; the host reads it when it logs, never in the step. */
  kith_status (*metric)(kith_instance instance, kith_text name, kith_tensor value);
  kith_status (*random)(kith_instance instance, uint32_t kind, kith_text name, const int64_t* sizes,
                        uint32_t dim, double a, double b, kith_tensor* out);
  int32_t (*rank)(kith_instance instance);
  int32_t (*ranks)(kith_instance instance);
  /* Rows of all ranks, in order of rank. gradient != 0: the backward sums what arrives for this
   * rank's rows. */
  kith_status (*gather)(kith_instance instance, kith_tensor rows, int32_t gradient,
                        kith_tensor* out);
  kith_status (*all_reduce_sum)(kith_instance instance, kith_tensor value,
                                kith_tensor* out); /* no gradient */
} kith_training_api;

#ifdef __cplusplus
}
#endif
#endif
