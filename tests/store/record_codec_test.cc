#include "store/log/record_codec.h"

#include <gtest/gtest.h>

#include "core/events/codec.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

using testing::plain_event;

TEST(RecordCodec, HoldsTheCodecsBytesAfterTheHeader) {
  testing::SampleEvents samples;
  for (const auto& event : samples.take(300)) {
    std::string record;
    ASSERT_TRUE(encode_record(event, record));
    EXPECT_EQ(record.substr(kRecordHeaderBytes), event::encode(event));
    event::Event decoded;
    ASSERT_TRUE(decode_record(record, event.seq(), decoded));
    EXPECT_EQ(decoded.SerializeAsString(), event.SerializeAsString());
  }
}

TEST(RecordCodec, MatchesTheWorkedExampleOfFormatMd) {
  event::Event event;
  event.set_seq(1);
  event.set_time_at_us(1'475'971'200'000'000);
  event.set_prev_hash(std::string(32, '\0'));
  event.mutable_controller_started()->set_term(1);
  std::string record;
  ASSERT_TRUE(encode_record(event, record));
  EXPECT_EQ(to_hex(record),
            "e5010014"
            "0801"
            "1080c0cc98b5cccf02"
            "6220" +
                std::string(64, '0') + "a201021001");
}

TEST(RecordCodec, RefusesAHeaderThatNamesAnotherPayload) {
  std::string record;
  ASSERT_TRUE(encode_record(plain_event(1), record));
  record[3] = 21;
  event::Event event;
  EXPECT_EQ(decode_record(record, 1, event).error().code, ErrorCode::kDataLoss);
}

TEST(RecordCodec, RefusesEveryTruncation) {
  std::string record;
  ASSERT_TRUE(encode_record(plain_event(1), record));
  event::Event event;
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(decode_record(record.substr(0, size), 1, event)) << size;
  }
}

TEST(RecordReader, PassesOverWhatIsNotWantedAndNothingThatIsWrong) {
  std::string record;
  ASSERT_TRUE(encode_record(plain_event(2), record));
  PayloadSet wanted;
  wanted.set(event::Event::kNodeAdded);
  RecordReader reader(2, std::nullopt);
  EXPECT_FALSE(reader.skip(3, record, wanted)) << "of another place";
  EXPECT_FALSE(reader.skip(2, "no record", wanted));
  EXPECT_FALSE(reader.skip(2, "", wanted));
  EXPECT_EQ(reader.next_seq(), 2U);
  EXPECT_TRUE(reader.skip(2, record, wanted));
  EXPECT_EQ(reader.next_seq(), 3U);
  RecordReader other(2, std::nullopt);
  wanted.set(event::Event::kControllerStarted);
  EXPECT_FALSE(other.skip(2, record, wanted));
  EXPECT_EQ((*other.read(2, record))->seq(), 2U);
}

TEST(RecordReader, SaysWhichEventsAreMissing) {
  std::string record;
  ASSERT_TRUE(encode_record(plain_event(4), record));
  RecordReader reader(2, std::nullopt);
  const auto gap = reader.read(4, record);
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(gap.error().detail.find("event 2 to 3"), std::string::npos) << gap.error().detail;
  RecordReader short_reader(2, std::nullopt);
  EXPECT_NE(short_reader.end(2).error().detail.find("event 2"), std::string::npos);
  EXPECT_EQ(*RecordReader(3, std::nullopt).end(2), nullptr);
}

}  // namespace
}  // namespace esaas::store
