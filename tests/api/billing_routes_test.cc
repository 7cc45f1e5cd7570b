// Prices, bills, invoices and budgets over HTTP.

#include <gtest/gtest.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <thread>

#include "api/http/target.h"
#include "api/routes/invoice_turn.h"
#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

constexpr const char* kPrices = R"({"currency":"CNY","minor_digits":2,"prices":{"cpu_hour_nanos":500000000,
  "memory_gib_hour_nanos":90000000,"storage_gib_hour_nanos":1000000,"cluster_hour_nanos":1000000000},"note":"first"})";

std::string problem(const TestResponse& response) { return response.body; }

class BillingRoutes : public ::testing::Test {
 protected:
  void publish(const std::string& body = kPrices) {
    const auto published = client_->request("POST", "/v1/price-lists", body, {{"X-Reason", "contract"}});
    ASSERT_EQ(published.status, 202U) << published.body;
  }

  /// The log goes on until so many days after now, which is the 9th of October 2016.
  void go_on(int days) {
    api_.front.later = std::chrono::days{days};
    api_.add_noise(1);
  }
  TestResponse close(const std::string& month, const std::string& more = {}) {
    return client_->request("POST", "/v1/invoices" + more, R"({"tenant":"shop","month":")" + month + "\"}");
  }
  TestResponse correct(TestClient& client, const std::string& id) {
    return client.request("POST", "/v1/invoices", R"({"corrects":")" + id + R"(","reason":"sure"})");
  }
  std::int64_t billed(const std::string& month) {
    std::int64_t sum = 0;
    const auto invoices = client_->request("GET", "/v1/invoices?tenant=shop&month=" + month).json();
    for (const auto& invoice : invoices.at("items").as_array()) {
      sum += invoice.at("total_minor").to_number<std::int64_t>();
    }
    return sum;
  }

  TestApi api_;
  std::unique_ptr<TestClient> client_ = api_.connect();
};

TEST_F(BillingRoutes, PublishAPriceListAndShowIt) {
  publish();
  const auto lists = client_->request("GET", "/v1/price-lists").json();
  ASSERT_EQ(lists.at("items").as_array().size(), 1U);
  const auto& list = lists.at("items").at(0);
  EXPECT_EQ(list.at("currency").as_string(), "CNY");
  EXPECT_EQ(list.at("effective_at").as_string(), to_rfc3339(kTestNow));
  EXPECT_TRUE(list.at("id").as_string().starts_with("pl-"));
  const auto audit = client_->request("GET", "/v1/audit?action=publish_price_list&text=contract").json();
  EXPECT_EQ(audit.at("count").as_int64(), 1);
}

TEST_F(BillingRoutes, RefusePriceListsThatAreWrongByName) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {R"({"currency":"yuan"})", "currency"},
      {R"({"currency":"CNY","minor_digits":5})", "minor_digits"},
      {R"({"currency":"CNY","id":"pl-1"})", "id"},
      {R"({"currency":"CNY","tenant":"nobody"})", "tenant"},
      {R"({"currency":"CNY","effective_at":"2016-01-01T00:00:00Z"})", "effective_at"},
      {R"({"currency":"CNY","prices":{"cpu_hour_nanos":9000000000000000}})", "prices.cpu_hour_nanos"},
      {R"({"currency":"CNY","prices":{"gpu_hour_nanos":1}})", "gpu_hour_nanos"},
      {R"({"currency":"CNY","revocable_permille":1001})", "revocable_permille"},
      {R"({"currency":"CNY","high_availability":[{"zones":2,"factor_permille":0}]})", "factor_permille"}};
  for (const auto& [body, field] : bad) {
    const auto refused = client_->request("POST", "/v1/price-lists", body);
    EXPECT_EQ(refused.status, 400U) << body;
    EXPECT_NE(problem(refused).find(field), std::string::npos) << refused.body;
  }
}

TEST_F(BillingRoutes, KeepToOneCurrencyAMonth) {
  publish();
  const auto refused =
      client_->request("POST", "/v1/price-lists", R"({"currency":"EUR","effective_at":"2026-12-05T00:00:00Z"})");
  EXPECT_EQ(refused.status, 400U) << refused.body;
  EXPECT_NE(problem(refused).find("one_currency_a_month"), std::string::npos) << refused.body;
  publish(R"({"currency":"EUR","effective_at":"2036-12-01T00:00:00Z"})");
}

