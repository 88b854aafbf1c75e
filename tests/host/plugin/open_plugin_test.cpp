// SPDX-License-Identifier: Apache-2.0
#include "plugin/open_plugin.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <kith/abi/loss.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <cstddef>

#include "plugin/checks.h"
#include "plugin/note_reader.h"
#include "plugin_fixture.h"

namespace kith::host {
namespace {

class OpenPluginTest : public PluginTest {
 protected:
  static const kith_loss_api& loss_table(PluginRegistry& all, const std::string& name) {
    return *static_cast<const kith_loss_api*>(all.load(all.find("loss", name)).table);
  }
  /// The text with which a file is refused; "loaded" if it is not.
  static std::string refusal_of_load(PluginRegistry& all, const PluginRecord& record) {
    const auto text = refusal([&] { all.load(record); });
    return text.empty() ? "loaded" : text;
  }
  /// Holds the refusal of a fixture whose handshake fails against its four lines.
  void expect_handshake_refused(const std::string& name, const std::string& what) const {
    const auto path = copy(name);
    EXPECT_EQ(refusal_of(name),
              "KITH-401 'org.test." + name + "' 0.1.0 " + what + "\n  plugin : " + path.string() +
                  ", SDK " KITH_SDK_VERSION "\n  host   : SDK " KITH_SDK_VERSION
                  ", interface kith.loss/1\n  do     : build the plugin again with the SDK's "
                  "KITH_PLUGIN(...)");
  }
  /// What the loss answers, as the number that it is in disguise.
  static std::intptr_t value_of(const kith_loss_api& loss, void* self) {
    kith_tensor answer = nullptr;
    EXPECT_EQ(loss.forward(self, nullptr, 0, &answer), KITH_OK);
    return reinterpret_cast<std::intptr_t>(answer);
  }
  /// What an instance without options answers.
  static std::intptr_t value_of_plain(const kith_loss_api& loss) {
    void* self = nullptr;
    EXPECT_EQ(loss.create(nullptr, nullptr, 0, &self), KITH_OK);
    const auto value = value_of(loss, self);
    loss.destroy(self);
    return value;
  }
  /// The path under which the dynamic linker has what a table is part of.
  static std::string opened_path(const kith_loss_api& loss) {
    Dl_info info{};
    EXPECT_NE(::dladdr(&loss, &info), 0);
    return info.dli_fname == nullptr ? "" : info.dli_fname;
  }
  /// The fixture "plain" with bytes that no other test has: a library is opened once per process.
  std::filesystem::path copy_plain(const std::string& summary) const {
    return copy_with("plain", "For tests.", summary);
  }
};

/// Plugins are opened by their paths while it lives.
class OpenedInPlace {
 public:
  OpenedInPlace() { ::setenv("KITH_PLUGIN_IN_PLACE", "1", 1); }
  ~OpenedInPlace() { ::unsetenv("KITH_PLUGIN_IN_PLACE"); }
  OpenedInPlace(const OpenedInPlace&) = delete;
  OpenedInPlace& operator=(const OpenedInPlace&) = delete;
};

/// Nothing can be written into a file, an anonymous one neither, while it lives.
class WritesFail {
 public:
  WritesFail() : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit nothing{0, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &nothing), 0);
  }
  ~WritesFail() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  WritesFail(const WritesFail&) = delete;
  WritesFail& operator=(const WritesFail&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_F(OpenPluginTest, RunsThePluginThroughItsTable) {
  copy("complete");
  PluginRegistry all = registry();
  const kith_loss_api& loss = loss_table(all, "complete");
  EXPECT_EQ(loss.struct_size, sizeof(kith_loss_api));
  kith_arg k{"k", {}};
  k.value.tag = KITH_INT;
  k.value.v.i = 33;
  void* self = nullptr;
  ASSERT_EQ(loss.create(nullptr, &k, 1, &self), KITH_OK);
  EXPECT_EQ(value_of(loss, self), 33);
  loss.destroy(self);
}

TEST_F(OpenPluginTest, ExceptionsOfAPluginArriveAsStatusKindAndText) {
  copy("complete");
  PluginRegistry all = registry();
  const kith_loss_api& loss = loss_table(all, "complete");
  kith_arg k{"k", {}};
  k.value.tag = KITH_INT;
  void* self = nullptr;
  k.value.v.i = 13;
  EXPECT_EQ(loss.create(nullptr, &k, 1, &self), KITH_ERROR);
  EXPECT_EQ(last_error(), "complete: k must not be 13");
  EXPECT_EQ(last_error_kind(), KITH_ERROR_CONFIG);
  k.value.v.i = 14;
  EXPECT_EQ(loss.create(nullptr, &k, 1, &self), KITH_ERROR);
  EXPECT_EQ(last_error(), "an exception that is not a std::exception");
  EXPECT_EQ(loss.create(nullptr, nullptr, 0, &self), KITH_ERROR);
  EXPECT_EQ(last_error(),
            "options: no option 'k' was declared; add it to the plugin's kith::options(...)");
  k.value.tag = KITH_DOUBLE;
  EXPECT_EQ(loss.create(nullptr, &k, 1, &self), KITH_ERROR);
  EXPECT_EQ(last_error(),
            "options: 'k' was asked for as an integer, but it was declared as another type");
}

TEST_F(OpenPluginTest, EqualClassNamesInTwoPluginsDoNotMeet) {
  copy("equal_a");
  copy("equal_b");
  PluginRegistry all = registry();
  const kith_loss_api& a = loss_table(all, "equal_a");
  const kith_loss_api& b = loss_table(all, "equal_b");
  void *self_a = nullptr, *self_b = nullptr;
  ASSERT_EQ(a.create(nullptr, nullptr, 0, &self_a), KITH_OK);
  ASSERT_EQ(b.create(nullptr, nullptr, 0, &self_b), KITH_OK);
  EXPECT_EQ(value_of(a, self_a), 100);
  EXPECT_EQ(value_of(b, self_b), 200);
  EXPECT_EQ(value_of(a, self_a), 101);
  a.destroy(self_a);
  b.destroy(self_b);
}

TEST_F(OpenPluginTest, RefusesAnEntryThatFails) {
  copy("entry_fails");
  EXPECT_NE(
      refusal_of("entry_fails").find("KITH-401 'org.test.entry_fails' 0.1.0 failed in its entry"),
      std::string::npos)
      << refusal_of("entry_fails");
}

TEST_F(OpenPluginTest, RefusesAnEntryThatThrows) {
  copy("entry_throws");
  EXPECT_NE(refusal_of("entry_throws")
                .find("KITH-401 'org.test.entry_throws' 0.1.0 threw an exception out of its entry"),
            std::string::npos)
      << refusal_of("entry_throws");
}

TEST_F(OpenPluginTest, RefusesAPluginTableOfImpossibleSize) {
  expect_handshake_refused("plugin_smaller", "gave a plugin table of 8 bytes, wanted 16 to 65536");
  expect_handshake_refused("plugin_huge",
                           "gave a plugin table of 2147483640 bytes, wanted 16 to 65536");
}

TEST_F(OpenPluginTest, RefusesAPluginTableOfAnotherVersionOrWithoutItsFunction) {
  expect_handshake_refused("plugin_newer", "gave a plugin table of version 2, wanted 1");
  expect_handshake_refused("plugin_no_get",
                           "gave a plugin table without the function that gives interfaces");
}

TEST_F(OpenPluginTest, RefusesAPluginThatLacksTheInterfaceOfItsNote) {
  expect_handshake_refused("no_interface", "does not give the interface that its note names");
}

TEST_F(OpenPluginTest, SaysWhyTheDynamicLinkerDoesNotOpenAFile) {
  const auto path = copy("no_open");
  const auto text = refusal_of("no_open");
  EXPECT_THAT(text, testing::StartsWith("KITH-317 'org.test.no_open' 0.1.0 could not be opened\n"));
  EXPECT_THAT(text,
              testing::HasSubstr("  plugin : " + path.string() + "; the dynamic linker says: "));
  EXPECT_THAT(text, testing::HasSubstr("cannot be dlopen()ed"));
  EXPECT_THAT(text, testing::HasSubstr("  host   : opens with all symbols resolved\n"
                                       "  do     : build the plugin again on this system, with the "
                                       "line that the SDK documents"));
  EXPECT_FALSE(plugin_code_ran());
}

TEST_F(OpenPluginTest, ATableOfALaterRevisionWorks) {
  copy("table_larger");
  PluginRegistry all = registry();
  const kith_loss_api& loss = loss_table(all, "table_larger");
  EXPECT_EQ(loss.struct_size, sizeof(kith_loss_api) + 16);
  void* self = nullptr;
  ASSERT_EQ(loss.create(nullptr, nullptr, 0, &self), KITH_OK);
  EXPECT_EQ(value_of(loss, self), 1);
  loss.destroy(self);
}

TEST_F(OpenPluginTest, RefusesATableThatEndsBeforeTheFirstRevision) {
  copy("table_smaller");
  EXPECT_NE(
      refusal_of("table_smaller")
          .find("KITH-401 'org.test.table_smaller' 0.1.0 gave an interface table of 24 bytes"),
      std::string::npos)
      << refusal_of("table_smaller");
}

TEST_F(OpenPluginTest, RefusesTablesOfImpossibleSize) {
  copy("table_zero");
  copy("table_huge");
  EXPECT_NE(refusal_of("table_zero")
                .find("KITH-401 'org.test.table_zero' 0.1.0 gave an interface "
                      "table of 0 bytes"),
            std::string::npos)
      << refusal_of("table_zero");
  EXPECT_NE(refusal_of("table_huge").find("gave an interface table of 2147483640 bytes"),
            std::string::npos)
      << refusal_of("table_huge");
}

TEST_F(OpenPluginTest, RefusesATableThatEndsInTheMiddleOfASlot) {
  expect_handshake_refused(
      "table_uneven",
      "gave an interface table of " + std::to_string(sizeof(kith_loss_api) + 1) +
          " bytes, wanted a multiple of 4 from " +
          std::to_string(offsetof(kith_loss_api, forward) + sizeof(kith_loss_api::forward)) +
          " to 65536");
}

TEST_F(OpenPluginTest, RefusesATableWithoutAVersion) {
  expect_handshake_refused("table_no_version", "gave an interface table without a version");
}

TEST_F(OpenPluginTest, RunsTheBytesThatWereCheckedWhateverHappensToTheFile) {
  const auto path = copy("elsewhere");
  PluginRegistry all = registry();
  const kith_loss_api& loss = loss_table(all, "plain");
  std::filesystem::resize_file(
      path, 100);  // a library that is mapped from its file would crash from here on
  void* self = nullptr;
  ASSERT_EQ(loss.create(nullptr, nullptr, 0, &self), KITH_OK);
  EXPECT_EQ(value_of(loss, self), 3);
  loss.destroy(self);
}

TEST_F(OpenPluginTest, OpensAFileInPlaceWhereTheEnvironmentAsksForIt) {
  const auto path = copy_plain("For place.");
  const OpenedInPlace in_place;
  PluginRegistry all = registry();
  const auto& loss = loss_table(all, "plain");
  EXPECT_EQ(opened_path(loss), path.string());
  EXPECT_EQ(all.find("loss", "plain").metadata.id, "org.test.plain");
  EXPECT_EQ(value_of_plain(loss), 1);
}

TEST_F(OpenPluginTest, OpensAnAnonymousCopyOtherwise) {
  copy_plain("For copies");
  PluginRegistry all = registry();
  const auto& loss = loss_table(all, "plain");
  EXPECT_THAT(opened_path(loss), testing::StartsWith("/proc/self/fd/"));
  EXPECT_EQ(value_of_plain(loss), 1);
}

TEST_F(OpenPluginTest, OpensAFileInPlaceWhereNoAnonymousCopyCanBeMade) {
  const auto path = copy_plain("For limits");
  PluginRegistry all = registry();
  const auto& record = all.find("loss", "plain");
  all.check({&record});
  const auto text = [&] {
    const WritesFail writes_fail;
    return refusal([&] { all.load(record); });
  }();
  ASSERT_EQ(text, "");
  const auto& loss = loss_table(all, "plain");
  EXPECT_EQ(opened_path(loss), path.string());
  EXPECT_EQ(value_of_plain(loss), 1);
}

TEST_F(OpenPluginTest, OfAFileThatWasReplacedTheCheckedBytesRunOrNone) {
  const auto path = copy_plain("For a swap");
  const PluginFile file = read_plugin_file(path);
  const PluginMetadata metadata = read_note(parse_elf(file), path);
  std::filesystem::remove(path);  // the bytes that were checked are in the open file
  copy("plain_again", "plain");
  const auto open = [&] { return open_plugin(file, metadata, error_keeping_host()); };
  {
    const OpenedInPlace in_place;
    EXPECT_EQ(refusal([&] { open(); }),
              "KITH-205 'plain.so' changed while it was checked\n  plugin : " + path.string() +
                  "\n  host   : checked SHA-256 " + file.sha256 +
                  "\n  do     : try again when nothing writes the file");
    EXPECT_FALSE(plugin_code_ran());
  }
  EXPECT_EQ(value_of_plain(*static_cast<const kith_loss_api*>(open())), 1)
      << "not 2, the new one's";
}

TEST_F(OpenPluginTest, RefusesAFileThatChangedAfterItWasFound) {
  copy("plain");
  PluginRegistry all = registry();
  const PluginRecord& record = all.find("loss", "plain");
  std::filesystem::copy_file(fixture("plain_again"), record.path,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(refusal_of_load(all, record),
              testing::HasSubstr("KITH-205 'org.test.plain' changed since it was found"));
  EXPECT_FALSE(plugin_code_ran());
}

TEST_F(OpenPluginTest, RefusesAFileThatWasSwappedAfterItsTrial) {
  copy("plain");
  PluginRegistry all = registry();
  const PluginRecord& record = all.find("loss", "plain");
  all.check({&record});
  std::filesystem::copy_file(fixture("plain_again"), record.path,
                             std::filesystem::copy_options::overwrite_existing);
  const auto text = refusal_of_load(all, record);
  EXPECT_THAT(text, testing::HasSubstr("KITH-205 'org.test.plain' changed since it was checked"));
  EXPECT_THAT(text, testing::HasSubstr("checked SHA-256 " + record.sha256));
}

}  // namespace
}  // namespace kith::host
