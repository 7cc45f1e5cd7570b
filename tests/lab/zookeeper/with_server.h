#pragma once
// The fixture of tests that need a ZooKeeper server: skips where there is none to be had.

#include <chrono>
#include <functional>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "reconcilers/effects/mesos/zookeeper_detector.h"
#include "tests/lab/zookeeper/group_member.h"
#include "tests/lab/zookeeper/zookeeper_server.h"

namespace esaas::mesos::testing {

class WithZookeeper : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!zookeeper_program().missing.empty()) GTEST_SKIP() << zookeeper_program().missing;
    ASSERT_TRUE(server_.start());
    // A server answers "ruok" before it takes sessions, and takes its first one slowly; the tests' timeouts are short.
    ASSERT_TRUE(GroupMember(address()).connected());
  }

  /// Short waits, so that a test sees an expiry within seconds.
  ZookeeperConfig config() const {
    ZookeeperConfig config;
    config.group = {{server_.endpoint()}, "/mesos", "", ""};
    config.session_timeout = std::chrono::milliseconds(1000);
    config.retry_after = std::chrono::milliseconds(100);
    return config;
  }
  std::string address() const { return server_.endpoint().to_string(); }

  /// Runs the io_context until `done` or the time is over; answers what `done` says in the end.
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(10));
    }
    return done();
  }

  boost::asio::io_context io_;
  ZookeeperServer server_;
};

}  // namespace esaas::mesos::testing
