// What a cluster's use costs: exact, and the same however the use is cut and grouped.

#include "store/billing/bill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <random>

#include "core/billing/month.h"

namespace esaas::store {
namespace {

using billing::PriceBook;
using ::testing::ElementsAre;

constexpr std::int64_t kHour = 3'600'000'000;

model::PriceList prices(std::uint64_t seq, std::int64_t from_us, std::uint64_t cpu_nanos) {
  model::PriceList list;
  list.set_id(billing::price_list_id(seq));
  list.set_currency("CNY");
  list.set_minor_digits(2);
  list.set_effective_at_us(from_us);
  list.mutable_prices()->set_cpu_hour_nanos(cpu_nanos);
  list.mutable_prices()->set_memory_gib_hour_nanos(100'000'000);
  list.mutable_prices()->set_storage_gib_hour_nanos(1'000'000);
  list.mutable_prices()->set_ssd_gib_hour_nanos(5'000'000);
  list.mutable_prices()->set_cluster_hour_nanos(1'000'000'000);
  list.add_ssd_disk_types("ssd");
  list.set_revocable_permille(300);
  auto& available = *list.add_high_availability();
  available.set_zones(2);
  available.set_factor_permille(1'500);
  return list;
}

UsageInterval use(UsageKind kind, std::uint64_t amount, std::int64_t from_hour, std::int64_t to_hour) {
  UsageInterval interval{.tenant = "shop", .cluster = "search", .node = "data-0", .kind = kind, .amount = amount};
  interval.from_us = from_hour * kHour;
  interval.to_us = to_hour * kHour;
  interval.from_seq = 10;
  interval.to_seq = 20;
  return interval;
}

UsageInterval disk(std::int64_t from_hour, std::int64_t to_hour, const std::string& zone,
                   const std::string& type = {}) {
  UsageInterval interval = use(UsageKind::kDisk, 1'024'000, from_hour, to_hour);
  interval.holds_data = true;
  interval.zone = zone;
  interval.disk_type = type;
  return interval;
}

/// "cpu pl-1 x1000 200" for each line.
std::vector<std::string> lines(const PriceBook& book, const std::vector<UsageInterval>& uses,
                               std::int64_t to_hour = 100) {
  ClusterBill bill(book, "shop", 0, to_hour * kHour);
  for (const auto& interval : uses) bill.add(interval);
  std::vector<std::string> texts;
  const auto found = bill.lines();
  EXPECT_TRUE(found);
  for (const auto& line : *found) {
    texts.push_back(line.kind() + " " + line.price_list() + " x" + std::to_string(line.factor_permille()) + " " +
                    std::to_string(line.amount_minor()));
  }
  return texts;
}

TEST(ClusterBill, HasALineForEachKind) {
  const PriceBook book({prices(1, 0, 500'000'000)});
  EXPECT_THAT(lines(book, {use(UsageKind::kCpu, 2'000, 0, 4), use(UsageKind::kMemory, 2'048, 0, 4), disk(0, 1, "a"),
                           disk(1, 2, "a", "ssd"), use(UsageKind::kCluster, 1, 0, 10), use(UsageKind::kNode, 1, 0, 9)}),
              ElementsAre("cpu pl-1 x1000 400", "memory pl-1 x1000 80", "storage pl-1 x1000 100", "ssd pl-1 x1000 500",
                          "cluster pl-1 x1000 1000"));
}

TEST(ClusterBill, ChangesPricesWhenAnotherListComesIntoForce) {
  const PriceBook book({prices(1, 0, 1'000'000'000), prices(2, 6 * kHour, 2'000'000'000)});
  EXPECT_THAT(lines(book, {use(UsageKind::kCpu, 1'000, 4, 9)}),
              ElementsAre("cpu pl-1 x1000 200", "cpu pl-2 x1000 600"));
}

TEST(ClusterBill, ShowsWhatWasUsedBeforeAnyPriceAndAsksNothingForIt) {
  const PriceBook book({prices(1, 6 * kHour, 1'000'000'000)});
  EXPECT_THAT(lines(book, {use(UsageKind::kCpu, 1'000, 4, 9)}), ElementsAre("cpu  x1000 0", "cpu pl-1 x1000 300"));
}

TEST(ClusterBill, MultipliesWhileDataIsInTwoZones) {
  const PriceBook book({prices(1, 0, 1'000'000'000)});
  EXPECT_THAT(lines(book, {use(UsageKind::kCpu, 1'000, 0, 10), disk(0, 10, "a"), disk(4, 6, "b"),
                           use(UsageKind::kCluster, 1, 0, 10)}),
              ElementsAre("cpu pl-1 x1000 800", "cpu pl-1 x1500 300", "storage pl-1 x1000 800",
                          "storage pl-1 x1500 600", "cluster pl-1 x1000 1000"));
}

TEST(ClusterBill, CountsZonesOfDataNodesAlone) {
  const PriceBook book({prices(1, 0, 1'000'000'000)});
  UsageInterval other = disk(0, 10, "b");
  other.holds_data = false;
  EXPECT_THAT(lines(book, {disk(0, 10, "a"), other}), ElementsAre("storage pl-1 x1000 2000"));
}

TEST(ClusterBill, CountsDedicatedMastersThatRun) {
  model::PriceList list = prices(1, 0, 1'000'000'000);
  list.mutable_high_availability(0)->set_zones(0);
  list.mutable_high_availability(0)->set_dedicated_masters(3);
  const PriceBook book({list});
  std::vector<UsageInterval> uses{use(UsageKind::kCpu, 1'000, 0, 10)};
  for (const std::int64_t until : {10, 10, 4}) {
    uses.push_back(use(UsageKind::kNode, 1, 0, until));
    uses.back().dedicated_master = true;
  }
  EXPECT_THAT(lines(book, uses), ElementsAre("cpu pl-1 x1000 600", "cpu pl-1 x1500 600"));
}

TEST(ClusterBill, AsksAPartForWhatIsLentAndNeverMultipliesIt) {
  const PriceBook book({prices(1, 0, 1'000'000'000)});
  UsageInterval lent = use(UsageKind::kCpu, 1'000, 0, 10);
  lent.revocable = true;
  EXPECT_THAT(lines(book, {lent, disk(0, 10, "a"), disk(0, 10, "b")}),
              ElementsAre("cpu pl-1 x300 300", "storage pl-1 x1500 3000"));
}

TEST(ClusterBill, IsCutToItsStretch) {
  const PriceBook book({prices(1, 0, 1'000'000'000)});
  EXPECT_THAT(lines(book, {use(UsageKind::kCpu, 1'000, -5, 200)}, 10), ElementsAre("cpu pl-1 x1000 1000"));
  EXPECT_TRUE(lines(book, {use(UsageKind::kCpu, 1'000, 10, 20)}, 10).empty());
}

TEST(ClusterBill, SaysWhichEventsItComesFrom) {
  const PriceBook book({prices(1, 0, 1'000'000'000)});
  ClusterBill bill(book, "shop", 0, 10 * kHour);
  UsageInterval open = use(UsageKind::kCpu, 1'000, 3, 5);
  open.from_seq = 30;
  open.to_seq = 0;
  bill.add(open);
  bill.add(use(UsageKind::kCpu, 1'000, 0, 2));
  const auto lines = bill.lines();
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 1U);
  EXPECT_EQ(lines->front().first_seq(), 10U);
  EXPECT_EQ(lines->front().last_seq(), 30U);
  EXPECT_EQ(lines->front().quantity(), std::to_string(4'000 * kHour));
}

/// A tenth of a million nodes of 128 cores and 64 TiB for ten years: a hundred times the largest fleet.
TEST(ClusterBill, IsExactForAHundredTimesTheFleetInTenYears) {
  constexpr std::int64_t kHours = 87'660;
  constexpr std::uint64_t kNodes = 100'000;
  const PriceBook book({prices(1, 0, 700'000'001)});
  ClusterBill bill(book, "shop", 0, kHours * kHour);
  bill.add(use(UsageKind::kCpu, kNodes * 128'000, 0, kHours));
  bill.add(use(UsageKind::kDisk, kNodes * (64ULL << 20U), 0, kHours));
  const auto lines = bill.lines();
  ASSERT_TRUE(lines) << lines.error().detail;
  // Core-hours times 0.700000001 and GiB-hours times 0.001, in cents, half to even.
  constexpr unsigned __int128 kCoreHours = static_cast<unsigned __int128>(kNodes) * 128 * kHours;
  EXPECT_EQ(lines->at(0).amount_minor(),
            static_cast<std::int64_t>((kCoreHours * 700'000'001 + 5'000'000) / 10'000'000));
  EXPECT_EQ(lines->at(1).amount_minor(), static_cast<std::int64_t>(kNodes * 65'536 * kHours / 10));
  EXPECT_EQ(lines->at(0).quantity(), billing::to_text(kCoreHours * 1'000 * kHour));
}

TEST(ClusterBill, RefusesWhatIsMoreThanCanBeBilled) {
  const PriceBook book({prices(1, 0, 1'000'000'000'000'000)});
  ClusterBill bill(book, "shop", 0, 876'600 * kHour);
  bill.add(use(UsageKind::kCpu, UINT32_MAX * 1'000ULL, 0, 876'600));
  EXPECT_EQ(bill.lines().error().code, ErrorCode::kResourceExhausted);
}

/// Clocks are put forward in March and back in October; neither is in UTC, in which months are.
TEST(ClusterBill, HasAsManyHoursAsTheMonthInUtc) {
  for (const auto& [month, hours] : {std::pair("2016-02", 696), std::pair("2016-03", 744), std::pair("2016-10", 744),
                                     std::pair("2017-02", 672), std::pair("2016-12", 744)}) {
    const auto range = *billing::Month::parse(month);
    const PriceBook book({prices(1, 0, 0)});
    ClusterBill bill(book, "shop", to_us(range.begin()), to_us(range.end()));
    UsageInterval interval = use(UsageKind::kCluster, 1, 0, 0);
    interval.from_us = to_us(range.begin()) - kHour;
    interval.to_us = to_us(range.end()) + kHour;
    bill.add(interval);
    EXPECT_EQ(bill.lines()->at(0).amount_minor(), hours * 100) << month;
  }
}

using Quantities = std::map<std::tuple<std::string, std::string, std::uint32_t>, billing::Quantity>;

void add_quantities(const ClusterBill& bill, Quantities& sums) {
  const auto lines = bill.lines();
  ASSERT_TRUE(lines);
  for (const auto& line : *lines) {
    sums[{line.kind(), line.price_list(), line.factor_permille()}] += *billing::parse_quantity(line.quantity());
  }
}

/// Random use of a few nodes in three zones, with price lists that change within it.
class AnyBill : public ::testing::TestWithParam<unsigned> {
 protected:
  std::vector<UsageInterval> random_uses() {
    std::vector<UsageInterval> uses;
    for (int i = 0; i < 60; ++i) {
      UsageInterval interval = use(static_cast<UsageKind>(below(5)), 1 + below(5'000), 0, 1);
      interval.from_us = below(kSpanUs);
      interval.to_us = interval.from_us + 1 + below(kSpanUs / 3);
      interval.zone = std::string(1, static_cast<char>('a' + below(3)));
      interval.holds_data = below(2) == 0;
      interval.dedicated_master = !interval.holds_data && below(2) == 0;
      interval.disk_type = below(3) == 0 ? "ssd" : "";
      interval.revocable = interval.kind == UsageKind::kCpu && below(4) == 0;
      uses.push_back(interval);
    }
    return uses;
  }
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(bound));
  }

  static constexpr std::int64_t kSpanUs = 50 * kHour;
  std::mt19937_64 random_{GetParam()};
  PriceBook book_{{prices(1, 7 * kHour + 11, 1), prices(2, 20 * kHour + 13, 2), prices(3, 31 * kHour, 3)}};
};

TEST_P(AnyBill, IsTheSameHoweverTimeIsSplit) {
  const auto uses = random_uses();
  Quantities whole;
  ClusterBill all(book_, "shop", 0, 2 * kSpanUs);
  for (const auto& interval : uses) all.add(interval);
  add_quantities(all, whole);
  ASSERT_GT(whole.size(), 8U);

  std::vector<std::int64_t> cuts{0, 2 * kSpanUs};
  for (int i = 0; i < 20; ++i) cuts.push_back(below(2 * kSpanUs));
  std::ranges::sort(cuts);
  Quantities sums;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    if (cuts[i] == cuts[i + 1]) continue;
    ClusterBill part(book_, "shop", cuts[i], cuts[i + 1]);
    for (const auto& interval : uses) part.add(interval);
    add_quantities(part, sums);
  }
  EXPECT_EQ(sums, whole);
}

TEST_P(AnyBill, IsTheSameInWhateverOrderAndPiecesUseComes) {
  auto uses = random_uses();
  Quantities whole;
  ClusterBill all(book_, "shop", 0, 2 * kSpanUs);
  for (const auto& interval : uses) all.add(interval);
  add_quantities(all, whole);

  std::vector<UsageInterval> pieces;
  for (const auto& interval : uses) {
    UsageInterval first = interval;
    UsageInterval second = interval;
    first.to_us = second.from_us = interval.from_us + below(interval.to_us - interval.from_us);
    if (first.from_us < first.to_us) pieces.push_back(first);
    pieces.push_back(second);
  }
  std::ranges::shuffle(pieces, random_);
  Quantities sums;
  ClusterBill other(book_, "shop", 0, 2 * kSpanUs);
  for (const auto& interval : pieces) other.add(interval);
  add_quantities(other, sums);
  EXPECT_EQ(sums, whole);
}

/// What is held is let go at any moments, with what is open then.
TEST_P(AnyBill, IsTheSameWhenItIsCountedOnTheWay) {
  auto uses = random_uses();
  std::uint64_t seq = 0;
  for (auto& interval : uses) {
    interval.from_seq = ++seq;
    interval.to_seq = below(5) == 0 ? 0 : 1'000 + seq;
    if (interval.to_seq == 0) interval.to_us = 2 * kSpanUs;
  }
  ClusterBill whole(book_, "shop", 0, 2 * kSpanUs);
  for (const auto& interval : uses) whole.add(interval);

  std::vector<std::int64_t> moments{2 * kSpanUs};
  for (int i = 0; i < 12; ++i) moments.push_back(below(2 * kSpanUs));
  std::ranges::sort(moments);
  ClusterBill counted(book_, "shop", 0, 2 * kSpanUs);
  std::int64_t before = -1;
  for (const std::int64_t moment : moments) {
    for (const auto& interval : uses) {
      if (interval.to_seq != 0 && interval.to_us > before && interval.to_us <= moment) counted.add(interval);
    }
    for (UsageInterval open : uses) {
      if (open.from_us >= moment || (open.to_seq != 0 && open.to_us <= moment)) continue;
      open.to_us = moment;
      open.to_seq = 0;
      counted.add(open);
    }
    if (moment != moments.back()) {
      counted.count_until(moment);
      EXPECT_EQ(counted.held(), 0U);
    }
    before = moment;
  }
  const auto expected = whole.lines();
  const auto found = counted.lines();
  ASSERT_EQ(found->size(), expected->size());
  for (std::size_t i = 0; i < found->size(); ++i) {
    EXPECT_EQ((*found)[i].ShortDebugString(), (*expected)[i].ShortDebugString());
  }
}

TEST_P(AnyBill, LosesNothingAndDoublesNothing) {
  const auto uses = random_uses();
  ClusterBill bill(book_, "shop", 0, 2 * kSpanUs);
  std::map<std::string, billing::Quantity> used;
  for (const auto& interval : uses) {
    bill.add(interval);
    const std::map<UsageKind, std::string> kinds{{UsageKind::kCpu, "cpu"},
                                                 {UsageKind::kMemory, "memory"},
                                                 {UsageKind::kDisk, "disk"},
                                                 {UsageKind::kCluster, "cluster"}};
    if (!kinds.contains(interval.kind)) continue;
    used[kinds.at(interval.kind)] +=
        billing::Quantity{interval.amount} * static_cast<std::uint64_t>(interval.to_us - interval.from_us);
  }
  Quantities sums;
  add_quantities(bill, sums);
  std::map<std::string, billing::Quantity> billed;
  for (const auto& [key, quantity] : sums) {
    const std::string& kind = std::get<0>(key);
    billed[kind == "storage" || kind == "ssd" ? "disk" : kind] += quantity;
  }
  EXPECT_EQ(billed, used);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyBill, ::testing::Range(1U, 41U));

}  // namespace
}  // namespace esaas::store
