// decide: what it answers is attributed, folds, and leaves a state that its own rules allow.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/commands/validate.h"
#include "tests/properties/any_message.h"
#include "tests/properties/command_script.h"

namespace esaas {
namespace {

struct Decision {
  state::FleetState before;
  command::Command command;
  command::Context context;
  Result<std::vector<event::Event>> answer;
};

Decision any_decision() {
  Decision decision;
  decision.before = test::fold({}, test::live(test::any_between(0, 40), test::Reports::kNone));
  decision.command = test::any_command(decision.before);
  decision.context.now = test::kNoon + std::chrono::hours{2};
  decision.context.caller = {"tok-1", *rc::gen::elementOf(std::vector<std::string>{"", "shop"}),
                             model::TOKEN_ROLE_ADMIN, "127.0.0.1:1"};
  decision.context.next_seq = decision.before.seq() + 1;
  decision.answer = command::decide(decision.before, decision.command, decision.context);
  return decision;
}

/// Most commands are refused, so the first accepted one of several.
Decision accepted_decision() {
  for (int tries = 0; tries < 30; ++tries) {
    Decision decision = any_decision();
    if (decision.answer) return decision;
  }
  RC_DISCARD("no command was accepted");
}

RC_GTEST_PROP(Decide, EveryEventIsAttributed, ()) {
  const Decision decision = accepted_decision();
  RC_ASSERT(!decision.answer->empty());
  const bool about_cluster = std::holds_alternative<command::SubmitOperation>(decision.command) ||
                             std::holds_alternative<command::ControlOperation>(decision.command);
  for (const event::Event& event : *decision.answer) {
    RC_ASSERT(event.payload_case() != event::Event::PAYLOAD_NOT_SET);
    RC_ASSERT(event.actor().kind() == event::ACTOR_KIND_USER);
    RC_ASSERT(event.actor().name() == "tok-1");
    RC_ASSERT(event.cause_seq() < decision.context.next_seq + decision.answer->size());
    if (about_cluster) {
      RC_ASSERT(!event.tenant().empty());
      RC_ASSERT(!event.cluster().empty());
      RC_ASSERT(!event.operation_id().empty());
    }
  }
}

RC_GTEST_PROP(Decide, ATenantsTokenTouchesNothingOfOthers, ()) {
  const Decision decision = accepted_decision();
  if (decision.context.caller.tenant.empty()) return;
  for (const event::Event& event : *decision.answer) RC_ASSERT(event.tenant() == decision.context.caller.tenant);
}

RC_GTEST_PROP(Decide, EveryRefusalSaysWhatIsWrong, ()) {
  const Decision decision = any_decision();
  RC_PRE(!decision.answer.has_value());
  RC_ASSERT(!decision.answer.error().detail.empty());
  if (decision.answer.error().code == ErrorCode::kInvalidArgument) {
    RC_ASSERT(!decision.answer.error().field.empty());
    RC_ASSERT(!decision.answer.error().rule.empty());
  }
}

RC_GTEST_PROP(Decide, IsAFunctionOfStateCommandAndContext, ()) {
  const Decision decision = any_decision();
  const auto again = command::decide(decision.before, decision.command, decision.context);
  RC_ASSERT(again.has_value() == decision.answer.has_value());
  if (!again) {
    RC_ASSERT(again.error() == decision.answer.error());
    return;
  }
  RC_ASSERT(again->size() == decision.answer->size());
  for (std::size_t i = 0; i < again->size(); ++i) {
    RC_ASSERT(again->at(i).SerializeAsString() == decision.answer->at(i).SerializeAsString());
  }
}

RC_GTEST_PROP(Decide, AnAcceptedRequestLeavesTheQueueWithinItsBound, ()) {
  const Decision decision = accepted_decision();
  state::FleetState after = decision.before;
  for (event::Event event : *decision.answer) {
    event.set_seq(after.seq() + 1);
    state::evolve(after, event);
  }
  for (const auto& [name, cluster] : after.clusters) {
    RC_ASSERT(cluster.queued_operations_size() <= static_cast<int>(command::kQueuedOperationsMax));
  }
}

}  // namespace
}  // namespace esaas
