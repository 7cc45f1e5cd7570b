// Each rule of each request on a cluster that exists: the field and the rule that the refusal names.
#include "tests/core/requests.h"
#include "tests/core/story.h"

namespace esaas {
namespace {

using test::Story;
using test::submit_json;

struct Case {
  const char* name;
  std::string request;
  const char* field;
  const char* rule;
  ErrorCode code = ErrorCode::kInvalidArgument;
};

std::string configure(const std::string& key, const std::string& rest = R"(,"value":"1")") {
  return R"({"configure":{"group":"data","settings":[{"key":")" + key + '"' + rest + "}]}}";
}

std::string settings(const std::string& key, const std::string& rest = R"(,"value":"1")") {
  return R"({"settings":{"transient":[{"key":")" + key + '"' + rest + "}]}}";
}

std::string plugin(const std::string& rest) { return R"({"install_plugin":{"plugin":{)" + rest + "}}}"; }

std::string access(const std::string& rest) { return R"({"proxies":{"count":2,"access":{)" + rest + "}}}"; }

std::string policies(const std::string& rest) { return R"({"policies":{"policies":{)" + rest + "}}}"; }

const Case kCases[] = {
    {"RestartUnknownGroup", R"({"restart":{"group":"warm"}})", "group", "known_group"},
    {"FullRestartOfAGroup", R"({"restart":{"group":"data","full":true,"confirm":"search"}})", "group",
     "full_restarts_all"},
    {"FullRestartUnconfirmed", R"({"restart":{"full":true}})", "confirm", "confirm_names_the_cluster"},
    {"FullRestartOfAnother", R"({"restart":{"full":true,"confirm":"serach"}})", "confirm", "confirm_names_the_cluster"},
    {"UpgradeToNothing", R"({"upgrade":{}})", "version", "required"},
    {"UpgradeToTheSame", R"({"upgrade":{"version":"2.3.3"}})", "version", "changes_something"},
    {"UpgradeBackwards", R"({"upgrade":{"version":"2.3.2"}})", "version", "no_downgrade"},
    {"UpgradeTooFar", R"({"upgrade":{"version":"6.8.23"}})", "version", "supported_upgrade"},
    {"UpgradeByFullRestartUnconfirmed", R"({"upgrade":{"version":"5.6.16"}})", "confirm", "confirm_names_the_cluster"},
    {"UpgradeOddRepository", R"({"upgrade":{"version":"2.4.6","repository":"a/b"}})", "repository", "characters"},
    {"ConfigureUnknownGroup", R"({"configure":{"group":"warm","settings":[{"key":"a.b","value":"1"}]}})", "group",
     "known_group"},
    {"ConfigureNothing", R"({"configure":{"group":"data"}})", "settings", "required"},
    {"ConfigureClusterName", configure("cluster.name"), "settings[0].key", "kept_by_controller"},
    {"ConfigureNodeName", configure("node.name"), "settings[0].key", "kept_by_controller"},
    {"ConfigureNodeMaster", configure("node.master"), "settings[0].key", "kept_by_controller"},
    {"ConfigureNodeData", configure("node.data"), "settings[0].key", "kept_by_controller"},
    {"ConfigureNodeRoles", configure("node.roles"), "settings[0].key", "kept_by_controller"},
    {"ConfigureNetwork", configure("network.publish_host"), "settings[0].key", "kept_by_controller"},
    {"ConfigureHttpPort", configure("http.port"), "settings[0].key", "kept_by_controller"},
    {"ConfigureTransportPort", configure("transport.tcp.port"), "settings[0].key", "kept_by_controller"},
    {"ConfigurePath", configure("path.data"), "settings[0].key", "kept_by_controller"},
    {"ConfigureDiscovery", configure("discovery.zen.ping.unicast.hosts"), "settings[0].key", "kept_by_controller"},
    {"ConfigureInitialMasters", configure("cluster.initial_master_nodes"), "settings[0].key", "kept_by_controller"},
    {"ConfigureClient", configure("node.client"), "settings[0].key", "kept_by_controller"},
    {"ConfigureLocal", configure("node.local"), "settings[0].key", "kept_by_controller"},
    {"ConfigureMode", configure("node.mode"), "settings[0].key", "kept_by_controller"},
    {"ConfigureTribe", configure("tribe.t1.cluster.name"), "settings[0].key", "kept_by_controller"},
    {"ConfigureTransport", configure("transport.type"), "settings[0].key", "kept_by_controller"},
    {"ConfigureNoHttp", configure("http.enabled"), "settings[0].key", "kept_by_controller"},
    {"ConfigureHttpType", configure("http.type"), "settings[0].key", "kept_by_controller"},
    {"ConfigureSecurity", configure("xpack.security.enabled"), "settings[0].key", "kept_by_controller"},
    {"ConfigureGateway", configure("gateway.recover_after_nodes"), "settings[0].key", "kept_by_controller"},
    {"ConfigureKeyMissing", configure(""), "settings[0].key", "required"},
    {"ConfigureKeyOdd", configure("a b"), "settings[0].key", "characters"},
    {"ConfigureValueMissing", configure("a.b", ""), "settings[0].value", "required"},
    {"ConfigureValueControl", configure("a.b", R"(,"value":"1\nnode.name: x")"), "settings[0].value", "characters"},
    {"ConfigureUnsetWithValue", configure("a.b", R"(,"value":"1","unset":true)"), "settings[0].value",
     "unset_has_no_value"},
    {"ConfigureUnsetOfNothing", configure("a.b", R"(,"unset":true)"), "settings", "changes_something"},
    {"ConfigureTwice",
     R"({"configure":{"group":"data","settings":[{"key":"a.b","value":"1"},{"key":"a.b","value":"2"}]}})",
     "settings[1].key", "unique"},
    {"SettingsNone", R"({"settings":{}})", "persistent", "required"},
    {"SettingsAllocation", settings("cluster.routing.allocation.enable"), "transient[0].key", "kept_by_controller"},
    {"SettingsBlocks", settings("cluster.blocks.read_only"), "transient[0].key", "kept_by_controller"},
    {"SettingsExclusion", settings("cluster.routing.allocation.exclude._name"), "transient[0].key",
     "kept_by_controller"},
    {"SettingsMinimumMasters", settings("discovery.zen.minimum_master_nodes"), "transient[0].key",
     "kept_by_controller"},
    {"SettingsSecret", settings("cloud.aws.secret_key"), "transient[0].key", "no_secret"},
    {"ConfigurePassword", configure("smtp.account.password"), "settings[0].key", "no_secret"},
    {"SettingsPattern", settings("cluster.routing.*", R"(,"unset":true)"), "transient[0].key", "characters"},
    {"ReplicasTooMany", R"({"replicas":{"replicas":101}})", "replicas", "range"},
    {"ReplicasNoneUnconfirmed", R"({"replicas":{"replicas":0}})", "confirm", "confirm_names_the_cluster"},
    {"ReplicasOddIndex", R"({"replicas":{"replicas":1,"indices":["a","b,c"]}})", "indices[1]", "index_name"},
    {"ReplicasUpperCase", R"({"replicas":{"replicas":1,"indices":["Logs"]}})", "indices[0]", "index_name"},
    {"OpenNothing", R"({"open_indices":{}})", "indices", "required"},
    {"OpenAPath", R"({"open_indices":{"indices":["../_settings"]}})", "indices[0]", "index_name"},
    {"CloseAll", R"({"close_indices":{"indices":["_all"]}})", "indices[0]", "closes_some_indices"},
    {"CloseEveryOne", R"({"close_indices":{"indices":["logs","*"]}})", "indices[1]", "closes_some_indices"},
    {"PluginNameMissing", plugin(""), "plugin.name", "required"},
    {"PluginNameIsAnOption", plugin(R"("name":"--help")"), "plugin.name", "characters"},
    {"PluginNameForAShell", plugin(R"("name":"a;rm")"), "plugin.name", "characters"},
    {"PluginUriOdd", plugin(R"("name":"a","uri":"ftp://x/a.zip")"), "plugin.uri", "uri"},
    {"PluginUriForAShell", plugin(R"("name":"a","uri":"file:///a$(b).zip")"), "plugin.uri", "uri"},
    {"PluginSha", plugin(R"("name":"a","sha256":"abc")"), "plugin.sha256", "sha256"},
    {"RemoveUnknownPlugin", R"({"remove_plugin":{"name":"a"}})", "name", "known_plugin"},
    {"RepositoryUnnamed", R"({"register_repository":{"location":"/a"}})", "repository", "required"},
    {"RepositoryRelative", R"({"register_repository":{"repository":"r","location":"a"}})", "location", "absolute_path"},
    {"RepositoryUpwards", R"({"register_repository":{"repository":"r","location":"/a/../b"}})", "location",
     "absolute_path"},
    {"SnapshotUnnamed", R"({"take_snapshot":{"repository":"r"}})", "snapshot", "required"},
    {"SnapshotUpperCase", R"({"take_snapshot":{"repository":"r","snapshot":"S"}})", "snapshot", "snapshot_name"},
    {"SnapshotPath", R"({"delete_snapshot":{"repository":"r","snapshot":"a/b"}})", "snapshot", "characters"},
    {"RestoreOddIndex", R"({"restore_snapshot":{"repository":"r","snapshot":"s","indices":["a b"]}})", "indices[0]",
     "index_name"},
    {"PolicyReplicas", policies(R"("replicas_min":101)"), "policies.replicas_min", "range"},
    {"PolicyShards", policies(R"("shards_per_node_max":0)"), "policies.shards_per_node_max", "range"},
    {"PolicyRepository", policies(R"("snapshots":{"every_s":3600,"keep":3})"), "policies.snapshots.repository",
     "required"},
    {"PolicyTooOften", policies(R"("snapshots":{"repository":"r","every_s":9,"keep":3})"), "policies.snapshots.every_s",
     "range"},
    {"PolicyKeepsNone", policies(R"("snapshots":{"repository":"r","every_s":3600})"), "policies.snapshots.keep",
     "range"},
    {"TooManyProxies", R"({"proxies":{"count":17}})", "count", "range"},
    {"NoProxiesWhereThereAreNone", R"({"proxies":{"count":0}})", "count", "changes_something"},
    {"ProxyUserOdd", access(R"("users":[{"name":"a:b","secret_id":"s"}])"), "access.users[0].name", "characters"},
    {"ProxyUserWithoutSecret", access(R"("users":[{"name":"a"}])"), "access.users[0].secret_id", "required"},
    {"ProxyUserTwice", access(R"("users":[{"name":"a","secret_id":"s"},{"name":"a","secret_id":"t"}])"),
     "access.users[1].name", "unique"},
    {"ProxySecretOfAnother", access(R"("users":[{"name":"a","secret_id":"proxy/other/s"}])"),
     "access.users[0].secret_id", "secret_of_the_cluster"},
    {"ProxyNetworkOdd", access(R"("allowed":["10.0.0.0/8","home"])"), "access.allowed[1]", "cidr"},
    {"ProxyNetworkTooLong", access(R"("allowed":["10.0.0.0/33"])"), "access.allowed[0]", "cidr"},
    {"ProxyNetworkWithHost", access(R"("allowed":["10.0.0.1/8"])"), "access.allowed[0]", "cidr"},
    {"ProxyResources", R"({"proxies":{"count":1,"resources":{"mem_mib":1}}})", "resources.mem_mib", "range"},
    {"ProxyConstraint", R"({"proxies":{"count":1,"constraints":[{"attribute":"rack","operator":"like"}]}})",
     "constraints[0].value", "required"},
    {"KibanaVersion", R"({"install_kibana":{"version":"newest"}})", "version", "version"},
    {"NoKibanaToRemove", R"({"remove_kibana":{}})", "", "changes_something", ErrorCode::kConflict},
    {"ResizeNothing", R"({"resize":{"group":"data"}})", "resources", "required"},
    {"ResizeToTooMany", R"({"resize":{"group":"data","count":1001}})", "count", "range"},
    {"ResizeToTheSameCount", R"({"resize":{"group":"data","count":3}})", "resources", "changes_something"},
};

class RequestRefused : public testing::TestWithParam<Case> {};

TEST_P(RequestRefused, NamesFieldAndRule) {
  Story story;
  story.given_search();
  const Error error = story.refusal(submit_json(GetParam().request));
  EXPECT_EQ(error.code, GetParam().code) << error.detail;
  EXPECT_EQ(error.field, GetParam().field) << error.detail;
  EXPECT_EQ(error.rule, GetParam().rule) << error.detail;
  EXPECT_TRUE(error.detail.starts_with(error.field)) << error.detail;
}

INSTANTIATE_TEST_SUITE_P(Rules, RequestRefused, testing::ValuesIn(kCases),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(RequestRefused, ANetworkWithACommandToTheProxyBehindAZeroByte) {
  using namespace std::string_literals;
  Story story;
  story.given_search();
  auto command = submit_json(access(R"("allowed":["10.0.0.1"])"));
  command.request.mutable_proxies()->mutable_access()->set_allowed(0, "10.0.0.1\0\nset map ./doors users all"s);
  EXPECT_EQ(story.refusal(command).rule, "cidr");
}

TEST(RequestRefused, UpgradeToWhatTheCatalogueLacks) {
  Story story;
  story.given_search();
  const std::set<std::string> versions{"2.3.3"};
  const auto events = command::decide(story.state, submit_json(R"({"upgrade":{"version":"2.4.6"}})"),
                                      {story.now, story.caller, story.state.seq() + 1, &versions});
  ASSERT_FALSE(events);
  EXPECT_EQ(events.error().field, "version");
  EXPECT_EQ(events.error().rule, "version_in_catalogue");
}

TEST(RequestRefused, EverythingButPoliciesWhileSuspended) {
  Story story;
  story.given_search();
  story.accept(test::submit_suspend());
  story.finish_active("search");
  for (const char* request : {R"({"restart":{}})", R"({"upgrade":{"version":"2.4.6"}})",
                              R"({"settings":{"transient":[{"key":"a","value":"1"}]}})",
                              R"({"replicas":{"replicas":1}})", R"({"open_indices":{"indices":["a"]}})",
                              R"({"proxies":{"count":1}})", R"({"take_snapshot":{"repository":"r","snapshot":"s"}})",
                              R"({"install_kibana":{}})", R"({"install_plugin":{"plugin":{"name":"a"}}})",
                              R"({"configure":{"group":"data","settings":[{"key":"a.b","value":"1"}]}})"}) {
    EXPECT_EQ(story.refusal(submit_json(request)).rule, "cluster_running") << request;
  }
  story.accept(submit_json(R"({"policies":{"policies":{"replicas_min":1}}})"));
}

}  // namespace
}  // namespace esaas
