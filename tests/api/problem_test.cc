#include "api/http/problem.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace esaas::api::http {
namespace {

struct Case {
  ErrorCode code;
  unsigned status;
};

class ProblemTable : public testing::TestWithParam<Case> {};
TEST_P(ProblemTable, GivesTheStatus) {
  const auto response = problem_response(Error{GetParam().code, "it is so", "count", "range"}, "/v1/x");
  EXPECT_EQ(response.status, GetParam().status);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto problem = boost::json::parse(response.body).as_object();
  EXPECT_EQ(problem.at("type").as_string(), "urn:esaas:problem:" + std::string(esaas::name_of(GetParam().code)));
  EXPECT_EQ(problem.at("status").as_int64(), GetParam().status);
  EXPECT_EQ(problem.at("title").as_string(), std::string(reason_phrase(GetParam().status)));
  EXPECT_EQ(problem.at("detail").as_string(), "it is so");
  EXPECT_EQ(problem.at("field").as_string(), "count");
  EXPECT_EQ(problem.at("rule").as_string(), "range");
  EXPECT_EQ(problem.at("instance").as_string(), "/v1/x");
  const bool retry = response.status == 429 || response.status == 503;
  EXPECT_EQ(std::ranges::any_of(response.headers, [](const auto& h) { return h.first == "Retry-After"; }), retry);
}
INSTANTIATE_TEST_SUITE_P(Problem, ProblemTable,
                         testing::Values(Case{ErrorCode::kInvalidArgument, 400}, Case{ErrorCode::kNotFound, 404},
                                         Case{ErrorCode::kAlreadyExists, 409}, Case{ErrorCode::kConflict, 409},
                                         Case{ErrorCode::kPermissionDenied, 403},
                                         Case{ErrorCode::kUnauthenticated, 401},
                                         Case{ErrorCode::kResourceExhausted, 429}, Case{ErrorCode::kUnavailable, 503},
                                         Case{ErrorCode::kDeadlineExceeded, 504}, Case{ErrorCode::kDataLoss, 500},
                                         Case{ErrorCode::kUnsupportedVersion, 500}, Case{ErrorCode::kInternal, 500}),
                         [](const auto& tested) { return std::string(esaas::name_of(tested.param.code)); });

TEST(Problem, LostUpdateHasAStatusOfItsOwn) {
  EXPECT_EQ(status_of({ErrorCode::kConflict, "", "If-Match", "revision_matches"}), 412U);
}

TEST(Problem, IsTextWhateverItQuotes) {
  const auto problem = problem_json({ErrorCode::kNotFound, "no \xff", "f\xff"}, "/\xff");
  const auto read = boost::json::parse(problem).as_object();  // which throws at what is not UTF-8
  EXPECT_EQ(read.at("detail").as_string(), "no \xef\xbf\xbd");
  EXPECT_EQ(read.at("instance").as_string(), "/\xef\xbf\xbd");
}

TEST(Problem, LeavesOutWhatDoesNotApply) {
  const auto problem = boost::json::parse(problem_json({ErrorCode::kNotFound, "gone"}, "")).as_object();
  EXPECT_FALSE(problem.contains("field"));
  EXPECT_FALSE(problem.contains("rule"));
  EXPECT_FALSE(problem.contains("instance"));
}

}  // namespace
}  // namespace esaas::api::http
