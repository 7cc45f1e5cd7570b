// What a proxy is started with.

#include "reconcilers/effects/haproxy/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::haproxy {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

LaunchInput input() {
  LaunchInput made{.cluster = "search", .node = "proxy-0"};
  made.resources.set_cpus_milli(1500);
  made.place.set_hostname("127.0.0.11");
  made.place.set_http_port(31000);
  made.place.set_transport_port(31001);
  return made;
}

const Program kProgram{.program = "/opt/it's/haproxy", .controller_certificate = "CERTIFICATE\n"};

TEST(HaproxyLaunch, ListensWhereItsPlaceIs) {
  const std::string text = render_configuration(input());
  EXPECT_THAT(text, HasSubstr("\n    bind 127.0.0.11:31000\n"));
  EXPECT_THAT(
      text, HasSubstr("\n    bind 127.0.0.11:31001 ssl crt ./control.pem ca-file ./controller.crt verify required\n"));
  EXPECT_THAT(text, HasSubstr("nbthread 2\n"));
}

TEST(HaproxyLaunch, LetsNobodyInUntilItIsTold) {
  const std::string text = render_configuration(input());
  EXPECT_THAT(
      text,
      HasSubstr("http-request deny deny_status 403 unless { str(networks),map_str(./doors.map,listed) -m str all }"));
  EXPECT_THAT(text,
              HasSubstr("http-request auth realm search unless { str(users),map_str(./doors.map,listed) -m str all }"));
  EXPECT_THAT(text, HasSubstr("server-template es 100 127.0.0.1:1 disabled"));
}

TEST(HaproxyLaunch, MakesItsOwnKeyAndEndsAsHaproxy) {
  const auto spec = render_launch(input(), kProgram);
  ASSERT_TRUE(spec);
  EXPECT_THAT(spec->command(), HasSubstr("openssl req -x509"));
  EXPECT_THAT(spec->command(), HasSubstr("CERTIFICATE\nEND_OF_FILE\n"));
  EXPECT_THAT(spec->command(), Not(HasSubstr("PRIVATE KEY")));
  EXPECT_THAT(spec->command(), EndsWith("exec '/opt/it'\\''s/haproxy' -db -f haproxy.cfg\n"));
  EXPECT_EQ(spec->SerializeAsString(), render_launch(input(), kProgram)->SerializeAsString());
}

TEST(HaproxyLaunch, IsNotStartedWhenNobodyCouldTellItAnything) {
  const auto spec = render_launch(input(), {.program = "haproxy", .controller_certificate = ""});
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().code, ErrorCode::kUnavailable);
}

TEST(HaproxyLaunch, AHostThatWouldBeMoreThanAHostIsRefused) {
  for (const std::string host : {"", "a b", "127.0.0.1\n    bind *:80", "a'b", "$(id)"}) {
    auto bad = input();
    bad.place.set_hostname(host);
    const auto spec = render_launch(bad, kProgram);
    ASSERT_FALSE(spec) << host;
    EXPECT_EQ(spec.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace esaas::haproxy
