// SPDX-License-Identifier: Apache-2.0
#include "store/json_log.h"

#include <gtest/gtest.h>

#include <kith/error.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "store_files.h"

namespace kith::host {
namespace {

TEST(JsonLogTest, WritesOneObjectALineInTheOrderOfItsMembers) {
  const TempFolder folder;
  JsonLog log(folder / "log.jsonl");
  log.write({{"step", 1}, {"loss", 0.5}});
  EXPECT_EQ(read_bytes(folder / "log.jsonl"), "{\"step\":1,\"loss\":0.5}\n");  // at once
  log.write({{"step", 2}, {"loss", std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_EQ(read_bytes(folder / "log.jsonl"),
            "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"loss\":null}\n");
}

TEST(JsonLogTest, ReplacesBytesThatAreNoUtf8) {
  const TempFolder folder;
  JsonLog log(folder / "log.jsonl");
  log.write({{"skipped", "a\xff.png"}});
  EXPECT_EQ(read_bytes(folder / "log.jsonl"), "{\"skipped\":\"a\xef\xbf\xbd.png\"}\n");
}

TEST(JsonLogTest, RefusesWhatIsNoObject) {
  const TempFolder folder;
  JsonLog log(folder / "log.jsonl");
  EXPECT_EQ(error_of<DataError>([&] { log.write(nlohmann::ordered_json(3)); }),
            "log: wanted a JSON object, got 3");
}

TEST(JsonLogTest, CutDropsLaterStepsAndWhatFollowedThem) {
  const TempFolder folder;
  JsonLog log(folder / "log.jsonl");
  log.write({{"event", "start"}});
  log.write({{"step", 50}});
  log.write({{"step", 100}});
  log.write({{"event", "after 100"}});
  log.write({{"step", 150}});
  log.write({{"event", "after 150"}});
  log.cut_after(100);
  log.write({{"step", 101}});
  EXPECT_EQ(read_bytes(folder / "log.jsonl"),
            "{\"event\":\"start\"}\n{\"step\":50}\n{\"step\":100}\n{\"event\":\"after 100\"}\n"
            "{\"step\":101}\n");
}

TEST(JsonLogTest, TornLastLineIsDroppedWhenTheLogIsOpened) {
  const TempFolder folder;
  const std::string whole = "{\"step\":1}\n{\"text\":\"" + std::string(9000, 'a') + "\"}\n";
  for (const std::string& torn : {std::string("{\"step\":2,\"lo"), std::string(5000, '\0')}) {
    write_bytes(folder / "log.jsonl", whole + torn);
    JsonLog log(folder / "log.jsonl");
    EXPECT_EQ(read_bytes(folder / "log.jsonl"), whole);
    log.cut_after(1);
    EXPECT_EQ(read_bytes(folder / "log.jsonl"), whole);
  }
  write_bytes(folder / "log.jsonl", "{\"step\"");
  JsonLog log(folder / "log.jsonl");
  EXPECT_EQ(read_bytes(folder / "log.jsonl"), "");
}

TEST(JsonLogTest, DamagedLineInTheMiddleIsNamedAndTheFileStays) {
  const TempFolder folder;
  const std::string text = "{\"step\":1}\nnot json\n{\"step\":2}\n";
  write_bytes(folder / "log.jsonl", text);
  JsonLog log(folder / "log.jsonl");
  const std::string error = error_of<DataError>([&] { log.cut_after(1); });
  EXPECT_EQ(error, "log: " + (folder / "log.jsonl").string() +
                       ":2 is no JSON object; the line is damaged: remove it");
  EXPECT_EQ(read_bytes(folder / "log.jsonl"), text);
}

TEST(JsonLogTest, CutToASizeDropsWhatLiesBehindItOnly) {
  const TempFolder folder;
  JsonLog log(folder / "log.jsonl");
  log.write({{"step", 1}});
  const auto size = log.size();
  log.write({{"step", 1}, {"metric", "top1"}});
  log.cut_to(1000);
  EXPECT_EQ(read_bytes(folder / "log.jsonl"), "{\"step\":1}\n{\"step\":1,\"metric\":\"top1\"}\n");
  log.cut_to(size);
  log.write({{"step", 2}});
  EXPECT_EQ(read_bytes(folder / "log.jsonl"), "{\"step\":1}\n{\"step\":2}\n");
}

TEST(JsonLogTest, FullDiskIsAnError) {
  const SmallDisk disk("16k");
  if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a small disk";
  JsonLog log(disk / "log.jsonl");
  const std::string text = error_of<DataError>([&] {
    for (int step = 0; step < 1000; ++step) log.write({{"text", std::string(1000, 'x')}});
  });
  EXPECT_NE(text.find("No space left on device"), std::string::npos) << text;
}

}  // namespace
}  // namespace kith::host
