#include "core/model/ids.h"

#include <gtest/gtest.h>

namespace esaas::model {
namespace {

TEST(Ids, SayWhatTheyAreOf) {
  EXPECT_EQ(operation_id(1234), "op-1234");
  EXPECT_EQ(node_name("data", 0), "data-0");
  EXPECT_EQ(task_id("search", "data-0", 7), "search.data-0.task-7");
  EXPECT_EQ(volume_id("search", "data-0", 7), "search.data-0.volume-7");
  EXPECT_EQ(mesos_operation_id("search", "data-0", "unreserve", 7), "search.data-0.unreserve-7");
  EXPECT_EQ(role_of_tenant("shop"), "es-shop");
}

TEST(Ids, SayWhichLifeOfTheControllerMadeThem) {
  EXPECT_EQ(task_id("search", "data-0", 7, "t8xk2o"), "search.data-0.task-7.t8xk2o");
  EXPECT_EQ(volume_id("search", "data-0", 7, "t8xk2o"), "search.data-0.volume-7.t8xk2o");
  EXPECT_EQ(mesos_operation_id("search", "data-0", "grow", 7, "t8xk2o"), "search.data-0.grow-7.t8xk2o");
  const auto parsed = parse_id("search.data-0.task-7.t8xk2o");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->kind, "task");
  EXPECT_EQ(parsed->seq, 7U);
  EXPECT_EQ(parsed->incarnation, "t8xk2o");
}

TEST(Incarnation, IsTheSecondOfTheStart) {
  EXPECT_EQ(incarnation_of(from_us(0)), "0");
  EXPECT_EQ(incarnation_of(from_us(35'999'999)), "z");
  EXPECT_NE(incarnation_of(from_us(1'475'000'000'000'000)), incarnation_of(from_us(1'475'000'001'000'000)));
}

TEST(RequestedSeq, ReadsBackWhatWasMadeAndNothingElse) {
  EXPECT_EQ(requested_seq(operation_id(1)), 1U);
  EXPECT_EQ(requested_seq(operation_id(18'446'744'073'709'551'615U)), 18'446'744'073'709'551'615U);
  for (const char* other : {"", "op-", "op-0", "op-01", "op-x", "op-1x", "op--1", "op-+1", "op- 1", "1", "OP-1",
                            "op-18446744073709551616"}) {
    EXPECT_FALSE(requested_seq(other)) << other;
  }
}

TEST(ParseId, ReadsBackWhatWasMade) {
  const auto parsed = parse_id(task_id("my-search", "data-10", 18'446'744'073'709'551'615U));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->cluster, "my-search");
  EXPECT_EQ(parsed->node, "data-10");
  EXPECT_EQ(parsed->kind, "task");
  EXPECT_EQ(parsed->seq, 18'446'744'073'709'551'615U);
}

class NotOurs : public testing::TestWithParam<const char*> {};

TEST_P(NotOurs, IsNotParsed) { EXPECT_FALSE(parse_id(GetParam())); }

INSTANTIATE_TEST_SUITE_P(Forms, NotOurs,
                         testing::Values("", ".", "..", "search", "search.data-0", "search.data-0.task",
                                         ".data-0.task-1", "search..task-1", "search.data-0.-1", "search.data-0.task-",
                                         "search.data-0.task-x", "search.data-0.task-1x",
                                         "search.data-0.task-18446744073709551616", "search.data-0.task--",
                                         "search.data-0.task-1.", "search.data-0..x"));

}  // namespace
}  // namespace esaas::model
