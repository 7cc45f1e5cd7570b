// An agent is lost: RESCIND, UPDATE and FAILURE come in the order of how it was lost, or one of them not at all.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/reconcilers/loop/controller_fixture.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
using Kind = wire::scheduler::Event::Type;

/// A controller of its own, with a node that runs on agent-1 and an offer of the rest of the agent.
class Life : public ControllerFixture {
 public:
  Life() {
    place_search();
    report(wire::TASK_RUNNING);
    settle();
    ports_.calls.clear();
    events_before_ = log_.last_seq();
  }
  void TestBody() override {}

  void tell(Kind kind) {
    Event event;
    event.set_type(kind);
    if (kind == Event::UPDATE) {
      report(wire::TASK_UNREACHABLE, "health check timed out");
      settle();
      return;
    }
    if (kind == Event::FAILURE) event.mutable_failure()->mutable_agent_id()->set_value("agent-1");
    if (kind == Event::RESCIND) event.mutable_rescind()->mutable_offer_id()->set_value("o1");
    give(event);
  }

  [[nodiscard]] std::string node() const { return search_node().SerializeAsString(); }
  [[nodiscard]] model::TaskState task_state() const { return search_node().task().state(); }
  [[nodiscard]] std::uint64_t new_events() const { return log_.last_seq() - events_before_; }
  [[nodiscard]] std::size_t calls_of(Call::Type type) const { return ports_.calls_of(type).size(); }

  static constexpr Call::Type kAccept = Call::ACCEPT;
  static constexpr Call::Type kKill = Call::KILL;

 private:
  std::uint64_t events_before_ = 0;
};

constexpr Kind kRescind = wire::scheduler::Event::RESCIND;
constexpr Kind kUpdate = wire::scheduler::Event::UPDATE;
constexpr Kind kFailure = wire::scheduler::Event::FAILURE;

TEST(LostAgent, AnyOrderOfItsNewsComesToTheSame) {
  Life told_once;
  told_once.tell(kUpdate);
  ASSERT_EQ(told_once.task_state(), model::TASK_STATE_UNREACHABLE);

  // A killed agent's is RESCIND, UPDATE, FAILURE, that of one that was cut off is UPDATE, RESCIND, FAILURE
  // (tests/contract/mesos/lost_agents_test.py). Others are as possible.
  std::vector<Kind> order = {kRescind, kUpdate, kFailure};
  std::ranges::sort(order);
  do {
    Life life;
    for (const Kind kind : order) life.tell(kind);
    EXPECT_EQ(life.node(), told_once.node());
    EXPECT_EQ(life.new_events(), told_once.new_events());
    EXPECT_EQ(life.calls_of(Life::kAccept), 0U) << "nothing takes the place of a node that may come back";
    EXPECT_EQ(life.calls_of(Life::kKill), 0U);
  } while (std::ranges::next_permutation(order).found);
}

/// Neither is reliable, so neither says anything of a task.
TEST(LostAgent, FailureAndRescindAloneChangeNothing) {
  Life life;
  const std::string before = life.node();
  life.tell(kFailure);
  life.tell(kRescind);
  EXPECT_EQ(life.node(), before);
  EXPECT_EQ(life.new_events(), 0U);
}

}  // namespace
}  // namespace esaas::loop
