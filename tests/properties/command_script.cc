#include "tests/properties/command_script.h"

#include <rapidcheck.h>

#include "tests/properties/any_message.h"

namespace esaas::test {
namespace {

template <typename T>
T one_of(std::vector<T> choices) {
  return *rc::gen::elementOf(std::move(choices));
}

std::string any_cluster() { return one_of<std::string>({"search", "search", "logs", "nosuch"}); }

command::SubmitOperation any_submit(const state::FleetState& state) {
  const std::string name = any_cluster();
  command::SubmitOperation command;
  switch (any_between(0, 8)) {
    case 0:
    case 1: {
      auto create = create_search();
      create.set_name(name);
      create.set_tenant(one_of<std::string>({"shop", "other"}));
      create.mutable_spec()->mutable_node_groups(0)->set_count(any_between<std::uint32_t>(0, 6));
      command = submit(create);
      break;
    }
    case 2: command = submit_scale("data", any_between<std::uint32_t>(0, 8)); break;
    case 3: command = submit_resize("data", any_between<std::uint32_t>(255, 260)); break;
    case 4: command = submit_delete(any_cluster()); break;
    case 5: command = submit_suspend(); break;
    case 6: command = submit_resume(); break;
    default: command = submit_label(one_of<std::string>({"a", "b", ""}), one_of<std::string>({"x", ""}));
  }
  command.cluster = name;
  const state::Cluster* cluster = state.find_cluster(name);
  if (cluster != nullptr && *rc::gen::arbitrary<bool>()) {
    command.if_match = cluster->revision() - any_between<std::uint64_t>(0, 2);
  }
  return command;
}

command::Caller any_caller() {
  return {"tok-1", one_of<std::string>({"", "shop", "other"}), model::TOKEN_ROLE_ADMIN, "127.0.0.1:1"};
}

/// The controller's own step: an operation ends and the next one starts; or a cluster's last trace goes.
std::vector<event::Event> controller_step(const state::FleetState& state, Time now) {
  for (const auto& [name, cluster] : state.clusters) {
    event::Event event;
    event.set_tenant(cluster.tenant());
    event.set_cluster(name);
    event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
    if (cluster.active_operation().empty()) {
      auto begun = command::start_next_operation(state, cluster, {now, {}, state.seq() + 1, nullptr});
      if (!begun.empty()) return begun;
      continue;
    }
    if (cluster.phase() == state::CLUSTER_PHASE_DELETING) {
      event.mutable_cluster_deleted();
    } else {
      event.mutable_operation_finished()->set_id(cluster.active_operation());
      event.mutable_operation_finished()->set_status(model::OPERATION_STATUS_SUCCEEDED);
    }
    return {event};
  }
  return {};
}

std::vector<event::Event> any_step(const state::FleetState& state, Time now, Reports reports) {
  const int what = any_between(0, 10);
  if (what < 3) return controller_step(state, now);
  if (what < 5 && reports == Reports::kAny) return {any_event()};
  auto events = command::decide(state, any_command(state), {now, any_caller(), state.seq() + 1, nullptr});
  return events ? std::move(*events) : std::vector<event::Event>{};
}

}  // namespace

command::Command any_command(const state::FleetState& state) {
  switch (any_between(0, 10)) {
    case 0: return command::CreateTenant{one_of<std::string>({"shop", "other", "Bad"})};
    case 1:
      return command::IssueToken{one_of<std::string>({"tok-1", "tok-2"}),
                                 one_of<std::string>({"", "shop", "nobody"}),
                                 model::TOKEN_ROLE_VIEWER,
                                 "hash",
                                 kNoon + std::chrono::hours{1},
                                 ""};
    case 2: return command::RevokeToken{one_of<std::string>({"tok-1", "tok-2"})};
    case 3: {
      std::vector<std::string> ids{"op-1"};
      for (const auto& [id, operation] : state.operations) ids.push_back(id);
      return command::ControlOperation{
          one_of(std::move(ids)),
          one_of<command::OperationVerb>(
              {command::OperationVerb::kCancel, command::OperationVerb::kPause, command::OperationVerb::kContinue})};
    }
    default: return any_submit(state);
  }
}

std::vector<event::Event> live(int steps, Reports reports) {
  state::FleetState state;
  Time now = kNoon;
  std::vector<event::Event> log;
  const auto take = [&](std::vector<event::Event> events) {
    for (event::Event& event : events) {
      event.set_seq(state.seq() + 1);
      event.set_time_at_us(to_us(now));
      state::evolve(state, event);
      log.push_back(std::move(event));
    }
  };
  const std::vector<command::Command> first{command::CreateTenant{"shop"}, command::CreateTenant{"other"},
                                            submit(create_search())};
  for (const command::Command& command : first) {
    take(command::decide(state, command, {now, {}, state.seq() + 1, nullptr}).value());
  }
  for (int step = 0; step < steps; ++step) {
    now += std::chrono::seconds{any_between(0, 100)};
    take(any_step(state, now, reports));
  }
  return log;
}

state::FleetState fold(state::FleetState state, std::span<const event::Event> events) {
  for (const event::Event& event : events) state::evolve(state, event);
  return state;
}

}  // namespace esaas::test
