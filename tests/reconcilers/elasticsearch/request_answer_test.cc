// What an answer to a request means. The bodies are those of real nodes, 2.3.3 and 7.17.28.

#include "reconcilers/effects/elasticsearch/request_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::es {
namespace {

using testing::HasSubstr;

state::ElasticsearchRequest put_settings(const std::string& body) {
  state::ElasticsearchRequest request;
  request.set_method("PUT");
  request.set_path("/_cluster/settings?flat_settings=true");
  request.set_body(body);
  return request;
}

const state::ElasticsearchRequest kOther;

TEST(Judge, AnAcknowledgedChangeIsAccepted) {
  const auto verdict = judge({200, R"({"acknowledged":true})"}, kOther);
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->accepted);
  EXPECT_EQ(verdict->why, "");
}

TEST(Judge, OneThatNotAllNodesHaveAcknowledgedIsAskedAgain) {
  EXPECT_FALSE(judge({200, R"({"acknowledged":false})"}, kOther));
}

TEST(Judge, BusyAndMasterlessNodesDecideNothing) {
  for (const unsigned status : {408U, 429U, 500U, 502U, 503U, 504U})
    EXPECT_FALSE(judge({status, "{}"}, kOther)) << status;
}

TEST(Judge, ARefusalIsInElasticsearchsOwnWords) {
  const auto verdict =
      judge({404, R"({"error":{"root_cause":[],"type":"index_not_found_exception","reason":"no such index",)"
                  R"("index":"nosuch"},"status":404})"},
            kOther);
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->accepted);
  EXPECT_EQ(verdict->why, "index_not_found_exception: no such index");
}

TEST(Judge, ARefusalThatComesWith500IsOneTooAndTellsTheReasonAtItsBottom) {
  const auto verdict = judge(
      {500,
       R"({"error":{"type":"repository_exception","reason":"[r] failed to create repository","caused_by":)"
       R"({"type":"creation_exception","reason":"Guice creation errors","caused_by":{"type":"repository_exception",)"
       R"("reason":"[r] location [/elsewhere] doesn't match any of the locations specified by path.repo"}}},)"
       R"("status":500})"},
      kOther);
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->accepted);
  EXPECT_EQ(verdict->why,
            "repository_exception: [r] failed to create repository: [r] location [/elsewhere] doesn't match any of the "
            "locations specified by path.repo");
}

TEST(Judge, ASettingThat2xLeavesOutIsRefused) {
  const auto request = put_settings(R"({"persistent":{"no.such":"1"},"transient":{"a.b":"2"}})");
  const auto verdict = judge({200, R"({"acknowledged":true,"persistent":{},"transient":{"a.b":"2"}})"}, request);
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->accepted);
  EXPECT_THAT(verdict->why, HasSubstr("left out no.such"));
  EXPECT_THAT(verdict->why, HasSubstr("It took the others."));
}

TEST(Judge, SettingsAreTakenFlatOrNestedAndNullIsNotEchoed) {
  const auto request = put_settings(R"({"persistent":{"a.b.c":"1","gone":null}})");
  EXPECT_TRUE(judge({200, R"({"acknowledged":true,"persistent":{"a.b.c":"1"},"transient":{}})"}, request)->accepted);
  EXPECT_TRUE(
      judge({200, R"({"acknowledged":true,"persistent":{"a":{"b.c":"1"}},"transient":{}})"}, request)->accepted);
}

TEST(Judge, CopiesThatCouldNotAreTold) {
  const auto verdict = judge({200, R"({"_shards":{"total":4,"successful":2,"failed":2}})"}, kOther);
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->accepted);
  EXPECT_EQ(verdict->why, "2 copies of shards could not.");
}

TEST(Judge, WordsWithoutEndAreCut) {
  const std::string reason(100'000, 'x');
  const auto verdict = judge({400, R"({"error":{"type":"odd","reason":")" + reason + R"("}})"}, kOther);
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->accepted);
  EXPECT_LT(verdict->why.size(), 2100U);
  EXPECT_THAT(verdict->why, testing::AllOf(testing::StartsWith("odd: xxx"), testing::EndsWith("...")));
}

TEST(Judge, SurvivesAnything) {
  for (const char* body : {"", "[", "[]", "{\"error\":7}", "{\"error\":{\"caused_by\":[]}}", "\xff"}) {
    for (const unsigned status : {0U, 200U, 400U, 500U}) (void)judge({status, body}, put_settings(body));
  }
  EXPECT_TRUE(judge({200, ""}, kOther)->accepted) << "7.x answers voting exclusions with an empty body";
}

TEST(CheckPut, TellsARefusalFromSilence) {
  EXPECT_TRUE(check_put({200, ""}));
  EXPECT_EQ(check_put({200, R"({"acknowledged":false})"}).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(check_put({400, "{}"}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(check_put({503, "{}"}).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace esaas::es
