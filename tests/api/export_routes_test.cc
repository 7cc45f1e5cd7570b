// Use as files over HTTP.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "api/routes/turn.h"
#include "core/events/codec.h"
#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ExportRoutes : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* cluster : {"search", "logs", "metrics"}) api_.create_cluster(cluster);
    api_.front.later = std::chrono::hours{30};
    api_.add_noise(1);
  }
  static std::string target(const std::string& format, const std::string& more = {}) {
    return "/v1/exports/usage?from=2016-10-01&to=2036-11-01&format=" + format + more;
  }
  TestResponse get(const std::string& path) { return client_->request("GET", path); }

  TestApi api_;
  std::unique_ptr<TestClient> client_ = api_.connect();
};

TEST_F(ExportRoutes, StreamAWholeFileInEveryFormat) {
  const auto csv = get(target("csv"));
  ASSERT_EQ(csv.status, 200U) << csv.body;
  EXPECT_EQ(csv.headers.at("content-type"), "text/csv; charset=utf-8");
  EXPECT_THAT(csv.body, StartsWith("tenant,cluster,node,kind"));
  EXPECT_THAT(csv.body, HasSubstr("shop,search,,cluster,cluster,1,"));
  EXPECT_EQ(csv.headers.at("esaas-until-seq"), std::to_string(api_.front.log.last_seq()));
  EXPECT_FALSE(csv.headers.contains("esaas-next-cursor"));
  EXPECT_EQ(get(target("jsonl")).headers.at("content-type"), "application/x-ndjson");
  EXPECT_THAT(get(target("cloudevents")).body, StartsWith("{\"specversion\":\"1.0\""));
  EXPECT_THAT(get(target("focus")).body, StartsWith("AvailabilityZone,BilledCost,"));
  const auto compressed = get(target("csv", "&compression=zstd"));
  EXPECT_EQ(compressed.headers.at("content-type"), "application/zstd");
  EXPECT_THAT(compressed.body, StartsWith("\x28\xb5\x2f\xfd"));
}

TEST_F(ExportRoutes, GiveTheSameFileInPages) {
  for (const char* format : {"csv", "jsonl", "cloudevents", "focus"}) {
    const std::string whole = get(target(format)).body;
    for (const char* limit : {"1", "2", "10000"}) {
      std::string pages;
      std::string cursor;
      do {
        const auto page = get(cursor.empty() ? target(format, std::string("&limit=") + limit)
                                             : std::string("/v1/exports/usage?format=") + format + "&limit=" + limit +
                                                   "&cursor=" + cursor);
        ASSERT_EQ(page.status, 200U) << page.body;
        pages += page.body;
        cursor = page.headers.contains("esaas-next-cursor") ? page.headers.at("esaas-next-cursor") : "";
      } while (!cursor.empty());
      EXPECT_EQ(pages, whole) << format << " in pages of " << limit;
    }
  }
}

TEST_F(ExportRoutes, GoOnAfterABreakThoughTheLogHasGrown) {
  const auto first = get(target("csv"));
  const std::string cursor = first.headers.at("esaas-cursor");
  api_.create_cluster("later");
  api_.front.later = std::chrono::hours{35};
  api_.add_noise(1);
  const auto had = first.body.find('\n', first.body.find('\n') + 1) + 1;  // the header and one record
  const auto rest = get("/v1/exports/usage?format=csv&skip=1&cursor=" + cursor);
  ASSERT_EQ(rest.status, 200U) << rest.body;
  EXPECT_EQ(first.body.substr(0, had) + rest.body, first.body);
  EXPECT_EQ(get(target("csv", "&until_seq=" + first.headers.at("esaas-until-seq"))).body, first.body);
  EXPECT_NE(get(target("csv")).body, first.body) << "the range goes beyond what was known then";
}

TEST_F(ExportRoutes, ShowATenantNothingOfOthers) {
  const auto of = [&](const std::string& tenant, const std::string& path) {
    return api_.connect(api_.make_token(model::TOKEN_ROLE_BILLING, tenant))->request("GET", path);
  };
  EXPECT_THAT(of("shop", target("csv")).body, HasSubstr("search"));
  const auto other = of("bank", target("csv"));
  EXPECT_EQ(other.status, 200U);
  EXPECT_EQ(std::ranges::count(other.body, '\n'), 1) << "a header alone";
  EXPECT_EQ(std::ranges::count(of("bank", target("csv", "&tenant=shop")).body, '\n'), 1);
  const auto cursor = get(target("csv")).headers.at("esaas-cursor");
  const auto stolen = of("bank", "/v1/exports/usage?format=csv&cursor=" + cursor);
  EXPECT_EQ(stolen.status, 400U) << stolen.body;
  EXPECT_EQ(stolen.problem_field(), "cursor");
}

