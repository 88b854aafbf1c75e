// SPDX-License-Identifier: Apache-2.0
#include "plugin/note_reader.h"

#include <algorithm>
#include <random>

#include "plugin/note_entries.h"
#include "plugin/refusal.h"
#include "plugin_fixture.h"

namespace kith::host {
namespace {

class NoteReaderTest : public PluginTest {
 protected:
  static PluginMetadata read(const std::vector<char>& bytes) {
    const ElfFile elf(std::as_bytes(std::span(bytes)));
    return read_note(elf, "test.so");
  }
  static std::string refusal(const std::vector<char>& bytes) {
    try {
      read(bytes);
      return "";
    } catch (const PluginRefused& e) {
      return e.what();
    }
  }
  /// Where the descriptor of the metadata note begins.
  static std::size_t descriptor_at(const std::vector<char>& bytes) {
    const std::string magic = "KTN1";
    return static_cast<std::size_t>(
        std::search(bytes.begin(), bytes.end(), magic.begin(), magic.end()) - bytes.begin());
  }
  static const OptionSpec& option(const PluginMetadata& m, const std::string& name) {
    return *std::find_if(m.options.begin(), m.options.end(),
                         [&](const OptionSpec& o) { return o.name == name; });
  }
  std::vector<char> bytes_ = bytes_of(fixture("complete"));
};

TEST_F(NoteReaderTest, ReadsWhoThePluginIs) {
  const PluginMetadata m = read(bytes_);
  EXPECT_EQ(m.tier, "portable/1");
  EXPECT_EQ(m.sdk_version, KITH_SDK_VERSION);
  EXPECT_EQ(m.id, "org.test.complete");
  EXPECT_EQ(m.name, "complete");
  EXPECT_EQ(m.version, "1.2.3");
  EXPECT_EQ(m.licence, "Apache-2.0");
  EXPECT_EQ(m.summary, "Has everything that a note can say.");
  EXPECT_EQ(m.authors, "A. Müller");
  EXPECT_EQ(m.url, "https://example.org/complete");
  EXPECT_EQ(m.interface_id, "kith.loss/1");
  EXPECT_EQ(m.kind, "loss");
  EXPECT_FALSE(m.compiler.empty());
  EXPECT_EQ(m.required_services, std::vector<std::string>{"kith.tensor/1"});
  ASSERT_EQ(m.facts.size(), 1u);
  EXPECT_EQ(m.facts[0].group, "input");
  EXPECT_EQ(m.facts[0].name, "query");
  EXPECT_EQ(m.facts[0].value, "N C");
  EXPECT_EQ(m.facts[0].flags, "unit_rows gradient");
}

TEST_F(NoteReaderTest, ReadsEveryTypeOfOption) {
  const PluginMetadata m = read(bytes_);
  ASSERT_EQ(m.options.size(), 13u);
  EXPECT_EQ(std::get<bool>(option(m, "symmetric").defaults[0]), true);
  const OptionSpec& k = option(m, "k");
  EXPECT_EQ(std::get<std::int64_t>(k.defaults[0]), 20);
  EXPECT_EQ(std::get<std::int64_t>(*k.min), 1);
  EXPECT_EQ(std::get<std::int64_t>(*k.max), 100000);
  EXPECT_EQ(k.help, "neighbours");
  EXPECT_EQ(std::get<double>(option(m, "temperature").defaults[0]), 0.1);
  EXPECT_EQ(std::get<double>(*option(m, "temperature").min), 1e-4);
  EXPECT_EQ(std::get<std::string>(option(m, "note").defaults[0]), "none");
  EXPECT_EQ(option(m, "scale").choices, (std::vector<std::string>{"paper", "code"}));
  EXPECT_EQ(std::get<std::string>(option(m, "scale").defaults[0]), "paper");
  EXPECT_EQ(option(m, "table").type, OptionType::kPath);
  EXPECT_EQ(option(m, "loss").plugin_kind, "loss");
  const Schedule momentum = std::get<Schedule>(option(m, "ema_momentum").defaults[0]);
  EXPECT_EQ(momentum.kind, "cosine");
  EXPECT_EQ(momentum.start, 0.99);
  EXPECT_EQ(momentum.end, 1.0);
  const OptionSpec& area = option(m, "area");
  EXPECT_TRUE(area.is_list);
  EXPECT_EQ(area.min_length, 2u);
  EXPECT_EQ(area.max_length, 2u);
  EXPECT_EQ(std::get<double>(area.defaults[1]), 1.0);
  EXPECT_EQ(area.unit, "fraction");
  EXPECT_EQ(std::get<std::int64_t>(option(m, "widths").defaults[1]), 32);
  EXPECT_TRUE(option(m, "names").defaults.empty());
}

TEST_F(NoteReaderTest, ReadsTheValuesThatWordsStandFor) {
  const PluginMetadata m = read(bytes_);
  const std::vector<OptionPreset>& presets = option(m, "levels").presets;
  ASSERT_EQ(presets.size(), 2u);
  EXPECT_EQ(presets[0].option, "statistics");
  EXPECT_EQ(presets[0].word, "known");
  ASSERT_EQ(presets[0].values.size(), 2u);
  EXPECT_EQ(std::get<double>(presets[0].values[1]), 0.75);
  EXPECT_EQ(presets[0].measured, "");
  EXPECT_EQ(presets[1].word, "measure");
  EXPECT_TRUE(presets[1].values.empty());
  EXPECT_EQ(presets[1].measured, "channel_mean");
  EXPECT_TRUE(option(m, "area").presets.empty());
}

TEST_F(NoteReaderTest, RefusesValuesOfAWordThatIsNoChoice) {
  auto lies = bytes_;
  const std::string name = "levels", word = "known";
  auto at = std::search(lies.begin(), lies.end(), name.begin(), name.end());
  at = std::search(at, lies.end(), word.begin(), word.end());
  ASSERT_NE(at, lies.end());
  *at = 'K';
  EXPECT_NE(refusal(lies).find("option 'levels' has a preset for 'statistics' = 'Known', which is "
                               "no choice beside the first"),
            std::string::npos)
      << refusal(lies);
}

TEST_F(NoteReaderTest, RefusesValuesOfAWordOutsideTheirRange) {
  auto lies = bytes_;
  const std::string word = "known", quarters("\0\0\0\0\0\0\xe8\x3f", 8);  // 0.75
  auto at = std::search(lies.begin(), lies.end(), word.begin(), word.end());
  at = std::search(at, lies.end(), quarters.begin(), quarters.end());
  ASSERT_NE(at, lies.end());
  at[7] = '\x40';  // 49152
  EXPECT_NE(refusal(lies).find("option 'levels' has a preset outside its range"), std::string::npos)
      << refusal(lies);
}

TEST_F(NoteReaderTest, ReadsTheOperatorsThatAreCalledOnceEach) {
  auto operators = read(bytes_).operators;
  std::sort(operators.begin(), operators.end(),
            [](const OperatorUse& a, const OperatorUse& b) { return a.name < b.name; });
  ASSERT_EQ(operators.size(), 3u);
  EXPECT_EQ(operators[0].name, "aten::add.Tensor");
  EXPECT_EQ(operators[1].name, "aten::brand_new");
  EXPECT_FALSE(operators[1].required);
  EXPECT_EQ(operators[2].name, "aten::matmul");
  EXPECT_TRUE(operators[2].required);  // one of the two calls cannot do without
}

TEST_F(NoteReaderTest, SaysThatALibraryIsNoPlugin) {
  const std::string text = refusal(bytes_of(fixture("no_note")));
  EXPECT_NE(text.find("KITH-301 'test.so' is a shared library, but no Kith plugin"), text.npos)
      << text;
  EXPECT_NE(text.find("KITH_PLUGIN(YourClass)"), text.npos) << text;
}

TEST_F(NoteReaderTest, RefusesANoteThatLiesAboutItsSize) {
  auto lies = bytes_;
  lies[descriptor_at(bytes_) + 4] ^= 1;
  EXPECT_NE(refusal(lies).find("KITH-302 'test.so' has a damaged note: it says that it has"),
            std::string::npos)
      << refusal(lies);
}

TEST_F(NoteReaderTest, RefusesAnEntryThatLiesAboutItsLength) {
  auto lies = bytes_;
  const std::size_t first_length = descriptor_at(bytes_) + 8 + 4;
  std::fill_n(lies.begin() + static_cast<std::ptrdiff_t>(first_length), 4, '\xff');
  EXPECT_NE(refusal(lies).find("an entry of 4294967295 bytes does not fit"), std::string::npos)
      << refusal(lies);
}

TEST_F(NoteReaderTest, RefusesACriticalEntryThatItDoesNotKnow) {
  auto newer = bytes_;
  newer[descriptor_at(bytes_) + 8] = 77;  // the key of the first entry, the tier, which is critical
  const std::string text = refusal(newer);
  EXPECT_NE(text.find("KITH-303"), text.npos) << text;
  EXPECT_NE(text.find("entry 77 of its note"), text.npos) << text;
}

TEST_F(NoteReaderTest, RefusesANewerForm) {
  auto newer = bytes_;
  newer[descriptor_at(bytes_) + 3] = '2';
  EXPECT_NE(refusal(newer).find("KITH-304"), std::string::npos) << refusal(newer);
}

TEST_F(NoteReaderTest, RefusesControlCharactersAndBrokenUtf8) {
  for (char bad : {'\x1b', '\n', '\xff', '\x80'}) {
    auto lies = bytes_;
    const std::string id = "org.test.complete";
    *std::search(lies.begin(), lies.end(), id.begin(), id.end()) = bad;
    EXPECT_NE(refusal(lies).find("a text is not plain UTF-8"), std::string::npos) << refusal(lies);
  }
}

TEST_F(NoteReaderTest, RefusesADefaultOutsideItsRange) {
  auto lies = bytes_;
  const std::string name = "temperature";
  auto at = std::search(lies.begin(), lies.end(), name.begin(), name.end());
  const std::string tenth = "\x9a\x99\x99\x99\x99\x99\xb9\x3f";  // 0.1
  at = std::search(at, lies.end(), tenth.begin(), tenth.end());
  ASSERT_NE(at, lies.end());
  at[7] = '\x7e';  // about 5e301
  const std::string text = refusal(lies);
  EXPECT_NE(text.find("option 'temperature' has a default outside its range"), text.npos) << text;
}

TEST_F(NoteReaderTest, SurvivesFlippedBitsOfTheNote) {
  std::mt19937 random(11);
  const std::size_t start = descriptor_at(bytes_);
  std::uniform_int_distribution<std::size_t> inside(start - 20, start + 1200);
  int refused = 0;
  for (int round = 0; round < 1000; ++round) {
    auto flipped = bytes_;
    for (int n = 0; n <= round % 3; ++n)
      flipped[inside(random)] ^= static_cast<char>(1 << (round % 8));
    try {
      refused += refusal(flipped).empty() ? 0 : 1;
    } catch (const ElfError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace kith::host
