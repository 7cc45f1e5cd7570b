#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "store/export/usage_export.h"
#include "store/log/memory_event_log.h"
#include "store/views/usage_view.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

using testing::plain_event;

constexpr std::int64_t kSecond = 1'000'000;

/// Writes usage events of one cluster, a second apart unless told otherwise.
class UsageLog {
 public:
  MemoryEventLog log;
  std::string cluster = "logs";
  std::string tenant = "shop";

  void at(std::int64_t second) { second_ = second; }
  void add_node(const std::string& node) {
    auto& added = *event().mutable_node_added();
    added.set_node(node);
    *added.mutable_resources() = resources(1);
    append();
  }
  void remove_node(const std::string& node) { event().mutable_node_removed()->set_node(node), append(); }
  void intend_place(const std::string& node, const std::string& volume, std::uint32_t times = 1, bool transient = false,
                    std::uint32_t revocable_cpus_milli = 0) {
    auto& intended = *event().mutable_place_intended();
    intended.set_node(node);
    intended.mutable_place()->set_volume_id(volume);
    *intended.mutable_place()->mutable_resources() = resources(times);
    intended.mutable_place()->set_transient(transient);
    if (revocable_cpus_milli != 0) intended.mutable_place()->mutable_revocable()->set_cpus_milli(revocable_cpus_milli);
    append();
  }
  void reserve(const std::string& node, const std::string& volume) {
    auto& reserved = *event().mutable_place_reserved();
    reserved.set_node(node), reserved.set_volume_id(volume), append();
  }
  void fail_place(const std::string& node, const std::string& volume) {
    auto& failed = *event().mutable_place_failed();
    failed.set_node(node), failed.set_volume_id(volume), append();
  }
  void release(const std::string& node, const std::string& volume) {
    auto& released = *event().mutable_place_released();
    released.set_node(node), released.set_volume_id(volume), append();
  }
  void grow(const std::string& node, const std::string& volume, std::uint32_t times) {
    auto& grown = *event().mutable_place_grown();
    grown.set_node(node), grown.set_volume_id(volume);
    *grown.mutable_resources() = resources(times);
    append();
  }
  void adopt_place(const std::string& node, const std::string& volume) {
    auto& adopted = *event().mutable_place_adopted();
    adopted.set_node(node);
    adopted.mutable_place()->set_volume_id(volume);
    *adopted.mutable_place()->mutable_resources() = resources(1);
    append();
  }
  void adopt_task(const std::string& node, const std::string& task, model::TaskState state) {
    auto& adopted = *event().mutable_task_adopted();
    adopted.set_node(node), adopted.set_task_id(task), adopted.set_state(state), append();
  }
  void launch(const std::string& node, const std::string& task) {
    auto& launched = *event().mutable_task_launch_intended();
    launched.set_node(node), launched.set_task_id(task), append();
  }
  void status(const std::string& node, const std::string& task, model::TaskState state) {
    auto& changed = *event().mutable_task_status_changed();
    changed.set_node(node), changed.set_task_id(task), changed.set_state(state), append();
  }
  void delete_cluster() { event().mutable_cluster_deleted(), append(); }

  /// "cpu data-0 2000 1-5" per interval, in the order of the cursor.
  std::vector<std::string> intervals(std::int64_t from, std::int64_t to, std::int64_t now = 1'000'000) {
    std::vector<std::string> lines;
    auto cursor = UsageView(log).intervals(query(from, to, now));
    for (;;) {
      const auto interval = cursor->next();
      if (!interval) {
        ADD_FAILURE() << interval.error().detail;
        return lines;
      }
      if (*interval == nullptr) return lines;
      lines.push_back(std::string(name_of((*interval)->kind)) + " " + (*interval)->node + " " +
                      std::to_string((*interval)->amount) + " " + std::to_string((*interval)->from_us / kSecond) + "-" +
                      std::to_string((*interval)->to_us / kSecond));
    }
  }
  static UsageQuery query(std::int64_t from, std::int64_t to, std::int64_t now = 1'000'000) {
    return {from_us(from * kSecond), from_us(to * kSecond), from_us(now * kSecond), {}, {}};
  }

