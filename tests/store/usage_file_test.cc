// Exports: the same bytes whenever and in whatever pages they are asked for, and sums that do not depend on how time is
// split.

#include "store/export/usage_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <random>
#include <set>

#include "core/billing/money.h"
#include "core/billing/month.h"
#include "store/billing/invoice.h"
#include "store/export/zstd_frames.h"
#include "store/log/memory_event_log.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/store/stretched_log.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

namespace json = boost::json;
using billing::Month;
using billing::Quantity;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::StretchedLog;

constexpr std::uint64_t kAll = UINT64_MAX;
const std::vector<UsageFileFormat> kFormats{UsageFileFormat::kCsv, UsageFileFormat::kJsonLines,
                                            UsageFileFormat::kCloudEvents, UsageFileFormat::kFocus};

std::string decompress(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const auto size = zstd_frame_size(bytes);
    EXPECT_TRUE(size && *size > 0) << "no whole frame";
    if (!size || *size == 0) return text;
    std::string part(ZSTD_getFrameContentSize(bytes.data(), *size), '\0');
    EXPECT_EQ(ZSTD_decompress(part.data(), part.size(), bytes.data(), *size), part.size());
    text += part;
    bytes.remove_prefix(*size);
  }
  return text;
}

std::string whole(const EventLog& log, const UsagePlace& place) {
  auto file = UsageFile::open(log, place);
  EXPECT_TRUE(file) << file.error().detail;
  std::string bytes;
  do {
    const auto read = file->next_piece(kAll, bytes);
    EXPECT_TRUE(read) << read.error().detail;
    if (!read) break;
  } while (!file->at_end());
  return bytes;
}

/// As readers do that get each page from another server: with nothing but the cursor.
std::string in_pages(const EventLog& log, const UsagePlace& first, std::uint64_t size) {
  std::string bytes;
  std::string cursor = first.to_text();
  for (;;) {
    UsagePlace place{.format = first.format, .is_compressed = first.is_compressed, .from = {}, .to = {}};
    place.tenant = first.tenant;
    place.cluster = first.cluster;
    const auto known = place.read(cursor);
    EXPECT_TRUE(known) << known.error().detail;
    auto file = UsageFile::open(log, place);
    EXPECT_TRUE(file) << file.error().detail;
    do {
      EXPECT_TRUE(file->next_piece(place.record + size - file->place().record, bytes));
    } while (!file->at_end() && file->place().record < place.record + size);
    if (file->at_end()) return bytes;
    cursor = file->place().to_text();
  }
}

std::vector<json::object> objects(const std::string& lines) {
  std::vector<json::object> found;
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = lines.find('\n', begin);
    found.push_back(json::parse(lines.substr(begin, end - begin)).as_object());
    begin = end + 1;
  }
  return found;
}

/// Rows of a CSV whose fields hold no line breaks, by column.
std::vector<std::map<std::string, std::string>> rows(const std::string& csv) {
  std::vector<std::vector<std::string>> lines(1, std::vector<std::string>(1));
  bool is_quoted = false;
  for (const char c : csv) {
    if (c == '"')
      is_quoted = !is_quoted;
    else if (c == ',' && !is_quoted)
      lines.back().emplace_back();
    else if (c == '\n')
      lines.emplace_back(1);
    else if (c != '\r')
      lines.back().back() += c;
  }
  lines.pop_back();
  std::vector<std::map<std::string, std::string>> found;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].size(), lines[0].size());
    auto& row = found.emplace_back();
    for (std::size_t j = 0; j < lines[0].size(); ++j) row[lines[0][j]] = lines[i][j];
  }
  return found;
}

/// "-12.345" as an integer of that many decimals; what is finer has to be nothing.
__int128 exact(const std::string& text, std::size_t decimals) {
  const bool is_negative = text.starts_with('-');
  const auto point = text.find('.');
  std::string digits =
      text.substr(is_negative ? 1 : 0, point == std::string::npos ? point : point - (is_negative ? 1 : 0));
  std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
  EXPECT_LE(fraction.size(), decimals);
  fraction.resize(decimals, '0');
  __int128 value = 0;
  for (const char c : digits + fraction) value = value * 10 + (c - '0');
  return is_negative ? -value : value;
}

