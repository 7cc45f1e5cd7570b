// esaas trace, diff and --at against the API; replay and whatif on a stored log.

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "api/cli/cli.h"
#include "api/cli/output.h"
#include "store/log/record_codec.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/api/run_words.h"
#include "tests/api/test_api.h"
#include "tests/store/log_fixture.h"
#include "tests/store/temp_directory.h"

namespace esaas::api::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

class PastCli : public testing::Test {
 protected:
  PastCli() { std::ofstream(folder_.path() / "token") << api_.admin_token << "\n"; }

  Ran esaas(std::vector<std::string> words) {
    words.insert(words.begin(), {"--server", "http://127.0.0.1:" + std::to_string(api_.server().port()), "--token-file",
                                 (folder_.path() / "token").string()});
    return run_words(std::move(words));
  }

  TestApi api_;
  store::testing::TempDirectory folder_;
};

TEST_F(PastCli, ReadsAsItWasThen) {
  api_.create_cluster("search");
  const std::string before = std::to_string(api_.front.log.last_seq());
  api_.create_cluster("second");
  EXPECT_NE(esaas({"cluster", "list"}).out.find("second"), std::string::npos);
  const auto then = esaas({"--at", before, "cluster", "list"});
  EXPECT_EQ(then.code, kSuccess) << then.err;
  EXPECT_NE(then.out.find("search"), std::string::npos);
  EXPECT_EQ(then.out.find("second"), std::string::npos);
  const auto refused = esaas({"--at", "99999", "cluster", "list"});
  EXPECT_EQ(refused.code, kRefused);
  EXPECT_NE(refused.err.find("the log ends at event"), std::string::npos) << refused.err;
}

TEST_F(PastCli, TracesAnOperationOrAnEvent) {
  const auto created = api_.create_cluster("search");
  const auto operation = esaas({"trace", created.operation_id});
  EXPECT_EQ(operation.code, kSuccess) << operation.err;
  EXPECT_NE(operation.out.find("Operation " + created.operation_id), std::string::npos);
  const auto event = esaas({"trace", std::to_string(created.seq + 1)});
  EXPECT_EQ(event.code, kSuccess) << event.err;
  EXPECT_NE(event.out.find("> "), std::string::npos) << event.out;
  const auto otlp = esaas({"trace", created.operation_id, "--format", "otlp"});
  EXPECT_TRUE(json::parse(otlp.out).at("resourceSpans").is_array());
  EXPECT_TRUE(json::parse(esaas({"--json", "trace", created.operation_id}).out).at("roots").is_array());
  EXPECT_EQ(esaas({"trace", "1", "--format", "xml"}).code, kUsage);
  EXPECT_EQ(esaas({"trace", "op-99999"}).code, kRefused);
}

TEST_F(PastCli, TellsWhatDiffers) {
  const std::string before = std::to_string(api_.front.log.last_seq());
  api_.create_cluster("search");
  const auto diff = esaas({"diff", "--from", before});
  EXPECT_EQ(diff.code, kSuccess) << diff.err;
  EXPECT_NE(diff.out.find("cluster search is new"), std::string::npos) << diff.out;
  EXPECT_TRUE(
      json::parse(esaas({"--json", "diff", "--from", before, "--to", before}).out).at("items").as_array().empty());
  EXPECT_EQ(esaas({"diff"}).code, kUsage);
}

/// A data directory with the log of a real cluster's life.
class StoredLog : public testing::Test {
 protected:
  void SetUp() override {
    const auto fixture = store::testing::load(fs::path(ESAAS_SOURCE_DIR) / "tests/store/fixtures/format-1/life-cycle");
    ASSERT_TRUE(fixture) << fixture.error().detail;
    auto log = store::open_rocksdb_log({.directory = folder_.path() / "log"});
    ASSERT_TRUE(log) << log.error().detail;
    store::Batch batch;
    for (std::uint64_t seq = 1; seq <= fixture->records.size(); ++seq) {
      ASSERT_TRUE(store::decode_record(fixture->records[seq - 1], seq, batch.events.emplace_back()));
    }
    last_ = fixture->records.size();
    ASSERT_TRUE((*log)->append(std::move(batch)));
  }

  Ran stored(std::vector<std::string> words) {
    words.insert(words.end(), {"--data-dir", folder_.path().string()});
    return run_words(std::move(words));
  }
  Ran keys(const std::string& typed, std::vector<std::string> words) {
    std::istringstream input(typed);
    auto* before = std::cin.rdbuf(input.rdbuf());
    std::cin.clear();
    words.emplace_back("--interactive");
    Ran ran = stored(std::move(words));
    std::cin.rdbuf(before);
    return ran;
  }
  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name) << text;
    return (folder_.path() / name).string();
  }

  store::testing::TempDirectory folder_;
  std::uint64_t last_ = 0;
};

std::size_t lines_with(const std::string& text, std::string_view begin) {
  std::istringstream stream(text);
  std::size_t count = 0;
  for (std::string line; std::getline(stream, line);) count += line.starts_with(begin) ? 1U : 0U;
  return count;
}

