// SPDX-License-Identifier: Apache-2.0
// Notes that lie. Each is refused with a text, in bounded time and memory.
#include <malloc.h>

#include <chrono>
#include <fstream>

#include "plugin/checks.h"
#include "plugin/note_reader.h"
#include "plugin/refusal.h"
#include "plugin_fixture.h"
#include "tiny_elf.h"

namespace kith::host {
namespace {

using kith::detail::NoteWriter;
using namespace kith::detail;  // NOLINT(google-build-using-namespace): the keys of a note

constexpr std::uint32_t kMetadata = 1, kOperator = 2;

std::string refusal_of(const std::vector<char>& bytes) {
  try {
    const ElfFile elf(std::as_bytes(std::span(bytes)));
    read_note(elf, "tiny.so");
    return "";
  } catch (const PluginRefused& e) {
    return e.refusal().what;
  }
}

/// What is said of a note with all that it needs and, behind it, what `write` writes.
std::string refusal_of(const std::function<void(NoteWriter&)>& write) {
  const auto note = metadata_note([&](NoteWriter& w) {
    write_required(w);
    write(w);
  });
  return refusal_of(TinyElf{{{kMetadata, note}}}.bytes());
}

std::string damaged(const std::string& how) { return "'tiny.so' has a damaged note: " + how; }

std::string text_of(const std::function<void(NoteWriter&)>& write) {
  NoteWriter count;
  write(count);
  std::string out(count.size(), '\0');
  NoteWriter writer(reinterpret_cast<unsigned char*>(out.data()));
  write(writer);
  return out;
}

/// What is said of an option with these entries.
std::string refusal_of_option(const std::function<void(NoteWriter&)>& write) {
  const auto option = text_of(write);
  return refusal_of([&](NoteWriter& w) { w.text(kNoteOption, option); });
}

std::string number(std::uint32_t value) {
  return text_of([&](NoteWriter& w) { w.u32(value); });
}

std::string real(double value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

/// A real option "x" in [0, 1] with this default and range.
std::string refusal_of_real(double value, double min, double max) {
  return refusal_of_option([&](NoteWriter& w) {
    w.text(kOptionName, "x");
    w.text(kOptionType, number(2));
    w.text(kOptionDefault, real(value));
    w.text(kOptionMin, real(min));
    w.text(kOptionMax, real(max));
  });
}

TEST(NoteLiesTest, ATinyNoteWithAllThatItNeedsIsRead) {
  EXPECT_EQ(refusal_of([](NoteWriter&) {}), "");
  EXPECT_EQ(refusal_of_real(0.5, 0, 1), "");
}

TEST(NoteLiesTest, EntriesMayComeInAnyOrder) {
  const auto note = metadata_note([](NoteWriter& w) {
    w.text(kNoteInterface, "kith.loss/1", kCritical);
    w.text(99, "of a later SDK");
    w.text(kNoteId, "org.test.tiny", kCritical);
    w.text(kNoteSdkVersion, "0.1.0", kCritical);
    w.text(kNoteTier, "portable/1", kCritical);
  });
  EXPECT_EQ(refusal_of(TinyElf{{{kMetadata, note}}}.bytes()), "");
}

TEST(NoteLiesTest, ANoteOfASizeThatNoPluginHasIsRefused) {
  const auto note = metadata_note(
      [](NoteWriter& w) { w.text(kNoteSummary, std::string(std::size_t{2} << 20, 'x')); });
  EXPECT_EQ(refusal_of(TinyElf{{{kMetadata, note}}}.bytes()),
            damaged("it has 2097168 bytes, the most is 1048576"));
}

TEST(NoteLiesTest, TooManyEntriesAreRefused) {
  EXPECT_EQ(refusal_of([](NoteWriter& w) {
              for (int i = 0; i < 5000; ++i) w.text(99, "");
            }),
            damaged("it has too many entries"));
}

TEST(NoteLiesTest, TwoNotesAreRefused) {
  const auto note = metadata_note([](NoteWriter& w) { write_required(w); });
  EXPECT_EQ(refusal_of(TinyElf{{{kMetadata, note}, {kMetadata, note}}}.bytes()),
            damaged("there are two of it: one file is one plugin"));
}

TEST(NoteLiesTest, AnEntryThatIsThereTwiceIsRefused) {
  EXPECT_EQ(refusal_of([](NoteWriter& w) { w.text(kNoteId, "org.test.other"); }),
            damaged("it has two entries 'id'"));
}

TEST(NoteLiesTest, WhatIsMissingIsNamed) {
  const auto without = [](std::uint16_t key) {
    const auto note = metadata_note([&](NoteWriter& w) {
      if (key != kNoteTier) w.text(kNoteTier, "portable/1");
      if (key != kNoteSdkVersion) w.text(kNoteSdkVersion, "0.1.0");
      if (key != kNoteInterface) w.text(kNoteInterface, "kith.loss/1");
      if (key != kNoteId) w.text(kNoteId, "org.test.tiny");
    });
    return refusal_of(TinyElf{{{kMetadata, note}}}.bytes());
  };
  EXPECT_EQ(without(kNoteTier), damaged("it names no tier"));
  EXPECT_EQ(without(kNoteSdkVersion), damaged("it names no SDK version"));
  EXPECT_EQ(without(kNoteInterface), damaged("it names no interface"));
  EXPECT_EQ(without(kNoteId), damaged("its id '' is not of the form 'org.lab.name'"));
}

TEST(NoteLiesTest, AnIdOfAnotherFormIsRefused) {
  for (const char* id : {"loss", ".loss", "org..loss", "org.Lab.loss", "org.lab.", "org lab.loss",
                         "../../etc.passwd", "org.lab/loss"}) {
    const auto note = metadata_note([&](NoteWriter& w) { write_required(w, id); });
    EXPECT_EQ(refusal_of(TinyElf{{{kMetadata, note}}}.bytes()),
              damaged("its id '" + std::string(id) + "' is not of the form 'org.lab.name'"));
  }
}

TEST(NoteLiesTest, ATextThatIsTooLongIsRefused) {
  EXPECT_EQ(refusal_of([](NoteWriter& w) { w.text(kNoteUrl, std::string(5000, 'x')); }),
            damaged("a text has 5000 bytes"));
}

TEST(NoteLiesTest, AFactThatDoesNotFitIsRefused) {
  EXPECT_EQ(refusal_of([](NoteWriter& w) { w.text(kNoteFact, "ab"); }),
            damaged("a fact is cut off"));
  EXPECT_EQ(refusal_of([](NoteWriter& w) { w.text(kNoteFact, number(4000000000U) + "input"); }),
            damaged("a fact is longer than its entry"));
}

TEST(NoteLiesTest, AnOptionThatContradictsItselfIsRefused) {
  EXPECT_EQ(refusal_of_real(2, 0, 1), damaged("option 'x' has a default outside its range"));
  EXPECT_EQ(refusal_of_real(0.5, 1, 0),
            damaged("option 'x' has a range whose ends are the wrong way round"));
  EXPECT_EQ(refusal_of_real(std::numeric_limits<double>::infinity(), 0, 1),
            damaged("a number is not finite"));
  EXPECT_EQ(refusal_of_option([](NoteWriter& w) { w.text(kOptionName, "x"); }),
            damaged("option 'x' has an unknown type"));
  EXPECT_EQ(refusal_of_option([](NoteWriter& w) {
              w.text(kOptionName, "x");
              w.text(kOptionType, number(99));
            }),
            damaged("option 'x' has an unknown type"));
  EXPECT_EQ(refusal_of_option([](NoteWriter& w) {
              w.text(kOptionName, "x");
              w.text(kOptionType, number(2));
              w.text(kOptionDefault, "abc");
            }),
            damaged("a number has a wrong size"));
  EXPECT_EQ(refusal_of_option([](NoteWriter& w) {
              w.text(kOptionName, "x");
              w.text(kOptionType, number(3));
              w.text(kOptionList, number(4) + number(2));
            }),
            damaged("option 'x' has a default of a length that it does not allow"));
}

TEST(NoteLiesTest, TwoOptionsOfOneNameAreRefused) {
  const auto option = text_of([](NoteWriter& w) {
    w.text(kOptionName, "x");
    w.text(kOptionType, number(3));
    w.text(kOptionDefault, "a");
  });
  EXPECT_EQ(refusal_of([&](NoteWriter& w) {
              w.text(kNoteOption, option);
              w.text(kNoteOption, option);
            }),
            damaged("it has two options 'x'"));
}

TEST(NoteLiesTest, AnOperatorThatContradictsItselfIsRefused) {
  const auto note = metadata_note([](NoteWriter& w) { write_required(w); });
  const auto with = [&](const std::string& op) {
    return refusal_of(TinyElf{{{kMetadata, note}, {kOperator, op}}}.bytes());
  };
  EXPECT_EQ(with(operator_note("aten::mul.Tensor")), "");
  EXPECT_EQ(with("abc"), damaged("an operator's entry has 3 bytes"));
  EXPECT_EQ(with(operator_note("")), damaged("an operator's name does not end"));
  EXPECT_EQ(with(operator_note(std::string(64, 'x'))), damaged("an operator's name does not end"));
  EXPECT_EQ(with(operator_note("aten::\x1b[2J")), damaged("a text is not plain UTF-8"));
}

/// The most memory that this process had at once since the last call with true, in bytes.
std::size_t peak_memory(bool reset) {
  if (reset) {
    ::malloc_trim(0);  // or the reader would live on what is free already
    std::ofstream("/proc/self/clear_refs") << "5";
  }
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) << 10;
  return 0;
}

/// The worst that files can say, each of a few megabytes.
std::vector<std::vector<char>> greedy_files() {
  const auto note = metadata_note([](NoteWriter& w) { write_required(w); });
  TinyElf operators{{{kMetadata, note}}};
  for (int i = 0; i < 60000; ++i)
    operators.notes.push_back({kOperator, operator_note("aten::op" + std::to_string(i))});
  TinyElf notes{{{kMetadata, note}}};
  for (int i = 0; i < 100000; ++i) notes.notes.push_back({9, "", "x"});
  const std::string item = text_of([](NoteWriter& w) { w.text(kOptionDefault, ""); });
  std::string items;
  for (int i = 0; i < 120000; ++i) items += item;
  const auto options = metadata_note([&](NoteWriter& w) {
    write_required(w);
    w.text(kNoteOption, text_of([](NoteWriter& o) {
                          o.text(kOptionName, "x");
                          o.text(kOptionType, number(3));
                          o.text(kOptionList, number(0) + number(1000000));
                        }) + items);
  });
  return {operators.bytes(),
          notes.bytes(),
          TinyElf{{{kMetadata, options}}}.bytes(),
          TinyElf{{{kMetadata, note}}, 260000}.bytes(),
          TinyElf{{{kMetadata, note}}, 300000}.bytes(),
          TinyElf{{{kMetadata, note}}, 50, growing_name(30)}.bytes(),
          TinyElf{{{kMetadata, note}}, 200000, std::string(16000, 'x')}.bytes(),
          TinyElf{{{kMetadata, note}}, 200000, std::string(10 << 20, 'x')}.bytes()};
}

TEST(NoteLiesTest, TheReaderStaysBelow64MebibytesAndIsQuick) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer keeps a record of all memory that is touched, and it counts";
#endif
  const auto files = greedy_files();
  PluginFile file;
  file.path = "tiny.so";
  const auto before = peak_memory(true);
  ASSERT_GT(before, 0U);
  const auto begin = std::chrono::steady_clock::now();
  for (const auto& bytes : files) {
    try {
      const ElfFile elf(std::as_bytes(std::span(bytes)));
      check_symbols(elf, read_note(elf, "tiny.so"), file);
    } catch (const PluginRefused&) {
    } catch (const ElfError&) {  // more notes or symbols than any plugin has
    }
  }
  const auto grown = peak_memory(false) - before;
  std::printf("the reader took %.1f MiB at most\n", static_cast<double>(grown) / (1 << 20));
  EXPECT_LT(grown, std::size_t{64} << 20);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace kith::host
