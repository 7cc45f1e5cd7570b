#include "tests/core/story.h"

namespace esaas::test {
namespace {

command::SubmitOperation on_search(model::Request request) {
  command::SubmitOperation command;
  command.cluster = "search";
  command.request = std::move(request);
  command.method = "POST";
  command.url = "/v1/clusters/search/operations";
  return command;
}

}  // namespace

std::uint64_t Story::fold(event::Event event) {
  event.set_seq(state.seq() + 1);
  event.set_time_at_us(to_us(now));
  event.set_wall_at_us(to_us(now));
  state::evolve(state, event);
  return event.seq();
}

Result<std::vector<event::Event>> Story::when(const command::Command& command) const {
  return command::decide(state, command, {now, caller, state.seq() + 1, nullptr});
}

std::vector<std::string> Story::accept(const command::Command& command) {
  const auto events = when(command);
  if (!events) {
    ADD_FAILURE() << "refused: " << events.error().detail;
    return {};
  }
  for (const event::Event& event : *events) fold(event);
  return kinds_of(*events);
}

Error Story::refusal(const command::Command& command) const {
  const auto events = when(command);
  if (!events) return events.error();
  ADD_FAILURE() << "accepted as " << ::testing::PrintToString(kinds_of(*events));
  return {};
}

void Story::given_search() {
  accept(command::CreateTenant{"shop"});
  accept(submit(create_search()));
  finish_active("search");
}

std::vector<std::string> Story::finish_active(const std::string& name) {
  return finish(name, cluster(name).active_operation());
}

std::vector<std::string> Story::finish(const std::string& name, std::string operation_id) {
  event::Event finished;
  finished.set_cluster(name);
  finished.mutable_operation_finished()->set_id(std::move(operation_id));
  finished.mutable_operation_finished()->set_status(model::OPERATION_STATUS_SUCCEEDED);
  fold(finished);
  const auto events = command::start_next_operation(state, cluster(name), {now, {}, state.seq() + 1, nullptr});
  for (const event::Event& event : events) fold(event);
  return kinds_of(events);
}

const state::Cluster& Story::cluster(const std::string& name) const {
  static const state::Cluster kNone;
  const state::Cluster* found = state.find_cluster(name);
  if (found == nullptr) ADD_FAILURE() << "there is no cluster " << name;
  return found == nullptr ? kNone : *found;
}

state::Operation Story::operation(const std::string& id) const {
  const state::Operation* found = state.find_operation(id);
  return found == nullptr ? state::Operation{} : *found;
}

model::NodeGroup group(const std::string& name, std::vector<model::NodeRole> roles, std::uint32_t count) {
  model::NodeGroup group;
  group.set_name(name);
  for (const model::NodeRole role : roles) group.add_roles(role);
  group.set_count(count);
  group.mutable_resources()->set_cpus_milli(1000);
  group.mutable_resources()->set_mem_mib(1024);
  group.mutable_resources()->set_disk_mib(2048);
  return group;
}

model::CreateCluster create_search() {
  model::CreateCluster request;
  request.set_name("search");
  request.set_tenant("shop");
  request.mutable_spec()->set_version("2.3.3");
  *request.mutable_spec()->add_node_groups() = group("data", {model::NODE_ROLE_MASTER, model::NODE_ROLE_DATA}, 3);
  return request;
}

command::SubmitOperation submit(const model::CreateCluster& create) {
  model::Request request;
  *request.mutable_create() = create;
  auto command = on_search(std::move(request));
  command.cluster = create.name();
  return command;
}

command::SubmitOperation submit_scale(const std::string& group, std::uint32_t count) {
  model::Request request;
  request.mutable_scale()->set_group(group);
  request.mutable_scale()->set_count(count);
  return on_search(std::move(request));
}

command::SubmitOperation submit_resize(const std::string& group, std::uint32_t mem_mib) {
  model::Request request;
  request.mutable_resize()->set_group(group);
  request.mutable_resize()->mutable_resources()->set_mem_mib(mem_mib);
  return on_search(std::move(request));
}

command::SubmitOperation submit_delete(const std::string& confirm) {
  model::Request request;
  request.mutable_delete_()->set_confirm(confirm);
  return on_search(std::move(request));
}

command::SubmitOperation submit_suspend() {
  model::Request request;
  request.mutable_suspend();
  return on_search(std::move(request));
}

command::SubmitOperation submit_resume() {
  model::Request request;
  request.mutable_resume();
  return on_search(std::move(request));
}

command::SubmitOperation submit_label(const std::string& key, const std::string& value) {
  model::Request request;
  auto& label = *request.mutable_label()->add_labels();
  label.set_key(key);
  label.set_value(value);
  return on_search(std::move(request));
}

std::vector<std::string> kinds_of(const std::vector<event::Event>& events) {
  std::vector<std::string> kinds;
  for (const event::Event& event : events) kinds.emplace_back(event::kind_of(event));
  return kinds;
}

}  // namespace esaas::test