 private:
  static model::Resources resources(std::uint32_t times) {
    model::Resources resources;
    resources.set_cpus_milli(2000 * times);
    resources.set_mem_mib(4096 * times);
    resources.set_disk_mib(500 * times);
    return resources;
  }
  event::Event& event() {
    event_ = plain_event(log.last_seq() + 1, second_++ * kSecond);
    event_.clear_payload();
    event_.set_cluster(cluster);
    event_.set_tenant(tenant);
    return event_;
  }
  void append() {
    const auto appended = log.append({{event_}, {}});
    ASSERT_TRUE(appended) << appended.error().detail;
  }

  std::int64_t second_ = 0;
  event::Event event_;
};

class Usage : public ::testing::Test {
 protected:
  /// A node whose task runs from second 4 and whose disk is reserved from second 2.
  void run_node(const std::string& node = "data-0") {
    usage_.add_node(node);
    usage_.intend_place(node, node + "-v1");
    usage_.reserve(node, node + "-v1");
    usage_.launch(node, node + "-t1");
    usage_.status(node, node + "-t1", model::TASK_STATE_RUNNING);
  }
  using Lines = std::vector<std::string>;
  UsageLog usage_;
};

TEST_F(Usage, CountsATaskFromRunningToItsEndAndTheDiskFromReservedToReleased) {
  run_node();
  usage_.at(10), usage_.status("data-0", "data-0-t1", model::TASK_STATE_KILLED);
  usage_.at(20), usage_.release("data-0", "data-0-v1");
  EXPECT_EQ(usage_.intervals(0, 100),
            (Lines{"cpu data-0 2000 4-10", "memory data-0 4096 4-10", "node data-0 1 4-10", "disk data-0 500 2-20"}));
}

TEST_F(Usage, CountsWhatIsAdoptedFromWhenTheLogKnowsOfIt) {
  run_node();
  usage_.at(10), usage_.fail_place("data-0", "data-0-v1");
  usage_.at(20), usage_.intend_place("data-0", "data-0-v2");
  usage_.at(30), usage_.adopt_place("data-0", "data-0-v1");
  usage_.reserve("data-0", "data-0-v2");  // a late word
  usage_.at(40), usage_.adopt_task("data-0", "data-0-t9", model::TASK_STATE_RUNNING);
  usage_.at(45), usage_.status("data-0", "data-0-t9", model::TASK_STATE_RUNNING);
  usage_.at(50), usage_.status("data-0", "data-0-t9", model::TASK_STATE_KILLED);
  EXPECT_THAT(usage_.intervals(0, 100, 60),
              ::testing::UnorderedElementsAre(
                  "cpu data-0 2000 4-10", "memory data-0 4096 4-10", "node data-0 1 4-10", "disk data-0 500 2-10",
                  "cpu data-0 2000 40-50", "memory data-0 4096 40-50", "node data-0 1 40-50", "disk data-0 500 30-60"));
}

TEST_F(Usage, CountsAnAdoptedTaskThatStartsFromWhenItRuns) {
  run_node();
  usage_.status("data-0", "data-0-t1", model::TASK_STATE_FAILED);
  usage_.at(40), usage_.adopt_task("data-0", "data-0-t9", model::TASK_STATE_STARTING);
  usage_.at(45), usage_.status("data-0", "data-0-t9", model::TASK_STATE_RUNNING);
  EXPECT_THAT(usage_.intervals(30, 50), ::testing::Contains("cpu data-0 2000 45-50"));
}