TEST_F(StoredLog, IsReplayedEventByEvent) {
  const auto all = stored({"replay"});
  EXPECT_EQ(all.code, kSuccess) << all.err;
  EXPECT_EQ(lines_with(all.out, "#"), last_);
  EXPECT_NE(all.out.find("      because "), std::string::npos) << "the basis of a decision";
  EXPECT_NE(all.out.find(" -> "), std::string::npos) << "what changed";
  const auto part = stored({"replay", "--from", "5", "--until", "9"});
  EXPECT_EQ(lines_with(part.out, "#"), 5U);
  EXPECT_TRUE(part.out.starts_with("#5  "));
  EXPECT_EQ(stored({"replay"}).out, all.out) << "the same each time";
  const auto lines = stored({"--json", "replay", "--until", "3"});
  EXPECT_EQ(std::ranges::count(lines.out, '\n'), 3);
}

TEST_F(StoredLog, IsSteppedThroughForwardAndBack) {
  const auto ran = keys("n\nb\ng 40\nn\nb\ns\np\nx\ng 0\nq\n", {"replay", "--from", "10"});
  EXPECT_EQ(ran.code, kSuccess) << ran.err;
  std::vector<std::string> heads;
  std::istringstream stream(ran.out);
  for (std::string line; std::getline(stream, line);) {
    const auto at = line.find('#');
    if (at == 0 || (at == 2 && line.starts_with("> "))) heads.push_back(line.substr(at, line.find(' ', at) - at));
  }
  EXPECT_EQ(heads, (std::vector<std::string>{"#10", "#11", "#10", "#40", "#41", "#40"})) << ran.out;
  EXPECT_NE(ran.out.find("g SEQ, from 1 to " + std::to_string(last_)), std::string::npos);
  const auto end = keys("n\n", {"replay", "--from", std::to_string(last_)});
  EXPECT_NE(end.out.find("the end"), std::string::npos) << end.out;
  const auto beginning = keys("b\n", {"replay"});
  EXPECT_NE(beginning.out.find("the beginning"), std::string::npos) << beginning.out;
}

TEST_F(StoredLog, RefusesMomentsThatItDoesNotHave) {
  EXPECT_NE(stored({"replay", "--from", "999999"}).code, kSuccess);
  EXPECT_NE(stored({"replay", "--from", "9", "--until", "3"}).code, kSuccess);
  EXPECT_NE(stored({"replay", "--cluster", "no-such"}).code, kSuccess);
  EXPECT_NE(stored({"whatif", "--from", "soon"}).code, kSuccess);
  EXPECT_NE(stored({"whatif", "--policies", "/no/such/file"}).code, kSuccess);
}

TEST_F(StoredLog, WhatIfAsksTheReconcilersAndSaysWhatItCannotJudge) {
  const auto ran = stored({"--json", "whatif"});
  EXPECT_EQ(ran.code, kSuccess) << ran.out << ran.err;
  const auto answer = json::parse(ran.out).at("reconcilers");
  EXPECT_GT(answer.at("decisions").to_number<int>(), 5);
  EXPECT_GT(answer.at("same").to_number<int>(), 0);
  EXPECT_EQ(answer.at("different").to_number<int>(), 0) << ran.out;
  EXPECT_GT(answer.at("not_judged").at("offers").to_number<int>(), 0);
}

TEST_F(StoredLog, WhatIfAsksOtherPoliciesAndPrices) {
  const auto policies =
      stored({"--json", "whatif", "--policies",
              file("policies.json", R"({"policies":{"snapshots":{"repository":"r","every_s":1,"keep":2}}})")});
  ASSERT_EQ(policies.code, kSuccess) << policies.err;
  const auto snapshots = json::parse(policies.out).at("policies").at("snapshots").as_object();
  ASSERT_FALSE(snapshots.empty()) << policies.out;
  EXPECT_GT(snapshots.begin()->value().at("due").to_number<int>(), 1);
  EXPECT_EQ(snapshots.begin()->value().at("taken").to_number<int>(), 0);
  const auto prices = stored(
      {"--json", "whatif", "--price-list",
       file("prices.json", R"({"currency":"CNY","minor_digits":2,"prices":{"cluster_hour_nanos":900000000000}})")});
  ASSERT_EQ(prices.code, kSuccess) << prices.err;
  const auto lines = json::parse(prices.out).at("prices").at("lines").as_array();
  ASSERT_FALSE(lines.empty()) << prices.out;
  EXPECT_EQ(lines.at(0).at("kind").as_string(), "cluster");
  EXPECT_EQ(lines.at(0).at("recorded_minor").to_number<int>(), 0);
  EXPECT_GT(lines.at(0).at("changed_minor").to_number<int>(), 0);
  EXPECT_NE(stored({"whatif", "--policies", file("wrong.json", R"({"tenant":{}})")}).code, kSuccess);
}

}  // namespace
}  // namespace esaas::api::cli
