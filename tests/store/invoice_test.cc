// The bills of tenants, derived from a log.

#include "store/billing/invoice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/billing/money.h"
#include "store/billing/budget_alerts.h"
#include "store/log/memory_event_log.h"
#include "store/views/usage_view.h"
#include "tests/store/log_without_indexes.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

using billing::Month;
using billing::PriceBook;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Invoices : public ::testing::Test {
 protected:
  void SetUp() override { grow(200); }

  void grow(int batches) {
    for (int i = 0; i < batches; ++i) ASSERT_TRUE(log_.append(samples_.batch(50)));
  }
  [[nodiscard]] Time last_time() const { return from_us(log_.last_time_at_us()); }

  static model::PriceList list(std::uint64_t seq, std::int64_t from_us, const std::string& currency = "CNY") {
    model::PriceList list;
    list.set_id(billing::price_list_id(seq));
    list.set_currency(currency);
    list.set_minor_digits(2);
    list.set_effective_at_us(from_us);
    list.mutable_prices()->set_cpu_hour_nanos(700'000'000);
    list.mutable_prices()->set_memory_gib_hour_nanos(90'000'000);
    list.mutable_prices()->set_storage_gib_hour_nanos(3'000'000);
    list.mutable_prices()->set_cluster_hour_nanos(2'000'000'000);
    return list;
  }

  std::vector<model::Invoice> bills_of(Time from, Time to, const std::string& tenant = {}) {
    auto found = bills(log_, prices_, {.tenant = tenant, .from = from, .to = to, .now = to});
    EXPECT_TRUE(found) << found.error().detail;
    return found.value_or(std::vector<model::Invoice>{});
  }

  MemoryEventLog log_;
  testing::SampleEvents samples_{3, 12};
  PriceBook prices_{{list(1, 0)}};
  Month month_ = *Month::parse("2016-10");
};

TEST_F(Invoices, BillExactlyWhatUsageShows) {
  const Time from = month_.begin();
  const Time to = last_time();
  std::map<std::string, billing::Quantity> billed;
  std::int64_t owed = 0;
  for (const auto& invoice : bills_of(from, to)) {
    std::int64_t total = 0;
    for (const auto& line : invoice.lines()) {
      billed[line.kind()] += *billing::parse_quantity(line.quantity());
      total += line.amount_minor();
      EXPECT_FALSE(line.cluster().empty());
      EXPECT_GE(line.last_seq(), line.first_seq());
    }
    EXPECT_EQ(invoice.total_minor(), total);
    EXPECT_EQ(invoice.currency(), "CNY");
    owed += total;
  }
  const auto totals = UsageView(log_).totals({.from = from, .to = to, .now = to});
  ASSERT_TRUE(totals);
  std::map<std::string, billing::Quantity> used;
  for (const auto& total : *totals) {
    used["cpu"] += total.cpu;
    used["memory"] += total.memory;
    used["storage"] += total.disk;
    used["cluster"] += total.existing;
  }
  EXPECT_EQ(billed, used);
  EXPECT_GT(owed, 0);
}

TEST_F(Invoices, OfOneTenantAreTheSameAsAmongAll) {
  const auto all = bills_of(month_.begin(), last_time());
  ASSERT_GT(all.size(), 2U);
  for (const auto& one : all) {
    const auto alone = bills_of(month_.begin(), last_time(), one.tenant());
    ASSERT_THAT(alone, SizeIs(1));
    EXPECT_EQ(alone[0].SerializeAsString(), one.SerializeAsString());
  }
}

TEST_F(Invoices, OfTheSameStretchNeverChangeWhileTheLogGrows) {
  const Time to = last_time() - std::chrono::minutes(10);
  std::vector<std::string> before;
  for (const auto& invoice : bills_of(month_.begin(), to)) before.push_back(invoice.SerializeAsString());
  grow(100);
  const auto after = bills_of(month_.begin(), to);
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    // What was open is closed meanwhile, and a line may name the event that closed it.
    auto told = after[i];
    model::Invoice first;
    ASSERT_TRUE(first.ParseFromString(before[i]));
    ASSERT_EQ(told.lines_size(), first.lines_size());
    EXPECT_THAT(*differences(first, told), IsEmpty());
    EXPECT_EQ(told.total_minor(), first.total_minor());
  }
}

TEST_F(Invoices, OfAMonthThatIsNotOverIsUpToNowAndWithoutUseIsEmpty) {
  const auto all = bills_of(month_.begin(), last_time());
  const auto now = month_bill(log_, prices_, all[0].tenant(), month_, last_time());
  ASSERT_TRUE(now) << now.error().detail;
  EXPECT_EQ(now->total_minor(), all[0].total_minor());
  EXPECT_EQ(now->month(), "2016-10");
  const auto none = month_bill(log_, prices_, "nobody", month_, last_time());
  ASSERT_TRUE(none);
  EXPECT_EQ(none->lines_size(), 0);
  EXPECT_EQ(none->currency(), "CNY");
  const auto past = month_bill(log_, prices_, all[0].tenant(), *Month::parse("2015-01"), last_time());
  ASSERT_TRUE(past);
  EXPECT_EQ(past->lines_size(), 0);
}

