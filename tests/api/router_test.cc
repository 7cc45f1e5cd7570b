#include "api/http/router.h"

#include <gtest/gtest.h>

namespace esaas::api::http {
namespace {

Router make_router() {
  Router router;
  router.add(Verb::kGet, "/v1/clusters", 0);
  router.add(Verb::kPost, "/v1/clusters", 1);
  router.add(Verb::kGet, "/v1/clusters/{cluster}", 2);
  router.add(Verb::kPost, "/v1/operations/batch", 3);
  router.add(Verb::kPost, "/v1/operations/{operation}/cancel", 4);
  router.add(Verb::kDelete, "/v1/operations/{operation}", 5);
  router.add(Verb::kGet, "/", 6);
  return router;
}

struct Case {
  const char* name;
  Verb verb;
  std::vector<std::string> segments;
  Router::Outcome outcome;
  std::size_t route;
  std::vector<std::string> parameters;
  std::string allow;
};

class RouterTable : public testing::TestWithParam<Case> {};

TEST_P(RouterTable, Matches) {
  const auto& expected = GetParam();
  const auto match = make_router().match(expected.verb, expected.segments);
  EXPECT_EQ(match.outcome, expected.outcome);
  if (expected.outcome == Router::Outcome::kFound) {
    EXPECT_EQ(match.route, expected.route);
    EXPECT_EQ(match.parameters, expected.parameters);
  }
  EXPECT_EQ(match.allow, expected.allow);
}

using enum Router::Outcome;
INSTANTIATE_TEST_SUITE_P(
    Router, RouterTable,
    testing::Values(
        Case{"Literal", Verb::kGet, {"v1", "clusters"}, kFound, 0, {}, ""},
        Case{"VerbSelects", Verb::kPost, {"v1", "clusters"}, kFound, 1, {}, ""},
        Case{"HeadIsGet", Verb::kHead, {"v1", "clusters"}, kFound, 0, {}, ""},
        Case{"Parameter", Verb::kGet, {"v1", "clusters", "search"}, kFound, 2, {"search"}, ""},
        Case{"LiteralBeforeParameter", Verb::kPost, {"v1", "operations", "batch"}, kFound, 3, {}, ""},
        Case{"ParameterInTheMiddle", Verb::kPost, {"v1", "operations", "batch", "cancel"}, kFound, 4, {"batch"}, ""},
        Case{"Root", Verb::kGet, {}, kFound, 6, {}, ""},
        Case{"UnknownPath", Verb::kGet, {"v1", "nothing"}, kNoPath, 0, {}, ""},
        Case{"TooLong", Verb::kGet, {"v1", "clusters", "a", "b"}, kNoPath, 0, {}, ""},
        Case{"PrefixIsNoRoute", Verb::kGet, {"v1"}, kNoPath, 0, {}, ""},
        Case{"VerbMissing", Verb::kDelete, {"v1", "clusters"}, kNoVerb, 0, {}, "GET, HEAD, POST"},
        Case{"OtherVerb", Verb::kOther, {"v1", "operations", "op-1"}, kNoVerb, 0, {}, "DELETE"}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace esaas::api::http
