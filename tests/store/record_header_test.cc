// What binds a record to its place is read as the codec would read it, or not at all.
#include "store/log/record_header.h"

#include <gtest/gtest.h>

#include <random>

#include "store/log/record_codec.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

std::string record_for(event::Event event) {
  event.set_prev_hash(std::string(32, 'h'));
  std::string record;
  EXPECT_TRUE(encode_record(event, record).has_value());
  return record;
}

TEST(RecordHeader, IsThatOfTheEvent) {
  testing::SampleEvents samples(3);
  for (int i = 0; i < 2'000; ++i) {
    const event::Event event = samples.next();
    const std::string record = record_for(event);
    const auto header = read_record_header(record);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->seq, event.seq());
    EXPECT_EQ(header->payload, static_cast<std::uint32_t>(event.payload_case()));
    EXPECT_EQ(header->prev_hash, std::string(32, 'h'));
  }
}

TEST(RecordHeader, WhatIsCutOffOrSaidTwiceIsNone) {
  const std::string record = record_for(testing::plain_event(7));
  const std::string fields = record.substr(kRecordHeaderBytes);
  EXPECT_TRUE(read_record_header(record).has_value());
  EXPECT_FALSE(read_record_header(record + fields).has_value()) << "the codec would take the second seq";
  EXPECT_FALSE(read_record_header({}).has_value());
  EXPECT_FALSE(read_record_header(record.substr(0, kRecordHeaderBytes)).has_value());
  EXPECT_FALSE(read_record_header("\xE6" + record.substr(1)).has_value());
}

TEST(RecordHeader, TakesAnyBytes) {
  std::mt19937_64 random(5);
  const std::string whole = record_for(testing::plain_event(7));
  for (int i = 0; i < 20'000; ++i) {
    std::string record = whole.substr(0, random() % (whole.size() + 1));
    for (int changes = 0; changes < 3 && !record.empty(); ++changes) {
      record[random() % record.size()] = static_cast<char>(random());
    }
    const auto header = read_record_header(record);
    EXPECT_TRUE(!header || header->prev_hash.size() == 32U);
  }
}

}  // namespace
}  // namespace esaas::store