TEST_F(ExportRoutes, RefuseWhatDoesNotFit) {
  EXPECT_EQ(get(target("xml")).problem_field(), "format");
  EXPECT_EQ(get(target("csv", "&limit=10001")).problem_field(), "limit");
  EXPECT_EQ(get(target("csv", "&limit=0")).problem_field(), "limit");
  EXPECT_EQ(get(target("csv", "&until_seq=99999")).problem_field(), "until_seq");
  EXPECT_EQ(get("/v1/exports/usage?from=2016-10-02&to=2016-10-01").problem_rule(), "from_before_to");
  const auto cursor = get(target("csv")).headers.at("esaas-cursor");
  EXPECT_EQ(get("/v1/exports/usage?format=jsonl&cursor=" + cursor).problem_rule(), "cursor_of_this_export");
  EXPECT_EQ(get("/v1/exports/usage?from=2016-10-02&cursor=" + cursor).problem_rule(), "cursor_of_this_export");
  EXPECT_EQ(get("/v1/exports/usage?skip=1000&cursor=" + cursor).problem_rule(), "cursor_of_this_export");
  EXPECT_EQ(get("/v1/exports/usage?cursor=1.2.3").problem_rule(), "cursor_of_this_export");
}

/// Events that are metered, of nodes that nobody knows.
store::Batch metered(const store::EventLog& log, std::uint64_t count) {
  store::Batch batch;
  for (std::uint64_t i = 1; i <= count; ++i) {
    event::Event& event = batch.events.emplace_back();
    event.set_seq(log.last_seq() + i);
    event.set_time_at_us(log.last_time_at_us());
    event.set_wall_at_us(event.time_at_us());
    event.set_schema_version(event::kSchemaVersion);
    event.set_min_reader_version(event::kReaderVersion);
    event.mutable_task_status_changed()->set_node("data-0");
    event.mutable_task_status_changed()->set_task_id("task");
  }
  return batch;
}

/// Whose client has gone reads on, and others have to come to their turn all the same.
TEST_F(ExportRoutes, OnlySoManyLookForTheirPageAtATime) {
  std::vector<Turn> others;
  while (Turn turn = take_turn(api_.front.log, "exports/" + std::to_string(others.size()))) {
    others.push_back(std::move(turn));
    if (get(target("csv", "&limit=1")).status != 200) break;
    ASSERT_LT(others.size(), 100U) << "there is no bound";
  }
  const auto refused = get(target("csv", "&limit=1"));
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(refused.problem_rule(), "exports_at_once_max");
  EXPECT_TRUE(refused.headers.contains("retry-after"));
  EXPECT_EQ(get(target("csv", "&skip=1")).status, 429U) << "a stream that has to find its place";
  EXPECT_EQ(get(target("csv")).status, 200U) << "one that has not";
  others.pop_back();
  EXPECT_EQ(get(target("csv", "&limit=1")).status, 200U);
  EXPECT_EQ(get(target("csv", "&limit=1")).status, 200U) << "its turn is over";
}

TEST(ExportOfALongLog, IsAnsweredThoughItTakesLongerThanAnswersMay) {
  http::Limits limits;
  limits.answer_timeout = std::chrono::milliseconds(200);
  TestApi api(limits);
  api.create_cluster("search");
  const auto client = api.connect();
  const std::string target = "/v1/exports/usage?from=2016-10-01&to=2036-11-01&format=csv";
  std::chrono::steady_clock::duration took{};
  while (took < 2 * limits.answer_timeout) {
    ASSERT_TRUE(
        api.front.log.append(metered(api.front.log, std::max<std::uint64_t>(200'000, api.front.log.last_seq()))));
    const auto begin = std::chrono::steady_clock::now();
    const auto page = client->request("GET", target + "&limit=5");
    took = std::chrono::steady_clock::now() - begin;
    ASSERT_EQ(page.status, 200U) << page.body;
    ASSERT_LT(api.front.log.last_seq(), 20'000'000U);
  }
  // It ends with what is open, behind all of the log.
  event::Event last = *api.front.log.read_one(api.front.log.last_seq());
  last.set_seq(last.seq() + 1);
  last.set_time_at_us(last.time_at_us() + 3'600'000'000);
  ASSERT_TRUE(api.front.log.append({{last}, {}}));
  const auto whole = client->request("GET", target);
  EXPECT_EQ(whole.status, 200U);
  EXPECT_THAT(whole.body, HasSubstr("shop,search,,cluster,cluster,1,"));
  EXPECT_EQ(client->request("GET", target + "&limit=5").body, whole.body);
}

}  // namespace
}  // namespace esaas::api
