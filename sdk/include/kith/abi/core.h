/* SPDX-License-Identifier: Apache-2.0
 *
 * The border between the host and a portable plugin: plain C, no LibTorch, no C++.
 *
 * Rules that every table keeps:
 *  - a table begins with its size in bytes, so that a reader knows which slots exist; slots are
 * only ever appended;
 *  - a table or service is asked for by an id with a revision ("kith.tensor/1"); a changed meaning
 * is a new id;
 *  - text is UTF-8 with a length, never NUL-terminated by promise;
 *  - a function that can fail returns a status; its text is read with kith_host.error on the same
 * thread;
 *  - whoever makes an object frees it, through the table it came from.
 *
 * Thread tags are defined in sdk/README.md.
 */
#ifndef KITH_ABI_CORE_H
#define KITH_ABI_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_ABI "portable/1"
#define KITH_SDK_VERSION "0.1.0"

/* True when the table that came from the other side is long enough to hold the member. */
#define KITH_HAS(table, member) \
  ((table)->struct_size >= offsetof(__typeof__(*(table)), member) + sizeof((table)->member))

typedef int32_t kith_status;
enum {
  KITH_OK = 0,
  KITH_ERROR = 1, /* the text says what; see kith_host.error */
  KITH_MORE_RESULTS =
      2, /* kith_tensor_api.call: the result array was too short; see take_results */
};

/* What kind of error the last text was: it becomes the matching exception type on the other side.
 */
enum {
  KITH_ERROR_GENERAL = 0,
  KITH_ERROR_CONFIG = 1,
  KITH_ERROR_PLUGIN = 2,
  KITH_ERROR_DATA = 3,
  KITH_ERROR_SHAPE = 4,
};

typedef struct kith_text {
  const char* data;
  uint64_t size;
} kith_text;

/* A reference-counted handle of a tensor that the host owns. */
typedef struct kith_tensor_s* kith_tensor;

/* Where a service call belongs: one plugin instance in one job (one rank), with the prefix of its
 * names. */
typedef struct kith_instance_s* kith_instance;

enum {
  KITH_DTYPE_UINT8 = 0,
  KITH_DTYPE_INT8 = 1,
  KITH_DTYPE_INT16 = 2,
  KITH_DTYPE_INT32 = 3,
  KITH_DTYPE_INT64 = 4,
  KITH_DTYPE_FLOAT16 = 5,
  KITH_DTYPE_FLOAT32 = 6,
  KITH_DTYPE_FLOAT64 = 7,
  KITH_DTYPE_BOOL = 8,
  KITH_DTYPE_BFLOAT16 = 9,
};

enum {
  KITH_DEVICE_CPU = 0,
  KITH_DEVICE_CUDA = 1,
};

/* What a kith_value holds. */
enum {
  KITH_NONE = 0,
  KITH_TENSOR = 1,   /* v.tensor, may be null: an undefined tensor */
  KITH_INT = 2,      /* v.i */
  KITH_DOUBLE = 3,   /* v.d */
  KITH_BOOL = 4,     /* v.i, 0 or 1 */
  KITH_STRING = 5,   /* v.text, count = bytes */
  KITH_INTS = 6,     /* v.ints, count */
  KITH_DOUBLES = 7,  /* v.doubles, count */
  KITH_TENSORS = 8,  /* v.tensors, count; a null entry is an undefined tensor */
  KITH_DTYPE = 9,    /* v.i, a KITH_DTYPE_* */
  KITH_STRINGS = 10, /* v.strings, count */
  KITH_TABLE = 11,   /* v.table, count: a nested table of options */
};

struct kith_arg;

typedef struct kith_value {
  uint32_t tag;
  uint32_t count;
  union {
    kith_tensor tensor;
    int64_t i;
    double d;
    const char* text;
    const int64_t* ints;
    const double* doubles;
    const kith_tensor* tensors;
    const kith_text* strings;
    const struct kith_arg* table;
  } v;
} kith_value;

/* An argument of an operator (name null: positional) or an option of a plugin (always named). */
typedef struct kith_arg {
  const char* name; /* NUL-terminated */
  kith_value value;
} kith_arg;

/* Handed to a plugin's entry; lives until the process ends. */
typedef struct kith_host {
  uint32_t struct_size;
  uint32_t version; /* 1 */
  /* The service table with this id if the host has it and it is at least min_size bytes long, else
   * null. [any thread] */
  const void* (*query)(const char* id, uint32_t min_size);
  /* Sets this thread's error; the text is copied. [any thread] */
  void (*set_error)(int32_t kind, kith_text text);
  /* This thread's last error; valid until the next call into the host on this thread. [any thread]
   */
  kith_text (*error)(int32_t* kind);
} kith_host;

/* What a plugin's entry hands back; static data of the plugin. */
typedef struct kith_plugin {
  uint32_t struct_size;
  uint32_t version; /* 1 */
  /* The table of the interface with this id ("kith.loss/1") that the plugin offers, else null.
   * [main thread] */
  const void* (*get)(const char* interface_id);
} kith_plugin;

/* The only symbol that a portable plugin exports. Called once, after every check has passed. [main
 * thread] */
typedef kith_status (*kith_plugin_entry_fn)(const kith_host* host, const kith_plugin** plugin);
#define KITH_PLUGIN_ENTRY "kith_plugin_entry_v1"

#ifdef __cplusplus
}
#endif
#endif
