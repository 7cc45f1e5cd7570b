// What holds of use, bills and exports whatever happened: of many stories, each another one.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "core/billing/money.h"
#include "core/billing/month.h"
#include "store/billing/invoice.h"
#include "store/export/usage_file.h"
#include "store/log/memory_event_log.h"
#include "store/log/past_log.h"
#include "store/log/rocksdb_event_log.h"
#include "store/views/usage_view.h"
#include "tests/store/temp_directory.h"
#include "tests/store/usage_story.h"
#include "tests/support/sanitized.h"

namespace esaas::store {
namespace {

using testing::UsageStory;
using Used = UsageStory::Used;

constexpr std::uint64_t kAll = UINT64_MAX;
const std::vector<UsageFileFormat> kFormats{UsageFileFormat::kCsv, UsageFileFormat::kJsonLines,
                                            UsageFileFormat::kCloudEvents, UsageFileFormat::kFocus};

Used used_between(const EventLog& log, std::int64_t begin, std::int64_t end) {
  Used used;
  const auto totals = UsageView(log).totals({.from = from_us(begin), .to = from_us(end), .now = from_us(end)});
  EXPECT_TRUE(totals);
  for (UsageTotal total : *totals) {
    for (const auto kind :
         {UsageKind::kCpu, UsageKind::kMemory, UsageKind::kDisk, UsageKind::kNode, UsageKind::kCluster}) {
      if (total.of(kind) != 0) used[{total.tenant, total.cluster, kind}] += total.of(kind);
    }
  }
  return used;
}

class AnyStory : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  void SetUp() override {
    story_.go_on(260);
    end_us_ = story_.now_us();
    story_.go_on(30);
    ASSERT_TRUE(log_.append({story_.events(), {}}));
  }
  /// Sorted moments from the first to the last, both included.
  std::vector<std::int64_t> cuts(std::int64_t from_us, std::int64_t to_us, int count) {
    std::set<std::int64_t> moments{from_us, to_us};
    for (int i = 0; i < count; ++i) {
      moments.insert(from_us + static_cast<std::int64_t>(story_.below(static_cast<std::uint64_t>(to_us - from_us))));
    }
    return {moments.begin(), moments.end()};
  }
  UsagePlace place(UsageFileFormat format, bool is_compressed) {
    UsagePlace place{.format = format, .is_compressed = is_compressed, .from = {}, .to = {}};
    place.from = from_us(story_.begin_us() + 12'345'678'901);
    place.to = from_us(end_us_);
    place.as_of_seq = log_.last_seq();
    return place;
  }
  static std::string bytes_of(const EventLog& log, const UsagePlace& place) {
    auto file = UsageFile::open(log, place);
    EXPECT_TRUE(file) << file.error().detail;
    std::string bytes;
    do {
      EXPECT_TRUE(file->next_piece(kAll, bytes));
    } while (!file->at_end());
    return bytes;
  }
  std::vector<model::Invoice> bills_between(const EventLog& log, std::int64_t from, std::int64_t to,
                                            std::size_t held_max = 1'000) {
    const auto prices = price_book_at(log, log.last_seq());
    const auto found =
        bills(log, *prices,
              {.tenant = {}, .from = from_us(from), .to = from_us(to), .now = from_us(to), .held_max = held_max});
    EXPECT_TRUE(found) << found.error().detail;
    return found.value_or(std::vector<model::Invoice>{});
  }

  UsageStory story_{GetParam()};
  std::int64_t end_us_ = 0;
  MemoryEventLog log_;
};

TEST_P(AnyStory, IsMeteredAsCountedByHandWhateverIsLostOrToldLate) {
  EXPECT_GT(story_.used().size(), 10U);
  EXPECT_EQ(used_between(log_, story_.begin_us(), story_.now_us()), story_.used());
}

TEST_P(AnyStory, SumsToTheSameHoweverTimeIsSplitAndUseIsGrouped) {
  const Used whole = used_between(log_, story_.begin_us(), end_us_);
  Used parts;
  const auto moments = cuts(story_.begin_us(), end_us_, 15);
  for (std::size_t i = 0; i + 1 < moments.size(); ++i) {
    for (const auto& [key, quantity] : used_between(log_, moments[i], moments[i + 1])) parts[key] += quantity;
  }
  EXPECT_EQ(parts, whole);
  std::map<std::pair<std::string, UsageKind>, UsageQuantity> by_tenant;
  for (const auto& [key, quantity] : whole) by_tenant[{std::get<0>(key), std::get<2>(key)}] += quantity;
  const UsageQuery query{.from = from_us(story_.begin_us()), .to = from_us(end_us_), .now = from_us(end_us_)};
  const auto grouped = UsageView(log_).totals(query, true);
  for (UsageTotal total : *grouped) {
    for (const auto kind :
         {UsageKind::kCpu, UsageKind::kMemory, UsageKind::kDisk, UsageKind::kNode, UsageKind::kCluster}) {
      EXPECT_TRUE((by_tenant[{total.tenant, kind}] == total.of(kind))) << total.tenant;
    }
  }
  for (const auto& [key, quantity] : whole) {
    UsageQuery one = query;
    one.tenant = std::get<0>(key);
    one.cluster = std::get<1>(key);
    EXPECT_TRUE(UsageView(log_).totals(one)->front().of(std::get<2>(key)) == quantity);
  }
}

TEST_P(AnyStory, IsBilledForTheSameHoweverTimeIsSplit) {
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::uint32_t>;
  const auto add = [](const std::vector<model::Invoice>& invoices, std::map<Key, billing::Quantity>& sums) {
    for (const auto& invoice : invoices) {
      for (const auto& line : invoice.lines()) {
        sums[{invoice.tenant(), line.cluster(), line.kind(), line.price_list(), line.factor_permille()}] +=
            *billing::parse_quantity(line.quantity());
      }
    }
  };
  std::map<Key, billing::Quantity> whole;
  add(bills_between(log_, story_.begin_us(), end_us_), whole);
  ASSERT_GT(whole.size(), 10U);
  std::map<Key, billing::Quantity> parts;
  const auto moments = cuts(story_.begin_us(), end_us_, 10);
  for (std::size_t i = 0; i + 1 < moments.size(); ++i) add(bills_between(log_, moments[i], moments[i + 1]), parts);
  EXPECT_EQ(parts, whole);
}

TEST_P(AnyStory, HasBillsOfTheSameBytesHoweverFewIntervalsAreHeld) {
  const auto all = bills_between(log_, story_.begin_us(), end_us_);
  for (const std::size_t held_max : {std::size_t{0}, std::size_t{1 + story_.below(40)}}) {
    const auto few = bills_between(log_, story_.begin_us(), end_us_, held_max);
    ASSERT_EQ(few.size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(few[i].ShortDebugString(), all[i].ShortDebugString());
  }
}

TEST_P(AnyStory, NeverCountsATimeTwiceOrBackwards) {
  auto cursor =
      UsageView(log_).intervals({.from = from_us(story_.begin_us()), .to = from_us(end_us_), .now = from_us(end_us_)});
  std::map<std::tuple<std::string, std::string, UsageKind>, std::int64_t> ends;
  for (const UsageInterval* interval = *cursor->next(); interval != nullptr; interval = *cursor->next()) {
    auto& end = ends[{interval->cluster, interval->node, interval->kind}];
    EXPECT_LE(end, interval->from_us) << interval->cluster << " " << interval->node;
    EXPECT_LT(interval->from_us, interval->to_us);
    end = interval->to_us;
  }
}

TEST_P(AnyStory, IsNotChangedByWhatIsToldLater) {
  for (int i = 0; i < 6; ++i) {
    const std::uint64_t seq = log_.last_seq() / 2 + story_.below(log_.last_seq() / 2);
    const std::int64_t at_us = log_.read_one(seq)->time_at_us();
    if (at_us == story_.begin_us()) continue;
    const PastLog past(log_, seq, at_us);
    EXPECT_EQ(used_between(past, story_.begin_us(), at_us), used_between(log_, story_.begin_us(), at_us));
  }
}

TEST_P(AnyStory, IsExportedAsTheSameFileInPagesOfAnySize) {
  const UsageFileFormat format = kFormats[GetParam() % kFormats.size()];
  for (const bool is_compressed : {false, true}) {
    const UsagePlace first = place(format, is_compressed);
    const std::string plain = bytes_of(log_, place(format, false));
    const auto records = static_cast<std::uint64_t>(std::ranges::count(plain, '\n'));
    ASSERT_GT(records, 50U);
    // Of compressed ones the frames are those of the pages, which the same pages have again.
    std::string before;
    for (int round = 0; round < 2; ++round) {
      const std::uint64_t size = is_compressed ? 37 : 1 + story_.below(records);
      std::string bytes;
      for (std::string cursor = first.to_text(); !cursor.empty();) {
        UsagePlace page{.format = format, .is_compressed = is_compressed, .from = {}, .to = {}};
        ASSERT_TRUE(page.read(cursor));
        auto file = *UsageFile::open(log_, page);
        const std::uint64_t end = page.record + size;
        do {
          ASSERT_TRUE(file.next_piece(end - file.place().record, bytes));
        } while (!file.at_end() && file.place().record < end);
        cursor = file.at_end() ? std::string() : file.place().to_text();
      }
      const std::string& expected = is_compressed ? before : plain;
      if (!is_compressed || round > 0) {
        EXPECT_EQ(bytes, expected) << name_of(format) << " in pages of " << size;
      }
      before = bytes;
    }
  }
}

TEST_P(AnyStory, GivesTheSameBytesWhenItIsReplayed) {
  const testing::TempDirectory directory;
  const auto again = *open_rocksdb_log({.directory = directory.path()});
  for (std::size_t i = 0; i < story_.events().size();) {
    const std::size_t count = std::min<std::size_t>(1 + story_.below(50), story_.events().size() - i);
    const auto begin = story_.events().begin() + static_cast<std::ptrdiff_t>(i);
    ASSERT_TRUE(again->append({{begin, begin + static_cast<std::ptrdiff_t>(count)}, {}}));
    i += count;
  }
  for (const auto format : kFormats) {
    for (const bool is_compressed : {false, true}) {
      EXPECT_EQ(bytes_of(*again, place(format, is_compressed)), bytes_of(log_, place(format, is_compressed)));
    }
  }
  const auto first = bills_between(log_, story_.begin_us(), end_us_);
  const auto second = bills_between(*again, story_.begin_us(), end_us_);
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].SerializeAsString(), second[i].SerializeAsString());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyStory, ::testing::Range(1U, test::kIsSanitized ? 16U : 61U));

}  // namespace
}  // namespace esaas::store
