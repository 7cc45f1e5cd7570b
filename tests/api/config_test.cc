#include "api/config/load.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <regex>

namespace esaas::api::config {
namespace {

constexpr const char* kMinimal = "data_dir = \"state\"\n[mesos]\nembedded = true\n";

TEST(Config, ThreeMistakesGiveThreeLines) {
  const auto config = parse(
      "data_dir = \"state\"\n"
      "\n"
      "[http]\n"
      "listen = \"127.0.0.1:90800\"\n"
      "[mesos]\n"
      "embeded = true\n"
      "master = \"http://127.0.0.1:5050\"\n"
      "[log]\n"
      "level = 7\n",
      "/etc/esaas");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(to_text(config.error(), "esaas.toml"),
            "esaas.toml:4: http.listen is not ADDRESS:PORT, such as 127.0.0.1:9080\n"
            "esaas.toml:6: mesos.embeded is not known here (did you mean \"embedded\"?)\n"
            "esaas.toml:9: log.level is not a string\n");
}

TEST(Config, DefaultsAndRelativePaths) {
  const auto config = parse(kMinimal, "/etc/esaas");
  ASSERT_TRUE(config.has_value()) << to_text(config.error(), "f");
  EXPECT_EQ(config->data_dir, "/etc/esaas/state");
  EXPECT_EQ(config->http.address, "127.0.0.1");
  EXPECT_EQ(config->http.port, 9080);
  EXPECT_TRUE(config->mesos.embedded);
  EXPECT_EQ(config->http.limits.body_bytes_max, 1024U * 1024U);
}

struct Case {
  const char* name;
  std::string text;  // after the minimal file
  std::uint32_t line;
  std::string key;
};

class ConfigMistake : public testing::TestWithParam<Case> {};
TEST_P(ConfigMistake, IsNamedWithItsLine) {
  const auto config = parse(kMinimal + GetParam().text, "/");
  ASSERT_FALSE(config.has_value());
  ASSERT_EQ(config.error().size(), 1U) << to_text(config.error(), "f");
  EXPECT_EQ(config.error()[0].line, GetParam().line) << to_text(config.error(), "f");
  EXPECT_EQ(config.error()[0].key, GetParam().key);
}
INSTANTIATE_TEST_SUITE_P(
    Config, ConfigMistake,
    testing::Values(
        Case{"Syntax", "x = = 1\n", 4, ""}, Case{"UnknownTable", "[extra]\n", 4, "extra"},
        Case{"HalfTls", "[http.tls]\nkey_file = \"k\"\n", 4, "http.tls.certificate_file"},
        Case{"NegativeLimit", "[http.limits]\nconnections_max = -1\n", 5, "http.limits.connections_max"},
        Case{"BackupsNowhere", "[backup]\nperiod_s = 60\n", 5, "backup.period_s"},
        Case{"TextForNumber", "[store]\nsnapshot_events = \"many\"\n", 5, "store.snapshot_events"},
        Case{"NumberForText", "[log]\nformat = 1\n", 5, "log.format"},
        Case{"NumberForTable", "[store]\n[log.level]\n", 5, "log.level"},
        Case{"UnknownFormat", "[log]\nformat = \"xml\"\n", 5, "log.format"},
        Case{"NotAList", "[elasticsearch]\nversion = \"1\"\n", 4, "elasticsearch"},
        Case{"NoUri", "[[elasticsearch]]\nversion = \"2.3.3\"\n", 4, "elasticsearch.uri"},
        Case{"BadHash", "[[elasticsearch]]\nversion = \"1\"\nuri = \"u\"\nsha256 = \"abc\"\n", 7,
             "elasticsearch.sha256"},
        Case{"TwiceInTheCatalogue",
             "[[elasticsearch]]\nversion = \"1\"\nuri = \"u\"\n[[elasticsearch]]\nversion = \"1\"\nuri = \"v\"\n", 8,
             "elasticsearch.version"},
        Case{"RootForLaterVersions", "[[elasticsearch]]\nversion = \"5.6.16\"\nuri = \"u\"\nallow_root = true\n", 7,
             "elasticsearch.allow_root"},
        Case{"RelativeRepositoryRoot",
             "[[elasticsearch]]\nversion = \"5.6.16\"\nuri = \"u\"\nrepository_root = \"snapshots\"\n", 7,
             "elasticsearch.repository_root"},
        Case{"PluginWithoutUri",
             "[[elasticsearch]]\nversion = \"1\"\nuri = \"u\"\n[[elasticsearch.plugins]]\nname = \"p\"\n", 7,
             "elasticsearch.plugins.uri"},
        Case{"PluginWithABadHash",
             "[[elasticsearch]]\nversion = \"1\"\nuri = \"u\"\n"
             "[[elasticsearch.plugins]]\nname = \"p\"\nuri = \"u\"\nsha256 = \"abc\"\n",
             10, "elasticsearch.plugins.sha256"},
        Case{"PluginTwice",
             "[[elasticsearch]]\nversion = \"1\"\nuri = \"u\"\n[[elasticsearch.plugins]]\nname = \"p\"\nuri = \"u\"\n"
             "[[elasticsearch.plugins]]\nname = \"p\"\nuri = \"u\"\n",
             11, "elasticsearch.plugins.name"},
        Case{"NoHaproxy", "[haproxy]\nprogram = \"\"\n", 5, "haproxy.program"},
        Case{"KibanaWithoutVersion", "[[kibana]]\nuri = \"u\"\n", 4, "kibana.version"},
        Case{"KibanaWithoutUri", "[[kibana]]\nversion = \"5.1.1\"\n", 4, "kibana.uri"},
        Case{"KibanaWithABadHash", "[[kibana]]\nversion = \"1\"\nuri = \"u\"\nsha256 = \"abc\"\n", 7, "kibana.sha256"},
        Case{"KibanaTwice", "[[kibana]]\nversion = \"1\"\nuri = \"u\"\n[[kibana]]\nversion = \"1\"\nuri = \"v\"\n", 8,
             "kibana.version"},
        Case{"TwoKibanasForOneVersion",
             "[[kibana]]\nversion = \"5.1.1\"\nuri = \"u\"\nelasticsearch = \"5.6.16\"\n"
             "[[kibana]]\nversion = \"5.6.0\"\nuri = \"v\"\nelasticsearch = \"5.6.16\"\n",
             11, "kibana.elasticsearch"},
        Case{"KibanaForAVersionItDoesNotWorkWith",
             "[[kibana]]\nversion = \"5.1.1\"\nuri = \"u\"\nelasticsearch = \"6.8.23\"\n", 7, "kibana.elasticsearch"},
        Case{"MasterAndEmbedded", "master = \"http://x:5050\"\n", 4, "mesos.master"},
        Case{"OrphanPolicy", "orphans = \"kill\"\n", 4, "mesos.orphans"},
        Case{"NoOrphanPolicy", "orphans = \"\"\n", 4, "mesos.orphans"},
        Case{"UnknownTaskPolicy", "unknown_tasks = \"keep\"\n", 4, "mesos.unknown_tasks"},
        Case{"PolicyOfTheWrongType", "unknown_tasks = false\n", 4, "mesos.unknown_tasks"},
        Case{"RootTasks", "task_user = \"root\"\n", 4, "mesos.task_user"},
        Case{"PlainRemote", "[http]\nlisten = \"0.0.0.0:47300\"\n", 5, "http.listen"},
        Case{"PlainRemoteV6", "[http]\nthreads = 1\nlisten = \"[::]:47300\"\n", 6, "http.listen"},
        Case{"NoAddress", "[http]\nlisten = \"localhost:9080\"\n", 5, "http.listen"},
        Case{"BatchBeyondTheQueue", "[controller]\nqueued_commands_max = 4095\n", 5, "controller.queued_commands_max"},
        Case{"BatchBeyondTheQueueByItsLimit",
             "[controller]\nqueued_commands_max = 8000\n[http.limits]\nbatch_operations_max = 8001\n", 5,
             "controller.queued_commands_max"},
        Case{"PortsBeyondTheLast", "[mesos.embedded_mesos]\nfirst_port = 65000\nports = 600\n", 6,
             "mesos.embedded_mesos.ports"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Config, WhatIsMissingIsNamed) {
  const auto config = parse("", "/");
  ASSERT_FALSE(config.has_value());
  ASSERT_EQ(config.error().size(), 2U);
  EXPECT_EQ(config.error()[0].key, "data_dir");
  EXPECT_EQ(config.error()[1].key, "mesos.master");
}

TEST(Config, WhatIsOfTheWrongTypeIsNotAlsoMissing) {
  const auto config =
      parse("data_dir = 5\n[mesos]\nembedded = \"yes\"\n[[elasticsearch]]\nversion = 2\nuri = 3\n", "/");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(to_text(config.error(), "f"),
            "f:1: data_dir is not a string\n"
            "f:3: mesos.embedded is neither true nor false\n"
            "f:5: elasticsearch.version is not a string\n"
            "f:6: elasticsearch.uri is not a string\n");
}

TEST(Config, BeyondLoopbackItNeedsTlsOrPermission) {
  const std::string remote = std::string(kMinimal) + "[http]\nlisten = \"0.0.0.0:47300\"\n";
  EXPECT_FALSE(parse(remote, "/"));
  EXPECT_TRUE(parse(remote + "allow_plain_remote = true\n", "/"));
  EXPECT_TRUE(parse(remote + "[http.tls]\ncertificate_file = \"c\"\nkey_file = \"k\"\n", "/"));
  EXPECT_TRUE(parse(std::string(kMinimal) + "[http]\nlisten = \"[::1]:47300\"\n", "/"));
}

TEST(Config, TheCatalogueSaysWhereAVersionsPluginsAndRepositoriesAre) {
  const auto config = parse(std::string(kMinimal) +
                                "[[elasticsearch]]\nversion = \"7.17.28\"\nuri = \"u\"\nrepository_root = \"/mnt/s\"\n"
                                "[[elasticsearch.plugins]]\nname = \"a\"\nuri = \"file:///a.zip\"\n"
                                "[[elasticsearch.plugins]]\nname = \"b\"\nuri = \"file:///b.zip\"\n"
                                "[[elasticsearch]]\nversion = \"2.3.3\"\nuri = \"u\"\n",
                            "/");
  ASSERT_TRUE(config) << to_text(config.error(), "f");
  ASSERT_EQ(config->artifacts.size(), 2U);
  EXPECT_EQ(config->artifacts[0].repository_root, "/mnt/s");
  ASSERT_EQ(config->artifacts[0].plugins.size(), 2U);
  EXPECT_EQ(config->artifacts[0].plugins[1].name, "b");
  EXPECT_EQ(config->artifacts[0].plugins[1].uri, "file:///b.zip");
  EXPECT_TRUE(config->artifacts[1].plugins.empty());
}

TEST(Config, AFolderIsNoFile) {
  const auto config = load("/tmp");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(to_text(config.error(), "/tmp"), "/tmp: is a folder, not a file\n");
}

TEST(Config, AFileIsReadWhole) {
  const auto file =
      std::filesystem::path(testing::TempDir()) / ("esaas-config-" + std::to_string(::getpid()) + ".toml");
  std::ofstream(file) << kMinimal << "# " << std::string(10'000, 'x') << "\n[log]\nlevel = \"loud\"\n";
  const auto config = load(file);
  std::filesystem::remove(file);
  ASSERT_FALSE(config.has_value());
  ASSERT_EQ(config.error().size(), 1U);
  EXPECT_EQ(config.error()[0].line, 6U);
}

TEST(Config, AFileThatIsNotThereSaysSo) {
  const auto config = load("/nowhere/esaas.toml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error()[0].detail, "cannot be read");
}

std::string example() {
  std::ifstream stream(ESAAS_SOURCE_DIR "/api/config/esaas.example.toml");
  return {std::istreambuf_iterator<char>(stream), {}};
}

// ---- Masters and what opens them ----

/// The mistakes of a [mesos] table whose first line is line 3.
std::string mesos_mistakes(const std::string& lines, const Environment& environment = {}) {
  const auto config = parse("data_dir = \"state\"\n[mesos]\n" + lines, "/etc/esaas", environment);
  return config ? std::string() : to_text(config.error(), "f");
}

TEST(ConfigMasters, AreAListOrAGroupInZookeeper) {
  const auto list = parse("data_dir = \"d\"\n[mesos]\nmaster = \"https://a:1,https://b:2\"\n", "/");
  ASSERT_TRUE(list) << to_text(list.error(), "f");
  EXPECT_EQ(list->mesos.masters.masters.size(), 2U);
  EXPECT_TRUE(list->mesos.tls);
  const auto group = parse(
      "data_dir = \"d\"\n[mesos]\nmaster = \"zk://u@a:1,b:2/mesos\"\nzookeeper_password_file = \"p\"\ntls = true\n",
      "/etc");
  ASSERT_TRUE(group) << to_text(group.error(), "f");
  EXPECT_TRUE(group->mesos.masters.in_zookeeper);
  EXPECT_EQ(group->mesos.masters.zookeeper.path, "/mesos");
  EXPECT_EQ(group->mesos.zookeeper_password_file.path, "/etc/p");
  EXPECT_EQ(group->mesos.zookeeper_password_file.line, 4U);
  EXPECT_TRUE(group->mesos.tls);
}

struct MasterCase {
  const char* name;
  std::string lines;
  std::string mistake;
};
class ConfigMasterMistake : public testing::TestWithParam<MasterCase> {};
TEST_P(ConfigMasterMistake, IsNamedWithItsLine) {
  const std::string told = mesos_mistakes(GetParam().lines);
  EXPECT_TRUE(told.starts_with(GetParam().mistake)) << told;
  EXPECT_EQ(told.find('\n'), told.size() - 1) << told;
  EXPECT_EQ(told.find("s3cret"), std::string::npos) << told;
}
INSTANTIATE_TEST_SUITE_P(
    Config, ConfigMasterMistake,
    testing::Values(
        MasterCase{"NoPath", "master = \"zk://a:2181\"\n",
                   "f:3: mesos.master is wrong: the ZooKeeper address has no path"},
        MasterCase{"BadPort", "master = \"zk://a:port/mesos\"\n",
                   "f:3: mesos.master is wrong: ZooKeeper: master address"},
        MasterCase{"BadListPort", "\nmaster = \"http://a:0\"\n", "f:4: mesos.master is wrong: master address \"a:0\""},
        MasterCase{"NoScheme", "master = \"zoo://a:1/mesos\"\n", "f:3: mesos.master is wrong: master address"},
        MasterCase{"Password", "master = \"zk://u:s3cret@a:1/mesos\"\n", "f:3: mesos.master holds a password"},
        MasterCase{"NoPassword", "master = \"zk://u@a:1/mesos\"\n",
                   "f:3: mesos.master names user \"u\" without a password"},
        MasterCase{"NoUser", "master = \"zk://a:1/mesos\"\nzookeeper_password_file = \"p\"\n",
                   "f:4: mesos.zookeeper_password_file is given, but master names no user"},
        MasterCase{"TlsOfAList", "master = \"http://a:1\"\ntls = true\n", "f:4: mesos.tls is for masters that"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(ConfigSecrets, EachHasOneSource) {
  const std::string list = "master = \"http://a:1\"\n";
  const std::string list_and_file = list + "credentials_file = \"c\"\n";
  Environment both;
  both.mesos_principal = "esaas";
  both.mesos_secret = "s3cret";
  EXPECT_EQ(mesos_mistakes(list, both), "");
  EXPECT_EQ(mesos_mistakes(list_and_file), "");
  EXPECT_EQ(
      mesos_mistakes(list_and_file, both),
      "f:4: mesos.credentials_file is given, and so is ESAAS_MESOS_PRINCIPAL in the environment: only one of them "
      "may be\n");
  EXPECT_EQ(mesos_mistakes("embedded = true\n", both), "") << "the embedded Mesos asks for none";

  Environment half;
  half.mesos_secret = "s3cret";
  EXPECT_EQ(mesos_mistakes(list, half),
            "f:2: mesos.credentials_file is not given, and ESAAS_MESOS_SECRET is without ESAAS_MESOS_PRINCIPAL in the "
            "environment\n");
  Environment colon = both;
  colon.mesos_principal = "es:aas";
  EXPECT_NE(mesos_mistakes(list, colon).find("ESAAS_MESOS_PRINCIPAL in the environment has a colon"),
            std::string::npos);

  Environment password;
  password.zookeeper_password = "s3cret";
  const std::string group = "master = \"zk://u@a:1/mesos\"\n";
  EXPECT_EQ(mesos_mistakes(group, password), "");
  EXPECT_EQ(
      mesos_mistakes(group + "zookeeper_password_file = \"p\"\n", password),
      "f:4: mesos.zookeeper_password_file is given, and so is ESAAS_ZOOKEEPER_PASSWORD in the environment: only one "
      "of them may be\n");
}

TEST(ConfigExample, IsValidAndTellsTheDefaults) {
  const auto config = parse(example(), "/");
  ASSERT_TRUE(config.has_value()) << to_text(config.error(), "example");
  const auto minimal = parse(kMinimal, "/");
  EXPECT_EQ(config->http.limits.answer_timeout, minimal->http.limits.answer_timeout);
  EXPECT_EQ(config->mesos.failover_timeout, minimal->mesos.failover_timeout);
  EXPECT_EQ(config->mesos.embedded_mesos.ports, minimal->mesos.embedded_mesos.ports);
  EXPECT_EQ(config->mesos.embedded_mesos.agents, minimal->mesos.embedded_mesos.agents);
  EXPECT_EQ(config->snapshot_events, minimal->snapshot_events);
  EXPECT_EQ(config->budget_check, minimal->budget_check);
  EXPECT_EQ(config->backup.period, minimal->backup.period);
  EXPECT_EQ(config->backup.keep, minimal->backup.keep);
  EXPECT_EQ(config->backup.with_secrets, minimal->backup.with_secrets);
  EXPECT_EQ(config->backup.kib_per_second_max, minimal->backup.kib_per_second_max);
  EXPECT_EQ(config->http.port, minimal->http.port);
  EXPECT_EQ(config->mesos.orphans, minimal->mesos.orphans);
  EXPECT_EQ(config->mesos.unknown_tasks, minimal->mesos.unknown_tasks);
}

TEST(ConfigPolicies, AreReadByName) {
  const auto config = parse(
      std::string(kMinimal) + "framework_id = \"77b4-0000\"\norphans = \"keep\"\nunknown_tasks = \"kill\"\n", "/");
  ASSERT_TRUE(config.has_value()) << to_text(config.error(), "f");
  EXPECT_EQ(config->mesos.framework_id, "77b4-0000");
  EXPECT_EQ(config->mesos.orphans, reconcile::OrphanPolicy::kKeep);
  EXPECT_EQ(config->mesos.unknown_tasks, reconcile::UnknownTaskPolicy::kKill);
}

TEST(ConfigExample, NamesEveryKeyThatIsRead) {
  std::ifstream stream(ESAAS_SOURCE_DIR "/api/config/load.cc");
  const std::string source{std::istreambuf_iterator<char>(stream), {}};
  const std::regex read("(?:text|path|secret_file|flag|number|kib|wait|table|tables)\\(\"([a-z0-9_]+)\"");
  const auto text = example();
  int keys = 0;
  for (std::sregex_iterator it(source.begin(), source.end(), read), end; it != end; ++it, ++keys) {
    EXPECT_NE(text.find((*it)[1].str()), std::string::npos) << (*it)[1] << " is not in the example";
  }
  EXPECT_GT(keys, 40);
}

std::string mistakes_of(std::string_view text) {
  const auto config = parse(text, "/etc/esaas");
  return config ? std::string() : to_text(config.error(), "f");
}

TEST(ConfigText, AnyCharacterMayStandInCommentsAndStrings) {
  const auto data_dir_of = [](std::string_view value) {
    const auto config = parse("\xEF\xBB\xBF# \xE6\x95\xB0\xE6\x8D\xAE\ndata_dir = " + std::string(value) +
                                  " # \xC3\xA9\n[mesos]\nembedded = true\n",
                              "/etc/esaas");
    return config ? config->data_dir.string() : to_text(config.error(), "f");
  };
  for (const std::string text :
       {"/srv/\xC3\xA9", "/srv/\xE6\x95\xB0\xE6\x8D\xAE", "/srv/-u8-c3", "/-u8-u8-41", "/\xF0\x9F\x98\x80-u8-"}) {
    EXPECT_EQ(data_dir_of("\"" + text + "\""), text);
    EXPECT_EQ(data_dir_of("'" + text + "'"), text);
    EXPECT_EQ(data_dir_of("\"\"\"\n" + text + "\"\"\""), text);
  }
  EXPECT_EQ(data_dir_of(R"("/srv/\u00e9")"), "/srv/\xC3\xA9");
}

TEST(ConfigText, ElsewhereItIsAMistakeToldAsItWasWritten) {
  EXPECT_NE(mistakes_of("data_dir = \"x\"\n\xC3\xA9t\xC3\xA9 = 1\n").find("f:2: \xC3\xA9t\xC3\xA9 is not known here"),
            std::string::npos);
  for (const char* text :
       {"[\xEF\xB9\xBF\n", "data_dir = \"x\" \xC3\xA9\n", "data_dir = \xE3\x80\x80\"x\"\n", "a = 454\"[\xC3\xA9"}) {
    EXPECT_TRUE(mistakes_of(text).starts_with("f:1: is not TOML: ")) << mistakes_of(text);
    EXPECT_EQ(mistakes_of(text).find("-u8-"), std::string::npos) << mistakes_of(text);
  }
  EXPECT_EQ(mistakes_of("# fine\n# \xC3\x28\n"), "f:2: is not UTF-8\n");
}

}  // namespace
}  // namespace esaas::api::config
