#pragma once
// MasterTest: one test case on two masters, the embedded Mesos, started here, and a real one
// (ESAAS_MESOS_MASTER=host:port; skipped, and said so, without it), in JSON and protobuf. Every case has a role of its
// own.

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "tests/contract/mesos/framework.h"
#include "tests/reconcilers/embedded/driver.h"
#include "tests/reconcilers/embedded/served_model.h"

namespace esaas::contract {

enum class Master { kEmbedded, kReal };

class MasterTest : public ::testing::TestWithParam<std::tuple<Master, Encoding>> {
 protected:
  void SetUp() override {
    if (is_embedded()) {
      embedded::ModelOptions options;
      options.allocation_interval = std::chrono::milliseconds(20);
      served_ = std::make_unique<embedded::testing::ServedModel>(options, agents());
      master_.port = served_->port();
    } else {
      const char* real = std::getenv("ESAAS_MESOS_MASTER");
      if (real == nullptr) GTEST_SKIP() << "needs a real Mesos master: set ESAAS_MESOS_MASTER=host:port";
      const std::string text = real;
      const std::size_t colon = text.rfind(':');
      ASSERT_NE(colon, std::string::npos) << "ESAAS_MESOS_MASTER is not host:port";
      master_.host = text.substr(0, colon);
      master_.port = static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1));
    }
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    role_ = "es-" + std::to_string(::getpid()) + "-" + test.substr(0, test.find('/'));
  }

  /// Of the embedded Mesos; a real one has to have the same.
  [[nodiscard]] virtual std::vector<embedded::AgentSpec> agents() const = 0;

  [[nodiscard]] bool is_embedded() const { return std::get<0>(GetParam()) == Master::kEmbedded; }
  [[nodiscard]] Encoding encoding() const { return std::get<1>(GetParam()); }
  /// Subscribed with the role of the case.
  std::unique_ptr<Framework> framework() { return framework(role_); }
  std::unique_ptr<Framework> framework(const std::string& role) {
    auto made = std::make_unique<Framework>(master_, role, encoding());
    made->subscribe();
    return made;
  }

  std::unique_ptr<embedded::testing::ServedModel> served_;
  Endpoint master_;
  std::string role_;
};

inline const auto kMasters = ::testing::Combine(::testing::Values(Master::kEmbedded, Master::kReal),
                                                ::testing::Values(Encoding::kProtobuf, Encoding::kJson));

/// RealJson, EmbeddedProtobuf, ...
inline std::string name_of_master(const ::testing::TestParamInfo<std::tuple<Master, Encoding>>& each) {
  const bool real = std::get<0>(each.param) == Master::kReal;
  const bool json = std::get<1>(each.param) == Encoding::kJson;
  return std::string(real ? "Real" : "Embedded") + (json ? "Json" : "Protobuf");
}

}  // namespace esaas::contract
