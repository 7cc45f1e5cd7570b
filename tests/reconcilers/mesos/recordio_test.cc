#include "reconcilers/effects/mesos/recordio.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::mesos {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<std::vector<std::string>> decode(RecordDecoder& decoder, std::string_view bytes) {
  std::vector<std::string> records;
  decoder.feed(bytes);
  while (true) {
    ESAAS_TRY(auto record, decoder.next());
    if (!record) return records;
    records.push_back(std::move(*record));
  }
}

const std::string kThreeRecords = encode_record("hello") + encode_record("") + encode_record(std::string(1234, 'x'));

TEST(RecordIo, EncodesLengthLineFeedBytes) {
  EXPECT_EQ(encode_record("abc"), "3\nabc");
  EXPECT_EQ(encode_record(""), "0\n");
}

TEST(RecordIo, DecodesTheSameAtEverySplitPoint) {
  for (std::size_t split = 0; split <= kThreeRecords.size(); ++split) {
    RecordDecoder decoder;
    auto first = decode(decoder, kThreeRecords.substr(0, split));
    auto second = decode(decoder, kThreeRecords.substr(split));
    ASSERT_TRUE(first && second) << "split at " << split;
    first->insert(first->end(), second->begin(), second->end());
    EXPECT_THAT(*first, ElementsAre("hello", "", std::string(1234, 'x'))) << "split at " << split;
    EXPECT_TRUE(decoder.at_boundary());
  }
}

TEST(RecordIo, DecodesByteByByte) {
  RecordDecoder decoder;
  std::vector<std::string> all;
  for (const char byte : kThreeRecords) {
    const auto records = decode(decoder, std::string_view(&byte, 1));
    ASSERT_TRUE(records);
    all.insert(all.end(), records->begin(), records->end());
  }
  EXPECT_EQ(all.size(), 3U);
}

TEST(RecordIo, RecordsMayHoldLineFeedsAndDigits) {
  RecordDecoder decoder;
  const auto records = decode(decoder, encode_record("12\n34\n") + encode_record("\n"));
  ASSERT_TRUE(records);
  EXPECT_THAT(*records, ElementsAre("12\n34\n", "\n"));
}

TEST(RecordIo, LongStreamKeepsNoUsedBytes) {
  RecordDecoder decoder;
  const std::string record = encode_record(std::string(10'000, 'a'));
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(decode(decoder, record));
  EXPECT_EQ(decoder.buffered_bytes(), 0U);
}

TEST(RecordIo, IsNotAtBoundaryInsideLengthOrRecord) {
  RecordDecoder in_length;
  ASSERT_TRUE(decode(in_length, "12"));
  EXPECT_FALSE(in_length.at_boundary());
  RecordDecoder in_record;
  ASSERT_TRUE(decode(in_record, "3\n"));
  EXPECT_FALSE(in_record.at_boundary());
}

struct BadCase {
  std::string name;
  std::string bytes;
  std::string want;
};

class RecordIoBad : public ::testing::TestWithParam<BadCase> {};

TEST_P(RecordIoBad, SaysWhatIsWrongAndWhere) {
  RecordDecoder decoder(1000);
  const auto records = decode(decoder, GetParam().bytes);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(records.error().detail, HasSubstr(GetParam().want));
  // There is no way back: the start of the next record is unknown.
  const auto later = decode(decoder, "3\nabc");
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error(), records.error());
  EXPECT_FALSE(decoder.at_boundary());
}

INSTANTIATE_TEST_SUITE_P(
    Table, RecordIoBad,
    ::testing::Values(BadCase{"NoDigits", "\nabc", "record 1, stream offset 0: the length has no digits"},
                      BadCase{"Letter", "1x\n", "record 1, stream offset 1: byte 0x78"},
                      BadCase{"Sign", "-1\n", "byte 0x2d"},
                      BadCase{"CarriageReturn", "3\r\nabc", "stream offset 1: byte 0x0d"},
                      BadCase{"SecondRecord", "3\nabc3,", "record 2, stream offset 6: byte 0x2c"},
                      BadCase{"TooLarge", "1001\n", "a length of 1001 or more is over the limit of 1000 bytes"},
                      BadCase{"TooLargeBeforeItsLineFeed", "99999", "over the limit"},
                      BadCase{"TooManyDigits", std::string(30, '0') + "1\n", "more than 20 digits"}),
    [](const auto& param) { return param.param.name; });

TEST(RecordIo, OffsetsGoOnAfterCompaction) {
  RecordDecoder decoder;
  const std::string big = encode_record(std::string(100'000, 'a'));
  ASSERT_TRUE(decode(decoder, big));
  const auto records = decode(decoder, "?");
  ASSERT_FALSE(records);
  EXPECT_THAT(records.error().detail, HasSubstr("record 2, stream offset " + std::to_string(big.size())));
}

TEST(RecordIo, TakesARecordAtTheLimit) {
  RecordDecoder decoder(1000);
  EXPECT_TRUE(decode(decoder, encode_record(std::string(1000, 'a'))));
}

}  // namespace
}  // namespace esaas::mesos
