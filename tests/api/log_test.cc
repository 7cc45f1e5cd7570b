#include "api/logging/log.h"

#include <gtest/gtest.h>

namespace esaas::api::log {
namespace {

TEST(Log, TextQuotesWhatCouldPassForAnotherFieldOrLine) {
  EXPECT_EQ(format_line(Format::kText, "api_listens", {{"port", "9080"}, {"why", "a b"}, {"none", ""}}),
            "api_listens port=9080 why=\"a b\" none=\"\"");
  EXPECT_EQ(format_line(Format::kText, "x", {{"why", "evil\nfake line"}}), "x why=\"evil\\nfake line\"");
  EXPECT_EQ(format_line(Format::kText, "x", {{"why", "a=b"}}), "x why=\"a=b\"");
}

TEST(Log, JsonIsOneObjectALine) {
  EXPECT_EQ(format_line(Format::kJson, "x", {{"why", "a\n\"b\""}}), R"({"event":"x","why":"a\n\"b\""})");
}

TEST(Log, LevelsHaveNames) {
  EXPECT_EQ(parse_level("warning"), Level::kWarning);
  EXPECT_FALSE(parse_level("loud").has_value());
}

}  // namespace
}  // namespace esaas::api::log
