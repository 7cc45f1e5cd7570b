#include <gtest/gtest.h>
#include <boost/json/array.hpp>

#include <set>
#include <string>
#include <vector>

#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

/// Books that show one reservation of each of these tenants, none of which any node owns.
reconcile::MasterBooks books_of(const std::vector<std::string>& tenants) {
  reconcile::MasterBooks books;
  books.asked_at = kTestNow;
  reconcile::Offer agent;
  agent.agent_id = "A";
  agent.hostname = "host-a";
  for (const std::string& tenant : tenants) {
    agent.reserved.push_back({.cluster = tenant + "-old",
                              .node = "data-0",
                              .place = "volume-of-" + tenant,
                              .role = "es-" + tenant,
                              .quantities = {1000, 2048, 4096},
                              .ports = {},
                              .has_volume = true});
  }
  books.agents.push_back(std::move(agent));
  return books;
}

TEST(LedgerRoutes, ShowsWhatIsReservedAndWhyNothingOwnsIt) {
  TestApi api;
  api.front.books = books_of({"other", "shop"});
  const auto ledger = api.connect()->request("GET", "/v1/ledger").json();
  EXPECT_FALSE(ledger.at("balanced").as_bool());
  EXPECT_EQ(ledger.at("imbalances").as_int64(), 2);
  EXPECT_EQ(ledger.at("theirs").at("mem_mib").as_int64(), 4096);
  EXPECT_EQ(ledger.at("ours").at("mem_mib").as_int64(), 0);
  const auto& line = ledger.at("items").at(1);
  EXPECT_EQ(line.at("tenant").as_string(), "shop");
  EXPECT_EQ(line.at("status").as_string(), "without_owner");
  EXPECT_EQ(line.at("why").as_string(), "Nothing owns it: there is no cluster shop-old any more.");
}

TEST(LedgerRoutes, PagesAndFiltersWhileTheSumsStayWhole) {
  TestApi api;
  api.front.books = books_of({"a", "b", "c"});
  auto client = api.connect();
  const auto first = client->request("GET", "/v1/ledger?limit=2").json();
  EXPECT_EQ(first.at("items").as_array().size(), 2U);
  EXPECT_EQ(first.at("lines").as_int64(), 3);
  std::string cursor(first.at("next_cursor").as_string());
  for (std::size_t at = 0; (at = cursor.find(' ')) != std::string::npos;) cursor.replace(at, 1, "%20");
  const auto second = client->request("GET", "/v1/ledger?limit=2&cursor=" + cursor).json();
  ASSERT_EQ(second.at("items").as_array().size(), 1U) << second;
  EXPECT_EQ(second.at("items").at(0).at("tenant").as_string(), "c");
  EXPECT_EQ(second.at("lines").as_int64(), 3);
  EXPECT_EQ(client->request("GET", "/v1/ledger?tenant=b").json().at("lines").as_int64(), 1);
  EXPECT_EQ(client->request("GET", "/v1/ledger?cluster=b-old").json().at("lines").as_int64(), 1);
  EXPECT_EQ(client->request("GET", "/v1/ledger?status=balanced").json().at("lines").as_int64(), 0);
  EXPECT_EQ(client->request("GET", "/v1/ledger?status=lost").status, 400U);
}

TEST(LedgerRoutes, ThousandsOfLinesArePagedThroughWithoutLossOrRepetition) {
  constexpr std::size_t kLines = 5'000;
  std::vector<std::string> tenants;
  for (std::size_t i = 0; i < kLines; ++i) tenants.push_back("t" + std::to_string(i));
  TestApi api;
  api.front.books = books_of(tenants);
  auto client = api.connect();
  std::set<std::string> places;
  std::string cursor;
  for (std::size_t pages = 0; pages <= kLines; ++pages) {
    const auto page = client->request("GET", "/v1/ledger?limit=1000" + cursor).json();
    EXPECT_EQ(page.at("lines").as_int64(), kLines);
    for (const auto& line : page.at("items").as_array()) {
      EXPECT_TRUE(places.insert(std::string(line.at("place").as_string())).second) << line;
    }
    if (!page.contains("next_cursor") || page.at("next_cursor").is_null()) break;
    cursor = "&cursor=" + std::string(page.at("next_cursor").as_string());
    for (std::size_t at = 0; (at = cursor.find(' ')) != std::string::npos;) cursor.replace(at, 1, "%20");
  }
  EXPECT_EQ(places.size(), kLines);
}

TEST(LedgerRoutes, SaysThatNoMasterCanBeAsked) {
  TestApi api;
  const auto answer = api.connect()->request("GET", "/v1/ledger");
  EXPECT_EQ(answer.status, 503U) << answer.body;
}

}  // namespace
}  // namespace esaas::api
