// Inverse offers: how they are answered and what the log says of it. What is judged:
// tests/reconcilers/maintenance_test.cc.
#include <gtest/gtest.h>

#include "tests/reconcilers/loop/controller_fixture.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
using std::chrono::hours;

class ControllerMaintenanceTest : public ControllerFixture {
 protected:
  /// The master asks for an hour of agent-1 (or another), `from_now` on.
  void ask(const std::string& id, Duration from_now, const std::string& agent = "agent-1") {
    Event event;
    event.set_type(Event::INVERSE_OFFERS);
    auto& offer = *event.mutable_inverse_offers()->add_inverse_offers();
    offer.mutable_id()->set_value(id);
    offer.mutable_framework_id()->set_value("fw-1");
    offer.mutable_agent_id()->set_value(agent);
    offer.mutable_unavailability()->mutable_start()->set_nanoseconds(to_us(now_ + from_now) * 1000);
    offer.mutable_unavailability()->mutable_duration()->set_nanoseconds(3'600'000'000'000);
    controller_->mesos_event(event, now_);
  }
  [[nodiscard]] std::size_t accepted() const { return ports_.calls_of(Call::ACCEPT_INVERSE_OFFERS).size(); }
  [[nodiscard]] std::size_t declined() const { return ports_.calls_of(Call::DECLINE_INVERSE_OFFERS).size(); }
  /// The newest event of the log.
  [[nodiscard]] event::Event newest() const { return *log_.read_one(log_.last_seq()); }

  /// "search" is formed, and Elasticsearch was just asked how it is.
  void form_search(model::HealthStatus status) {
    report(wire::TASK_RUNNING);
    settle();
    now_ += std::chrono::seconds{1};  // an answer from the moment of the launch speaks of the task before
    reconcile::Observation observation;
    observation.observed_at = now_;
    observation.health.set_status(status);
    observation.health.set_nodes(1);
    observation.health.set_data_nodes(1);
    observation.nodes = {search_node().name()};
    observation.master = search_node().name();
    controller_->observed("search", observation, now_);
    settle();
  }
};

TEST_F(ControllerMaintenanceTest, AnAnswerIsSentWhenItsReasonIsDurable) {
  place_search();
  form_search(model::HEALTH_STATUS_RED);
  ask("i1", hours{5});
  controller_->turn(now_);
  EXPECT_EQ(declined(), 0U);
  settle();
  EXPECT_EQ(declined(), 1U);
  const event::MaintenanceAnswered answered = newest().maintenance_answered();
  EXPECT_FALSE(answered.accepted());
  EXPECT_EQ(answered.rule(), "cluster_is_not_red");
  EXPECT_EQ(answered.agent_id(), "agent-1");
  EXPECT_EQ(answered.hostname(), "127.0.0.11");
  EXPECT_EQ(answered.begins_at_us(), to_us(now_ + hours{5}));
  EXPECT_EQ(answered.lasts_us(), 3'600'000'000);
  EXPECT_NE(answered.why().find("Cluster search, node data-0"), std::string::npos) << answered.why();
}

TEST_F(ControllerMaintenanceTest, ASecondQuestionIsAnsweredAndOnlyNewsIsLogged) {
  place_search();
  ask("i1", hours{5});
  settle();
  EXPECT_EQ(accepted(), 1U) << "the node has never joined: nobody misses it";
  EXPECT_TRUE(newest().maintenance_answered().accepted());
  const auto seq = log_.last_seq();
  now_ += std::chrono::minutes{1};
  ask("i2", hours{5} - std::chrono::minutes{1});
  settle();
  EXPECT_EQ(accepted(), 2U);
  EXPECT_EQ(log_.last_seq(), seq) << newest().ShortDebugString();
  ask("i3", hours{7});
  settle();
  EXPECT_EQ(log_.last_seq(), seq + 1);
}

TEST_F(ControllerMaintenanceTest, AnAgentWithoutOursIsFreeAndNothingIsLogged) {
  place_search();
  const auto seq = log_.last_seq();
  ask("i1", hours{5}, "agent-9");
  settle();
  EXPECT_EQ(accepted(), 1U);
  EXPECT_EQ(log_.last_seq(), seq);
}

TEST_F(ControllerMaintenanceTest, AnAgentThatIsToBeTakenDownSoonGetsNoNode) {
  subscribe();
  submit(command::CreateTenant{"shop"});
  submit(create("search"));
  const auto offer_with_window = [&](const std::string& id, Duration from_now) {
    Event event;
    add_offer(event, id, {});
    auto& window = *event.mutable_offers()->mutable_offers(0)->mutable_unavailability();
    window.mutable_start()->set_nanoseconds(to_us(now_ + from_now) * 1000);
    give(event);
    return ports_.calls_of(Call::ACCEPT).size();
  };
  EXPECT_EQ(offer_with_window("o1", hours{24}), 0U);
  EXPECT_EQ(offer_with_window("o2", hours{25}), 1U);
}

}  // namespace
}  // namespace esaas::loop