using Sums = std::map<std::string, __int128>;  // by what is summed

class UsageFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    fleet_.grow(400);
    fleet_.publish(700'000'001);
    fleet_.grow(1'600);
    fleet_.publish(810'000'003);
    fleet_.grow(2'000);
  }

  UsagePlace place(UsageFileFormat format, bool is_compressed = false) {
    UsagePlace place{.format = format, .is_compressed = is_compressed, .from = from_, .to = to_};
    place.as_of_seq = log_.last_seq();
    return place;
  }
  [[nodiscard]] Time last_time() const { return from_us(log_.last_time_at_us()); }

  /// By tenant, cluster and kind what the records of a file sum to.
  static Sums sums_of(const UsagePlace& place, const std::string& bytes) {
    Sums sums;
    const auto name = [](const auto& tenant, const auto& cluster, const auto& kind) {
      return std::string(tenant) + " " + std::string(cluster) + " " + std::string(kind);
    };
    if (place.format == UsageFileFormat::kFocus) {
      for (const auto& row : rows(bytes)) {
        const auto key = name(row.at("BillingAccountId"), row.at("ResourceId"), row.at("SkuPriceId"));
        sums[key + " billed"] += exact(row.at("BilledCost"), 2);
        sums[key + " consumed"] += exact(row.at("ConsumedQuantity"), 9);
        sums[key + " priced"] += exact(row.at("PricingQuantity"), 9);
      }
    } else if (place.format == UsageFileFormat::kCsv) {
      for (const auto& row : rows(bytes)) {
        sums[name(row.at("tenant"), row.at("cluster"), row.at("kind"))] += exact(row.at("quantity"), 6);
      }
    } else {
      // The numbers of JSON lines are doubles to this parser, so those of CloudEvents, which are texts.
      for (const auto& event : objects(bytes)) {
        const auto& data = event.at("data");
        sums[name(event.at("subject").as_string(), data.at("cluster").as_string(), data.at("kind").as_string())] +=
            exact(std::string(data.at("quantity").as_string()), 6);
      }
    }
    return sums;
  }

  MemoryEventLog log_;
  StretchedLog fleet_{log_};
  Time from_ = *parse_rfc3339("2016-10-10T07:11:13.5Z");
  Time to_ = *parse_rfc3339("2016-10-19T17:05:00Z");
};

TEST_F(UsageFiles, AreTheSameInPagesOfAnySize) {
  ASSERT_GT(last_time(), to_);
  for (const auto format : kFormats) {
    const std::string all = whole(log_, place(format));
    const auto records = static_cast<std::uint64_t>(std::ranges::count(all, '\n'));
    ASSERT_GT(records, 300U) << name_of(format);
    for (const std::uint64_t size : {150U, 4'095U, 4'097U}) {
      EXPECT_EQ(in_pages(log_, place(format), size), all) << name_of(format) << " in pages of " << size;
      if (size < kRecordsPerFrame) continue;
      EXPECT_EQ(decompress(in_pages(log_, place(format, true), size)), all) << name_of(format) << ".zst, " << size;
    }
    EXPECT_EQ(in_pages(log_, place(format, true), kRecordsPerFrame), whole(log_, place(format, true)))
        << "pages of whole frames are the same compressed";
  }
}

TEST_F(UsageFiles, ArePagedOneByOneToo) {
  to_ = from_ + std::chrono::hours{3};
  for (const auto format : kFormats) {
    const std::string all = whole(log_, place(format));
    EXPECT_EQ(in_pages(log_, place(format), 1), all) << name_of(format);
    EXPECT_EQ(decompress(in_pages(log_, place(format, true), 1)), all) << name_of(format);
  }
}

