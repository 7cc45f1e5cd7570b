#include "store/log/log_writer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "store/log/memory_event_log.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

using testing::plain_event;

/// A log whose appends wait until they are let through.
class GatedLog final : public EventLog {
 public:
  Result<void> append(Batch batch) override {
    std::unique_lock lock(mutex_);
    sizes_.push_back(batch.events.size());
    arrived_.notify_all();
    opened_.wait(lock, [&] { return open_; });
    lock.unlock();
    return memory_.append(std::move(batch));
  }
  [[nodiscard]] std::uint64_t last_seq() const override { return memory_.last_seq(); }
  [[nodiscard]] std::int64_t last_time_at_us() const override { return memory_.last_time_at_us(); }
  [[nodiscard]] Result<std::optional<IdempotencyEntry>> find_idempotency(std::string_view key) const override {
    return memory_.find_idempotency(key);
  }
  [[nodiscard]] Result<std::unique_ptr<Cursor>> read(std::uint64_t from, ReadOptions options) const override {
    return memory_.read(from, options);
  }
  [[nodiscard]] Result<event::Event> read_one(std::uint64_t seq) const override { return memory_.read_one(seq); }
  [[nodiscard]] Result<Hash> hash_of(std::uint64_t seq) const override { return memory_.hash_of(seq); }
  [[nodiscard]] Result<std::vector<std::uint64_t>> read_index(const IndexQuery& query) const override {
    return memory_.read_index(query);
  }
  [[nodiscard]] std::uint64_t events_to_index() const override { return 0; }
  [[nodiscard]] Tail& tail() override { return memory_.tail(); }

  void wait_for_append() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !sizes_.empty(); });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  std::vector<std::size_t> sizes() {
    const std::lock_guard lock(mutex_);
    return sizes_;
  }
  MemoryEventLog& memory() { return memory_; }

 private:
  MemoryEventLog memory_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable opened_;
  bool open_ = false;
  std::vector<std::size_t> sizes_;
};

TEST(GroupCommitWriter, GroupsWhatQueuedUpDuringAnAppend) {
  GatedLog log;
  std::vector<std::uint64_t> done;
  {
    const auto writer = make_group_commit_writer(log);
    for (std::uint64_t seq = 1; seq <= 10; ++seq) {
      ASSERT_TRUE(writer->submit({{plain_event(seq)}, {}}, [&](Result<std::uint64_t> last) {
        ASSERT_TRUE(last);
        EXPECT_GE(log.last_seq(), *last) << "told before it was durable";
        done.push_back(*last);
      }));
      if (seq == 1) log.wait_for_append();
    }
    EXPECT_TRUE(done.empty());
    log.open();
  }
  EXPECT_EQ(done, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(log.sizes(), (std::vector<std::size_t>{1, 9}));
}

TEST(GroupCommitWriter, KeepsPartsWholeAndBatchesBounded) {
  GatedLog log;
  {
    const auto writer = make_group_commit_writer(log, {.batch_events_max = 4});
    ASSERT_TRUE(writer->submit({{plain_event(1)}, {}}, [](auto) {}));
    log.wait_for_append();
    ASSERT_TRUE(writer->submit({{plain_event(2), plain_event(3), plain_event(4)}, {}}, [](auto) {}));
    ASSERT_TRUE(writer->submit({{plain_event(5), plain_event(6)}, {}}, [](auto) {}));
    std::vector<event::Event> large;
    for (std::uint64_t seq = 7; seq <= 15; ++seq) large.push_back(plain_event(seq));
    ASSERT_TRUE(writer->submit({large, {}}, [](auto) {}));
    log.open();
  }
  EXPECT_EQ(log.sizes(), (std::vector<std::size_t>{1, 3, 2, 9}));
}

TEST(GroupCommitWriter, RefusesWhenTheQueueIsFullAndTellsItsRoom) {
  GatedLog log;
  const auto writer = make_group_commit_writer(log, {.queued_events_max = 3});
  EXPECT_EQ(writer->room(), 3U);
  ASSERT_TRUE(writer->submit({{plain_event(1), plain_event(2)}, {}}, [](auto) {}));
  EXPECT_EQ(writer->room(), 1U);
  const auto refused = writer->submit({{plain_event(3), plain_event(4)}, {}}, [](auto) { FAIL(); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(writer->submit({{plain_event(3)}, {}}, [](auto) {}));
  EXPECT_EQ(writer->room(), 0U);
  log.open();
}

TEST(GroupCommitWriter, AnswersEverythingWithTheFirstErrorOnceAnAppendFailed) {
  GatedLog log;
  const Error disk_full{ErrorCode::kInternal, "the disk is full"};
  log.memory().fail_next_append(disk_full);
  std::vector<Result<std::uint64_t>> answers;
  const auto answer = [&](Result<std::uint64_t> result) { answers.push_back(std::move(result)); };
  auto writer = make_group_commit_writer(log, {.batch_events_max = 1});
  for (std::uint64_t seq = 1; seq <= 3; ++seq) ASSERT_TRUE(writer->submit({{plain_event(seq)}, {}}, answer));
  log.open();
  while (writer->room() != LogWriterOptions{}.queued_events_max) std::this_thread::yield();
  EXPECT_EQ(writer->submit({{plain_event(4)}, {}}, answer).error(), disk_full);
  writer.reset();
  ASSERT_EQ(answers.size(), 3U);
  for (const auto& result : answers) EXPECT_EQ(result.error(), disk_full);
  EXPECT_EQ(log.last_seq(), 0U);
}

TEST(GroupCommitWriter, NumbersTheEventsOfManyThreadsWhenAsked) {
  MemoryEventLog log;
  std::atomic<std::uint64_t> sum = 0;
  {
    const auto writer = make_group_commit_writer(log, {.assign_seq = true});
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 100; ++n) {
          ASSERT_TRUE(writer->submit({{plain_event(0)}, {}}, [&](Result<std::uint64_t> seq) { sum += *seq; }));
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(log.last_seq(), 800U);
  EXPECT_EQ(sum, 800U * 801U / 2);
}

TEST(GroupCommitWriter, RefusesAnEmptyPart) {
  MemoryEventLog log;
  const auto writer = make_group_commit_writer(log);
  EXPECT_EQ(writer->submit({}, [](auto) { FAIL(); }).error().code, ErrorCode::kInvalidArgument);
}

TEST(ImmediateWriter, IsDoneBeforeItReturnsAndMayBeUsedFromTheCallback) {
  MemoryEventLog log;
  const auto writer = make_immediate_writer(log);
  std::vector<std::uint64_t> done;
  ASSERT_TRUE(writer->submit({{plain_event(1)}, {}}, [&](Result<std::uint64_t> first) {
    done.push_back(*first);
    ASSERT_TRUE(writer->submit({{plain_event(2)}, {}}, [&](Result<std::uint64_t> second) { done.push_back(*second); }));
  }));
  EXPECT_EQ(done, (std::vector<std::uint64_t>{1, 2}));
}

TEST(ImmediateWriter, StaysFailedAfterAFailure) {
  MemoryEventLog log;
  const Error disk_full{ErrorCode::kInternal, "the disk is full"};
  log.fail_next_append(disk_full);
  const auto writer = make_immediate_writer(log);
  std::optional<Error> answer;
  ASSERT_TRUE(writer->submit({{plain_event(1)}, {}}, [&](auto result) { answer = result.error(); }));
  EXPECT_EQ(answer, disk_full);
  EXPECT_EQ(writer->submit({{plain_event(1)}, {}}, [](auto) { FAIL(); }).error(), disk_full);
}

}  // namespace
}  // namespace esaas::store