TEST_F(Usage, CountsTheSandboxOfATransientPlaceWhileItsTaskRuns) {
  usage_.add_node("front-0");
  usage_.intend_place("front-0", "v1", 1, true);
  usage_.launch("front-0", "t1");
  usage_.status("front-0", "t1", model::TASK_STATE_RUNNING);
  usage_.at(10), usage_.status("front-0", "t1", model::TASK_STATE_GONE);
  usage_.at(20), usage_.intend_place("front-0", "v2", 2, true);
  usage_.launch("front-0", "t2");
  usage_.status("front-0", "t2", model::TASK_STATE_RUNNING);
  usage_.at(30), usage_.status("front-0", "t2", model::TASK_STATE_GONE_BY_OPERATOR);
  EXPECT_EQ(usage_.intervals(0, 100, 50),
            (Lines{"cpu front-0 2000 3-10", "memory front-0 4096 3-10", "disk front-0 500 3-10", "node front-0 1 3-10",
                   "cpu front-0 4000 22-30", "memory front-0 8192 22-30", "disk front-0 1000 22-30",
                   "node front-0 1 22-30"}));
}

TEST_F(Usage, TellsWhatWasOnlyLent) {
  usage_.add_node("front-0");
  usage_.intend_place("front-0", "v1", 1, true, 2000);
  usage_.launch("front-0", "t1");
  usage_.status("front-0", "t1", model::TASK_STATE_RUNNING);
  usage_.status("front-0", "t1", model::TASK_STATE_GONE);
  usage_.intend_place("front-0", "v2", 1, true);
  usage_.launch("front-0", "t2");
  usage_.status("front-0", "t2", model::TASK_STATE_RUNNING);
  auto cursor = UsageView(usage_.log).intervals(UsageLog::query(0, 20));
  std::vector<std::string> lent;
  for (auto interval = cursor->next(); interval && *interval != nullptr; interval = cursor->next()) {
    if ((*interval)->revocable) lent.push_back(std::string(name_of((*interval)->kind)));
  }
  EXPECT_EQ(lent, (std::vector<std::string>{"cpu"})) << "neither its memory, nor what came after it";
}

TEST_F(Usage, CountsWhatIsOpenUntilNowAndNeverBeyondTheRange) {
  run_node();
  EXPECT_EQ(usage_.intervals(0, 100, 50),
            (Lines{"cpu data-0 2000 4-50", "memory data-0 4096 4-50", "node data-0 1 4-50", "disk data-0 500 2-50"}));
  EXPECT_EQ(usage_.intervals(10, 30, 50), (Lines{"cpu data-0 2000 10-30", "memory data-0 4096 10-30",
                                                 "node data-0 1 10-30", "disk data-0 500 10-30"}));
  EXPECT_TRUE(usage_.intervals(60, 70, 50).empty());
  EXPECT_TRUE(usage_.intervals(0, 2).empty());
}

TEST_F(Usage, AnswerAboutThePastDoesNotChangeWhenTheLogGrows) {
  run_node();
  const auto before = usage_.intervals(0, 30);
  usage_.at(40), usage_.status("data-0", "data-0-t1", model::TASK_STATE_FAILED);
  usage_.at(41), usage_.release("data-0", "data-0-v1");
  EXPECT_EQ(usage_.intervals(0, 30), before);
}

TEST_F(Usage, CountsAGrownPlaceWithItsNewSizeFromThenOn) {
  run_node();
  usage_.status("data-0", "data-0-t1", model::TASK_STATE_KILLED);   // 5
  usage_.grow("data-0", "data-0-v1", 2);                            // 6
  usage_.grow("data-0", "another", 3);                              // 7
  usage_.launch("data-0", "data-0-t2");                             // 8
  usage_.status("data-0", "data-0-t2", model::TASK_STATE_RUNNING);  // 9
  usage_.remove_node("data-0");                                     // 10
  EXPECT_THAT(usage_.intervals(0, 100),
              ::testing::UnorderedElementsAre("cpu data-0 2000 4-5", "memory data-0 4096 4-5", "node data-0 1 4-5",
                                              "disk data-0 500 2-6", "disk data-0 1000 6-10", "cpu data-0 4000 9-10",
                                              "memory data-0 8192 9-10", "node data-0 1 9-10"));
}

