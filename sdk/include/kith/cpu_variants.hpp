// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Marks a function with hot loops over floats: the compiler also makes a variant for newer CPUs,
/// and the program takes it where the CPU has it. All variants give the same bytes, if the file is
/// compiled with -ffp-contract=off. Put it on functions of internal linkage, not on templates or
/// members.
///
/// Left out under the sanitizers, whose checks run before they are ready when the variant is
/// chosen.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KITH_CPU_VARIANTS
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KITH_CPU_VARIANTS
#endif
#if !defined(KITH_CPU_VARIANTS)
#if defined(__x86_64__) && defined(__gnu_linux__)
#define KITH_CPU_VARIANTS __attribute__((target_clones("avx2", "default")))
#else
#define KITH_CPU_VARIANTS
#endif
#endif