TEST_F(BillingRoutes, GiveListsInPages) {
  publish();
  for (const char* moment : {"2036-12-01", "2037-01-01", "2037-02-01"}) {
    publish(std::string(R"({"currency":"CNY","minor_digits":2,"effective_at":")") + moment + R"(T00:00:00Z"})");
  }
  api_.create_cluster("search");
  go_on(90);
  for (const char* month : {"2016-10", "2016-11", "2016-12"}) ASSERT_EQ(close(month).status, 202U) << month;
  for (const std::string path : {"/v1/price-lists", "/v1/invoices", "/v1/bills", "/v1/rates"}) {
    const auto whole = client_->request("GET", path).json();
    const auto& items = whole.at("items").as_array();
    ASSERT_FALSE(items.empty()) << path;
    EXPECT_FALSE(whole.contains("next_cursor"));
    boost::json::array pages;
    std::string cursor;
    do {
      const auto page =
          client_->request("GET", path + "?limit=1" + (cursor.empty() ? "" : "&cursor=" + http::percent_encode(cursor)))
              .json();
      ASSERT_LE(page.at("items").as_array().size(), 1U);
      for (const auto& item : page.at("items").as_array()) pages.push_back(item);
      cursor = page.contains("next_cursor") ? std::string(page.at("next_cursor").as_string()) : "";
    } while (!cursor.empty() && pages.size() < 20);
    EXPECT_EQ(pages, items) << path;
  }
}

TEST_F(BillingRoutes, BillWhatIsThere) {
  publish();
  api_.create_cluster("search");
  const auto rates = client_->request("GET", "/v1/rates?tenant=shop").json();
  ASSERT_EQ(rates.at("items").as_array().size(), 1U);
  EXPECT_EQ(rates.at("items").at(0).at("tenant").as_string(), "shop");
  EXPECT_EQ(rates.at("items").at(0).at("hour").as_string(), "1.00") << "a cluster without nodes costs its fee";
  const auto bills = client_->request("GET", "/v1/bills").json();
  ASSERT_EQ(bills.at("items").as_array().size(), 1U);
  const auto& line = bills.at("items").at(0).at("lines").at(0);
  EXPECT_EQ(line.at("cluster").as_string(), "search");
  EXPECT_EQ(line.at("kind").as_string(), "cluster");
  EXPECT_EQ(client_->request("GET", "/v1/bills?month=2015-01").json().at("items").as_array().size(), 0U);
  EXPECT_EQ(client_->request("GET", "/v1/bills?month=2015-13").status, 400U);
}

TEST_F(BillingRoutes, CloseAMonthOnceAndInOrderFromTheTenantsFirst) {
  publish();
  go_on(60);
  for (const char* month : {"2015-09", "2016-09", "2016-11"}) {
    const auto refused = close(month);
    EXPECT_EQ(refused.status, 409U) << month;
    EXPECT_EQ(refused.problem_rule(), "closed_in_order") << refused.body;
    EXPECT_NE(problem(refused).find("the first month of tenant shop is 2016-10"), std::string::npos) << refused.body;
  }
  const auto closed = close("2016-10");
  ASSERT_EQ(closed.status, 202U) << closed.body;
  EXPECT_EQ(closed.json().at("total").as_string(), "0.00");
  EXPECT_EQ(close("2016-10").problem_rule(), "closed_once");
  EXPECT_EQ(close("2016-09").problem_rule(), "closed_once") << "what is before a closed month is closed with it";
  const auto open = close("2099-01");
  EXPECT_EQ(open.status, 409U) << open.body;
  EXPECT_NE(problem(open).find("not over"), std::string::npos) << open.body;
  const auto invoices = client_->request("GET", "/v1/invoices?tenant=shop").json();
  ASSERT_EQ(invoices.at("items").as_array().size(), 1U);
  const std::string id(invoices.at("items").at(0).at("id").as_string());
  EXPECT_EQ(client_->request("GET", "/v1/invoices/" + id).json().at("month").as_string(), "2016-10");
  EXPECT_EQ(client_->request("GET", "/v1/invoices/inv-999").status, 404U);
  const auto correction = correct(*client_, id);
  EXPECT_EQ(correction.status, 409U) << correction.body;
  EXPECT_NE(problem(correction).find("nothing to correct"), std::string::npos);
  go_on(90);
  EXPECT_NE(problem(close("2016-12")).find("2016-11 has to be closed first"), std::string::npos);
  EXPECT_EQ(close("2016-11").status, 202U);
}

TEST_F(BillingRoutes, AnswerTheInvoiceAsItIsLogged) {
  publish();
  api_.create_cluster("search");
  go_on(30);
  const auto dry = close("2016-10", "?dry_run=true");
  ASSERT_EQ(dry.status, 200U) << dry.body;
  EXPECT_NE(dry.body.find("inv-"), std::string::npos);
  const std::vector<std::pair<std::string, std::string>> key{{"Idempotency-Key", "closing"}};
  const std::string body = R"({"tenant":"shop","month":"2016-10"})";
  const auto closed = client_->request("POST", "/v1/invoices", body, key);
  ASSERT_EQ(closed.status, 202U) << closed.body;
  const auto told = closed.json();
  const std::uint64_t seq = api_.front.log.last_seq();
  EXPECT_EQ(told.at("seq").to_number<std::uint64_t>(), seq);
  EXPECT_EQ(told.at("id").as_string(), "inv-" + std::to_string(seq));
  EXPECT_GT(told.at("total_minor").to_number<std::int64_t>(), 0);
  auto found = client_->request("GET", "/v1/invoices/inv-" + std::to_string(seq)).json();
  found["seq"] = told.at("seq");
  EXPECT_EQ(boost::json::value(found), boost::json::value(told));
}

TEST_F(BillingRoutes, CorrectAMonthOnceHoweverManyAskForIt) {
  publish();
  api_.create_cluster("search");
  go_on(30);
  ASSERT_EQ(close("2016-10").status, 202U);
  const std::int64_t right = billed("2016-10");
  ASSERT_GT(right, 0);
  // A month that a program before this one closed with too much.
  const auto before = api_.front.log.read_one(api_.front.log.last_seq());
  event::Event wrong;
  wrong.set_tenant("shop");
  auto& invoice = *wrong.mutable_invoice_closed()->mutable_invoice();
  invoice = before->invoice_closed().invoice();
  const std::string id = invoice.id();
  invoice.set_id("inv-" + std::to_string(api_.front.log.last_seq() + 1));
  invoice.set_corrects(id);
  for (auto& line : *invoice.mutable_lines()) line.set_amount_minor(700);
  invoice.set_total_minor(700 * invoice.lines_size());
  api_.front.append(std::move(wrong));
  ASSERT_NE(billed("2016-10"), right);

  constexpr int kClients = 6;
  std::vector<unsigned> statuses(kClients);
  std::vector<std::string> rules(kClients);
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] {
      const auto client = api_.connect();
      const auto answer = correct(*client, id);
      statuses[static_cast<std::size_t>(i)] = answer.status;
      if (answer.status != 202) rules[static_cast<std::size_t>(i)] = answer.problem_rule();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(std::ranges::count(statuses, 202U), 1);
  EXPECT_EQ(std::ranges::count(statuses, 409U), kClients - 1);
  for (const std::string& rule : rules) {
    EXPECT_TRUE(rule.empty() || rule == "corrected_meanwhile" || rule == "changes_something") << rule;
  }
  EXPECT_EQ(billed("2016-10"), right);
}

TEST_F(BillingRoutes, TakeTurnsWithInvoicesOfOneTenant) {
  publish();
  go_on(30);
  {
    const auto turn = take_invoice_turn(api_.front.log, "shop");
    ASSERT_TRUE(turn);
    const auto refused = close("2016-10");
    EXPECT_EQ(refused.status, 409U);
    EXPECT_EQ(refused.problem_rule(), "corrected_meanwhile");
    EXPECT_TRUE(take_invoice_turn(api_.front.log, "other")) << "each has its own";
    const auto others = client_->request("POST", "/v1/invoices", R"({"tenant":"other","month":"2016-10"})");
    EXPECT_EQ(others.status, 202U) << others.body;
  }
  EXPECT_EQ(close("2016-10").status, 202U);
}

TEST_F(BillingRoutes, SayWhatAClosingHasToName) {
  for (const char* body : {R"({})", R"({"tenant":"shop"})", R"({"month":"2015-09"})",
                           R"({"tenant":"shop","month":"2015-09","corrects":"inv-1"})", R"({"tennant":"shop"})"}) {
    EXPECT_EQ(client_->request("POST", "/v1/invoices", body).status, 400U) << body;
  }
  EXPECT_EQ(client_->request("POST", "/v1/invoices", R"({"tenant":"shop","month":"September"})").status, 400U);
  EXPECT_EQ(client_->request("POST", "/v1/invoices", R"({"tenant":"nobody","month":"2015-09"})").status, 404U);
}

TEST_F(BillingRoutes, KeepABudget) {
  const std::string path = "/v1/tenants/shop/budget";
  EXPECT_EQ(client_->request("DELETE", path).status, 409U);
  const auto set =
      client_->request("PUT", path, R"({"currency":"CNY","monthly_minor":100000,"alert_percents":[80,100]})");
  ASSERT_EQ(set.status, 202U) << set.body;
  EXPECT_EQ(client_->request("GET", path).json().at("budget").at("monthly_minor").as_int64(), 100000);
  for (const char* body : {R"({"currency":"CNY","monthly_minor":0,"alert_percents":[80]})",
                           R"({"currency":"CNY","monthly_minor":5,"alert_percents":[]})",
                           R"({"currency":"CNY","monthly_minor":5,"alert_percents":[80,80]})"}) {
    EXPECT_EQ(client_->request("PUT", path, body).status, 400U) << body;
  }
  EXPECT_EQ(client_->request("DELETE", path).status, 202U);
  EXPECT_FALSE(client_->request("GET", path).json().contains("budget"));
  EXPECT_EQ(client_->request("GET", "/v1/tenants/nobody/budget").status, 404U);
}

TEST_F(BillingRoutes, ShowATenantNothingOfTheOthers) {
  publish();
  api_.create_cluster("search");
  const auto theirs = api_.connect(api_.make_token(model::TOKEN_ROLE_BILLING, "other"));
  EXPECT_EQ(theirs->request("GET", "/v1/bills?tenant=shop").json().at("items").as_array().size(), 0U);
  EXPECT_EQ(theirs->request("GET", "/v1/rates").json().at("items").as_array().size(), 0U);
  EXPECT_EQ(theirs->request("GET", "/v1/tenants/shop/budget").status, 404U);
  EXPECT_EQ(theirs->request("POST", "/v1/price-lists", kPrices).status, 403U);
}

}  // namespace
}  // namespace esaas::api