TEST_F(Usage, DoesNotCountATaskThatNeverRan) {
  usage_.add_node("data-0");
  usage_.launch("data-0", "t1");
  usage_.status("data-0", "t1", model::TASK_STATE_STAGING);
  usage_.status("data-0", "t1", model::TASK_STATE_FAILED);
  EXPECT_TRUE(usage_.intervals(0, 100).empty());
}

TEST_F(Usage, CountsOnThroughUnreachableAndRunningAgain) {
  run_node();
  usage_.at(10), usage_.status("data-0", "data-0-t1", model::TASK_STATE_UNREACHABLE);
  usage_.at(20), usage_.status("data-0", "data-0-t1", model::TASK_STATE_RUNNING);
  usage_.at(30), usage_.status("data-0", "data-0-t1", model::TASK_STATE_FINISHED);
  EXPECT_EQ(usage_.intervals(0, 100).front(), "cpu data-0 2000 4-30");
}

TEST_F(Usage, LateRunningAfterTheLastWordOpensNothing) {
  run_node();
  usage_.at(10), usage_.status("data-0", "data-0-t1", model::TASK_STATE_KILLED);
  usage_.at(11), usage_.status("data-0", "data-0-t1", model::TASK_STATE_RUNNING);
  usage_.at(20), usage_.release("data-0", "data-0-v1");
  EXPECT_EQ(usage_.intervals(0, 100).size(), 4U);
}

TEST_F(Usage, NewTaskThatRunsEndsTheOneThatNeverReported) {
  run_node();
  usage_.at(10), usage_.launch("data-0", "t2");
  usage_.at(15), usage_.status("data-0", "t2", model::TASK_STATE_RUNNING);
  usage_.at(18), usage_.status("data-0", "data-0-t1", model::TASK_STATE_LOST);
  usage_.at(20), usage_.status("data-0", "t2", model::TASK_STATE_KILLED);
  const auto lines = usage_.intervals(0, 100);
  EXPECT_EQ(lines[0], "cpu data-0 2000 4-15");
  EXPECT_EQ(lines[3], "cpu data-0 2000 15-20");
}

TEST_F(Usage, LostPlaceEndsTaskAndDisk) {
  run_node();
  usage_.at(10), usage_.fail_place("data-0", "data-0-v1");
  usage_.at(12), usage_.intend_place("data-0", "v2", 2);
  usage_.at(13), usage_.reserve("data-0", "v2");
  EXPECT_EQ(usage_.intervals(0, 100, 20),
            (Lines{"cpu data-0 2000 4-10", "memory data-0 4096 4-10", "node data-0 1 4-10", "disk data-0 500 2-10",
                   "disk data-0 1000 13-20"}));
}

TEST_F(Usage, FailedPlaceThatIsNotTheNodesChangesNothing) {
  run_node();
  usage_.at(10), usage_.fail_place("data-0", "other");
  usage_.at(11), usage_.release("data-0", "other");
  EXPECT_EQ(usage_.intervals(0, 100, 20).back(), "disk data-0 500 2-20");
}

TEST_F(Usage, RemovedNodeAndDeletedClusterEndEverything) {
  run_node("data-0");
  usage_.at(10), run_node("data-1");
  usage_.at(20), usage_.remove_node("data-0");
  usage_.at(30), usage_.delete_cluster();
  usage_.at(31), usage_.status("data-1", "data-1-t1", model::TASK_STATE_RUNNING);
  const auto lines = usage_.intervals(0, 100);
  ASSERT_EQ(lines.size(), 8U);
  EXPECT_EQ(lines[0], "cpu data-0 2000 4-20");
  EXPECT_EQ(lines[4], "cpu data-1 2000 14-30");
}

