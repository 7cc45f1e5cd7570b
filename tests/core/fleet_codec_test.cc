#include "tests/core/story.h"

namespace esaas::state {
namespace {

FleetState busy_state() {
  test::Story story;
  story.given_search();
  auto request = test::create_search();
  request.set_name("logs");
  story.accept(test::submit(request));
  story.accept(test::submit_scale("data", 4));
  story.accept(test::submit_scale("data", 5));
  return story.state;
}

TEST(FleetCodec, ReadsBackWhatItWrote) {
  const FleetState state = busy_state();
  const std::string bytes = encode(state);
  const auto back = decode_fleet(bytes);
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_EQ(encode(*back), bytes);
  EXPECT_EQ(back->seq(), state.seq());
  EXPECT_EQ(back->clusters.size(), 2U);
  EXPECT_EQ(back->operations.size(), 3U);
}

TEST(FleetCodec, TheEmptyStateHasBytesToo) {
  const auto back = decode_fleet(encode(FleetState{}));
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_EQ(back->seq(), 0U);
}

TEST(FleetCodec, CutAnywhereIsDataLoss) {
  const std::string bytes = encode(busy_state());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto back = decode_fleet(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(back) << size << " of " << bytes.size();
    EXPECT_EQ(back.error().code, ErrorCode::kDataLoss);
  }
}

TEST(FleetCodec, BytesBehindTheEndAreDataLoss) {
  EXPECT_FALSE(decode_fleet(encode(busy_state()) + std::string(1, '\0')));
}

TEST(FleetCodec, TheSameClusterTwiceIsDataLoss) {
  // An empty head, two clusters without a name, no operations.
  EXPECT_FALSE(decode_fleet(std::string("\x00\x02\x00\x00\x00", 5)));
}

TEST(FleetCodec, AnAbsurdCountOrLengthIsDataLossAndTakesNoMemory) {
  EXPECT_FALSE(decode_fleet(std::string("\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 10)));
  EXPECT_FALSE(decode_fleet(std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 9)));
}

}  // namespace
}  // namespace esaas::state
