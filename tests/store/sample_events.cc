#include "tests/store/sample_events.h"

#include <map>
#include <utility>

#include "core/events/codec.h"
#include "core/model/ids.h"

namespace esaas::store::testing {
namespace {

constexpr std::uint32_t kTenants = 5;
constexpr std::uint32_t kNodes = 3;

/// Writes the script of one cluster.
class ScriptWriter {
 public:
  ScriptWriter(std::uint32_t number, std::uint32_t failures)
      : cluster_("logs-" + std::to_string(number)),
        tenant_("team-" + std::to_string(number % kTenants)),
        number_(number),
        failures_(failures) {}

  std::vector<event::Event> write() {
    create();
    for (std::uint32_t i = 0; i < kNodes; ++i) build_node("data-" + std::to_string(i));
    for (std::uint32_t i = 0; i < failures_; ++i) restart_node("data-" + std::to_string(i % kNodes));
    finish();
    remove();
    return std::move(script_);
  }

 private:
  event::Event& add(event::ActorKind actor, const std::string& name = {}) {
    auto& event = script_.emplace_back();
    event.mutable_actor()->set_kind(actor);
    if (!name.empty()) event.mutable_actor()->set_name(name);
    event.set_cluster(cluster_);
    event.set_tenant(tenant_);
    event.set_operation_id(operation_);
    return event;
  }
  event::Event& by_user() {
    auto& event = add(event::ACTOR_KIND_USER, "token-" + std::to_string(number_ % 7));
    event.mutable_actor()->set_address("10.0.0.7");
    return event;
  }
  event::Event& by_controller() { return add(event::ACTOR_KIND_CONTROLLER); }
  event::Event& by_mesos() { return add(event::ACTOR_KIND_MESOS); }

