// Months, exact amounts, and which prices apply when.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/billing/money.h"
#include "core/billing/month.h"
#include "core/billing/price_book.h"

namespace esaas::billing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Month, BeginsAndEndsAtMidnightInUtc) {
  const auto december = Month::parse("2026-12");
  ASSERT_TRUE(december);
  EXPECT_EQ(to_rfc3339(december->begin()), "2026-12-01T00:00:00.000000Z");
  EXPECT_EQ(to_rfc3339(december->end()), "2027-01-01T00:00:00.000000Z");
  EXPECT_EQ(december->next().text(), "2027-01");
  EXPECT_EQ(Month::parse("2024-02")->end() - Month::parse("2024-02")->begin(), std::chrono::days(29));
}

TEST(Month, IsThatOfItsMoments) {
  const Month month = *Month::parse("2026-11");
  EXPECT_EQ(Month::of(month.begin()), month);
  EXPECT_EQ(Month::of(month.end() - Duration{1}), month);
  EXPECT_EQ(Month::of(month.end()), month.next());
  EXPECT_LT(month, month.next());
}

TEST(Month, ThatIsNoneIsRefusedByName) {
  for (const char* text :
       {"", "2026", "2026-00", "2026-13", "2026-1", "26-11", "2026/11", "2026-1x", "2026-11 ", "1969-12"}) {
    const auto month = Month::parse(text);
    ASSERT_FALSE(month) << text;
    EXPECT_EQ(month.error().field, "month");
  }
}

Charge cpu_charge(Quantity quantity) {
  return {.quantity = quantity, .per_unit = 1'000, .price_nanos = 500'000'000, .minor_digits = 2};
}

TEST(Money, IsExactAndRoundedOnceHalfToEven) {
  // Two cores for three hours at half a unit an hour.
  EXPECT_EQ(*amount_minor(cpu_charge(Quantity{2'000} * 3 * kUsPerHour)), 300);
  // 0.005 and 0.015 units: to the even cent.
  EXPECT_EQ(*amount_minor(cpu_charge(Quantity{10} * kUsPerHour)), 0);
  EXPECT_EQ(*amount_minor(cpu_charge(Quantity{10} * kUsPerHour + 1)), 1);
  EXPECT_EQ(*amount_minor(cpu_charge(Quantity{30} * kUsPerHour)), 2);
  EXPECT_EQ(*amount_minor(cpu_charge(Quantity{30} * kUsPerHour - 1)), 1);
  EXPECT_EQ(*amount_minor(cpu_charge(0)), 0);
}

TEST(Money, IsMultipliedByItsFactorBeforeItIsRounded) {
  Charge charge = cpu_charge(Quantity{2'000} * kUsPerHour);
  charge.factor_permille = 1'250;
  EXPECT_EQ(*amount_minor(charge), 125);
  charge.factor_permille = 0;
  EXPECT_EQ(*amount_minor(charge), 0);
  charge = cpu_charge(Quantity{2'000} * kUsPerHour);
  charge.minor_digits = 0;
  EXPECT_EQ(*amount_minor(charge), 1);
  charge.minor_digits = 4;
  EXPECT_EQ(*amount_minor(charge), 10'000);
}

TEST(Money, ThatIsTooMuchIsRefused) {
  Charge charge = cpu_charge(std::numeric_limits<Quantity>::max());
  charge.price_nanos = std::numeric_limits<std::uint64_t>::max();
  charge.factor_permille = std::numeric_limits<std::uint32_t>::max();
  const auto amount = amount_minor(charge);
  ASSERT_FALSE(amount);
  EXPECT_EQ(amount.error().code, ErrorCode::kResourceExhausted);
}

TEST(Money, IsWrittenWithItsMinorDigits) {
  EXPECT_EQ(to_decimal(1'234, 2), "12.34");
  EXPECT_EQ(to_decimal(5, 2), "0.05");
  EXPECT_EQ(to_decimal(-5, 2), "-0.05");
  EXPECT_EQ(to_decimal(7, 0), "7");
  EXPECT_EQ(to_decimal(std::numeric_limits<std::int64_t>::min(), 2), "-92233720368547758.08");
}

TEST(Money, QuantitiesAreReadBackAsTheyAreWritten) {
  for (const Quantity quantity : {Quantity{0}, Quantity{1}, Quantity{1} << 64U, std::numeric_limits<Quantity>::max()}) {
    EXPECT_EQ(*parse_quantity(to_text(quantity)), quantity);
  }
  EXPECT_EQ(to_text(std::numeric_limits<Quantity>::max()), "340282366920938463463374607431768211455");
  for (const char* text : {"", "-1", "1.5", " 1", "340282366920938463463374607431768211456"}) {
    EXPECT_FALSE(parse_quantity(text)) << text;
  }
}

model::PriceList price_list(std::uint64_t seq, const std::string& tenant, std::int64_t from_us) {
  model::PriceList list;
  list.set_id(price_list_id(seq));
  list.set_tenant(tenant);
  list.set_effective_at_us(from_us);
  return list;
}

std::string in_force(const PriceBook& book, std::string_view tenant, std::int64_t at_us) {
  const model::PriceList* list = book.in_force(tenant, at_us);
  return list == nullptr ? "none" : list->id();
}

TEST(PriceBook, HasTheNewestListOfTheTenantAndElseOfAll) {
  const PriceBook book({price_list(30, "shop", 300), price_list(10, "", 100), price_list(20, "", 200)});
  EXPECT_EQ(in_force(book, "shop", 99), "none");
  EXPECT_EQ(in_force(book, "shop", 100), "pl-10");
  EXPECT_EQ(in_force(book, "shop", 299), "pl-20");
  EXPECT_EQ(in_force(book, "shop", 300), "pl-30");
  EXPECT_EQ(in_force(book, "mail", 300), "pl-20");
  EXPECT_THAT(book.changes("shop", 0, 1'000), ElementsAre(100, 200, 300));
  EXPECT_THAT(book.changes("shop", 100, 300), ElementsAre(200)) << "neither end is within";
  EXPECT_THAT(book.changes("mail", 0, 1'000), ElementsAre(100, 200));
  EXPECT_THAT(book.changes("mail", 200, 1'000), IsEmpty());
}

TEST(PriceBook, KeepsToATenantsOwnListsOnceThereIsOne) {
  const PriceBook book({price_list(5, "shop", 100), price_list(6, "", 200)});
  EXPECT_EQ(in_force(book, "shop", 250), "pl-5");
  EXPECT_THAT(book.changes("shop", 0, 1'000), ElementsAre(100));
}

TEST(PriceBook, OfTwoFromOneMomentHasTheOnePublishedLast) {
  const PriceBook book({price_list(10, "", 100), price_list(9, "", 100)});
  EXPECT_EQ(in_force(book, "shop", 100), "pl-10");
}

TEST(PriceBook, FactorIsTheLargestThatApplies) {
  model::PriceList list;
  const auto add = [&](std::uint32_t zones, std::uint32_t masters, std::uint32_t factor) {
    auto& one = *list.add_high_availability();
    one.set_zones(zones), one.set_dedicated_masters(masters), one.set_factor_permille(factor);
  };
  EXPECT_EQ(availability_permille(list, 3, 3), 1'000U);
  add(2, 0, 1'200);
  add(2, 3, 1'500);
  EXPECT_EQ(availability_permille(list, 1, 3), 1'000U);
  EXPECT_EQ(availability_permille(list, 2, 0), 1'200U);
  EXPECT_EQ(availability_permille(list, 3, 3), 1'500U);
}

}  // namespace
}  // namespace esaas::billing
