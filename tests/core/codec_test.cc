#include "core/events/codec.h"

#include <gtest/gtest.h>

namespace esaas::event {
namespace {

Event sample() {
  Event event;
  event.set_seq(42);
  event.set_time_at_us(1'476'014'400'000'000);
  event.mutable_actor()->set_name("tok-1");
  event.set_cluster("search");
  event.set_schema_version(kSchemaVersion);
  event.set_min_reader_version(1);
  event.set_prev_hash(std::string(32, '\0'));
  event.mutable_node_added()->set_node("data-0");
  event.mutable_node_added()->mutable_resources()->set_mem_mib(1024);
  return event;
}

TEST(EventCodec, ReadsBackWhatItWrote) {
  const std::string bytes = encode(sample());
  const auto event = decode(bytes);
  ASSERT_TRUE(event) << event.error().detail;
  EXPECT_EQ(encode(*event), bytes);
  EXPECT_EQ(event->node_added().node(), "data-0");
}

TEST(EventCodec, RefusesANewerReaderVersionAndNamesTheSeq) {
  Event event = sample();
  event.set_min_reader_version(kReaderVersion + 1);
  const auto decoded = decode(encode(event));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_NE(decoded.error().detail.find("event 42"), std::string::npos) << decoded.error().detail;
}

TEST(EventCodec, RefusesAPayloadThatItDoesNotKnow) {
  Event event = sample();
  event.clear_payload();
  // Field 4000, a message of no bytes: what a later program might add.
  const std::string bytes = encode(event) + std::string("\x82\xFA\x01\x00", 4);
  const auto decoded = decode(bytes);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_NE(decoded.error().detail.find("event 42 holds a payload"), std::string::npos) << decoded.error().detail;
}

TEST(EventCodec, KeepsEnvelopeFieldsOfALaterProgram) {
  const std::string bytes = encode(sample()) + std::string("\x82\xFA\x01\x00", 4);
  const auto decoded = decode(bytes);
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(encode(*decoded), bytes);
}

TEST(EventCodec, NoBytesAreNoEvent) {
  ASSERT_FALSE(decode(""));
  EXPECT_EQ(decode("").error().code, ErrorCode::kUnsupportedVersion);
}

TEST(EventCodec, CutBytesNeverReadBackAsTheSameEvent) {
  const std::string bytes = encode(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = decode(std::string_view(bytes).substr(0, size));
    EXPECT_TRUE(!decoded || encode(*decoded) != bytes) << size;
  }
}

TEST(EventCodec, GarbageIsDataLoss) {
  const auto decoded = decode("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace esaas::event