  static void fill(model::Resources& resources) {
    resources.set_cpus_milli(2000);
    resources.set_mem_mib(4096);
    resources.set_disk_mib(100'000);
  }
  void fill(model::ClusterSpec& spec) {
    spec.set_version("2.3.3");
    auto& group = *spec.add_node_groups();
    group.set_name("data");
    group.add_roles(model::NODE_ROLE_MASTER);
    group.add_roles(model::NODE_ROLE_DATA);
    group.set_count(kNodes);
    fill(*group.mutable_resources());
  }

  void create() {
    operation_ = "op-create-" + cluster_;
    auto& requested = *by_user().mutable_operation_requested();
    requested.set_id(operation_);
    requested.set_method("POST");
    requested.set_url("/v1/clusters");
    requested.set_reason("search for the shop");
    auto& request = *requested.mutable_request()->mutable_create();
    request.set_name(cluster_);
    request.set_tenant(tenant_);
    fill(*request.mutable_spec());
    by_controller().mutable_operation_started()->set_id(operation_);
    auto& created = *by_controller().mutable_cluster_created();
    created.set_name(cluster_);
    created.set_tenant(tenant_);
    fill(*created.mutable_spec());
    for (std::uint32_t i = 0; i < kNodes; ++i) {
      auto& added = *by_controller().mutable_node_added();
      added.set_node("data-" + std::to_string(i));
      added.set_group("data");
      fill(*added.mutable_resources());
    }
  }

  void build_node(const std::string& node) {
    const std::string id = cluster_ + "." + node;
    auto& intended = *by_controller().mutable_place_intended();
    intended.set_node(node);
    auto& place = *intended.mutable_place();
    place.set_agent_id("8f2c1a-S" + std::to_string(number_ % 77));
    place.set_hostname("10.1.0." + std::to_string(number_ % 77));
    place.set_http_port(12101);
    place.set_transport_port(12100);
    place.set_volume_id(id + ".volume");
    fill(*place.mutable_resources());
    intended.set_reserve_operation(id + ".reserve");
    intended.set_create_operation(id + ".create");
    auto& figure = *intended.add_basis();
    figure.set_name("offers_refused_cpus");
    figure.set_value("3");
    for (const char* step : {".reserve", ".create"}) {
      auto& changed = *by_mesos().mutable_mesos_operation_changed();
      changed.set_mesos_operation(id + step);
      changed.set_state(model::MESOS_OPERATION_STATE_FINISHED);
      changed.set_uuid(std::string(16, 'u'));
      changed.set_node(node);
    }
    auto& reserved = *by_controller().mutable_place_reserved();
    reserved.set_node(node);
    reserved.set_volume_id(id + ".volume");
    run_task(node);
  }

  void run_task(const std::string& node) {
    const std::string task = cluster_ + "." + node + ".task-" + std::to_string(++tasks_);
    auto& launched = *by_controller().mutable_task_launch_intended();
    launched.set_node(node);
    launched.set_task_id(task);
    launched.set_agent_id("8f2c1a-S" + std::to_string(number_ % 77));
    launched.mutable_launch()->set_command("exec elasticsearch-2.3.3/bin/elasticsearch --path.conf=conf");
    launched.mutable_launch()->set_kill_grace_ms(60'000);
    for (const auto state : {model::TASK_STATE_STARTING, model::TASK_STATE_RUNNING}) {
      status(node, task, state);
    }
    auto& joined = *add(event::ACTOR_KIND_ELASTICSEARCH).mutable_node_joined();
    joined.set_node(node);
    joined.set_task_id(task);
    latest_task_[node] = task;
    auto& step = *by_controller().mutable_operation_step_changed();
    step.set_id(operation_);
    step.set_step("join");
    step.set_done(1);
    step.set_total(kNodes);
  }

  void status(const std::string& node, const std::string& task, model::TaskState state) {
    auto& changed = *by_mesos().mutable_task_status_changed();
    changed.set_node(node);
    changed.set_task_id(task);
    changed.set_state(state);
    changed.set_source("SOURCE_EXECUTOR");
    changed.set_uuid(std::string(16, 's'));
    changed.set_agent_id("8f2c1a-S" + std::to_string(number_ % 77));
  }

  void restart_node(const std::string& node) {
    status(node, latest_task_[node], model::TASK_STATE_FAILED);
    run_task(node);
  }

  void finish() {
    auto& health = *add(event::ACTOR_KIND_ELASTICSEARCH).mutable_cluster_health_changed();
    health.mutable_after()->set_status(model::HEALTH_STATUS_GREEN);
    health.mutable_after()->set_nodes(kNodes);
    by_controller().mutable_cluster_bootstrapped();
    auto& finished = *by_controller().mutable_operation_finished();
    finished.set_id(operation_);
    finished.set_status(model::OPERATION_STATUS_SUCCEEDED);
    operation_.clear();
  }

  void remove() {
    operation_ = "op-delete-" + cluster_;
    auto& requested = *by_user().mutable_operation_requested();
    requested.set_id(operation_);
    requested.set_method("DELETE");
    requested.set_url("/v1/clusters/" + cluster_);
    requested.mutable_request()->mutable_delete_()->set_confirm(cluster_);
    by_controller().mutable_operation_started()->set_id(operation_);
    by_controller().mutable_cluster_deletion_began();
    for (std::uint32_t i = 0; i < kNodes; ++i) {
      const std::string node = "data-" + std::to_string(i);
      status(node, latest_task_[node], model::TASK_STATE_KILLED);
      auto& released = *by_controller().mutable_place_released();
      released.set_node(node);
      released.set_volume_id(cluster_ + "." + node + ".volume");
      by_controller().mutable_node_removed()->set_node(node);
    }
    by_controller().mutable_cluster_deleted();
    auto& finished = *by_controller().mutable_operation_finished();
    finished.set_id(operation_);
    finished.set_status(model::OPERATION_STATUS_SUCCEEDED);
  }

  std::string cluster_;
  std::string tenant_;
  std::uint32_t number_;
  std::uint32_t failures_;
  std::string operation_;
  std::uint32_t tasks_ = 0;
  std::map<std::string, std::string> latest_task_;
  std::vector<event::Event> script_;
};

}  // namespace

event::Event plain_event(std::uint64_t seq, std::int64_t time_at_us) {
  event::Event event;
  event.set_seq(seq);
  event.set_time_at_us(time_at_us);
  event.set_wall_at_us(time_at_us);
  event.set_leader_term(1);
  event.set_schema_version(event::kSchemaVersion);
  event.set_min_reader_version(1);
  event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
  event.mutable_controller_started()->set_version("0.1.0");
  return event;
}

SampleEvents::SampleEvents(std::uint32_t seed, std::uint32_t clusters) : random_(seed), lives_(clusters) {
  for (auto& life : lives_) begin(life);
}

void SampleEvents::begin(Life& life) {
  life.number = next_number_++;
  life.position = 0;
  life.script = ScriptWriter(life.number, below(8)).write();
}

namespace {

/// In place of the name that the script has for the operation.
void name_operation(const std::string& id, event::Event& event) {
  if (event.operation_id().empty()) return;
  event.set_operation_id(id);
  if (event.has_operation_requested()) event.mutable_operation_requested()->set_id(id);
  if (event.has_operation_started()) event.mutable_operation_started()->set_id(id);
  if (event.has_operation_step_changed()) event.mutable_operation_step_changed()->set_id(id);
  if (event.has_operation_finished()) event.mutable_operation_finished()->set_id(id);
}

}  // namespace

event::Event SampleEvents::next() {
  Life& life = lives_[below(static_cast<std::uint32_t>(lives_.size()))];
  if (life.position == life.script.size()) begin(life);
  event::Event event = std::move(life.script[life.position++]);
  time_at_us_ += below(2'000'000);
  event.set_seq(++seq_);
  if (event.has_operation_requested()) life.operation = model::operation_id(seq_);
  name_operation(life.operation, event);
  event.set_time_at_us(time_at_us_);
  event.set_wall_at_us(time_at_us_);
  event.set_cause_seq(seq_ > 10 ? seq_ - below(10) - 1 : 0);
  event.set_leader_term(1);
  event.set_schema_version(event::kSchemaVersion);
  event.set_min_reader_version(1);
  return event;
}

std::vector<event::Event> SampleEvents::take(std::size_t count) {
  std::vector<event::Event> events;
  events.reserve(count);
  while (events.size() < count) events.push_back(next());
  return events;
}

}  // namespace esaas::store::testing
