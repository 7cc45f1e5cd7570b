// The command line in this process, against the whole API before a controller in memory.

#include "api/cli/cli.h"

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "api/cli/change.h"
#include "api/cli/client.h"
#include "api/cli/event_reader.h"
#include "api/cli/output.h"
#include "tests/api/run_words.h"
#include "tests/api/test_api.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

Ran run_program(std::vector<std::string> words) {
  Programs programs;
  programs.serve = [](const std::string& file, bool check) { return file == "f.toml" && check ? 42 : 43; };
  programs.embedded_mesos = [](const std::vector<std::string>& arguments) {
    return static_cast<int>(arguments.size());
  };
  programs.task_supervisor = [](int argc, char**) { return argc; };
  programs.version = "1.2.3";
  return run_words(std::move(words), programs);
}

/// An API, and `esaas` with its address and an administrator's token.
class Cli : public testing::Test {
 protected:
  Cli() {
    char pattern[] = "/tmp/esaas-cli-XXXXXX";
    folder_ = ::mkdtemp(pattern);
    std::ofstream(folder_ / "token") << api_.admin_token << "\n";
  }
  ~Cli() override { std::filesystem::remove_all(folder_); }

  Ran esaas(std::vector<std::string> words) {
    words.insert(words.begin(), {"--server", "http://127.0.0.1:" + std::to_string(api_.server().port()), "--token-file",
                                 (folder_ / "token").string()});
    return run_program(std::move(words));
  }

  TestApi api_;
  std::filesystem::path folder_;
};

TEST_F(Cli, CreatesListsAndShows) {
  const auto created =
      esaas({"cluster", "create", "search", "--tenant", "shop", "--nodes", "2", "--masters", "3", "--cpus-milli", "500",
             "--mem-mib", "512", "--disk-mib", "1024", "--label", "team=web", "--reason", "a test"});
  ASSERT_EQ(created.code, kSuccess) << created.err;
  EXPECT_NE(created.out.find("accepted"), std::string::npos);
  const auto list = esaas({"cluster", "list"});
  EXPECT_TRUE(list.out.starts_with("NAME    TENANT  VERSION")) << list.out;
  EXPECT_NE(list.out.find("search  shop    2.3.3    running"), std::string::npos) << list.out;
  EXPECT_NE(list.out.find("team=web"), std::string::npos);
  const auto shown = esaas({"--json", "cluster", "show", "search"});
  const auto cluster = json::parse(shown.out).as_object();
  EXPECT_EQ(cluster.at("spec").at("node_groups").as_array().size(), 2U);
  EXPECT_NE(esaas({"audit"}).out.find("a test"), std::string::npos);
  EXPECT_EQ(esaas({"cluster", "nodes", "search"}).out, "none\n");
  EXPECT_EQ(esaas({"cluster", "holds", "search"}).out, "none\n");
}

