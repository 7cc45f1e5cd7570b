// Proxies and Kibana through the loop: whom they are told of, and what becomes of their answers and of their silence.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/loop/controller_fixture.h"

namespace esaas::loop {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class CompanionsTest : public ControllerFixture {
 protected:
  /// "search" with a member, data-0, and a companion of this role whose task runs.
  void begin_with(model::NodeRole role) {
    place_search();
    state::FleetState state = controller_->state();
    state::Cluster& cluster = state.clusters.at("search");
    cluster.mutable_nodes(0)->mutable_task()->set_state(model::TASK_STATE_RUNNING);
    cluster.mutable_nodes(0)->mutable_task()->set_joined(true);
    cluster.mutable_nodes(0)->set_ever_joined(true);
    model::NodeGroup& group = *cluster.mutable_spec()->add_node_groups();
    group.set_name("beside");
    group.add_roles(role);
    group.set_count(1);
    *group.mutable_resources() = cluster.nodes(0).resources();
    cluster.add_next_ordinals(1);
    state::Node& node = *cluster.add_nodes();
    node = cluster.nodes(0);
    node.set_name("beside-0");
    node.set_group("beside");
    node.mutable_place()->set_hostname("127.0.0.99");
    node.mutable_place()->set_volume_id("beside");
    node.mutable_place()->set_agent_id("agent-9");
    node.mutable_task()->set_task_id("search.beside-0.task-7.x");
    node.mutable_task()->set_joined(false);
    node.mutable_task()->mutable_inputs()->clear_version();  // it has one of its own
    begin(std::move(state));
    settle();
  }

  [[nodiscard]] const state::Cluster& search() const { return *controller_->state().find_cluster("search"); }
  [[nodiscard]] const state::Node& beside() const { return *state::find_node(search(), "beside-0"); }

  void proxy_answers(std::uint64_t seq, const Result<ProxyAnswer>& answer = ProxyAnswer{}) {
    controller_->proxy_answered("search", "beside-0", seq, answer, now_);
    settle();
  }
  void kibana_answers(const Result<void>& answer) {
    controller_->kibana_answered("search", "beside-0", answer, now_);
    settle();
  }
  /// Time goes by, and it is asked again.
  void wait() {
    now_ += std::chrono::seconds{11};
    settle();
  }
};

TEST_F(CompanionsTest, AProxyIsToldOfTheNodesAndHasJoinedWhenItFollows) {
  begin_with(model::NODE_ROLE_PROXY);
  ASSERT_FALSE(ports_.followed.empty());
  const auto& [address, intent] = ports_.followed.front();
  EXPECT_EQ(address.host, "127.0.0.99");
  EXPECT_EQ(address.port, beside().place().transport_port());
  EXPECT_EQ(intent.seq(), search().servers_seq());
  ASSERT_EQ(intent.servers_intended().servers_size(), 1);
  EXPECT_EQ(intent.servers_intended().servers(0).node(), "data-0");
  EXPECT_FALSE(beside().task().joined());
  proxy_answers(search().servers_seq());
  EXPECT_TRUE(beside().task().joined());
  EXPECT_EQ(beside().servers_applied_seq(), search().servers_seq());
  EXPECT_THAT(logged(event::Event::kServersApplied), SizeIs(1));
  proxy_answers(search().servers_seq());
  EXPECT_THAT(logged(event::Event::kServersApplied), SizeIs(1)) << "what is known is no news";
}

TEST_F(CompanionsTest, OneThatOnlyAnswersHasNotJoined) {
  begin_with(model::NODE_ROLE_PROXY);
  proxy_answers(0);
  EXPECT_FALSE(beside().task().joined());
}

TEST_F(CompanionsTest, OneThatIsSilentThriceHasLeft) {
  begin_with(model::NODE_ROLE_PROXY);
  proxy_answers(search().servers_seq());
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(beside().task().joined()) << i;
    wait();
    proxy_answers(0, fail(ErrorCode::kUnavailable, "nobody there"));
  }
  EXPECT_FALSE(beside().task().joined());
  EXPECT_THAT(logged(event::Event::kNodeLeft), SizeIs(1));
  ports_.followed.clear();
  wait();
  ASSERT_FALSE(ports_.followed.empty());
  EXPECT_EQ(ports_.followed.front().second.seq(), search().servers_seq()) << "it is told again";
}

TEST_F(CompanionsTest, AnAnswerOfATaskThatIsGoneSaysNothing) {
  begin_with(model::NODE_ROLE_PROXY);
  state::FleetState state = controller_->state();
  state.clusters.at("search").mutable_nodes(1)->mutable_task()->set_task_id("search.beside-0.task-8.x");
  state.clusters.at("search").mutable_nodes(1)->mutable_task()->set_state(model::TASK_STATE_STAGING);
  begin(std::move(state));
  proxy_answers(search().servers_seq());
  EXPECT_FALSE(beside().task().joined());
  EXPECT_THAT(logged(event::Event::kServersApplied), IsEmpty());
}

TEST_F(CompanionsTest, KibanaIsAskedAndHasJoinedWhenItServes) {
  begin_with(model::NODE_ROLE_KIBANA);
  ASSERT_FALSE(ports_.kibanas_asked.empty());
  EXPECT_EQ(ports_.kibanas_asked.back().port, beside().place().http_port());
  EXPECT_THAT(ports_.followed, IsEmpty());
  kibana_answers(fail(ErrorCode::kUnavailable, "it answers 503"));
  EXPECT_FALSE(beside().task().joined());
  kibana_answers({});
  EXPECT_TRUE(beside().task().joined());
}

}  // namespace
}  // namespace esaas::loop
