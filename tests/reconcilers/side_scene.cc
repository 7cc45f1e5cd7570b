#include "tests/reconcilers/side_scene.h"

#include <ranges>

#include "core/state/evolve_elasticsearch.h"

namespace esaas::test {

SideScene::SideScene(std::uint32_t nodes, const std::string& version) : scene(Scene::at_rest(nodes)) {
  scene.cluster.mutable_spec()->set_version(version);
  for (state::Node& node : *scene.cluster.mutable_nodes()) node.mutable_task()->mutable_inputs()->set_version(version);
  scene.observation.health.set_data_nodes(nodes);
  look();
}

state::Operation& SideScene::start(model::Request request) {
  auto operation = std::make_unique<state::Operation>();
  operation->set_id("op-" + std::to_string(operations_.size() + 1));
  *operation->mutable_request() = std::move(request);
  operation->set_status(model::OPERATION_STATUS_RUNNING);
  operation->set_started_at_us(to_us(scene.now));
  scene.cluster.add_side_operations(operation->id());
  operations_.push_back(std::move(operation));
  return *operations_.back();
}

void SideScene::look() {
  scene.now += std::chrono::milliseconds{300};
  scene.observation.observed_at = scene.now;
  if (!scene.observation.persistent_settings) scene.observation.persistent_settings.emplace();
  if (!scene.observation.transient_settings) scene.observation.transient_settings.emplace();
}

reconcile::Input SideScene::input() const {
  reconcile::Input input = scene.input();
  for (const auto& operation : operations_) {
    if (operation->finished_at_us() == 0) input.side_operations.push_back(operation.get());
  }
  input.tenant = &tenant;
  input.next_seq = seq_;
  return input;
}

bool SideScene::fold(event::Event event) {
  const bool is_of_the_active = !scene.operation.id().empty() && event.operation_id().empty();
  const bool is_ours = event.has_elasticsearch_request_intended() || event.has_policy_run_began() ||
                       event.has_policy_run_finished() || event.has_operation_finished() ||
                       event.has_operation_step_changed();
  if (!is_ours || is_of_the_active) return false;
  event.set_seq(seq_++);
  event.set_time_at_us(to_us(scene.now));
  if (event.has_elasticsearch_request_intended()) {
    state::apply(scene.cluster, event.elasticsearch_request_intended(), event);
    intended_.push_back(event);
  }
  if (event.has_policy_run_began()) state::apply(scene.cluster, event.policy_run_began(), event);
  if (event.has_policy_run_finished()) state::apply(scene.cluster, event.policy_run_finished(), event);
  for (const auto& operation : operations_) {
    if (event.has_operation_finished() && operation->id() == event.operation_finished().id()) {
      operation->set_status(event.operation_finished().status());
      operation->set_detail(event.operation_finished().detail());
      operation->set_finished_at_us(event.time_at_us());
      state::forget_requests(scene.cluster, operation->id());
    }
    if (event.has_operation_step_changed() && operation->id() == event.operation_step_changed().id()) {
      operation->clear_steps();
      state::Step& step = *operation->add_steps();
      step.set_name(event.operation_step_changed().step());
      step.set_done(event.operation_step_changed().done());
      step.set_total(event.operation_step_changed().total());
    }
  }
  log.push_back(std::move(event));
  return true;
}

void SideScene::reconcile() {
  for (int round = 0; round < 10; ++round) {
    plan = reconcile::reconcile(input());
    bool is_over = true;
    for (const auto& action : plan.actions) {
      for (const event::Event& event : action.events) is_over = !fold(event) && is_over;
    }
    if (is_over) return;
  }
  ADD_FAILURE() << "it plans without an end";
}

void SideScene::answer(bool accepted, const std::string& why) {
  for (const state::ElasticsearchRequest& request : scene.cluster.requests()) {
    if (request.answered()) continue;
    event::Event event;
    event.set_seq(seq_++);
    event.set_time_at_us(to_us(scene.now));
    auto& payload = *event.mutable_elasticsearch_request_answered();
    payload.set_request_seq(request.seq());
    payload.set_accepted(accepted);
    payload.set_why(why);
    state::apply(scene.cluster, payload, event);
    return;
  }
  ADD_FAILURE() << "no request waits for an answer";
}

std::vector<std::string> SideScene::lines() const {
  std::vector<std::string> lines;
  for (const event::Event& event : intended_) {
    const auto& request = event.elasticsearch_request_intended();
    lines.push_back(request.method() + " " + request.path() + (request.body().empty() ? "" : " " + request.body()));
  }
  return lines;
}

bool SideScene::holds(std::string_view rule) const {
  return std::ranges::find(plan.holds, rule, &reconcile::Hold::rule) != plan.holds.end();
}

std::string SideScene::why(std::string_view rule) const {
  const auto found = std::ranges::find(plan.holds, rule, &reconcile::Hold::rule);
  return found == plan.holds.end() ? std::string{} : found->why;
}

std::string SideScene::outcome(const std::string& id) const {
  for (const auto& operation : operations_) {
    if (operation->id() != id || operation->finished_at_us() == 0) continue;
    const bool good = operation->status() == model::OPERATION_STATUS_SUCCEEDED;
    return (good ? "succeeded: " : "failed: ") + operation->detail();
  }
  return {};
}

reconcile::IndexInfo& SideScene::index(const std::string& name, std::uint32_t replicas) {
  reconcile::IndexInfo& info = scene.observation.indices.emplace_back();
  info.name = name;
  info.shards = 1;
  info.replicas = replicas;
  std::ranges::sort(scene.observation.indices, {}, &reconcile::IndexInfo::name);
  return *std::ranges::find(scene.observation.indices, name, &reconcile::IndexInfo::name);
}

}  // namespace esaas::test
