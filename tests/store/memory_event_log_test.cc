#include "store/log/memory_event_log.h"

#include <gtest/gtest.h>

#include "store/log/record_codec.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

using testing::plain_event;

const Error kDiskFull{ErrorCode::kInternal, "the disk is full"};

/// The error that a read of the whole log ends with.
Error read_error(const EventLog& log, ReadOptions options = {}) {
  auto cursor = log.read(1, options);
  for (;;) {
    const auto event = (*cursor)->next();
    if (!event) {
      EXPECT_EQ((*cursor)->next().error(), event.error()) << "an error repeats";
      return event.error();
    }
    if (*event == nullptr) return {ErrorCode::kNotFound, "no error"};
  }
}

TEST(MemoryEventLog, FailedAppendKeepsNothingAndPoisons) {
  MemoryEventLog log;
  ASSERT_TRUE(log.append({{plain_event(1)}, {}}));
  std::uint64_t told = 0;
  const auto subscription = log.tail().subscribe([&](std::uint64_t seq) { told = seq; });
  log.fail_next_append(kDiskFull);
  EXPECT_EQ(log.append({{plain_event(2)}, {{.key = "k", .seq = 2}}}).error(), kDiskFull);
  EXPECT_EQ(log.append({{plain_event(2)}, {}}).error(), kDiskFull);
  EXPECT_EQ(log.last_seq(), 1U);
  EXPECT_EQ(told, 0U);
  EXPECT_FALSE(log.find_idempotency("k")->has_value());
  log.reopen();
  EXPECT_EQ(log.last_seq(), 1U);
  EXPECT_TRUE(log.append({{plain_event(2)}, {}}));
}

TEST(MemoryEventLog, BatchThatWasWrittenBeforeTheFailureIsThereAfterReopen) {
  MemoryEventLog log;
  log.fail_next_append_after_write(kDiskFull);
  EXPECT_EQ(log.append({{plain_event(1), plain_event(2)}, {{.key = "k", .seq = 1}}}).error(), kDiskFull);
  EXPECT_EQ(log.last_seq(), 0U);
  log.reopen();
  EXPECT_EQ(log.last_seq(), 2U);
  EXPECT_TRUE(log.find_idempotency("k")->has_value());
  EXPECT_TRUE(log.append({{plain_event(3)}, {}}));
}

class BrokenRecord : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::uint64_t seq = 1; seq <= 5; ++seq) ASSERT_TRUE(log_.append({{plain_event(seq)}, {}}));
  }
  MemoryEventLog log_;
};

TEST_F(BrokenRecord, WithoutItsMagicNamesTheSeq) {
  log_.stored_bytes(3)[0] = 'x';
  EXPECT_EQ(read_error(log_).code, ErrorCode::kDataLoss);
  EXPECT_NE(read_error(log_).detail.find("event 3"), std::string::npos);
  EXPECT_EQ(log_.read_one(3).error().code, ErrorCode::kDataLoss);
}

TEST_F(BrokenRecord, OfAnotherVersionIsUnsupported) {
  log_.stored_bytes(3)[1] = 9;
  EXPECT_EQ(read_error(log_).code, ErrorCode::kUnsupportedVersion);
  EXPECT_NE(read_error(log_).detail.find("version 9"), std::string::npos);
}

TEST_F(BrokenRecord, OfANewerReaderIsUnsupported) {
  auto event = plain_event(3);
  event.set_min_reader_version(99);
  ASSERT_TRUE(encode_record(event, log_.stored_bytes(3)));
  EXPECT_EQ(read_error(log_).code, ErrorCode::kUnsupportedVersion);
  EXPECT_NE(read_error(log_).detail.find("99"), std::string::npos);
}

TEST_F(BrokenRecord, ThatIsAnotherEventNamesBoth) {
  log_.stored_bytes(3) = log_.stored_bytes(4);
  const auto error = read_error(log_);
  EXPECT_EQ(error.code, ErrorCode::kDataLoss);
  EXPECT_NE(error.detail.find("event 3"), std::string::npos);
  EXPECT_NE(error.detail.find("event 4"), std::string::npos);
}

TEST_F(BrokenRecord, ThatIsCutShort) {
  log_.stored_bytes(3).resize(2);
  EXPECT_EQ(read_error(log_).code, ErrorCode::kDataLoss);
}

TEST_F(BrokenRecord, WithAChangedFactBreaksTheChainAtTheNextEvent) {
  auto event = *log_.read_one(3);
  event.mutable_controller_started()->set_version("9.9.9");
  ASSERT_TRUE(encode_record(event, log_.stored_bytes(3)));
  EXPECT_EQ(read_error(log_).code, ErrorCode::kNotFound) << "found only when the chain is verified";
  const auto error = read_error(log_, {.verify_chain = true});
  EXPECT_EQ(error.code, ErrorCode::kDataLoss);
  EXPECT_NE(error.detail.find("event 4"), std::string::npos);
}

}  // namespace
}  // namespace esaas::store
