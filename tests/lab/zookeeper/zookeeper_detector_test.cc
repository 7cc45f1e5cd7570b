// The detector on a real ZooKeeper server: what it says as masters come, go and write nonsense, and as the server dies.

#include "reconcilers/effects/mesos/zookeeper_detector.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lab/zookeeper/with_server.h"

namespace esaas::mesos {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::GroupMember;
using ::testing::HasSubstr;
using testing::master_info_json;
using ::testing::Not;

const Endpoint kFirst{"127.0.0.1", 6051};
const Endpoint kSecond{"127.0.0.1", 6052};

struct Recorder : ZookeeperDetector::Handler {
  void leader_changed(const std::optional<MasterInfo>& leader) override {
    leaders.push_back(leader ? leader->address.to_string() : "nobody");
  }
  void detector_note(const std::string& text) override { notes.push_back(text); }
  void zookeeper_answers(bool answers) override { answering.push_back(answers); }

  std::vector<std::string> leaders;
  std::vector<std::string> notes;
  std::vector<bool> answering;
};

class ZookeeperDetectorTest : public testing::WithZookeeper {
 protected:
  void begin() { begin(config()); }
  void begin(ZookeeperConfig config) { detector_.emplace(io_, std::move(config), told_); }

  bool hears(const std::vector<std::string>& leaders) {
    return run_until([&] { return told_.leaders == leaders; });
  }
  bool notes(const std::string& text) {
    return run_until([&] { return ::testing::Value(told_.notes, Contains(HasSubstr(text))); });
  }

