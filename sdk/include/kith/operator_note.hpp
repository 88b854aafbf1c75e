// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace kith {

/// A text that can be a template argument: `call<"aten::matmul">(a, b)`.
template <std::size_t N>
struct FixedString {
  char data[N]{};

  consteval FixedString(const char (&text)[N]) {  // NOLINT: implicit, so that a literal converts
    for (std::size_t i = 0; i < N; ++i) data[i] = text[i];
  }

  /// Without the closing NUL.
  constexpr std::string_view view() const { return {data, N - 1}; }
  constexpr const char* c_str() const { return data; }

  /// Bytes 4 k to 4 k + 3 as a little-endian number; zero past the end.
  consteval int word(std::size_t k) const {
    unsigned value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t at = 4 * k + i;
      if (at < N) value |= static_cast<unsigned>(static_cast<unsigned char>(data[at])) << (8 * i);
    }
    return static_cast<int>(value);
  }
};

namespace detail {

/// Writes an ELF note "this code calls operator Name" at the place where it is called from; it
/// costs no instruction.
///
/// The host reads these notes before it loads the plugin, and refuses one that requires an operator
/// which its LibTorch lacks. The note is emitted by the assembler, because g++ 12 drops a section
/// attribute on a template's static member; code that the compiler removes leaves no note. One
/// operator may be noted many times.
///
/// @tparam Name      schema name with overload ("aten::clamp_min", "aten::add.Tensor"), at most 63
/// bytes.
/// @tparam required  false: the plugin asks whether the operator is there and has another way.
template <FixedString Name, bool required = true>
[[gnu::always_inline]] inline void note_operator() {
  static_assert(Name.view().size() <= 63, "an operator's name has at most 63 bytes");
  asm volatile(
      ".pushsection .note.kith.operator,\"a\",@note\n"
      ".balign 4\n"
      ".long 5\n"   // bytes of the note's name
      ".long 68\n"  // bytes of the descriptor: 64 of the operator's name, 4 of flags
      ".long 2\n"   // type
      ".asciz \"kith\"\n"
      ".balign 4\n"
      ".long %c0, %c1, %c2, %c3, %c4, %c5, %c6, %c7\n"
      ".long %c8, %c9, %c10, %c11, %c12, %c13, %c14, %c15\n"
      ".long %c16\n"
      ".popsection"
      :
      : "i"(Name.word(0)), "i"(Name.word(1)), "i"(Name.word(2)), "i"(Name.word(3)),
        "i"(Name.word(4)), "i"(Name.word(5)), "i"(Name.word(6)), "i"(Name.word(7)),
        "i"(Name.word(8)), "i"(Name.word(9)), "i"(Name.word(10)), "i"(Name.word(11)),
        "i"(Name.word(12)), "i"(Name.word(13)), "i"(Name.word(14)), "i"(Name.word(15)),
        "i"(required ? 1 : 0));
}

}  // namespace detail
}  // namespace kith
