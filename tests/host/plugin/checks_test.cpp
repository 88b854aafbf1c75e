// SPDX-License-Identifier: Apache-2.0
#include "plugin/checks.h"

#include <gnu/libc-version.h>
#include <sys/stat.h>

#include "plugin/plugin_file.h"
#include "plugin_fixture.h"

namespace kith::host {
namespace {

class ChecksTest : public PluginTest {
 protected:
  /// Loads a fixture, expects a refusal with all of the texts in it, and that nothing of it ran.
  void expect_refused(const std::string& name, const std::vector<std::string>& texts) {
    const std::string refusal = refusal_of(name);
    for (const std::string& text : texts)
      EXPECT_NE(refusal.find(text), refusal.npos) << "wanted: " << text << "\ngot: " << refusal;
    for (const char* line : {"\n  plugin : ", "\n  host   : ", "\n  do     : "})
      EXPECT_NE(refusal.find(line), refusal.npos) << refusal;
    EXPECT_FALSE(plugin_code_ran()) << name;
  }
};

TEST_F(ChecksTest, LetsAGoodPluginThrough) {
  copy("plain");
  EXPECT_EQ(refusal_of("plain"), "loaded");
  EXPECT_TRUE(plugin_code_ran());
}

TEST_F(ChecksTest, RefusesANewerTier) {
  copy_with("plain", "portable/1", "portable/2");
  expect_refused("plain", {"KITH-304 'org.test.plain' 0.1.0 is of tier portable/2",
                           "host   : tier portable/1", "use a newer Kith"});
}

TEST_F(ChecksTest, RefusesTheNativeTier) {
  copy_with("plain", "portable/1", "native/001");
  expect_refused("plain", {"KITH-304", "ask for a portable build"});
}

TEST_F(ChecksTest, RefusesAnotherSdk) {
  copy_with("plain", "0.1.0", "0.9.0");
  expect_refused("plain", {"KITH-305 'org.test.plain' 0.9.0 was built for SDK 0.9.0; this host has "
                           "SDK " KITH_SDK_VERSION});
}

TEST_F(ChecksTest, ComparesSdkVersions) {
  EXPECT_TRUE(sdk_fits("0.1.7", "0.1.0"));
  EXPECT_FALSE(sdk_fits("0.2.0", "0.1.0"));
  EXPECT_FALSE(sdk_fits("0.1.0", "0.2.0"));
  EXPECT_TRUE(sdk_fits("1.2.0", "1.3.5"));
  EXPECT_FALSE(sdk_fits("1.4.0", "1.3.5"));
  EXPECT_FALSE(sdk_fits("1.0.0", "2.0.0"));
  EXPECT_FALSE(sdk_fits("one", "1.0.0"));
  EXPECT_FALSE(sdk_fits("", "0.1.0"));
}

TEST_F(ChecksTest, RefusesAnInterfaceThatTheHostDoesNotUse) {
  copy_with("plain", "kith.loss/1", "kith.loss/9");
  expect_refused("plain", {"KITH-306", "offers interface kith.loss/9", "kith.loss/1"});
}

TEST_F(ChecksTest, RefusesAServiceThatTheHostLacks) {
  copy("service");
  expect_refused("service",
                 {"KITH-306 'org.test.service' 0.1.0 needs services that this host lacks: "
                  "kith.time_machine/1"});
}

TEST_F(ChecksTest, RefusesALaterRevisionOfAService) {
  const auto path = copy("newer_service");
  expect_refused(
      "newer_service",
      {"KITH-306 'org.test.newer_service' 0.1.0 needs services that this host lacks: "
       "kith.tensor/2\n",
       "plugin : " + path.string() + ", requires kith.tensor/2\n",
       "host   : SDK " KITH_SDK_VERSION " without kith.tensor/2\n", "do     : use a newer Kith"});
}

TEST_F(ChecksTest, RefusesAnOperatorThatLibTorchLacks) {
  copy("operator");
  expect_refused("operator", {"KITH-307 'org.test.operator' 0.1.0 calls operators that this host's "
                              "LibTorch lacks: aten::no_such_op",
                              "host   : LibTorch 2.15.0"});
}

TEST_F(ChecksTest, AllowsAnOptionalOperatorToBeMissing) {
  copy("complete");
  EXPECT_EQ(refusal_of("complete"), "loaded");
}

TEST_F(ChecksTest, ListsUndefinedSymbolsDemangled) {
  copy("undefined");
  expect_refused("undefined",
                 {"KITH-309 'org.test.undefined' 0.1.0 uses symbols that nothing here defines: ",
                  "defined_nowhere(int)", "lab::Absent::value(char const*) const", "absent_in_c",
                  ", 3 undefined symbols"});
}

TEST_F(ChecksTest, RefusesANewerCLibrary) {
  // In the table of names that the linker reads; the bytes of the version's hash stay, and are not
  // looked at.
  const std::string older = "GLIBC_2.2.5";
  copy_with("plain", older, "GLIBC_9.9.9");
  expect_refused("plain", {"KITH-310", "GLIBC_9.9.9 of libc.so.6",
                           std::string("host   : glibc ") + ::gnu_get_libc_version()});
}

TEST_F(ChecksTest, RefusesANewerCxxLibrary) {
  copy_with("complete", "CXXABI_1.3", "CXXABI_9.9");
  expect_refused(
      "complete",
      {"KITH-310 'org.test.complete' 1.2.3 was built on a newer system", "CXXABI_9.9",
       "of libstdc++.so.6", ", libstdc++ of g++ " + std::to_string(_GLIBCXX_RELEASE) + " or newer",
       "the oldest system"});
}

TEST_F(ChecksTest, RefusesALibraryThatIsNowhere) {
  copy_with("plain", "libc.so.6", "libq.so.6");
  expect_refused("plain",
                 {"KITH-312", "needs libraries that a portable plugin may not need: libq.so.6",
                  "link them into the plugin statically"});
}

TEST_F(ChecksTest, RefusesALibraryThatIsNotOnTheList) {
  copy("library");
  expect_refused("library",
                 {"KITH-312", "needs libraries that a portable plugin may not need: libz.so.1"});
}

TEST_F(ChecksTest, RefusesARunPath) {
  copy("run_path");
  expect_refused("run_path", {"KITH-312", "run path /opt/somewhere"});
}

TEST_F(ChecksTest, RefusesARunPathOfTheOldForm) {
  copy("old_run_path");
  expect_refused("old_run_path", {"KITH-312", "run path /opt/elsewhere"});
}

TEST_F(ChecksTest, RefusesAPluginWithoutItsEntry) {
  copy("no_entry");
  expect_refused("no_entry", {"KITH-314", "has no entry function kith_plugin_entry_v1",
                              "KITH_PLUGIN(YourClass)"});
}

TEST_F(ChecksTest, RefusesASecondExportedSymbol) {
  copy("export");
  expect_refused("export", {"KITH-315", "exports more than its entry: one_symbol_too_many",
                            "-fvisibility=hidden -fno-gnu-unique"});
}

TEST_F(ChecksTest, RefusesSymbolsThatPluginsWouldShare) {
  copy("unique_b");
  expect_refused("unique_b", {"KITH-315", "MyLoss::count"});
  copy("unique_a");
  expect_refused("unique_a", {"KITH-315", "MyLoss::count", "-fvisibility=hidden -fno-gnu-unique"});
}

TEST_F(ChecksTest, RefusesWhatIsNoPluginFile) {
  write("text.so", {'n', 'o', ' ', 'p', 'l', 'u', 'g', 'i', 'n'});
  expect_refused("text", {"KITH-206 'text.so' is no plugin for this machine: not an ELF file"});
  write("empty.so", {});
  expect_refused("empty", {"KITH-201", "an empty file"});
  std::filesystem::create_directory(folder_ / "folder.so");
  expect_refused((folder_ / "folder.so").string(), {"KITH-201", "a folder"});
  expect_refused((folder_ / "absent.so").string(), {"KITH-201", "No such file or directory"});
  ASSERT_EQ(::mkfifo((folder_ / "pipe.so").c_str(), 0600), 0);
  expect_refused("pipe", {"KITH-201", "no plain file"});
}

TEST_F(ChecksTest, RefusesAFileThatIsTooLarge) {
  const auto path = copy("plain");
  std::filesystem::resize_file(path, kMaxPluginBytes + 1);  // a hole: it takes no room
  expect_refused("plain", {"KITH-202 'plain.so' cannot be read as a plugin",
                           "plugin : " + path.string() + ": 268435457 bytes",
                           "host   : wants a plain file of 1 byte to 256 MiB",
                           "do     : strip the file, or keep data out of it"});
}

TEST_F(ChecksTest, RefusesATruncatedPlugin) {
  const auto bytes = bytes_of(fixture("plain"));
  for (std::size_t divisor : {2, 3, 5}) {
    write("cut.so",
          {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / divisor)});
    expect_refused("cut",
                   {"KITH-207 'cut.so' is truncated or damaged", "build or copy the plugin again"});
  }
}

TEST_F(ChecksTest, RefusesAnotherMachine) {
  auto bytes = bytes_of(fixture("plain"));
  bytes[18] = static_cast<char>(183);  // EM_AARCH64
  write("arm.so", bytes);
  expect_refused("arm", {"KITH-206", "an ELF file for aarch64", "x86-64 Linux"});
}

TEST_F(ChecksTest, RefusesOtherFormsOfElf) {
  const struct {
    std::size_t at;
    char value;
    const char* text;
  } forms[] = {{4, 1, "a 32-bit ELF file"},                              // EI_CLASS
               {5, 2, "a big-endian ELF file"},                          // EI_DATA
               {7, 9, "an ELF file for operating system number 9"},      // EI_OSABI: FreeBSD
               {16, 1, "an ELF file, but no shared library (type 1)"},   // e_type: ET_REL
               {16, 2, "an ELF file, but no shared library (type 2)"}};  // ET_EXEC
  for (const auto& form : forms) {
    auto bytes = bytes_of(fixture("plain"));
    bytes[form.at] = form.value;
    write("form.so", bytes);
    expect_refused("form", {std::string("KITH-206 'form.so' is no plugin for this machine: ") +
                                form.text + "\n",
                            "host   : reads ELF shared libraries for x86-64 Linux",
                            "do     : build the plugin for this machine"});
  }
}

TEST_F(ChecksTest, NamesWhatAFileOfAnotherSystemIs) {
  const std::pair<std::string, const char*> files[] = {
      {"\xcf\xfa\xed\xfe\x07", "a macOS (Mach-O) file"},
      {"\xca\xfe\xba\xbe", "a macOS (Mach-O) file"},
      {"MZ\x90", "a Windows (PE) file"},
      {"!<arch>\n", "an archive of object files (.a)"},
      {"PK\x03\x04", "a zip archive"},
      {"\x1f\x8b\x08", "a gzip archive"}};
  for (const auto& [begin, text] : files) {
    write("other.so", {begin.begin(), begin.end()});
    expect_refused("other", {std::string("KITH-206 'other.so' is no plugin for this machine: ") +
                             text + ", not an ELF file"});
  }
}

}  // namespace
}  // namespace kith::host
