#include "reconcilers/loop/sinks/course.h"

#include <gtest/gtest.h>

namespace esaas::sinks {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time kStart = from_us(1'000'000'000);

class SinkCourse : public ::testing::Test {
 protected:
  Course course(std::uint64_t through_seq = 0, bool stalled = false) {
    return Course(settings_, through_seq, stalled, 7);
  }
  /// What is reported, and that it is in the log.
  std::optional<Course::Report> told(Course& course, Time now) {
    auto report = course.begin_report(now);
    if (report) course.report_answered(true, now);
    return report;
  }

  CourseSettings settings_{.report_interval = seconds{5},
                           .report_events = 100,
                           .report_passed = 50,
                           .retry_first = milliseconds{200},
                           .retry_longest = milliseconds{1'000},
                           .failures_until_stalled = 3};
};

TEST_F(SinkCourse, TellsAtOnceOfTheFirstDeliveryAndThenAtMostOncePerInterval) {
  Course sink = course(10);
  EXPECT_FALSE(told(sink, kStart)) << "nothing has happened";
  sink.delivered(11, 1);
  const auto first = told(sink, kStart);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->through_seq, 11U);
  EXPECT_EQ(first->stalled, "");
  int reports = 0;
  for (int i = 1; i <= 100; ++i) {  // ten events a second
    sink.delivered(11U + static_cast<std::uint64_t>(i), 1);
    if (told(sink, kStart + milliseconds{100} * i)) ++reports;
  }
  EXPECT_EQ(reports, 2);
}

TEST_F(SinkCourse, TellsSoonerWhenManyWereTaken) {
  Course sink = course();
  sink.delivered(1, 1);
  ASSERT_TRUE(told(sink, kStart));
  sink.delivered(100, 99);
  EXPECT_FALSE(told(sink, kStart));
  EXPECT_EQ(sink.report_at(), kStart + seconds{5});
  sink.delivered(101, 1);
  ASSERT_TRUE(sink.report_at());
  EXPECT_LE(*sink.report_at(), kStart);
  EXPECT_TRUE(told(sink, kStart));
}

TEST_F(SinkCourse, SaysNothingForHavingComePastPositions) {
  Course sink = course();
  for (std::uint64_t seq = 1; seq < 1'000; ++seq) sink.passed(seq, 0);
  EXPECT_EQ(sink.through_seq(), 999U);
  EXPECT_FALSE(told(sink, kStart + seconds{100}));
  EXPECT_FALSE(sink.report_at());
}

TEST_F(SinkCourse, TellsOfManyThatItDidNotWant) {
  Course sink = course();
  sink.passed(49, 49);
  EXPECT_FALSE(told(sink, kStart));
  sink.passed(50, 1);
  const auto report = told(sink, kStart);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->through_seq, 50U);
}

TEST_F(SinkCourse, WaitsLongerAfterEachFailureAndNotAfterASuccess) {
  Course sink = course();
  for (const auto most : {200, 400, 800, 1'000, 1'000}) {
    sink.failed("no", kStart);
    ASSERT_TRUE(sink.retry_at());
    const Duration wait = *sink.retry_at() - kStart;
    EXPECT_GE(wait, milliseconds{most} / 2);
    EXPECT_LE(wait, milliseconds{most});
  }
  EXPECT_EQ(sink.failures(), 5U);
  EXPECT_EQ(sink.last_error(), "no");
  sink.delivered(1, 1);
  EXPECT_FALSE(sink.retry_at());
  EXPECT_EQ(sink.failures(), 0U);
  EXPECT_EQ(sink.last_error(), "");
  sink.failed("again", kStart);
  EXPECT_LE(*sink.retry_at() - kStart, milliseconds{200});
}

TEST_F(SinkCourse, WhatTheOtherEndSaysIsText) {
  Course sink = course();
  for (int i = 0; i < 3; ++i) sink.failed("SASL authentication error: \xff\xc3", kStart);
  EXPECT_EQ(sink.last_error(), "SASL authentication error: \uFFFD\uFFFD");
  const auto stalled = told(sink, kStart);
  ASSERT_TRUE(stalled);
  EXPECT_EQ(stalled->stalled, sink.last_error());
}

TEST_F(SinkCourse, StallsOnceAndTellsAtOnceThatItGoesOn) {
  Course sink = course();
  sink.failed("one", kStart);
  sink.failed("two", kStart);
  EXPECT_FALSE(told(sink, kStart));
  sink.failed("three", kStart);
  const auto stalled = told(sink, kStart);
  ASSERT_TRUE(stalled);
  EXPECT_EQ(stalled->stalled, "three");
  for (int i = 0; i < 20; ++i) {
    sink.failed("more", kStart + seconds{10} * i);
    EXPECT_FALSE(told(sink, kStart + seconds{10} * i)) << i;
  }
  const Time later = kStart + seconds{200};
  ASSERT_FALSE(told(sink, later));
  sink.delivered(1, 1);
  const auto advanced = told(sink, later);
  ASSERT_TRUE(advanced);
  EXPECT_EQ(advanced->stalled, "");
  sink.failed("a", later);
  sink.failed("b", later);
  sink.failed("c", later);
  EXPECT_FALSE(told(sink, later)) << "one that comes and goes is told of once an interval";
  EXPECT_TRUE(told(sink, later + seconds{5}));
}

TEST_F(SinkCourse, WhatHadStalledBeforeAStartIsNotToldOfAgain) {
  Course sink = course(5, true);
  for (int i = 0; i < 10; ++i) sink.failed("still", kStart);
  EXPECT_FALSE(told(sink, kStart + seconds{60}));
  sink.delivered(6, 1);
  EXPECT_TRUE(told(sink, kStart + seconds{60}));
}

TEST_F(SinkCourse, TellsFirstHowFarItCameAndThenThatItStalled) {
  Course sink = course();
  sink.delivered(1, 1);
  ASSERT_TRUE(told(sink, kStart));
  sink.delivered(2, 1);
  for (int i = 0; i < 3; ++i) sink.failed("no", kStart);
  const Time later = kStart + seconds{5};
  const auto first = told(sink, later);
  const auto second = told(sink, later);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->through_seq, 2U);
  EXPECT_EQ(first->stalled, "");
  EXPECT_EQ(second->stalled, "no");
}

TEST_F(SinkCourse, WhatTheLogDidNotTakeIsToldAgainAfterTheInterval) {
  Course sink = course();
  sink.delivered(200, 200);
  ASSERT_TRUE(sink.begin_report(kStart));
  EXPECT_FALSE(sink.begin_report(kStart)) << "one is under way";
  EXPECT_FALSE(sink.report_at());
  sink.report_answered(false, kStart);
  EXPECT_FALSE(sink.begin_report(kStart + seconds{4})) << "however much there is to tell";
  EXPECT_EQ(sink.report_at(), kStart + seconds{5});
  const auto again = sink.begin_report(kStart + seconds{5});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->through_seq, 200U);
}

