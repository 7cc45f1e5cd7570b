// The scheduler client, led by a real ZooKeeper server from one master to another.

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/effects/mesos/resources.h"
#include "tests/lab/zookeeper/with_server.h"
#include "tests/reconcilers/mesos/fake_master.h"
#include "tests/reconcilers/mesos/live_client.h"

namespace esaas::mesos {
namespace {

using ::testing::ElementsAre;
using testing::FakeMaster;
using testing::GroupMember;
using ::testing::HasSubstr;
using testing::LiveClient;
using testing::master_info_json;

class ClientFollowing : public testing::WithZookeeper {
 protected:
  ClientConfig client_config() {
    ClientConfig client;
    client.zookeeper = config();
    client.credentials = Credentials{"esaas", "s3cret"};
    return client;
  }

  std::unique_ptr<GroupMember> elect(const FakeMaster& master) {
    auto member = std::make_unique<GroupMember>(address());
    EXPECT_NE(member->join("/mesos", master_info_json(master.endpoint())), "");
    return member;
  }

  static wire::FrameworkInfo info() {
    FrameworkSpec spec;
    spec.user = "es";
    spec.roles = {"es-a"};
    spec.id = "fw-1";
    return framework_info(spec);
  }

  void accept(LiveClient& live, FakeMaster& master) {
    const auto before = live.subscriptions.size();
    ASSERT_TRUE(live.run_until([&] { return master.subscriptions() > 0; }));
    master.push_subscribed("fw-1");
    ASSERT_TRUE(live.run_until([&] { return live.subscriptions.size() > before; }));
    EXPECT_EQ(live.client.leading_master()->master, master.endpoint());
  }

  FakeMaster one_{io_};
  FakeMaster two_{io_};
};

TEST_F(ClientFollowing, WaitsForALeaderAndChangesWithIt) {
  LiveClient live(io_, client_config());
  live.client.start(info());
  EXPECT_EQ(live.client.problem(), MasterProblem::kNoLeader);
  auto first = elect(one_);
  accept(live, one_);
  EXPECT_EQ(live.client.problem(), MasterProblem::kNone);

  auto second = elect(two_);
  first.reset();
  accept(live, two_);
  EXPECT_THAT(live.disconnections, ElementsAre(HasSubstr("leads instead of " + one_.endpoint().to_string())));
  live.client.send(calls::revive({}));
  ASSERT_TRUE(live.run_until([&] { return two_.calls().size() == 1; }));
  EXPECT_TRUE(one_.calls().empty());
  EXPECT_EQ(two_.seen.front().authorization, "Basic ZXNhYXM6czNjcmV0");

  second.reset();
  ASSERT_TRUE(live.run_until([&] { return live.disconnections.size() == 2; }));
  EXPECT_EQ(live.disconnections.back(), "no master leads");
  EXPECT_EQ(live.client.problem(), MasterProblem::kNoLeader);
  EXPECT_FALSE(live.client.leading_master().has_value());
}

TEST_F(ClientFollowing, SilenceOfZookeeperLeavesTheSubscriptionAlone) {
  const auto leader = elect(one_);
  LiveClient live(io_, client_config());
  live.client.start(info());
  accept(live, one_);
  server_.kill();
  EXPECT_FALSE(live.run_until([&] { return !live.disconnections.empty(); }, std::chrono::seconds(3)));
  EXPECT_TRUE(live.client.ready());
}

TEST_F(ClientFollowing, MayEndWhileItWaits) {
  for (int i = 0; i < 5; ++i) {
    LiveClient live(io_, client_config());
    live.client.start(info());
    live.run_until([] { return false; }, std::chrono::milliseconds(10 * i));
  }
}

}  // namespace
}  // namespace esaas::mesos