TEST_F(Usage, TotalsAreExactAndFiltered) {
  run_node();
  usage_.cluster = "other", usage_.tenant = "bank";
  usage_.at(10), run_node();
  const auto all = UsageView(usage_.log).totals(UsageLog::query(0, 100, 24));
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].tenant, "bank");
  EXPECT_EQ((*all)[1].cluster, "logs");
  EXPECT_TRUE((*all)[1].cpu == UsageQuantity{2000} * 20 * kSecond);
  EXPECT_TRUE((*all)[1].disk == UsageQuantity{500} * 22 * kSecond);
  EXPECT_TRUE((*all)[1].node == UsageQuantity{20} * kSecond);
  auto query = UsageLog::query(0, 100, 24);
  query.tenant = "shop";
  const auto shop = UsageView(usage_.log).totals(query, true);
  ASSERT_EQ(shop->size(), 1U);
  EXPECT_EQ((*shop)[0].cluster, "");
  query.cluster = "other";
  EXPECT_TRUE(UsageView(usage_.log).totals(query)->empty());
}

TEST_F(Usage, RangeThatEndsBeforeItBeginsIsRefused) {
  const auto refused = UsageView(usage_.log).totals(UsageLog::query(5, 5));
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused.error().field, "from");
}

/// Whatever order events come in, intervals of one node and kind do not overlap, and adjacent ranges add up.
TEST(UsageProperty, NeverOverlapsAndAddsUpOverAdjacentRanges) {
  constexpr model::TaskState kStates[] = {model::TASK_STATE_STAGING, model::TASK_STATE_RUNNING,
                                          model::TASK_STATE_UNREACHABLE, model::TASK_STATE_FAILED,
                                          model::TASK_STATE_KILLED};
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    UsageLog usage;
    for (int i = 0; i < 120; ++i) {
      const std::string node = "data-" + std::to_string(random() % 2);
      const std::string task = "t" + std::to_string(random() % 3);
      const std::string volume = "v" + std::to_string(random() % 2);
      switch (random() % 9) {
        case 0: usage.add_node(node); break;
        case 1: usage.intend_place(node, volume); break;
        case 2: usage.reserve(node, volume); break;
        case 3: usage.fail_place(node, volume); break;
        case 4: usage.release(node, volume); break;
        case 5: usage.launch(node, task); break;
        case 6: usage.remove_node(node); break;
        default: usage.status(node, task, kStates[random() % 5]); break;
      }
    }
    std::map<std::pair<std::string, UsageKind>, std::int64_t> ends;
    auto cursor = UsageView(usage.log).intervals(UsageLog::query(0, 200, 150));
    for (;;) {
      const UsageInterval* interval = *cursor->next();
      if (interval == nullptr) break;
      auto& end = ends[{interval->node, interval->kind}];
      EXPECT_LE(end, interval->from_us) << "seed " << seed;
      EXPECT_LT(interval->from_us, interval->to_us) << "seed " << seed;
      end = interval->to_us;
    }
    UsageTotal sum;
    const auto add = [&](std::int64_t from, std::int64_t to) {
      const auto totals = UsageView(usage.log).totals(UsageLog::query(from, to, 150), true);
      for (UsageTotal total : *totals) {
        for (const auto kind : {UsageKind::kCpu, UsageKind::kMemory, UsageKind::kDisk, UsageKind::kNode}) {
          sum.of(kind) += total.of(kind);
        }
      }
    };
    add(0, 37), add(37, 90), add(90, 200);
    const auto whole = UsageView(usage.log).totals(UsageLog::query(0, 200, 150), true);
    if (!whole->empty()) {
      EXPECT_TRUE(sum.cpu == whole->front().cpu && sum.memory == whole->front().memory &&
                  sum.disk == whole->front().disk && sum.node == whole->front().node)
          << "seed " << seed;
    }
  }
}