TEST_F(SinkCourse, WhoAsksToBeLeftAloneIsLeftAloneButNotForEver) {
  settings_.asked_longest = seconds{60};
  Course sink = course();
  sink.failed("it answers 503", kStart, seconds{20});
  EXPECT_EQ(sink.retry_at(), kStart + seconds{20});
  sink.failed("it answers 503", kStart, std::chrono::hours{1});
  EXPECT_EQ(sink.retry_at(), kStart + seconds{60});
  sink.failed("it answers 503", kStart, milliseconds{1});
  EXPECT_GE(*sink.retry_at(), kStart + milliseconds{400}) << "no sooner than others";
}

TEST_F(SinkCourse, WhoAsksToBeLeftAloneForLongHasStalledAtOnce) {
  Course sink = course();
  sink.failed("it answers 429", kStart, settings_.retry_longest);
  EXPECT_FALSE(told(sink, kStart)) << "others may wait as long";
  sink.failed("it answers 429", kStart, seconds{2});
  const auto stalled = told(sink, kStart);
  ASSERT_TRUE(stalled);
  EXPECT_EQ(stalled->stalled, "it answers 429");
  sink.failed("it answers 429", kStart, seconds{2});
  EXPECT_FALSE(told(sink, kStart + seconds{60})) << "once";
  sink.delivered(1, 1);
  EXPECT_EQ(told(sink, kStart + seconds{60})->stalled, "");
}

}  // namespace
}  // namespace esaas::sinks
