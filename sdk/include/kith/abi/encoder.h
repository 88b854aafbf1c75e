/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface "kith.encoder/1", offered by an encoder plugin.
 */
#ifndef KITH_ABI_ENCODER_H
#define KITH_ABI_ENCODER_H

#include "module.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_ENCODER_INTERFACE "kith.encoder/1"

/* What the encoder will be given: [N, channels, height, width]; height and width are those of the
 * largest view. */
typedef struct kith_encoder_input {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t channels;
  int64_t height; /* px */
  int64_t width;  /* px */
} kith_encoder_input;

typedef struct kith_encoder_api {
  uint32_t struct_size;
  uint32_t version; /* 1 */
  /* Declares all parameters and buffers through kith.module/1. [main thread] */
  kith_status (*create)(kith_instance instance, const kith_encoder_input* input,
                        const kith_arg* options, uint32_t n_options, void** self);
  void (*destroy)(void* self);
  /* Outputs by their declared position; see kith_forward.run. [train thread] */
  kith_status (*forward)(void* self, kith_tensor input, uint64_t want, kith_tensor* outputs,
                         uint32_t n_outputs);
} kith_encoder_api;

#ifdef __cplusplus
}
#endif
#endif
