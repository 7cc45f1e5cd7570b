// What lacks index entries, as it is stored.

#include "store/log/index_coverage.h"

#include <gtest/gtest.h>

namespace esaas::store {
namespace {

TEST(IndexCoverage, IsBuiltFromTheNewestDown) {
  IndexCoverage coverage(2);
  EXPECT_EQ(coverage.events_missing(), 0U);
  EXPECT_GT(coverage.next(10).first, coverage.next(10).last);
  coverage.add_missing({1, 25});
  coverage.add_missing({40, 44});
  EXPECT_EQ(coverage.events_missing(), 30U);
  EXPECT_EQ(coverage.next(10), (SeqRange{40, 44}));
  coverage.done({40, 44});
  EXPECT_EQ(coverage.next(10), (SeqRange{16, 25}));
  coverage.done({16, 25});
  EXPECT_EQ(coverage.encode(), "2 1-15");
  coverage.done({1, 15});
  EXPECT_EQ(coverage.encode(), "2");
}

TEST(IndexCoverage, IsReadBackAsItWasWritten) {
  for (const char* text : {"1", "2 1-1500", "2 1-1500 9000-9100", "7 5-5"}) {
    const auto coverage = IndexCoverage::decode(text);
    ASSERT_TRUE(coverage) << coverage.error().detail;
    EXPECT_EQ(coverage->encode(), text);
  }
}

TEST(IndexCoverage, ThatIsBrokenIsRefusedAndShown) {
  for (const char* text : {"", "x", "2 ", "2 1", "2 1-", "2 5-4", "2 0-4", "2 9-10 1-2", "2 1-5 5-7", "2 1-5x",
                           "2  1-5", "99999999999999999999"}) {
    const auto coverage = IndexCoverage::decode(text);
    ASSERT_FALSE(coverage) << text;
    EXPECT_EQ(coverage.error().code, ErrorCode::kDataLoss);
    EXPECT_NE(coverage.error().detail.find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace esaas::store