TEST_F(Cli, AsksForEveryKindOfChange) {
  const auto created = api_.create_cluster("search");
  api_.finish("search", created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
  struct Line {
    std::vector<std::string> words;
    const char* request;
  };
  for (const Line& line : std::vector<Line>{
           {{"cluster", "restart", "search", "--group", "data"}, R"({"restart":{"group":"data")"},
           {{"cluster", "upgrade", "search", "2.4.6", "--repository", "r"},
            R"({"upgrade":{"version":"2.4.6","repository":"r")"},
           {{"cluster", "configure", "search", "a.b=1", "c.d=x=y"}, R"({"key":"c.d","value":"x=y","unset":false})"},
           {{"cluster", "resize", "search", "--count", "5"}, R"("count":5)"},
           {{"cluster", "close", "search"}, R"({"suspend":{})"},
           {{"cluster", "settings", "search", "-t", "a.b=", "-p", "c.d=1"},
            R"("transient":[{"key":"a.b","value":"","unset":true}])"},
           {{"cluster", "replicas", "search", "2", "logs-*"}, R"({"replicas":{"replicas":2,"indices":["logs-*"])"},
           {{"cluster", "indices", "close", "search", "a", "b"}, R"({"close_indices":{"indices":["a","b"]})"},
           {{"cluster", "plugin", "install", "search", "icu", "--uri", "file:///i.zip"},
            R"("name":"icu","uri":"file:///i.zip")"},
           {{"cluster", "snapshot", "register", "search", "r", "/srv"}, R"("location":"/srv")"},
           {{"cluster", "snapshot", "take", "search", "r", "s", "a"},
            R"({"take_snapshot":{"repository":"r","snapshot":"s","indices":["a"]})"},
           {{"cluster", "snapshot", "restore", "search", "r", "s"},
            R"({"restore_snapshot":{"repository":"r","snapshot":"s")"},
           {{"cluster", "snapshot", "delete", "search", "r", "s"},
            R"({"delete_snapshot":{"repository":"r","snapshot":"s")"},
           {{"cluster", "policies", "search", "--replicas-min", "1", "--snapshots-to", "r", "--correct"},
            R"("every_s":86400,"keep":7)"},
       }) {
    auto words = line.words;
    words.insert(words.begin(), "--json");
    words.insert(words.end(), {"--dry-run"});
    const auto ran = esaas(words);
    ASSERT_EQ(ran.code, kSuccess) << line.request << ran.err;
    EXPECT_NE(ran.out.find(line.request), std::string::npos) << line.request << "\n" << ran.out;
  }
  EXPECT_NE(esaas({"cluster", "configure", "search", "nothing"}).err.find("is not KEY=VALUE"), std::string::npos);
  const auto told = esaas({"cluster", "restart", "search", "--dry-run"});
  EXPECT_NE(told.out.find("it comes to this:\n  3 nodes restart, one at a time"), std::string::npos) << told.out;
}

TEST_F(Cli, ListsSnapshotsAndRepositories) {
  api_.create_cluster("search");
  EXPECT_EQ(esaas({"cluster", "snapshot", "list", "search"}).code, kNoServer) << "nobody answers";
  reconcile::Observation& seen = api_.front.observation.emplace();
  seen.repositories = {"backup"};
  seen.asked.snapshots = {{"backup", ""}};
  reconcile::SnapshotInfo& monday = seen.snapshots.emplace_back();
  monday.repository = "backup";
  monday.name = "monday";
  monday.state = "SUCCESS";
  const auto list = esaas({"cluster", "snapshot", "list", "search", "--repository", "backup"});
  EXPECT_EQ(list.code, kSuccess) << list.err;
  EXPECT_NE(list.out.find("backup      monday    success  unknown"), std::string::npos) << list.out;
  const auto machine = esaas({"--json", "cluster", "snapshot", "list", "search"});
  EXPECT_EQ(json::parse(machine.out).as_array()[0].at("snapshot").as_string(), "monday");
  EXPECT_NE(esaas({"cluster", "snapshot", "repositories", "search"}).out.find("backup"), std::string::npos);
  EXPECT_EQ(esaas({"cluster", "snapshot", "list", "search", "--repository", "none"}).code, kRefused);
  seen.repositories = {"backup", "broken"};
  const auto partly = esaas({"cluster", "snapshot", "list", "search"});
  EXPECT_EQ(partly.code, kNoServer);
  EXPECT_NE(partly.err.find("broken"), std::string::npos);
}

TEST_F(Cli, SaysWhyAndTakesBack) {
  const auto created = api_.create_cluster("search");
  api_.finish("search", created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
  ASSERT_EQ(esaas({"cluster", "scale", "search", "5", "--reason", "the sale"}).code, kSuccess);
  const std::string id = api_.front.cluster("search")->active_operation();
  const auto why = esaas({"why", "cluster", "search"});
  EXPECT_TRUE(why.out.starts_with("cluster search\n")) << why.out << why.err;
  EXPECT_NE(why.out.find("because: the sale"), std::string::npos) << why.out;
  EXPECT_EQ(json::parse(esaas({"--json", "why", "operation", id}).out).at("subject").as_string(), "operation " + id);
  EXPECT_EQ(esaas({"why", "node", "search", "data-9"}).code, kRefused);

  const auto preview = esaas({"undo", id, "--dry-run"});
  EXPECT_NE(preview.out.find("would be taken back:\n  The count of group data becomes 3 again."), std::string::npos)
      << preview.out << preview.err;
  EXPECT_EQ(api_.front.cluster("search")->spec().node_groups(0).count(), 5U);
  ASSERT_EQ(esaas({"undo", id}).code, kSuccess);
  EXPECT_EQ(api_.front.cluster("search")->spec().node_groups(0).count(), 3U);
  EXPECT_EQ(esaas({"operation", "force", id, "--why", "x"}).code, kRefused) << "it is over";
}

TEST_F(Cli, SetsATenantsPolicies) {
  api_.create_cluster("search");
  EXPECT_EQ(esaas({"tenant", "policies", "shop", "--replicas-min", "2"}).out, "accepted\n");
  EXPECT_NE(esaas({"tenant", "policies", "shop"}).out.find("replicas_min"), std::string::npos);
}

TEST_F(Cli, SendsWhereNodesGo) {
  const auto created =
      esaas({"cluster", "create", "search", "--tenant", "shop", "--masters", "3", "--constraint", "@zone group_by 3",
             "--constraint", "rack unlike a b", "--constraint", "hostname unique", "--disk-type", "ssd"});
  ASSERT_EQ(created.code, kSuccess) << created.err;
  const auto cluster = json::parse(esaas({"--json", "cluster", "show", "search"}).out).as_object();
  const auto& groups = cluster.at("spec").at("node_groups").as_array();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].at("disk_type").as_string(), "");
  EXPECT_EQ(groups[1].at("disk_type").as_string(), "ssd");
  for (const auto& group : groups) {
    EXPECT_EQ(json::serialize(group.at("constraints")), R"([{"attribute":"@zone","operator":"group_by","value":"3"},)"
                                                        R"({"attribute":"rack","operator":"unlike","value":"a b"},)"
                                                        R"({"attribute":"hostname","operator":"unique","value":""}])");
  }
  const auto wrong = esaas({"cluster", "create", "other", "--tenant", "shop", "--constraint", "zone"});
  EXPECT_NE(wrong.code, kSuccess);
  EXPECT_NE(wrong.err.find("ATTRIBUTE OPERATOR [VALUE]"), std::string::npos);
  const auto refused = esaas({"cluster", "create", "other", "--tenant", "shop", "--constraint", "zone max_per x"});
  EXPECT_NE(refused.code, kSuccess);
  EXPECT_NE(refused.err.find("must be a number"), std::string::npos) << refused.err;
}

TEST_F(Cli, SendsACoordinatingGroup) {
  const auto created =
      esaas({"cluster", "create", "search", "--tenant", "shop", "--coordinating", "2", "--preemptible"});
  ASSERT_EQ(created.code, kSuccess) << created.err;
  const auto cluster = json::parse(esaas({"--json", "cluster", "show", "search"}).out).as_object();
  const auto& groups = cluster.at("spec").at("node_groups").as_array();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_FALSE(groups[0].at("preemptible").as_bool());
  EXPECT_EQ(json::serialize(groups[1].at("roles")), R"(["coordinating"])");
  EXPECT_TRUE(groups[1].at("preemptible").as_bool());
  EXPECT_EQ(groups[1].at("count").to_number<int>(), 2);
  const auto wrong = esaas({"cluster", "create", "other", "--tenant", "shop", "--preemptible"});
  EXPECT_NE(wrong.code, kSuccess);
  EXPECT_NE(wrong.err.find("--coordinating"), std::string::npos) << wrong.err;
}

TEST_F(Cli, EveryChangeIsSent) {
  api_.create_cluster("search");
  EXPECT_EQ(esaas({"cluster", "scale", "search", "5"}).code, kSuccess);
  EXPECT_EQ(esaas({"cluster", "resize", "search", "--mem-mib", "1024"}).code, kSuccess);
  EXPECT_EQ(esaas({"cluster", "suspend", "search"}).code, kSuccess);
  EXPECT_EQ(esaas({"cluster", "resume", "search"}).code, kSuccess);
  EXPECT_EQ(esaas({"cluster", "label", "search", "a=b", "c="}).code, kSuccess);
  EXPECT_EQ(esaas({"cluster", "delete", "search", "--confirm", "search"}).code, kSuccess);
}

TEST_F(Cli, QuotasAreSetAndShown) {
  api_.create_cluster("search");
  EXPECT_EQ(esaas({"tenant", "quota", "set", "shop"}).code, kRefused) << "neither amounts nor --none";
  const auto seq = api_.front.log.last_seq();
  EXPECT_EQ(esaas({"tenant", "quota", "set", "shop", "--limit-cpus-milli", "90000", "--dry-run"}).code, kSuccess);
  EXPECT_EQ(api_.front.log.last_seq(), seq);
  const auto set = esaas({"tenant", "quota", "set", "shop", "--limit-cpus-milli", "90000", "--guarantee-mem-mib",
                          "1024", "--reason", "agreed"});
  ASSERT_EQ(set.code, kSuccess) << set.err;
  EXPECT_NE(set.out.find("on its way to the master"), std::string::npos) << set.out;
  const auto shown = esaas({"tenant", "quota", "get", "shop"});
  EXPECT_TRUE(shown.out.starts_with("RESOURCE    GUARANTEE  LIMIT  WANTED")) << shown.out;
  EXPECT_NE(shown.out.find("not in force yet"), std::string::npos) << shown.out;
  EXPECT_NE(esaas({"audit", "--action", "set_quota"}).out.find("agreed"), std::string::npos);
  const auto refused = esaas({"tenant", "quota", "set", "shop", "--limit-cpus-milli", "1"});
  EXPECT_EQ(refused.code, kRefused);
  EXPECT_NE(refused.err.find("want more than that already: cpus_milli by"), std::string::npos) << refused.err;
  EXPECT_EQ(esaas({"tenant", "quota", "set", "shop", "--limit-mem-mib", "900000", "--wait", "--timeout", "0"}).code,
            kWaitEnded)
      << "no master answers here";
}

TEST_F(Cli, DryRunPrintsWhatWouldHappen) {
  api_.create_cluster("search");
  const auto seq = api_.front.log.last_seq();
  const auto ran = esaas({"cluster", "label", "search", "a=b", "--dry-run"});
  EXPECT_EQ(ran.code, kSuccess) << ran.err;
  EXPECT_NE(ran.out.find("operation_requested"), std::string::npos);
  EXPECT_EQ(api_.front.log.last_seq(), seq);
}

TEST_F(Cli, HoldsShowWhatTheirBasisCounts) {
  api_.create_cluster("search");
  event::Event hold;
  auto& began = *hold.mutable_hold_began();
  began.set_rule("waits_for_offer");
  began.set_node("data-0");
  began.set_why("no agent offers what the node needs");
  for (const auto& [name, value] : {std::pair("offers", "4"), std::pair("lacks_mem", "3")}) {
    auto& figure = *began.add_basis();
    figure.set_name(name);
    figure.set_value(value);
  }
  hold.set_cluster("search");
  hold.set_tenant("shop");
  api_.front.append(std::move(hold));
  const auto ran = esaas({"cluster", "holds", "search"});
  EXPECT_NE(ran.out.find("offers=4 lacks_mem=3"), std::string::npos) << ran.out;
}

TEST_F(Cli, ARefusalNamesFieldAndRule) {
  api_.create_cluster("search");
  const auto ran = esaas({"cluster", "scale", "search", "4000000"});
  EXPECT_EQ(ran.code, kRefused);
  EXPECT_NE(ran.err.find("field count, rule range"), std::string::npos) << ran.err;
  EXPECT_EQ(esaas({"cluster", "show", "nowhere"}).code, kRefused);
  const auto stale = esaas({"cluster", "suspend", "search", "--if-match", "1"});
  EXPECT_NE(stale.err.find("revision_matches"), std::string::npos) << stale.err;
}

TEST_F(Cli, WaitShowsProgressAndTellsTheOutcome) {
  const auto created = api_.create_cluster("search");
  std::thread reconciler([&] {
    event::Event hold;
    hold.mutable_hold_began()->set_rule("enough_offers");
    hold.mutable_hold_began()->set_why("no agent has 500 milli-cpus free");
    hold.set_cluster("search");
    hold.set_tenant("shop");
    api_.front.append(std::move(hold));
    std::this_thread::sleep_for(std::chrono::milliseconds(800));
    api_.finish("search", created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
  });
  const auto ran = esaas({"operation", "wait", created.operation_id});
  reconciler.join();
  EXPECT_EQ(ran.code, kSuccess) << ran.err;
  EXPECT_NE(ran.err.find("waits: no agent has 500 milli-cpus free (rule enough_offers)"), std::string::npos) << ran.err;
  EXPECT_NE(ran.out.find(created.operation_id + " succeeded"), std::string::npos) << ran.out;
}

TEST_F(Cli, WaitFailsWithTheOperationAndEndsWithItsTime) {
  const auto created = api_.create_cluster("search");
  const auto late = esaas({"operation", "wait", created.operation_id, "--timeout", "0"});
  EXPECT_EQ(late.code, kWaitEnded) << late.err;
  api_.finish("search", created.operation_id, model::OPERATION_STATUS_FAILED);
  const auto failed = esaas({"operation", "wait", created.operation_id});
  EXPECT_EQ(failed.code, kOperationFailed);
  EXPECT_NE(failed.out.find("because it is over"), std::string::npos);
}

TEST_F(Cli, OperationsAreListedAndControlled) {
  const auto created = api_.create_cluster("search");
  EXPECT_NE(esaas({"operation", "list"}).out.find(created.operation_id), std::string::npos);
  const auto seq = api_.front.log.last_seq();
  const auto preview = esaas({"operation", "pause", created.operation_id, "--dry-run"});
  EXPECT_NE(preview.out.find("operation_paused"), std::string::npos) << preview.out << preview.err;
  EXPECT_EQ(api_.front.log.last_seq(), seq);
  EXPECT_EQ(esaas({"operation", "pause", created.operation_id}).code, kSuccess);
  EXPECT_NE(esaas({"operation", "show", created.operation_id}).out.find("paused: true"), std::string::npos);
  EXPECT_EQ(esaas({"operation", "continue", created.operation_id}).code, kSuccess);
  EXPECT_EQ(esaas({"operation", "cancel", created.operation_id}).code, kRefused);
}

TEST_F(Cli, ReportsComeAsTablesAndFiles) {
  const auto created = api_.create_cluster("search");
  EXPECT_NE(esaas({"trace", created.operation_id}).out.find("search"), std::string::npos);
  EXPECT_EQ(esaas({"usage"}).out, "none\n");
  EXPECT_TRUE(esaas({"usage", "--format", "csv"}).out.starts_with("tenant,cluster"));
  EXPECT_EQ(esaas({"nodes"}).out, "none\n");
  EXPECT_EQ(esaas({"audit", "--from", "yesterday"}).code, kRefused);
}

TEST_F(Cli, ListsFollowTheirPages) {
  for (int i = 0; i < 12; ++i) api_.create_cluster("c" + std::to_string(i));
  EXPECT_EQ(json::parse(esaas({"--json", "audit", "--limit", "5"}).out).as_array().size(), 5U);
  EXPECT_EQ(json::parse(esaas({"--json", "audit", "--limit", "0", "--action", "create"}).out).as_array().size(), 12U);
  // --limit counts over all pages, so that more than a page's most is no mistake.
  EXPECT_EQ(json::parse(esaas({"--json", "audit", "--limit", "10000", "--action", "create"}).out).as_array().size(),
            12U);
  for (const char* bad : {"-1", "ten", "1.5", "10001", "99999"}) {
    for (const char* list : {"audit", "operation list", "cluster list"}) {
      std::vector<std::string> words{list, "--limit", bad};
      if (const auto space = words[0].find(' '); space != std::string::npos) {
        words.insert(words.begin() + 1, words[0].substr(space + 1));
        words[0].resize(space);
      }
      const auto ran = esaas(words);
      EXPECT_EQ(ran.code, kUsage) << list << " " << bad;
      EXPECT_NE(ran.err.find("--limit"), std::string::npos) << ran.err;
    }
  }
  EXPECT_NE(esaas({"audit", "--limit", "99999"}).err.find("not in range 0 to 10000"), std::string::npos);
}

TEST_F(Cli, TenantsAndTokens) {
  EXPECT_EQ(esaas({"tenant", "create", "bank"}).code, kSuccess);
  EXPECT_NE(esaas({"tenant", "list"}).out.find("bank"), std::string::npos);
  const auto file = (folder_ / "viewer").string();
  const auto issued = esaas({"--json", "token", "issue", "viewer", "--tenant", "bank", "--out", file});
  ASSERT_EQ(issued.code, kSuccess) << issued.err;
  EXPECT_EQ(issued.out.find("esaas_"), std::string::npos);
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(esaas({"--token-file", file, "cluster", "list"}).out, "none\n");
  const std::string id(json::parse(issued.out).at("token_id").as_string());
  EXPECT_NE(esaas({"token", "list"}).out.find(id), std::string::npos);
  EXPECT_EQ(esaas({"token", "revoke", id}).code, kSuccess);
  EXPECT_EQ(esaas({"--token-file", file, "cluster", "list"}).code, kRefused);
}

TEST_F(Cli, WithoutServerOrTokenItSaysWhatToDo) {
  const auto none =
      run_program({"--server", "http://127.0.0.1:1", "--token-file", (folder_ / "token").string(), "cluster", "list"});
  EXPECT_EQ(none.code, kNoServer);
  EXPECT_NE(none.err.find("cannot connect to 127.0.0.1:1"), std::string::npos) << none.err;
  const auto token = run_program({"--token-file", "/nowhere", "cluster", "list"});
  EXPECT_EQ(token.code, kRefused);
  EXPECT_NE(token.err.find("/nowhere"), std::string::npos);
}

TEST(CommandLine, HelpVersionAndHiddenPrograms) {
  EXPECT_EQ(run_program({"version"}).out, "1.2.3\n");
  const auto version = run_program({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, "1.2.3\n");
  const auto help = run_program({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("cluster"), std::string::npos);
  EXPECT_EQ(help.out.find("task-supervisor"), std::string::npos);
  EXPECT_NE(help.out.find("Exit codes: 0 done"), std::string::npos);
  EXPECT_EQ(run_program({"serve", "--config", "f.toml", "--check-config"}).code, 42);
  EXPECT_EQ(run_program({"embedded-mesos", "--work-dir", "x"}).code, 2);
  EXPECT_EQ(run_program({"task-supervisor", "folder"}).code, 2);
}

TEST(CommandLine, MistakesAreNamedWithWhatWasMeant) {
  const auto command = run_program({"clustr", "list"});
  EXPECT_EQ(command.code, kUsage);
  EXPECT_NE(command.err.find("did you mean \"cluster\"?"), std::string::npos) << command.err;
  const auto option = run_program({"cluster", "list", "--tenent", "x"});
  EXPECT_NE(option.err.find("did you mean \"--tenant\"?"), std::string::npos) << option.err;
  EXPECT_NE(option.err.find("esaas cluster list --help"), std::string::npos);
  EXPECT_EQ(run_program({}).code, kUsage);
  EXPECT_EQ(run_program({"cluster", "create"}).code, kUsage);
  EXPECT_EQ(run_program({"cluster", "scale", "search", "many"}).code, kUsage);
}

TEST(Server, AddressesAreParsed) {
  const auto plain = parse_server("http://127.0.0.1:9080/");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->host + "|" + plain->port, "127.0.0.1|9080");
  const auto six = parse_server("https://[::1]:8443");
  ASSERT_TRUE(six.has_value());
  EXPECT_EQ(six->host + "|" + six->port, "::1|8443");
  EXPECT_EQ(parse_server("https://api.example")->port, "443");
  for (const char* bad : {"", "127.0.0.1:9080", "ftp://x", "http://", "http://x:y", "http://x:", "http://x:1/path"}) {
    EXPECT_FALSE(parse_server(bad).has_value()) << bad;
  }
}

TEST(EventParser, ReadsEventsSplitAnywhere) {
  const std::string text =
      "retry: 1000\n\nid: 7\nevent: node_joined\ndata: {\"a\":1}\n\n: hello\nid: 9\n\nid: 10\r\ndata: x\r\ndata: "
      "y\r\n\r\n";
  for (std::size_t step = 1; step < text.size(); ++step) {
    EventParser parser;
    std::vector<EventParser::Event> events;
    const auto take = [&](const EventParser::Event& event) {
      events.push_back(event);
      return true;
    };
    for (std::size_t i = 0; i < text.size(); i += step)
      ASSERT_TRUE(parser.feed(std::string_view(text).substr(i, step), take));
    ASSERT_EQ(events.size(), 2U) << step;
    EXPECT_EQ(events[0].id + events[0].kind + events[0].data, "7node_joined{\"a\":1}");
    EXPECT_EQ(events[1].data, "x\ny");
    EXPECT_EQ(parser.last_id(), "10");
  }
}

TEST(Output, CellsAreSafeAndTablesAligned) {
  const auto item =
      json::parse(R"({"a":{"b":["x","y"]},"labels":[{"key":"k","value":"v"}],"bad":"x\u001b[2J","none":null})")
          .as_object();
  EXPECT_EQ(cell(item, "a.b"), "x,y");
  EXPECT_EQ(cell(item, "labels"), "k=v");
  EXPECT_EQ(cell(item, "bad"), "x [2J");
  EXPECT_EQ(cell(item, "none"), "-");
  EXPECT_EQ(cell(item, "a.b.c"), "-");
  const auto items = json::parse(R"([{"n":"\u00fc","v":1},{"n":"long","v":22}])").as_array();
  EXPECT_EQ(table(items, {{"N", "n"}, {"V", "v"}}), "N     V\n\xc3\xbc     1\nlong  22\n");
}

TEST(Output, NumbersAreShownAsPlainDecimals) {
  const auto item =
      json::parse(R"({"cpu":0.644129,"tiny":0.000001,"large":123456789.25,"none":0.0,"count":17})").as_object();
  EXPECT_EQ(cell(item, "cpu"), "0.644129");
  EXPECT_EQ(cell(item, "tiny"), "0.000001");
  EXPECT_EQ(cell(item, "large"), "123456789.25");
  EXPECT_EQ(cell(item, "none"), "0");
  EXPECT_EQ(cell(item, "count"), "17");
  const json::object extreme{{"least", 5e-324}, {"most", 1.7976931348623157e308}};
  EXPECT_EQ(cell(extreme, "least").size(), 326U);
  EXPECT_EQ(cell(extreme, "most").size(), 309U);
}

TEST(Output, ProgressTellsOnlyWhatIsNew) {
  const auto before =
      json::parse(R"({"status":"running","steps":[{"name":"join","done":1,"total":3}],"holds":[]})").as_object();
  const auto now = json::parse(R"({"status":"running","steps":[{"name":"join","done":2,"total":3}],
      "holds":[{"rule":"r","node":"data-0","why":"it drains"}]})")
                       .as_object();
  EXPECT_EQ(progress_text({}, before), "running\njoin 1 of 3\n");
  EXPECT_EQ(progress_text(before, now), "join 2 of 3\nwaits: data-0: it drains (rule r)\n");
  EXPECT_EQ(progress_text(now, now), "");
}

}  // namespace
}  // namespace esaas::api::cli
