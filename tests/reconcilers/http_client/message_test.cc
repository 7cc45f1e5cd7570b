// How a request is written.

#include "reconcilers/effects/http/message.h"

#include <gtest/gtest.h>

namespace esaas::http_client {
namespace {

TEST(HttpMessage, WritesWhatWasGivenAndWhatComesByItself) {
  const auto bytes = to_bytes({"PUT", "/a?b=c", {{"X-One", "1"}}, "body"}, {"host.example", 8080});
  EXPECT_EQ(bytes,
            "PUT /a?b=c HTTP/1.1\r\nHost: host.example:8080\r\nUser-Agent: esaas\r\nX-One: 1\r\n"
            "Content-Length: 4\r\n\r\nbody");
}

TEST(HttpMessage, ABodyThatIsEmptyHasALengthWhereOneIsExpected) {
  EXPECT_NE(to_bytes({"POST", "/", {}, ""}, {"h", 1})->find("Content-Length: 0\r\n"), std::string::npos);
  EXPECT_EQ(to_bytes({"GET", "/", {}, ""}, {"h", 1})->find("Content-Length"), std::string::npos);
}

TEST(HttpMessage, AnAddressOfVersionSixHasBrackets) {
  EXPECT_EQ((Peer{"::1", 80}.to_string()), "[::1]:80");
  EXPECT_EQ((Peer{"127.0.0.1", 80}.to_string()), "127.0.0.1:80");
}

TEST(HttpMessage, RefusesWhatWouldBeginAnotherLine) {
  EXPECT_FALSE(to_bytes({"GET", "/a\r\nX: y", {}, {}}, {"h", 1}));
  EXPECT_FALSE(to_bytes({"GET", "/a HTTP/1.1", {}, {}}, {"h", 1}));
  EXPECT_FALSE(to_bytes({"GE T", "/", {}, {}}, {"h", 1}));
  EXPECT_FALSE(to_bytes({"GET", "/", {}, {}}, {"h\r\nX: y", 1}));
  EXPECT_FALSE(to_bytes({"GET", "/", {{"X Y", "1"}}, {}}, {"h", 1}));
  const auto secret = to_bytes({"GET", "/", {{"Authorization", "s3cret\nX: y"}}, {}}, {"h", 1});
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error(), "the header Authorization is more than one line");
}

TEST(HttpMessage, HeadersAreFoundInAnyCase) {
  const Head head{200, {{"content-TYPE", "a"}, {"Content-Type", "b"}}};
  EXPECT_EQ(head.header("Content-Type"), "a");
  EXPECT_EQ(head.header("Content-Typ"), "");
}

}  // namespace
}  // namespace esaas::http_client
