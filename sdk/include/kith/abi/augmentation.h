/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface "kith.augmentation/1", offered by an augmentation plugin.
 *
 * An augmentation draws its parameters (kith_augmentation_api.draw) and applies them. Drawn
 * parameters cross the border as doubles, one for each field that the note declares (fact "field"),
 * so that the host can write and replay them. How they are applied depends on the stage (fact
 * "stage"): geometry  says which box is taken, its new size, flips, angle; the host composes and
 * samples once pixel     changes a run of pixels in place, tile by tile; the host fuses neighbours
 *   filter    changes a whole view in place, with scratch space
 *   image     writes a whole view from a whole view: anything
 * Stages for audio and for batches on the device will be appended.
 *
 * Values: channels are planes of float32. With KITH_ARITHMETIC_PILLOW8 they are whole levels 0 to
 * 255, before and after each augmentation; with KITH_ARITHMETIC_FLOAT they are in [0, 1], black to
 * white (a bicubic resize may overshoot). With KITH_ARITHMETIC_TENSORFLOW too; colour operations
 * then are those of TensorFlow's tf.image, and the host clips the finished view to [0, 1].
 *
 * One object serves all threads: every function but create and destroy is [any thread] and must not
 * change it.
 */
#ifndef KITH_ABI_AUGMENTATION_H
#define KITH_ABI_AUGMENTATION_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_AUGMENTATION_INTERFACE "kith.augmentation/1"

enum {
  KITH_STAGE_GEOMETRY = 0,
  KITH_STAGE_PIXEL = 1,
  KITH_STAGE_FILTER = 2,
  KITH_STAGE_IMAGE = 3,
};

enum {
  KITH_ARITHMETIC_PILLOW8 = 0,
  KITH_ARITHMETIC_FLOAT = 1,
  KITH_ARITHMETIC_TENSORFLOW = 2,
};

enum {
  KITH_RESIZE_BILINEAR = 0, /* both antialiased: the filter widens with the reduction */
  KITH_RESIZE_BICUBIC = 1,  /* a = -0.5 */
};

/* Most planes that an image has. */
#define KITH_MAX_CHANNELS 4

/* Where an augmentation stands in an experiment; for `check`. */
typedef struct kith_augmentation_place {
  uint32_t struct_size;
  uint32_t arithmetic; /* KITH_ARITHMETIC_* */
  uint32_t channels;
  uint32_t reserved;
  int64_t view_height, view_width; /* px, of the finished view */
} kith_augmentation_place;

/* What a draw may depend on. The first seven numbers are the key of kith/random.hpp. */
typedef struct kith_draw_source {
  uint32_t struct_size;
  uint32_t purpose;
  uint64_t seed, step, sample;
  uint32_t epoch, view, operation;
  uint32_t arithmetic; /* KITH_ARITHMETIC_* */
  uint32_t channels;
  uint32_t reserved;
  int64_t height, width; /* px, of the image as it reaches this augmentation */
} kith_draw_source;

/* One step of geometry, in this order: take the box, resize it, flip, make quarter turns, rotate
 * about the centre. The host hands it over as the step that changes nothing. */
typedef struct kith_geometry {
  uint32_t struct_size;
  uint32_t filter;                                 /* KITH_RESIZE_*, of the resize */
  int64_t height, width;                           /* px, of the image as it comes; only read */
  int64_t view_height, view_width;                 /* px, of the finished view; only read */
  double box_top, box_left, box_height, box_width; /* px of that image, inside it */
  int64_t out_height, out_width;                   /* px, after the resize */
  int32_t flip_horizontal, flip_vertical;          /* 0 or 1 */
  double angle;                                    /* degrees, counter-clockwise; the size stays */
  double fill;           /* level 0 to 255 of what a rotation brings in from outside */
  int32_t quarter_turns; /* 0 to 3, counter-clockwise; an odd number exchanges height and width */
  int32_t reserved;
} kith_geometry;

/* Pixels of a view: planes[c][i], 0 <= i < size. */
typedef struct kith_pixel_run {
  uint32_t struct_size;
  uint32_t arithmetic; /* KITH_ARITHMETIC_* */
  uint32_t channels;
  uint32_t pass; /* from 0; see passes */
  uint64_t size;
  float* planes[KITH_MAX_CHANNELS];
  double mean_grey; /* of the whole view before this pass, in the unit of the values; 0 if not asked
                       for */
  double
      channel_mean[KITH_MAX_CHANNELS]; /* of the same view, channel by channel, wherever mean_grey
                                          was asked for with KITH_ARITHMETIC_TENSORFLOW; else 0 */
} kith_pixel_run;

/* A whole view: planes[c][y * width + x]. */
typedef struct kith_view_pixels {
  uint32_t struct_size;
  uint32_t arithmetic; /* KITH_ARITHMETIC_* */
  uint32_t channels;
  uint32_t reserved;
  int64_t height, width;
  float* planes[KITH_MAX_CHANNELS];
  float* scratch; /* as many floats as scratch_size asked for, of any content; null for 0 */
} kith_view_pixels;

typedef struct kith_augmentation_api {
  uint32_t struct_size;
  uint32_t version;  /* 1 */
  uint32_t stage;    /* KITH_STAGE_* */
  uint32_t n_fields; /* of the drawn parameters; as many as the note has facts "field" */
  /* Options are resolved and checked against the declaration: every one is present. [main thread]
   */
  kith_status (*create)(kith_instance instance, const kith_arg* options, uint32_t n_options,
                        void** self);
  void (*destroy)(void* self);
  /* Refuses a place that does not fit. May be null. */
  kith_status (*check)(const void* self, const kith_augmentation_place* place);
  /* Writes n_fields numbers: a pure function of self and source. */
  kith_status (*draw)(const void* self, const kith_draw_source* source, double* fields);

  /* Of the following a plugin has those of its stage; the others are null. */
  kith_status (*geometry)(const void* self, const double* fields, kith_geometry* step);
  /* How many passes over the view the drawn parameters need (at most 32), and before which of them
   * the mean grey level of the whole view is wanted (bit p: before pass p). Null: one pass, no
   * mean. */
  kith_status (*passes)(const void* self, const double* fields, uint32_t* count,
                        uint32_t* mean_grey);
  kith_status (*pixel)(const void* self, const double* fields, const kith_pixel_run* run);
  /* Floats of scratch space for a view of this size. Null: none. */
  uint64_t (*scratch_size)(const void* self, int64_t height, int64_t width, uint32_t channels);
  kith_status (*filter)(const void* self, const double* fields, const kith_view_pixels* view);
  /* `to` has the size of `from` and other memory; from's pixels are only read. */
  kith_status (*image)(const void* self, const double* fields, const kith_view_pixels* from,
                       const kith_view_pixels* to);
} kith_augmentation_api;

#ifdef __cplusplus
}
#endif
#endif