TEST_F(Usage, ExportsIntervalsAsCsvAndJsonLines) {
  run_node();
  usage_.at(10), usage_.status("data-0", "data-0-t1", model::TASK_STATE_KILLED);
  const auto whole = [&](UsageFormat format) {
    UsageIntervalExport lines(*UsageView(usage_.log).intervals(UsageLog::query(0, 12)), format);
    std::string text;
    for (auto page = lines.next_page(); page && !page->empty(); page = lines.next_page()) text += *page;
    return text;
  };
  EXPECT_THAT(
      whole(UsageFormat::kCsv),
      ::testing::StartsWith(
          "tenant,cluster,node,kind,unit,amount,from,to,seconds,quantity,from_seq,to_seq,revocable,disk_type,zone,"
          "open\r\n"
          "shop,logs,data-0,cpu,milli_cpu,2000,1970-01-01T00:00:04.000000Z,1970-01-01T00:00:10.000000Z,6.000000,"
          "12000.000000,5,6,false,,,false\r\n"
          "shop,logs,data-0,memory,mib,4096,"));
  EXPECT_THAT(
      whole(UsageFormat::kJsonLines),
      ::testing::StartsWith(
          "{\"tenant\":\"shop\",\"cluster\":\"logs\",\"node\":\"data-0\",\"kind\":\"cpu\",\"unit\":\"milli_cpu\","
          "\"amount\":2000,\"from\":\"1970-01-01T00:00:04.000000Z\",\"to\":\"1970-01-01T00:00:10.000000Z\","
          "\"seconds\":6.000000,\"quantity\":12000.000000,\"from_seq\":5,\"to_seq\":6,\"revocable\":false,\"disk_"
          "type\":\"\",\"zone\":\"\",\"open\":false}\n{"));
}

TEST_F(Usage, ExportsInPagesOfBoundedSize) {
  for (int i = 0; i < 500; ++i) run_node("data-" + std::to_string(i));
  UsageIntervalExport lines(*UsageView(usage_.log).intervals(UsageLog::query(0, 10'000)), UsageFormat::kCsv);
  std::size_t pages = 0;
  std::size_t rows = 0;
  for (auto page = lines.next_page(); page && !page->empty(); page = lines.next_page()) {
    ++pages;
    rows += static_cast<std::size_t>(std::ranges::count(*page, '\n'));
    EXPECT_LT(page->size(), 66U << 10U);
  }
  EXPECT_EQ(rows, 1U + 4U * 500U);
  EXPECT_GT(pages, 3U);
}

TEST(UsageExport, TotalsQuoteWhatNeedsIt) {
  UsageTotal total;
  total.tenant = "a,\"b\"";
  total.cluster = "=1+1";
  total.cpu = UsageQuantity{1} << 70U;
  EXPECT_EQ(export_totals({total}, UsageFormat::kCsv),
            "tenant,cluster,cpu_milli_seconds,mem_mib_seconds,disk_mib_seconds,node_seconds,cluster_seconds\r\n"
            "\"a,\"\"b\"\"\",'=1+1,1180591620717411.303424,0.000000,0.000000,0.000000,0.000000\r\n");
  EXPECT_EQ(export_totals({total}, UsageFormat::kJsonLines),
            "{\"tenant\":\"a,\\\"b\\\"\",\"cluster\":\"=1+1\",\"cpu_milli_seconds\":1180591620717411.303424,"
            "\"mem_mib_seconds\":0.000000,\"disk_mib_seconds\":0.000000,\"node_seconds\":0.000000,\"cluster_seconds\":"
            "0.000000}\n");
}

TEST(UsageExport, DecimalsAreExact) {
  EXPECT_EQ(to_decimal_seconds(0), "0.000000");
  EXPECT_EQ(to_decimal_seconds(1), "0.000001");
  EXPECT_EQ(to_decimal_seconds(999'999), "0.999999");
  EXPECT_EQ(to_decimal_seconds(1'000'000), "1.000000");
  EXPECT_EQ(to_decimal_seconds(~UsageQuantity{0}), "340282366920938463463374607431768.211455");
}

}  // namespace
}  // namespace esaas::store
