/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface "kith.evaluation/1", offered by an evaluation plugin. [train thread]
 */
#ifndef KITH_ABI_EVALUATION_H
#define KITH_ABI_EVALUATION_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_EVALUATION_INTERFACE "kith.evaluation/1"

/* One representation (raw pixels, the untrained or the trained encoder) of two splits. */
typedef struct kith_evaluation_data {
  uint32_t struct_size;
  uint32_t reserved;
  kith_tensor bank; /* float32 [M, D]: features that are searched: of a split, or a memory bank */
  kith_tensor bank_labels;  /* int64 [M], null without labels */
  kith_tensor query;        /* float32 [N, D] */
  kith_tensor query_labels; /* int64 [N], null without labels */
  int64_t classes;          /* 0 without labels */
  /* For a plugin with the fact needs/views, which gets these in place of bank and query (null
   * then): features of views of images that were not trained on, float32 [n, D] each. Row i of all
   * is of one image. */
  const kith_tensor* views;
  uint32_t n_views;
  uint32_t reserved2;
  /* How many of the bank's last rows are of val, where the query is test; else 0. */
  int64_t bank_val_rows;
} kith_evaluation_data;

/* Where results go. Text and values are copied. */
typedef struct kith_report {
  uint32_t struct_size;
  uint32_t reserved;
  void* self;
  /* One number; unit "fraction", "nats", "" and so on. */
  kith_status (*metric)(void* self, kith_text name, double value, kith_text unit);
  /* A tensor that belongs to the result: votes, a confusion matrix. */
  kith_status (*table)(void* self, kith_text name, kith_tensor value);
} kith_report;

typedef struct kith_evaluation_api {
  uint32_t struct_size;
  uint32_t version; /* 1 */
  kith_status (*create)(kith_instance instance, const kith_arg* options, uint32_t n_options,
                        void** self);
  void (*destroy)(void* self);
  kith_status (*evaluate)(void* self, const kith_evaluation_data* data, const kith_report* report);
} kith_evaluation_api;

#ifdef __cplusplus
}
#endif
#endif