TEST_F(Invoices, RefuseTwoCurrenciesInOneStretch) {
  prices_ = PriceBook({list(1, 0), list(2, to_us(month_.begin()) + 1, "EUR")});
  const auto refused = bills(log_, prices_, {.from = month_.begin(), .to = last_time(), .now = last_time()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_NE(refused.error().detail.find("pl-2"), std::string::npos);
}

TEST_F(Invoices, RefuseAmountsThatSixtyFourBitsDoNotHold) {
  model::Invoice billed;
  billed.add_lines()->set_amount_minor(INT64_MIN);
  model::Invoice derived;
  derived.add_lines()->set_amount_minor(1);
  EXPECT_EQ(differences(billed, derived).error().code, ErrorCode::kResourceExhausted);
  auto dear = list(1, 0);
  dear.mutable_prices()->set_cluster_hour_nanos(UINT64_MAX);
  dear.set_minor_digits(4);
  prices_ = PriceBook({dear});
  const Time end = last_time() + std::chrono::days{365'000};
  EXPECT_EQ(bills(log_, prices_, {.from = month_.begin(), .to = end, .now = end}).error().code,
            ErrorCode::kResourceExhausted);
}

TEST_F(Invoices, RefuseOneCurrencyWithOtherDigits) {
  auto finer = list(2, to_us(month_.begin()) + 1);
  finer.set_minor_digits(4);
  prices_ = PriceBook({list(1, 0), finer});
  const auto refused = bills(log_, prices_, {.from = month_.begin(), .to = last_time(), .now = last_time()});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, ::testing::HasSubstr("with 4 at the same time"));
}

TEST_F(Invoices, OfAnHourAreByThePricesOfNowThoughAnotherCurrencyIsToCome) {
  const Time now = last_time() + Duration{1};
  const auto before = hour_rates(log_, prices_, {}, now);
  ASSERT_TRUE(before) << before.error().detail;
  ASSERT_GT(before->size(), 2U);
  EXPECT_GT(before->front().total_minor(), 0);
  prices_ = PriceBook({list(1, 0), list(2, to_us(now) + 60'000'000, "EUR")});
  const auto after = hour_rates(log_, prices_, {}, now);
  ASSERT_TRUE(after) << after.error().detail;
  ASSERT_EQ(after->size(), before->size());
  for (std::size_t i = 0; i < after->size(); ++i) {
    EXPECT_EQ((*after)[i].SerializeAsString(), (*before)[i].SerializeAsString());
  }
  const Time later = now + std::chrono::minutes{1};
  EXPECT_EQ(hour_rates(log_, prices_, {}, later)->front().currency(), "EUR") << "it is in force from that moment on";
}

TEST_F(Invoices, AreTheSameHoweverFewIntervalsAreHeld) {
  const Time to = last_time();
  const auto all = bills_of(month_.begin(), to);
  ASSERT_GT(all.size(), 2U);
  for (const std::size_t held : {0U, 3U, 50U, 700U}) {
    const auto few =
        bills(log_, prices_, {.tenant = {}, .from = month_.begin(), .to = to, .now = to, .held_max = held});
    ASSERT_TRUE(few) << few.error().detail;
    ASSERT_EQ(few->size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ((*few)[i].SerializeAsString(), all[i].SerializeAsString()) << held << " held";
    }
  }
}

TEST_F(Invoices, FindTheirPriceListsInTheLog) {
  const std::uint64_t before = log_.last_seq();
  for (const std::uint64_t seq : {before + 1, before + 2}) {
    auto event = testing::plain_event(seq, log_.last_time_at_us());
    *event.mutable_price_list_published()->mutable_price_list() = list(seq, 0);
    ASSERT_TRUE(log_.append({{event}, {}}));
  }
  EXPECT_EQ(price_book_at(log_, before)->in_force("shop", 1), nullptr);
  EXPECT_EQ(price_book_at(log_, before + 1)->in_force("shop", 1)->id(), billing::price_list_id(before + 1));
  EXPECT_EQ(price_book_at(log_, before + 2)->in_force("shop", 1)->id(), billing::price_list_id(before + 2));
}

TEST_F(Invoices, AreNotToldOfWhileSomeCanNotBeFound) {
  event::Event closed;
  closed.mutable_invoice_closed()->mutable_invoice()->set_tenant("team-1");
  closed.set_seq(log_.last_seq() + 1);
  closed.set_time_at_us(log_.last_time_at_us());
  ASSERT_TRUE(log_.append({.events = {closed}, .idempotency = {}}));
  EXPECT_THAT(*closed_invoices(log_, "team-1", {}), SizeIs(1));
  const auto partly = closed_invoices(testing::LogWithoutIndexes(log_), "team-1", {});
  ASSERT_FALSE(partly);
  EXPECT_EQ(partly.error().code, ErrorCode::kUnavailable);
}

TEST_F(Invoices, DifferencesMakeOneOfTheOther) {
  const auto all = bills_of(month_.begin(), last_time());
  const model::Invoice& billed = all[0];
  EXPECT_THAT(*differences(billed, billed), IsEmpty());
  prices_ = PriceBook({[] {
    auto dearer = list(1, 0);
    dearer.mutable_prices()->set_cpu_hour_nanos(900'000'000);
    return dearer;
  }()});
  const model::Invoice derived = bills_of(month_.begin(), last_time(), billed.tenant())[0];
  std::int64_t sum = 0;
  const auto owed = differences(billed, derived);
  for (const auto& line : *owed) {
    EXPECT_EQ(line.kind(), "cpu");
    sum += line.amount_minor();
  }
  EXPECT_EQ(billed.total_minor() + sum, derived.total_minor());
  std::int64_t back = 0;
  const auto none = differences(derived, model::Invoice());
  for (const auto& line : *none) back += line.amount_minor();
  EXPECT_EQ(derived.total_minor() + back, 0) << "what is not owed at all is taken back";
  model::Invoice corrected = derived;
  for (int i = 0; i < corrected.lines_size(); ++i) {
    corrected.mutable_lines(i)->set_quantity("0");
    corrected.mutable_lines(i)->set_amount_minor(0);
  }
  EXPECT_THAT(*differences(corrected, model::Invoice()), IsEmpty()) << "once";
}

class BudgetAlertsTest : public Invoices {
 protected:
  void SetUp() override {
    Invoices::SetUp();
    event::Event published = testing::plain_event(log_.last_seq() + 1, log_.last_time_at_us());
    *published.mutable_price_list_published()->mutable_price_list() = list(1, 0);
    ASSERT_TRUE(log_.append({{published}, {}}));
    const auto all = bills_of(Month::of(now()).begin(), now() + Duration{1});
    ASSERT_FALSE(all.empty());
    bill_ = all.front();
    ASSERT_GT(bill_.total_minor(), 100);
  }

  [[nodiscard]] Time now() const { return last_time(); }
  std::shared_ptr<state::Tenant> tenant(std::int64_t budget_minor) {
    auto tenant = std::make_shared<state::Tenant>();
    tenant->set_name(bill_.tenant());
    tenant->mutable_budget()->set_currency("CNY");
    tenant->mutable_budget()->set_minor_digits(2);
    tenant->mutable_budget()->set_monthly_minor(budget_minor);
    tenant->mutable_budget()->add_alert_percents(50);
    return tenant;
  }

  model::Invoice bill_;
};

TEST_F(BudgetAlertsTest, SayWhatIsSpentAndWhatItWillComeTo) {
  const auto found = budget_alerts(log_, {tenant(bill_.total_minor() * 2)}, now());
  EXPECT_THAT(found.not_known, IsEmpty());
  ASSERT_GE(found.alerts.size(), 1U);
  EXPECT_EQ(found.alerts[0].spent_minor, bill_.total_minor());
  EXPECT_EQ(found.alerts[0].month, Month::of(now()).text());
  EXPECT_FALSE(found.alerts[0].projected);
  const auto over = budget_alerts(log_, {tenant(bill_.total_minor())}, now());
  ASSERT_THAT(over.alerts, SizeIs(2));
  EXPECT_TRUE(over.alerts[1].projected);
  EXPECT_GE(over.alerts[1].spent_minor, bill_.total_minor());
}

TEST_F(BudgetAlertsTest, SayNothingThatWasSaid) {
  auto told = tenant(bill_.total_minor());
  told->set_alerted_month(Month::of(now()).text());
  told->set_alerted_percent(50);
  told->set_projected_month(Month::of(now()).text());
  EXPECT_THAT(budget_alerts(log_, {told}, now()).alerts, IsEmpty());
  EXPECT_THAT(budget_alerts(log_, {tenant(bill_.total_minor() * 1'000'000)}, now()).alerts, IsEmpty());
}

TEST_F(BudgetAlertsTest, CompareNoTwoCurrencies) {
  auto other = tenant(1);
  other->mutable_budget()->set_currency("EUR");
  const auto found = budget_alerts(log_, {other}, now());
  EXPECT_THAT(found.alerts, IsEmpty());
  ASSERT_THAT(found.not_known, SizeIs(1));
  EXPECT_THAT(found.not_known[0].detail, ::testing::HasSubstr("EUR"));
}

}  // namespace
}  // namespace esaas::store
