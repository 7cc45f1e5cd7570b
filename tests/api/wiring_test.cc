#include "api/serve/wiring.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MesosSecretsTest : public testing::Test {
 protected:
  ~MesosSecretsTest() override { std::filesystem::remove(file_); }

  config::MesosConfig with_credentials(std::string_view text) {
    std::ofstream(file_, std::ios::trunc) << text;
    config::MesosConfig config;
    config.credentials_file = {file_, 7};
    return config;
  }

  /// What read_secrets finds wrong, as `serve` prints it.
  std::string mistake(const config::MesosConfig& config) {
    const auto secrets = read_secrets(config, {});
    return secrets ? std::string() : config::to_text(secrets.error(), "f");
  }

  const std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) / ("esaas-secret-" + std::to_string(::getpid()));
};

TEST_F(MesosSecretsTest, ComeFromTheFirstLineOfAFile) {
  for (const char* text : {"esaas s3cret", "esaas s3cret\r\nignored\n", "  esaas\ts3cret  \n"}) {
    const auto secrets = read_secrets(with_credentials(text), {});
    ASSERT_TRUE(secrets) << text;
    EXPECT_EQ(secrets->credentials->principal, "esaas") << text;
    EXPECT_EQ(secrets->credentials->secret, "s3cret") << text;
  }
}

TEST_F(MesosSecretsTest, WrongFilesAreNamedWithTheLineAndWithoutTheirText) {
  for (const char* text : {"s3cret\n", "esaas s3cret more\n", "es:aas s3cret\n", "\n", ""}) {
    const std::string told = mistake(with_credentials(text));
    EXPECT_TRUE(told.starts_with("f:7: mesos.credentials_file " + file_.string())) << told;
    EXPECT_THAT(told, Not(HasSubstr("s3cret")));
  }
  config::MesosConfig nowhere;
  nowhere.credentials_file = {"/nowhere/credentials", 3};
  nowhere.zookeeper_password_file = {"/nowhere/password", 4};
  EXPECT_EQ(mistake(nowhere),
            "f:3: mesos.credentials_file /nowhere/credentials cannot be read\n"
            "f:4: mesos.zookeeper_password_file /nowhere/password cannot be read\n");
}

TEST_F(MesosSecretsTest, ComeFromTheEnvironment) {
  config::Environment environment;
  environment.mesos_principal = "esaas";
  environment.mesos_secret = "with blanks and: colons";
  environment.zookeeper_password = "zk";
  const auto secrets = read_secrets({}, environment);
  ASSERT_TRUE(secrets);
  EXPECT_EQ(secrets->credentials->secret, "with blanks and: colons");
  EXPECT_EQ(secrets->zookeeper_password, "zk");
  EXPECT_FALSE(read_secrets({}, {})->credentials.has_value());
}

TEST_F(MesosSecretsTest, GoToTheClientAndItsPrincipalToTheFramework) {
  auto config = config::parse("data_dir = \"/tmp\"\n[mesos]\nmaster = \"zk://u@a:1/mesos\"\n", "/",
                              {.mesos_principal = "p", .mesos_secret = "s", .zookeeper_password = "zk"});
  ASSERT_TRUE(config) << config::to_text(config.error(), "f");
  const auto host =
      host_config_of(*config, {.credentials = mesos::Credentials{"p", "s"}, .zookeeper_password = "zk"}, "1");
  ASSERT_TRUE(host.mesos.zookeeper.has_value());
  EXPECT_EQ(host.mesos.zookeeper->group.password, "zk");
  EXPECT_TRUE(host.mesos.masters.empty());
  EXPECT_EQ(host.framework.principal, "p");
  EXPECT_EQ(host.controller.principal, "p");
  EXPECT_EQ(host.mesos.credentials->secret, "s");
}

TEST(Wiring, PoliciesGoToTheController) {
  const auto config = config::parse(
      "data_dir = \"/tmp\"\n[mesos]\nembedded = true\nframework_id = \"fw-7\"\norphans = \"release\"\n"
      "unknown_tasks = \"report\"\n",
      "/");
  ASSERT_TRUE(config) << config::to_text(config.error(), "f");
  const auto host = host_config_of(*config, {}, "1");
  EXPECT_EQ(host.controller.framework_id, "fw-7");
  EXPECT_EQ(host.controller.orphans, reconcile::OrphanPolicy::kRelease);
  EXPECT_EQ(host.controller.unknown_tasks, reconcile::UnknownTaskPolicy::kReport);
}

TEST(Companions, AreStartedAsTheConfigurationSays) {
  config::Config config;
  config.mesos.embedded = true;
  config.haproxy_program = "/opt/haproxy";
  config.kibanas.push_back({.version = "5.1.1",
                            .uri = "file:///kibana.tar.gz",
                            .sha256 = std::string(64, 'a'),
                            .directory = "kibana",
                            .node = "node/bin/node",
                            .elasticsearch = "5.6.16"});
  const auto settings = host_config_of(config, {}, "test").controller.settings;
  EXPECT_EQ(settings.haproxy.program, "/opt/haproxy");
  EXPECT_TRUE(settings.haproxy.controller_certificate.empty()) << "that is a secret's";
  const kibana::Artifact* artifact = settings.kibana.find("5.1.1");
  ASSERT_NE(artifact, nullptr);
  EXPECT_EQ(artifact->version, "5.1.1");
  EXPECT_EQ(artifact->uri, "file:///kibana.tar.gz");
  EXPECT_EQ(artifact->directory, "kibana");
  EXPECT_EQ(artifact->node, "node/bin/node");
  EXPECT_EQ(artifact->elasticsearch, "5.6.16");
}

}  // namespace
}  // namespace esaas::api
