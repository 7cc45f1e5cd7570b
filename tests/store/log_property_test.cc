// The log on disk does what the reference in memory does, whatever is asked of it in whatever order.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "store/log/memory_event_log.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/store/fault_file_system.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

using testing::plain_event;

constexpr std::int64_t kDayUs = 24LL * 3600 * 1'000'000;

std::string one_of(std::initializer_list<const char*> names) {
  return names.begin()[*rc::gen::inRange<std::size_t>(0, names.size())];
}

class Pair {
 public:
  Pair() {
    file_system_->skip_syncs();
    reopen();
  }

  void step() {
    switch (*rc::gen::inRange(0, 16)) {
      case 0: return append_refused();
      case 1: return reopen();
      case 2: return compare_index();
      case 3: return compare_read();
      case 4:
      case 5: return compare_keys();
      case 6:
      case 7: return compare_index();
      default: return append();
    }
  }
  void compare_read() {
    const auto from = *rc::gen::inRange<std::uint64_t>(0, memory_.last_seq() + 3);
    ReadOptions options;
    options.verify_chain = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) options.to_seq = from + *rc::gen::inRange<std::uint64_t>(0, 9);
    auto expected = memory_.read(from, options);
    auto actual = disk_->read(from, options);
    for (;;) {
      const event::Event* want = *(*expected)->next();
      const event::Event* got = *(*actual)->next();
      RC_ASSERT((want == nullptr) == (got == nullptr));
      if (want == nullptr) return;
      RC_ASSERT(got->SerializeAsString() == want->SerializeAsString());
    }
  }

 private:
  event::Event make_event(std::uint64_t seq) {
    time_us_ += *rc::gen::element<std::int64_t>(0, 1, kDayUs, 3 * kDayUs);
    auto event = plain_event(seq, time_us_);
    event.set_cluster(one_of({"", "a", "ab", "b"}));
    event.set_tenant(one_of({"", "t", "u"}));
    event.set_operation_id(one_of({"", "op-1", "op-2"}));
    if (*rc::gen::arbitrary<bool>()) {
      event.mutable_actor()->set_kind(event::ACTOR_KIND_USER);
      event.mutable_actor()->set_name(one_of({"ann", "bob"}));
      event.mutable_operation_requested()->set_id(event.operation_id());
    } else if (*rc::gen::arbitrary<bool>()) {
      event.mutable_task_status_changed()->set_node(one_of({"n", "m"}));
    }
    return event;
  }
  void append() {
    Batch batch;
    const auto count = *rc::gen::inRange<std::size_t>(1, 12);
    for (std::size_t i = 0; i < count; ++i) batch.events.push_back(make_event(memory_.last_seq() + i + 1));
    for (const char* key : {"k1", "k2"}) {
      if (*rc::gen::inRange(0, 3) != 0) continue;
      batch.idempotency.push_back(
          {key, "hash", "op", batch.events.front().seq(), 0, batch.events.front().time_at_us()});
    }
    const auto want = memory_.append(batch);
    const auto got = disk_->append(batch);
    RC_ASSERT((want == got));
    RC_ASSERT(want.has_value());
  }
  void append_refused() {
    Batch batch{{plain_event(memory_.last_seq() + *rc::gen::inRange<std::uint64_t>(0, 3), time_us_ - 1)}, {}};
    const auto want = memory_.append(batch);
    const auto got = disk_->append(batch);
    RC_ASSERT((want == got));
    RC_ASSERT(memory_.last_seq() == disk_->last_seq());
    time_us_ = memory_.last_time_at_us();
  }
  void reopen() {
    disk_.reset();
    auto opened = open_rocksdb_log({.directory = directory_.path(), .env = env_.get(), .index_tail_events = 20});
    RC_ASSERT(opened.has_value());
    disk_ = std::move(*opened);
    RC_ASSERT(disk_->last_seq() == memory_.last_seq());
    RC_ASSERT(disk_->last_time_at_us() == memory_.last_time_at_us());
  }
  void compare_index() {
    IndexQuery query;
    query.kind = static_cast<IndexKind>(*rc::gen::inRange(1, 9));
    query.value = one_of({"", "a", "ab", "b", "t", "op-1", "ann"});
    query.from_seq = *rc::gen::inRange<std::uint64_t>(1, memory_.last_seq() + 3);
    if (*rc::gen::arbitrary<bool>()) query.to_seq = *rc::gen::inRange<std::uint64_t>(0, memory_.last_seq() + 3);
    query.newest_first = *rc::gen::arbitrary<bool>();
    query.limit = *rc::gen::inRange<std::size_t>(1, 20);
    RC_ASSERT(*disk_->read_index(query) == *memory_.read_index(query));
  }
  void compare_keys() {
    for (const char* key : {"k1", "k2", "k3"})
      RC_ASSERT((*disk_->find_idempotency(key) == *memory_.find_idempotency(key)));
  }

  std::shared_ptr<testing::FaultFileSystem> file_system_ = std::make_shared<testing::FaultFileSystem>();
  std::unique_ptr<rocksdb::Env> env_ = testing::make_env(file_system_);
  testing::TempDirectory directory_;
  MemoryEventLog memory_;
  std::unique_ptr<EventLog> disk_;
  std::int64_t time_us_ = 0;
};

RC_GTEST_PROP(LogProperty, DiskDoesWhatMemoryDoes, ()) {
  Pair pair;
  const int steps = *rc::gen::inRange(1, 40);
  for (int i = 0; i < steps; ++i) pair.step();
  pair.compare_read();
}

}  // namespace
}  // namespace esaas::store
