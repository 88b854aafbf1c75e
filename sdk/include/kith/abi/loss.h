/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface "kith.loss/1", offered by a loss plugin. A loss keeps no state between calls.
 */
#ifndef KITH_ABI_LOSS_H
#define KITH_ABI_LOSS_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_LOSS_INTERFACE "kith.loss/1"

typedef struct kith_loss_api {
  uint32_t struct_size;
  uint32_t version; /* 1 */
  /* Options are resolved and checked against the declaration: every one is present. [main thread]
   */
  kith_status (*create)(kith_instance instance, const kith_arg* options, uint32_t n_options,
                        void** self);
  void (*destroy)(void* self);
  /* inputs in declared order, null where an optional one is absent; loss is a 0-d tensor. [train
   * thread] */
  kith_status (*forward)(void* self, const kith_tensor* inputs, uint32_t n_inputs,
                         kith_tensor* loss);
  /* The value of a loss that tells nothing apart, for inputs of these shapes: ln K for K candidates
   * that look alike. Null where the loss has no such value. [train thread] */
  kith_status (*chance_value)(void* self, const kith_tensor* inputs, uint32_t n_inputs,
                              double* value);
} kith_loss_api;

#ifdef __cplusplus
}
#endif
#endif
