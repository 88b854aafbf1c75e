// SPDX-License-Identifier: Apache-2.0
#include "tensor/border.h"

#include <gmock/gmock.h>

#include <stdexcept>
#include <thread>

#include "host/tensor/facade.h"
#include "tensor/services.h"

namespace kith::host::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class BorderTest : public FacadeTest {
 protected:
  /// What the host throws after plugin code that runs `work`.
  template <class E, class Work>
  static std::string from_plugin(Work work) {
    return error_of<E>([&] { check_plugin(kith::detail::guard(work), "plugin: step"); });
  }
  /// What the plugin throws after host code that runs `work`.
  template <class E, class Work>
  static std::string from_host(Work work) {
    return error_of<E>([&] { kith::detail::check(serve("service", work)); });
  }
};

TEST_F(BorderTest, ErrorsOfKithKeepTheirKindIntoTheHost) {
  EXPECT_EQ(from_plugin<ConfigError>([] { throw ConfigError("a"); }), "plugin: step: a");
  EXPECT_EQ(from_plugin<DataError>([] { throw DataError("b"); }), "plugin: step: b");
  EXPECT_EQ(from_plugin<ShapeError>([] { throw ShapeError("c"); }), "plugin: step: c");
  EXPECT_EQ(from_plugin<PluginError>([] { throw PluginError("d"); }), "plugin: step: d");
}

TEST_F(BorderTest, OtherExceptionsOfAPluginArePluginErrors) {
  EXPECT_EQ(from_plugin<PluginError>([] { throw std::runtime_error("e"); }), "plugin: step: e");
  EXPECT_EQ(from_plugin<PluginError>([] { throw 7; }),
            "plugin: step: an exception that is not a std::exception");
  EXPECT_THAT(from_plugin<PluginError>([] { static_cast<void>(std::vector<int>().at(3)); }),
              StartsWith("plugin: step: "));
}

TEST_F(BorderTest, ErrorsOfTheHostKeepTheirKindIntoThePlugin) {
  EXPECT_EQ(from_host<ConfigError>([] { throw ConfigError("a"); }), "service: a");
  EXPECT_EQ(from_host<DataError>([] { throw DataError("b"); }), "service: b");
  EXPECT_EQ(from_host<PluginError>([] { throw PluginError("d"); }), "service: d");
  EXPECT_EQ(from_host<kith::Error>([] { throw std::runtime_error("e"); }), "service: e");
  EXPECT_EQ(from_host<kith::Error>([] { throw 7; }),
            "service: an exception that is not a std::exception");
}

TEST_F(BorderTest, AnErrorOfLibTorchIsAShapeErrorWithoutItsBacktrace) {
  const auto text = from_host<ShapeError>([] { at::mm(at::ones({2, 3}), at::ones({2, 3})); });
  EXPECT_THAT(text, StartsWith("service: "));
  EXPECT_THAT(text, testing::Not(HasSubstr("Exception raised from")));
}

TEST_F(BorderTest, EachThreadHasItsOwnError) {
  set_border_error(KITH_ERROR_DATA, "of the main thread");
  std::thread([] { set_border_error(KITH_ERROR_CONFIG, "of another"); }).join();
  std::int32_t kind = 0;
  EXPECT_EQ(to_string(host_table()->error(&kind)), "of the main thread");
  EXPECT_EQ(kind, KITH_ERROR_DATA);
}

TEST_F(BorderTest, AServiceIsFoundByItsIdIfItIsLongEnough) {
  EXPECT_EQ(host_table()->query(KITH_TENSOR_SERVICE, sizeof(kith_tensor_api)), tensor_service());
  EXPECT_EQ(host_table()->query(KITH_TENSOR_SERVICE, sizeof(kith_tensor_api) + 1), nullptr);
  EXPECT_EQ(host_table()->query("kith.time_machine/1", 0), nullptr);
  EXPECT_THAT(
      error_of<PluginError>([] { kith::detail::service<kith_host>("kith.time_machine/1"); }),
      HasSubstr("this host has no service 'kith.time_machine/1'"));
  EXPECT_TRUE(KITH_HAS(tensor_service(), grad));
}

TEST_F(BorderTest, KnowsWhosePluginRuns) {
  EXPECT_EQ(current_plugin(), "");
  const std::string outer = "org.test.a", inner = "org.test.b";
  const PluginScope a(outer);
  {
    const PluginScope b(inner);
    EXPECT_EQ(current_plugin(), "org.test.b");
  }
  EXPECT_EQ(current_plugin(), "org.test.a");
}

}  // namespace
}  // namespace kith::host::test