TEST_F(UsageFiles, AreTheSameWhenTheyAreReadBitByBit) {
  Pace pace;
  pace.begin({});  // over at once: each call does the least that it can
  for (const auto format : kFormats) {
    for (const bool is_compressed : {false, true}) {
      for (const std::uint64_t record : {0U, 200U}) {
        UsagePlace first = place(format, is_compressed);
        first.record = record;
        auto file = *UsageFile::open(log_, first, &pace);
        int interruptions = 0;
        while (!*file.begin()) ++interruptions;
        EXPECT_GT(interruptions, 2) << name_of(format);
        std::string bytes;
        while (!file.at_end()) ASSERT_TRUE(file.next_piece(kAll, bytes));
        EXPECT_EQ(bytes, whole(log_, first)) << name_of(format) << (is_compressed ? ".zst" : "") << " from " << record;
      }
    }
  }
  UsagePlace behind = place(UsageFileFormat::kCsv);
  behind.record = 1'000'000;
  auto file = *UsageFile::open(log_, behind, &pace);
  auto begun = file.begin();
  while (begun && !*begun) begun = file.begin();
  EXPECT_EQ(begun.error().rule, "cursor_of_this_export");
}

TEST_F(UsageFiles, OfAPastRangeAreTheSameWhenTheyAreAskedForLater) {
  std::vector<std::string> before;
  for (const auto format : kFormats) before.push_back(whole(log_, place(format)));
  fleet_.grow(1'000);
  for (std::size_t i = 0; i < kFormats.size(); ++i) EXPECT_EQ(whole(log_, place(kFormats[i])), before[i]);
}

TEST_F(UsageFiles, AsOfAnEventAreTheSameThoughTheRangeGoesBeyondIt) {
  to_ = last_time() + std::chrono::days{30};
  std::vector<UsagePlace> places;
  std::vector<std::string> before;
  for (const auto format : kFormats) {
    places.push_back(place(format));
    before.push_back(whole(log_, places.back()));
    const auto file = UsageFile::open(log_, places.back());
    EXPECT_EQ(file->until(), last_time()) << "nothing is known after the newest event";
  }
  fleet_.grow(1'000);
  for (std::size_t i = 0; i < kFormats.size(); ++i) EXPECT_EQ(whole(log_, places[i]), before[i]);
}

TEST_F(UsageFiles, OfALogThatIsWrittenAgainAreTheSame) {
  const testing::TempDirectory directory;
  const auto disk = *open_rocksdb_log({.directory = directory.path()});
  const auto cursor = *log_.read(1);
  Batch batch;
  for (const event::Event* event = *cursor->next(); event != nullptr; event = *cursor->next()) {
    batch.events.push_back(*event);
  }
  ASSERT_TRUE(disk->append(std::move(batch)));
  for (const auto format : kFormats) {
    EXPECT_EQ(whole(*disk, place(format)), whole(log_, place(format))) << name_of(format);
    EXPECT_EQ(whole(*disk, place(format, true)), whole(log_, place(format, true))) << name_of(format);
  }
}

TEST_F(UsageFiles, SumToTheSameHoweverTimeIsSplit) {
  std::mt19937_64 random(7);
  for (const auto format : {UsageFileFormat::kCsv, UsageFileFormat::kCloudEvents, UsageFileFormat::kFocus}) {
    const Sums all = sums_of(place(format), whole(log_, place(format)));
    ASSERT_GT(all.size(), 40U);
    for (int round = 0; round < 4; ++round) {
      std::set<std::int64_t> cuts{to_us(from_), to_us(to_)};
      std::uniform_int_distribution<std::int64_t> moment(to_us(from_), to_us(to_));
      for (int i = 0; i < 6; ++i) cuts.insert(moment(random));
      cuts.insert(to_us(*parse_rfc3339("2016-10-15T00:00:00Z")));
      Sums sums;
      for (auto cut = cuts.begin(); std::next(cut) != cuts.end(); ++cut) {
        UsagePlace part = place(format);
        part.from = from_us(*cut);
        part.to = from_us(*std::next(cut));
        for (const auto& [key, value] : sums_of(part, whole(log_, part))) sums[key] += value;
      }
      EXPECT_EQ(sums == all, true) << name_of(format);
    }
  }
}

TEST_F(UsageFiles, SumToTheSameByTenantAndCluster) {
  for (const auto format : kFormats) {
    if (format == UsageFileFormat::kJsonLines) continue;
    const Sums all = sums_of(place(format), whole(log_, place(format)));
    Sums by_tenant;
    for (int i = 0; i < 5; ++i) {
      UsagePlace one = place(format);
      one.tenant = "team-" + std::to_string(i);
      const Sums sums = sums_of(one, whole(log_, one));
      for (const auto& [key, value] : sums) {
        EXPECT_THAT(key, StartsWith(one.tenant + " "));
        by_tenant[key] += value;
      }
      UsagePlace cluster = one;
      cluster.cluster = "logs-" + std::to_string(i);
      for (const auto& [key, value] : sums_of(cluster, whole(log_, cluster))) EXPECT_EQ(sums.at(key) == value, true);
    }
    EXPECT_EQ(by_tenant == all, true) << name_of(format);
  }
}

TEST_F(UsageFiles, OfOneTenantHoldNothingOfOthers) {
  for (const auto format : kFormats) {
    UsagePlace one = place(format);
    one.tenant = "team-2";
    const std::string bytes = whole(log_, one);
    EXPECT_THAT(bytes, HasSubstr("team-2"));
    for (const char* other : {"team-0", "team-1", "team-3", "team-4"}) EXPECT_EQ(bytes.find(other), std::string::npos);
  }
}

TEST_F(UsageFiles, OfFocusSumToTheInvoicesLines) {
  from_ = Month::parse("2016-10")->begin();
  to_ = *parse_rfc3339("2016-10-20T00:00:00Z");
  Sums rows_sum;
  for (const auto& row : rows(whole(log_, place(UsageFileFormat::kFocus)))) {
    EXPECT_GE(exact(row.at("BilledCost"), 2), 0);
    EXPECT_EQ(row.at("BilledCost"), row.at("EffectiveCost"));
    EXPECT_EQ(row.at("ListCost"), row.at("ContractedCost"));
    EXPECT_LE(row.at("ChargePeriodStart"), row.at("ChargePeriodEnd"));
    const __int128 priced = exact(row.at("PricingQuantity"), 9) * exact(row.at("ListUnitPrice"), 12);
    EXPECT_EQ(exact(row.at("ListCost"), 21) == priced, true);
    rows_sum[row.at("BillingAccountId") + " " + row.at("ResourceId") + " " + row.at("SkuPriceId")] +=
        exact(row.at("BilledCost"), 2);
  }
  Sums lines_sum;
  const auto prices = *price_book_at(log_, log_.last_seq());
  const auto found = bills(log_, prices, {.tenant = {}, .from = from_, .to = to_, .now = to_});
  ASSERT_TRUE(found);
  int lines = 0;
  for (const auto& invoice : *found) {
    for (const auto& line : invoice.lines()) {
      const std::string list = line.price_list().empty() ? "none" : line.price_list();
      lines_sum[invoice.tenant() + " " + line.cluster() + " " + line.kind() + "/" + list + "/" +
                std::to_string(line.factor_permille())] += line.amount_minor();
      ++lines;
    }
  }
  EXPECT_GT(lines, 50);
  EXPECT_EQ(rows_sum == lines_sum, true);
}

TEST_F(UsageFiles, OfFocusCostWhatClosedInvoicesSay) {
  fleet_.grow(9'000);
  const auto october = Month::parse("2016-10");
  ASSERT_GT(last_time(), october->end());
  const std::string tenant = "team-1";
  auto invoice = *closing_invoice(log_, tenant, *october);
  ASSERT_GT(invoice.lines_size(), 3);
  const std::int64_t derived = invoice.total_minor();
  // As a program before this one might have billed: one line is too much, another one is not there.
  auto& lines = *invoice.mutable_lines();
  lines[0].set_amount_minor(lines[0].amount_minor() + 700);
  const std::int64_t left_out = lines[lines.size() - 1].amount_minor();
  lines.RemoveLast();
  invoice.set_total_minor(derived + 700 - left_out);
  fleet_.close(invoice);
  from_ = october->begin();
  to_ = last_time() + Duration{1};
  fleet_.grow(10);
  const auto sum = [&] {
    UsagePlace mine = place(UsageFileFormat::kFocus);
    mine.tenant = tenant;
    __int128 total = 0;
    for (const auto& row : rows(whole(log_, mine))) {
      const bool is_correction = row.at("ChargeClass") == "Correction";
      EXPECT_EQ(is_correction, !row.at("x_InvoiceId").empty());
      if (is_correction || row.at("BillingPeriodStart") == "2016-10-01T00:00:00Z")
        total += exact(row.at("BilledCost"), 2);
    }
    return static_cast<std::int64_t>(total);
  };
  EXPECT_EQ(sum(), invoice.total_minor());
  // The range may begin after the month that is closed in it.
  const Time begin = from_;
  from_ = october->end();
  const std::int64_t settled = invoice.total_minor() - derived;
  EXPECT_EQ(sum(), settled);
  from_ = begin;
  const auto closed = *closed_invoices(log_, tenant, "2016-10");
  ASSERT_EQ(closed.size(), 1U);
  const auto corrected = *correction(log_, closed[0]);
  ASSERT_EQ(corrected.total_minor(), derived - invoice.total_minor());
  fleet_.close(corrected);
  to_ = last_time() + Duration{1};
  fleet_.grow(10);
  EXPECT_EQ(sum(), derived);
  const std::string all = whole(log_, place(UsageFileFormat::kFocus));
  EXPECT_EQ(in_pages(log_, place(UsageFileFormat::kFocus), 1'000), all);
}

TEST_F(UsageFiles, OfCloudEventsAreCountedOnceHoweverTheyAreSentAgain) {
  const auto ids = [&](Time from, Time to) {
    UsagePlace part = place(UsageFileFormat::kCloudEvents);
    part.from = from;
    part.to = to;
    std::map<std::string, std::string> found;
    for (const auto& event : objects(whole(log_, part))) {
      const std::string source(event.at("source").as_string());
      EXPECT_THAT(source, StartsWith("urn:esaas:log:"));
      EXPECT_EQ(event.at("specversion").as_string(), "1.0");
      EXPECT_EQ(event.at("time"), event.at("data").at("from"));
      const bool is_new = found.emplace(source + event.at("id").as_string().c_str(), json::serialize(event)).second;
      EXPECT_TRUE(is_new) << json::serialize(event);
    }
    return found;
  };
  const Time begin = *parse_rfc3339("2016-10-12T00:00:00Z");
  const auto day = ids(begin, begin + std::chrono::hours{24});
  ASSERT_GT(day.size(), 100U);
  const auto two_days = ids(begin - std::chrono::hours{1}, begin + std::chrono::hours{47});
  for (const auto& [id, event] : day) {
    ASSERT_TRUE(two_days.contains(id)) << event;
    EXPECT_EQ(two_days.at(id), event);
  }
}

TEST_F(UsageFiles, MarkWhatIsOpenAndGoBackToTheBeginning) {
  int open = 0;
  for (const auto& row : rows(whole(log_, place(UsageFileFormat::kCsv)))) {
    EXPECT_EQ(row.at("open") == "true", row.at("to_seq") == "0");
    if (row.at("open") == "true") {
      ++open;
      EXPECT_EQ(row.at("to"), to_rfc3339(to_));
    }
    EXPECT_GE(row.at("from"), to_rfc3339(from_));
    EXPECT_LT(row.at("from"), row.at("to"));
  }
  EXPECT_GT(open, 10);
}

TEST_F(UsageFiles, TakeNoCursorOfMomentsThatAreNone) {
  for (const auto& [from, to] :
       {std::pair(INT64_MAX - 1, INT64_MAX), std::pair(INT64_MIN, INT64_MIN + 1),
        std::pair<std::int64_t, std::int64_t>(5, 5), std::pair<std::int64_t, std::int64_t>(0, INT64_MAX)}) {
    UsagePlace forged = place(UsageFileFormat::kFocus);
    forged.from = from_us(from);
    forged.to = from_us(to);
    UsagePlace read = place(UsageFileFormat::kFocus);
    const auto refused = read.read(forged.to_text());
    ASSERT_FALSE(refused) << from;
    EXPECT_EQ(refused.error().field, "cursor");
  }
}

TEST_F(UsageFiles, TakeNoCursorOfAnotherFile) {
  const std::string cursor = place(UsageFileFormat::kCsv).to_text();
  const auto refused = [&](UsagePlace place, const std::string& text) {
    const auto read = place.read(text);
    return !read && read.error().field == "cursor";
  };
  UsagePlace same{.format = UsageFileFormat::kCsv, .is_compressed = false, .from = {}, .to = {}};
  EXPECT_FALSE(refused(same, cursor));
  UsagePlace other = same;
  other.tenant = "team-1";
  EXPECT_TRUE(refused(other, cursor));
  other = same;
  other.format = UsageFileFormat::kFocus;
  EXPECT_TRUE(refused(other, cursor));
  other = same;
  other.is_compressed = true;
  EXPECT_TRUE(refused(other, cursor));
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    std::string mangled = cursor;
    mangled[i] = mangled[i] == '7' ? '8' : '7';
    EXPECT_TRUE(refused(same, mangled)) << mangled;
    EXPECT_TRUE(refused(same, cursor.substr(0, i)));
  }
  UsagePlace behind = place(UsageFileFormat::kCsv);
  behind.record = 1'000'000;
  EXPECT_FALSE(UsageFile::open(log_, behind));
  behind.record = 0;
  behind.as_of_seq = log_.last_seq() + 1;
  EXPECT_FALSE(UsageFile::open(log_, behind));
}

TEST_F(UsageFiles, OfNothingAreAHeaderOrNothing) {
  from_ = from_us(0);
  to_ = from_us(1);
  EXPECT_EQ(std::ranges::count(whole(log_, place(UsageFileFormat::kCsv)), '\n'), 1);
  EXPECT_EQ(std::ranges::count(whole(log_, place(UsageFileFormat::kFocus)), '\n'), 1);
  EXPECT_EQ(whole(log_, place(UsageFileFormat::kCloudEvents)), "");
  EXPECT_EQ(decompress(whole(log_, place(UsageFileFormat::kCloudEvents, true))), "");
  EXPECT_FALSE(whole(log_, place(UsageFileFormat::kCloudEvents, true)).empty()) << "no .zst file is empty";
}

TEST_F(UsageFiles, AreNotChangedByWhatIsToldLateOfALostAgent) {
  to_ = last_time();
  std::vector<std::string> before;
  for (const auto format : kFormats) before.push_back(whole(log_, place(format)));
  // The tasks of every node that runs now are told to have ended long ago, and their places to be gone.
  const auto cursor = *log_.read(1);
  std::vector<event::Event> late;
  for (const event::Event* event = *cursor->next(); event != nullptr; event = *cursor->next()) {
    if (!event->has_task_status_changed() && !event->has_place_reserved()) continue;
    event::Event told = *event;
    if (told.has_task_status_changed()) {
      told.mutable_task_status_changed()->set_state(model::TASK_STATE_GONE);
    } else {
      const auto reserved = told.place_reserved();
      told.mutable_place_failed()->set_node(reserved.node());
      told.mutable_place_failed()->set_volume_id(reserved.volume_id());
    }
    told.set_wall_at_us(told.time_at_us() - 3'600'000'000);
    late.push_back(std::move(told));
  }
  ASSERT_GT(late.size(), 500U);
  for (auto& event : late) fleet_.add(std::move(event));
  for (std::size_t i = 0; i < kFormats.size(); ++i) EXPECT_EQ(whole(log_, place(kFormats[i])), before[i]);
  // And from when it is known nothing counts any more but the clusters themselves.
  from_ = last_time();
  fleet_.add(testing::plain_event(1), to_us(from_) + 1'000'000);
  to_ = last_time();
  for (const auto& row : rows(whole(log_, place(UsageFileFormat::kCsv)))) EXPECT_EQ(row.at("kind"), "cluster");
}

}  // namespace
}  // namespace esaas::store