  Recorder told_;
  std::optional<ZookeeperDetector> detector_;
};

TEST_F(ZookeeperDetectorTest, PathThatIsNotThereYetMeansThatNobodyLeads) {
  begin();
  ASSERT_TRUE(hears({"nobody"}));
  GroupMember master(address());
  ASSERT_EQ(master.join("/mesos", master_info_json(kFirst)), "/mesos/json.info_0000000000");
  EXPECT_TRUE(hears({"nobody", "127.0.0.1:6051"}));
  EXPECT_THAT(told_.notes, ElementsAre());
  EXPECT_THAT(told_.answering, ElementsAre(true));
}

TEST_F(ZookeeperDetectorTest, LowestSequenceLeadsUntilItIsGone) {
  auto first = std::make_unique<GroupMember>(address());
  auto second = std::make_unique<GroupMember>(address());
  ASSERT_NE(first->join("/mesos", master_info_json(kFirst)), "");
  ASSERT_NE(second->join("/mesos", master_info_json(kSecond)), "");
  ASSERT_TRUE(second->make("/mesos/log_replicas", ""));
  begin();
  ASSERT_TRUE(hears({"127.0.0.1:6051"}));
  first = std::make_unique<GroupMember>(address());  // the old one's session ended
  ASSERT_TRUE(hears({"127.0.0.1:6051", "127.0.0.1:6052"}));
  ASSERT_NE(first->join("/mesos", master_info_json(kFirst)), "");  // and now it is only second
  second.reset();
  ASSERT_TRUE(hears({"127.0.0.1:6051", "127.0.0.1:6052", "127.0.0.1:6051"}));
  first.reset();
  EXPECT_TRUE(hears({"127.0.0.1:6051", "127.0.0.1:6052", "127.0.0.1:6051", "nobody"}));
  EXPECT_THAT(told_.notes, ElementsAre());
}

TEST_F(ZookeeperDetectorTest, ZnodesThatAreNoMasterAreSkippedWithANote) {
  GroupMember master(address());
  const std::string broken = master.join("/mesos", "{\"address\":{\"ip\":\"10.");
  ASSERT_NE(master.join("/mesos", master_info_json(kFirst)), "");
  ASSERT_TRUE(master.make("/mesos/json.info_latest", ""));
  begin();
  ASSERT_TRUE(hears({"127.0.0.1:6051"}));
  ASSERT_TRUE(notes("znode json.info_0000000000 is skipped: MasterInfo is not JSON"));
  ASSERT_TRUE(notes("znode json.info_latest is skipped"));
  EXPECT_EQ(told_.notes.size(), 2U);

  // It is read again when it changes, and the notes are not told again.
  ASSERT_TRUE(master.write(broken, master_info_json(kSecond)));
  EXPECT_TRUE(hears({"127.0.0.1:6051", "127.0.0.1:6052"}));
  EXPECT_EQ(told_.notes.size(), 2U);
}

TEST_F(ZookeeperDetectorTest, SessionThatExpiredIsReplacedAndFollowsOn) {
  auto master = std::make_unique<GroupMember>(address());
  ASSERT_NE(master->join("/mesos", master_info_json(kFirst)), "");
  auto patient = config();
  patient.session_timeout = milliseconds(4000);
  begin(patient);
  ASSERT_TRUE(hears({"127.0.0.1:6051"}));

  master.reset();
  server_.kill();
  ASSERT_TRUE(server_.start_elsewhere());
  run_until([] { return false; }, milliseconds(5000));
  server_.kill();
  ASSERT_TRUE(server_.start());
  ASSERT_TRUE(notes("the session expired; a new one is opened"));
  ASSERT_TRUE(run_until([&] { return told_.leaders.back() == "nobody"; }));
  GroupMember other(address());
  ASSERT_NE(other.join("/mesos", master_info_json(kSecond)), "");
  EXPECT_TRUE(run_until([&] { return told_.leaders.back() == "127.0.0.1:6052"; }));
}

TEST_F(ZookeeperDetectorTest, ServerThatLostAllItsDataIsTakenByANewHandle) {
  // It refuses a session that has seen more than it has, and never says that this one expired.
  GroupMember master(address());
  ASSERT_NE(master.join("/mesos", master_info_json(kFirst)), "");
  begin();
  ASSERT_TRUE(hears({"127.0.0.1:6051"}));
  server_.kill();
  server_.forget_all();
  ASSERT_TRUE(server_.start());
  EXPECT_TRUE(hears({"127.0.0.1:6051", "nobody"}));
}

TEST_F(ZookeeperDetectorTest, SilenceOfTheServerKeepsTheLeader) {
  GroupMember master(address());
  ASSERT_TRUE(master.join("/mesos", "") != "");
  ASSERT_TRUE(master.make("/mesos/json.info_0000000007", master_info_json(kFirst)));  // outlives its session
  ASSERT_TRUE(master.remove("/mesos/json.info_0000000000"));
  begin();
  ASSERT_TRUE(hears({"127.0.0.1:6051"}));

  server_.kill();
  ASSERT_TRUE(notes("does not answer; the leading master that it named last is kept"));
  EXPECT_THAT(told_.answering, ElementsAre(true, false));
  EXPECT_THAT(told_.leaders, ElementsAre("127.0.0.1:6051"));
  // Beyond three timeouts the handle is another one.
  run_until([] { return false; }, milliseconds(3500));
  ASSERT_TRUE(server_.start());
  ASSERT_TRUE(run_until([&] { return told_.answering.back(); }));
  GroupMember other(address());
  ASSERT_TRUE(other.make("/mesos/json.info_0000000003", master_info_json(kSecond)));
  EXPECT_TRUE(hears({"127.0.0.1:6051", "127.0.0.1:6052"}));
}

TEST_F(ZookeeperDetectorTest, ServerThatComesLaterIsFound) {
  server_.kill();
  begin();
  ASSERT_TRUE(notes("does not answer; no leading master is known until it does"));
  EXPECT_THAT(told_.leaders, ElementsAre());
  ASSERT_TRUE(server_.start());
  EXPECT_TRUE(hears({"nobody"}));
}

TEST_F(ZookeeperDetectorTest, OneServerOfTheListIsEnough) {
  auto several = config();
  testing::ZookeeperServer down;
  several.group.servers.insert(several.group.servers.begin(), down.endpoint());
  begin(several);
  EXPECT_TRUE(hears({"nobody"}));
}

TEST_F(ZookeeperDetectorTest, NameThatDoesNotResolveIsSaidAndTriedAgain) {
  auto unknown = config();
  unknown.group.servers = {Endpoint{"no-such-host.invalid", 2181}};
  begin(unknown);
  ASSERT_TRUE(run_until([&] { return !told_.notes.empty(); }));
  EXPECT_THAT(told_.notes.front(), HasSubstr("zk://no-such-host.invalid:2181/mesos"));
  EXPECT_TRUE(run_until([&] { return !told_.answering.empty() && !told_.answering.back(); }));
}

TEST_F(ZookeeperDetectorTest, GroupThatIsForOneUserIsReadByThatUser) {
  GroupMember master(address(), "mesos:s3cret");
  ASSERT_NE(master.join("/mesos", master_info_json(kFirst)), "");
  auto as_user = config();
  as_user.group.user = "mesos";
  as_user.group.password = "s3cret";
  begin(as_user);
  EXPECT_TRUE(hears({"127.0.0.1:6051"}));
}

TEST_F(ZookeeperDetectorTest, WrongPasswordIsSaidOnceAndNotShown) {
  GroupMember master(address(), "mesos:s3cret");
  ASSERT_NE(master.join("/mesos", master_info_json(kFirst)), "");
  auto as_user = config();
  as_user.group.user = "mesos";
  as_user.group.password = "wr0ng";
  begin(as_user);
  ASSERT_TRUE(notes("may not be read by user \"mesos\" with this password"));
  run_until([] { return false; }, milliseconds(500));
  EXPECT_EQ(told_.notes.size(), 1U);
  EXPECT_THAT(told_.notes.front(), Not(HasSubstr("wr0ng")));
  EXPECT_THAT(told_.leaders, ElementsAre());
}

TEST_F(ZookeeperDetectorTest, NothingIsToldAfterItsEnd) {
  GroupMember master(address());
  for (int i = 0; i < 20; ++i) {
    begin();
    if (i % 2 == 0) run_until([] { return false; }, milliseconds(5 * i));
    detector_.reset();
    const auto known = told_.leaders.size();
    run_until([] { return false; }, milliseconds(20));
    EXPECT_EQ(told_.leaders.size(), known);
  }
}

}  // namespace
}  // namespace esaas::mesos
