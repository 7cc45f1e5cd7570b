// What Kibana 5.1.1 says of itself.

#include "reconcilers/effects/kibana/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::kibana {
namespace {

using testing::HasSubstr;

std::string body(const std::string& state) {
  return R"({"name":"logs","version":{"number":"5.1.1"},"status":{"overall":{"state":")" + state +
         R"(","title":"x","nickname":"Danger Will Robinson! Danger!","icon":"danger"},"statuses":[]},"metrics":{}})";
}

TEST(KibanaStatus, OnlyGreenServes) {
  EXPECT_TRUE(parse_status(body("green")));
  for (const char* state : {"red", "yellow", "uninitialized"}) {
    const auto status = parse_status(body(state));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(status.error().detail, HasSubstr(state));
    EXPECT_THAT(status.error().detail, HasSubstr("Danger Will Robinson"));
  }
}

TEST(KibanaStatus, NothingElseIsKibana) {
  for (const char* text :
       {"", "{}", "[]", "<html>", R"({"status":"green"})", R"({"status":{"overall":{"state":1}}})"}) {
    const auto status = parse_status(text);
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  }
}

}  // namespace
}  // namespace esaas::kibana
