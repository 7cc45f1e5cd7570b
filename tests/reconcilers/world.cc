#include "tests/reconcilers/world.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "core/base/assert.h"
#include "core/events/event_kind.h"
#include "core/model/ids.h"
#include "core/model/task_state.h"

namespace esaas::test {
namespace {

using reconcile::Observation;
using reconcile::Offer;
using reconcile::ShardCopy;
using reconcile::ShardState;
using state::Node;

void add(reconcile::Quantities& free, const model::Resources& resources, int sign) {
  free.cpus_milli += sign * std::int64_t{resources.cpus_milli()};
  free.mem_mib += sign * std::int64_t{resources.mem_mib()};
  free.disk_mib += sign * std::int64_t{resources.disk_mib()};
}

command::Caller admin() {
  command::Caller caller;
  caller.token_id = "t";
  caller.role = model::TOKEN_ROLE_ADMIN;
  return caller;
}

std::uint32_t quorum_in(const std::string& command) {
  const std::string key = "discovery.zen.minimum_master_nodes='";
  const auto found = command.find(key);
  ESAAS_ASSERT(found != std::string::npos, command);
  return static_cast<std::uint32_t>(std::stoul(command.substr(found + key.size())));
}

/// What the controller asks of Elasticsearch for itself is of no operation.
bool is_of_a_policy(const event::Event& event) {
  return event.elasticsearch_request_intended().purpose().starts_with("policy_") ||
         event.elasticsearch_request_answered().purpose().starts_with("policy_");
}

/// Names between commas.
std::set<std::string> split(const std::string& names) {
  std::set<std::string> parts;
  for (const auto part : names | std::views::split(',')) parts.emplace(part.begin(), part.end());
  return parts;
}

bool holds_copy(const std::vector<WorldCopy>& copies, const std::string& node) {
  return std::ranges::any_of(copies, [&](const WorldCopy& copy) { return copy.node == node || copy.target == node; });
}

}  // namespace

World::World(int agent_count) {
  now = Time{std::chrono::sys_days{std::chrono::year{2016} / 10 / 9}};
  for (int i = 0; i < agent_count; ++i) {
    WorldAgent& made = agents.emplace_back();
    made.id = "agent-" + std::to_string(i);
    made.hostname = "127.0.1." + std::to_string(i + 1);
    agents.back().attributes["rack"] = i % 2 == 0 ? "a" : "b";
  }
  for (const std::string version : {"2.3.3", "2.4.6", "5.6.16"}) {
    settings.catalogue.artifacts[version].uri = "file:///cache/elasticsearch-" + version + ".tar.gz";
  }
  auto events = command::decide(state, command::CreateTenant{"shop"}, {.now = now, .caller = admin()});
  ESAAS_ASSERT(events.has_value(), events.error().detail);
  append_all(std::move(*events));
}

model::NodeGroup World::group(std::string name, std::uint32_t count, std::vector<model::NodeRole> roles) {
  model::NodeGroup group;
  group.set_name(std::move(name));
  group.set_count(count);
  if (roles.empty()) roles = {model::NODE_ROLE_MASTER, model::NODE_ROLE_DATA};
  for (const auto role : roles) group.add_roles(role);
  group.mutable_resources()->set_cpus_milli(1000);
  group.mutable_resources()->set_mem_mib(1024);
  group.mutable_resources()->set_disk_mib(2048);
  return group;
}

void World::submit(model::Request request) {
  command::SubmitOperation command{
      .cluster = kName, .request = std::move(request), .method = "POST", .url = "/", .reason = "", .if_match = {}};
  auto events = command::decide(state, command, {.now = now, .caller = admin(), .next_seq = state.seq() + 1});
  if (!events && may_be_refused) return;
  ESAAS_ASSERT(events.has_value(), events.error().detail);
  append_all(std::move(*events));
}

void World::create(std::vector<model::NodeGroup> groups) {
  model::Request request;
  request.mutable_create()->set_name(kName);
  request.mutable_create()->set_tenant("shop");
  request.mutable_create()->mutable_spec()->set_version("2.3.3");
  for (auto& one : groups) *request.mutable_create()->mutable_spec()->add_node_groups() = std::move(one);
  submit(std::move(request));
}

void World::scale(const std::string& name, std::uint32_t count) {
  model::Request request;
  request.mutable_scale()->set_group(name);
  request.mutable_scale()->set_count(count);
  submit(std::move(request));
}

void World::resize(const std::string& name, std::uint32_t mem_mib) {
  model::Request request;
  request.mutable_resize()->set_group(name);
  request.mutable_resize()->mutable_resources()->set_mem_mib(mem_mib);
  submit(std::move(request));
}

void World::resize_disk(const std::string& name, std::uint32_t disk_mib) {
  model::Request request;
  request.mutable_resize()->set_group(name);
  request.mutable_resize()->mutable_resources()->set_disk_mib(disk_mib);
  submit(std::move(request));
}

void World::remove() {
  model::Request request;
  request.mutable_delete_()->set_confirm(kName);
  submit(std::move(request));
}

void World::suspend() {
  model::Request request;
  request.mutable_suspend();
  submit(std::move(request));
}

void World::resume() {
  model::Request request;
  request.mutable_resume();
  submit(std::move(request));
}

void World::restart(const std::string& name) {
  model::Request request;
  request.mutable_restart()->set_group(name);
  submit(std::move(request));
}

void World::restart_all_at_once() {
  model::Request request;
  request.mutable_restart()->set_full(true);
  request.mutable_restart()->set_confirm(kName);
  submit(std::move(request));
}

void World::upgrade(const std::string& version, const std::string& repository) {
  model::Request request;
  request.mutable_upgrade()->set_version(version);
  request.mutable_upgrade()->set_repository(repository);
  request.mutable_upgrade()->set_confirm(kName);
  submit(std::move(request));
}

void World::configure(const std::string& name, const std::string& key, const std::string& value) {
  model::Request request;
  request.mutable_configure()->set_group(name);
  model::Setting& setting = *request.mutable_configure()->add_settings();
  setting.set_key(key);
  setting.set_value(value);
  submit(std::move(request));
}

void World::install_plugin(const std::string& name) {
  model::Request request;
  request.mutable_install_plugin()->mutable_plugin()->set_name(name);
  request.mutable_install_plugin()->mutable_plugin()->set_uri("file:///cache/" + name + ".zip");
  submit(std::move(request));
}

void World::control(command::OperationVerb verb) {
  auto events = command::decide(state, command::ControlOperation{cluster().active_operation(), verb},
                                {.now = now, .caller = admin(), .next_seq = state.seq() + 1});
  ESAAS_ASSERT(events.has_value(), events.error().detail);
  append_all(std::move(*events));
}

void World::override_rule(const std::string& rule) {
  const command::ControlOperation command{cluster().active_operation(), command::OperationVerb::kOverride, rule, "",
                                          "it is silent for good"};
  auto events = command::decide(state, command, {.now = now, .caller = admin(), .next_seq = state.seq() + 1});
  ESAAS_ASSERT(events.has_value(), events.error().detail);
  append_all(std::move(*events));
}

void World::give_up_operation() {
  event::Event event;
  event.mutable_operation_finished()->set_id(cluster().active_operation());
  event.mutable_operation_finished()->set_status(model::OPERATION_STATUS_CANCELLED);
  append(std::move(event));
}

void World::index(const std::string& name, std::uint32_t shards, std::uint32_t replicas) {
  std::vector<std::string> nodes;
  for (const Node& one : cluster().nodes()) {
    const bool takes_shards = has_role(one, model::NODE_ROLE_DATA) && !is_excluded(one.name());
    if (takes_shards && joined().contains(one.name())) nodes.push_back(one.name());
  }
  if (nodes.empty()) return;
  WorldIndex& made = indices[name];
  made.replicas = replicas;
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    auto& copies = made.shards.emplace_back();
    for (std::uint32_t copy = 0; copy <= replicas && copy < nodes.size(); ++copy) {
      copies.push_back({nodes[(shard + copy) % nodes.size()], ""});
    }
  }
}

void World::lower_replicas() {
  const std::set<std::string> members = joined();
  for (auto& [name, made] : indices) {
    made.replicas = 0;
    for (auto& copies : made.shards) {
      std::ranges::stable_sort(copies, std::ranges::greater{},
                               [&](const WorldCopy& copy) { return members.contains(copy.node); });
      if (copies.size() > 1) copies.resize(1);
    }
  }
}

void World::append(event::Event event) {
  event.set_seq(state.seq() + 1);
  event.set_time_at_us(to_us(now));
  if (event.cluster().empty()) event.set_cluster(kName);
  if (event.operation_id().empty() && exists() && !is_of_a_policy(event)) {
    event.set_operation_id(cluster().active_operation());
  }
  if (event.has_operation_finished()) {
    outcomes.push_back(event.operation_finished().status() == model::OPERATION_STATUS_SUCCEEDED ? "succeeded" : "not");
  }
  state::evolve(state, event);
  if (event.has_place_grown()) merge_grown(event);
  log.push_back(std::move(event));
}

void World::append_all(std::vector<event::Event> events) {
  for (event::Event& event : events) append(std::move(event));
}

void World::stop(const std::string& task_id) {
  alive_.erase(task_id);
  const auto place = transient_.find(task_id);
  if (place == transient_.end()) return;
  use(agent(place->second.agent_id()), place->second, 1);
  transient_.erase(place);
}

void World::end_task(const std::string& name, model::TaskState ended, const std::string& reason) {
  event::Event event;
  auto& status = *event.mutable_task_status_changed();
  status.set_node(name);
  status.set_task_id(node(name).task().task_id());
  status.set_state(ended);
  status.set_reason(reason);
  if (model::is_terminal(ended)) stop(status.task_id());
  append(std::move(event));
}

void World::lose_agent_of(const std::string& name) {
  agent(node(name).place().agent_id()).is_up = false;
  end_task(name, model::TASK_STATE_UNREACHABLE);
}

void World::see_agents_again() {
  for (WorldAgent& one : agents) one.is_up = true;
  for (const Node& one : std::vector<Node>(cluster().nodes().begin(), cluster().nodes().end())) {
    if (one.task().state() == model::TASK_STATE_UNREACHABLE) end_task(one.name(), model::TASK_STATE_RUNNING);
  }
}

void World::declare_gone(const std::string& name) {
  agent(node(name).place().agent_id()).is_up = false;
  stop(node(name).task().task_id());
  end_task(name, model::TASK_STATE_GONE_BY_OPERATOR);
}

WorldAgent& World::agent(const std::string& id) {
  const auto found = std::ranges::find(agents, id, &WorldAgent::id);
  ESAAS_ASSERT(found != agents.end(), id);
  return *found;
}

void World::use(WorldAgent& where, const model::Place& place, int sign) {
  add(where.free, place.resources(), sign);
  add(where.free, place.revocable(), -sign);
  add(where.lent, place.revocable(), sign);
  if (where.lent.cpus_milli < 0 || where.lent.mem_mib < 0) violations.push_back("more is lent than there is");
  const auto& source = place.disk_source();
  if (place.has_disk_source()) {
    where.free.disk_mib -= sign * std::int64_t{place.resources().disk_mib()};
    const auto disk =
        std::ranges::find_if(where.disks, [&](const auto& one) { return one.source.root() == source.root(); });
    ESAAS_ASSERT(disk != where.disks.end(), source.root());
    disk->mib += sign * std::int64_t{place.resources().disk_mib()};
    if (disk->mib < 0) violations.push_back("overbooked " + source.root());
    if (sign < 0 && source.type() == "mount" && disk->mib != 0) violations.push_back("divided " + source.root());
  }
  if (where.free.cpus_milli < 0 || where.free.mem_mib < 0 || where.free.disk_mib < 0) {
    violations.push_back("overbooked " + where.id);
  }
}

const Node& World::node(const std::string& name) const {
  const Node* found = state::find_node(cluster(), name);
  ESAAS_ASSERT(found != nullptr, name);
  return *found;
}

bool World::has_node(const std::string& name) const { return state::find_node(cluster(), name) != nullptr; }

bool World::has_hold(const std::string& rule) const {
  return std::ranges::any_of(cluster().holds(), [&](const state::Hold& hold) { return hold.rule() == rule; });
}

bool World::is_excluded(const std::string& name) const { return std::ranges::find(excluded, name) != excluded.end(); }

bool World::has_role(const Node& one, model::NodeRole role) const {
  const model::NodeGroup* found = state::find_group(cluster().spec(), one.group());
  return found != nullptr && std::ranges::find(found->roles(), static_cast<int>(role)) != found->roles().end();
}

bool World::is_up(const Node& one) const {
  if (!alive_.contains(one.task().task_id()) || strangers.contains(one.name())) return false;
  const auto found = std::ranges::find(agents, one.task().agent_id(), &WorldAgent::id);
  return found != agents.end() && found->is_up;
}

/// Members take the persistent setting; one that is cut off keeps what it knew.
void World::teach_quorum() {
  if (minimum_master_nodes == 0) return;
  for (const std::string& member : joined()) known_quorum_[member] = minimum_master_nodes;
}

bool World::has_master() const {
  std::uint32_t masters = 0;
  std::uint32_t needed = UINT32_MAX;
  for (const Node& one : cluster().nodes()) {
    if (!is_up(one) || !has_role(one, model::NODE_ROLE_MASTER)) continue;
    ++masters;
    needed = std::min(needed, known_quorum_.at(one.name()));
  }
  return masters >= needed;
}

std::set<std::string> World::joined() const {
  std::set<std::string> names;
  if (!has_master()) return names;
  for (const Node& one : cluster().nodes()) {
    if (is_up(one)) names.insert(one.name());
  }
  return names;
}

Observation World::observe_now() const {
  Observation seen;
  seen.observed_at = now;
  seen.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  const std::set<std::string> members = joined();
  if (elasticsearch_is_silent || members.empty()) return seen;
  seen.nodes.assign(members.begin(), members.end());
  seen.master = seen.nodes.front();
  seen.closed_indices = closed_indices;
  seen.excluded_nodes = excluded;
  seen.minimum_master_nodes = minimum_master_nodes;
  seen.allocation_enable = allocation_enable;
  seen.persistent_settings.emplace();
  for (const auto& [name, index] : indices) {
    seen.indices.push_back({.name = name,
                            .shards = static_cast<std::uint32_t>(index.shards.size()),
                            .replicas = index.replicas,
                            .auto_expand_replicas = {},
                            .created_version = created_version,
                            .initial_shards = index.initial_shards});
  }
  seen.asked.nodes = true;
  for (const std::string& member : members) {
    reconcile::NodeInfo& info = seen.node_infos.emplace_back();
    info.name = member;
    info.disk_total_mib = 100'000;
    info.disk_available_mib = disk_available_mib;
    const auto& inputs = node(member).task().inputs();
    info.version = inputs.version();
    for (const model::Plugin& plugin : inputs.plugins()) {
      if (!bad_plugins.contains(plugin.name())) {
        info.plugins.push_back(plugin.name());
      } else {
        info.attributes["esaas_plugin_failure"] = "ERROR: Unknown plugin " + plugin.name();
      }
    }
  }
  for (const std::string& snapshot : snapshots) {
    reconcile::SnapshotInfo& info = seen.snapshots.emplace_back();
    info.repository = snapshot.substr(0, snapshot.find('/'));
    info.name = snapshot.substr(snapshot.find('/') + 1);
    info.state = snapshot_state;
  }
  auto status = model::HEALTH_STATUS_GREEN;
  std::uint32_t active = 0;
  for (const auto& [name, index] : indices) {
    for (std::uint32_t shard = 0; shard < index.shards.size(); ++shard) {
      bool has_primary = false;
      std::uint32_t here = 0;
      for (const WorldCopy& copy : index.shards[shard]) {
        if (!members.contains(copy.node)) continue;
        seen.shards.push_back({name, shard, !has_primary,
                               copy.target.empty() ? ShardState::kStarted : ShardState::kRelocating, copy.node,
                               copy.target});
        has_primary = true;
        ++here;
      }
      active += here;
      for (std::uint32_t missing = here; missing <= index.replicas; ++missing) {
        seen.shards.push_back({name, shard, !has_primary && missing == here, ShardState::kUnassigned, "", ""});
      }
      if (!has_primary) status = model::HEALTH_STATUS_RED;
      if (here <= index.replicas) status = std::min(status, model::HEALTH_STATUS_YELLOW);
    }
  }
  seen.health.set_status(status);
  seen.health.set_nodes(static_cast<std::uint32_t>(members.size()));
  seen.health.set_active_shards(active);
  return seen;
}

std::vector<Offer> World::offers() const {
  std::vector<Offer> made;
  for (const WorldAgent& one : agents) {
    if (!one.is_up) continue;
    Offer& offer = made.emplace_back();
    offer.id = "offer-" + one.id + "-" + std::to_string(state.seq());
    offer.agent_id = one.id;
    offer.hostname = one.hostname;
    offer.role = "es-shop";
    offer.attributes = one.attributes;
    offer.zone = one.zone;
    if (!one.zone.empty()) offer.region = "here";
    std::ranges::copy_if(one.disks, std::back_inserter(offer.disks), [](const auto& disk) { return disk.mib > 0; });
    offer.unreserved = one.free;
    offer.revocable = one.lent;
    offer.ports = {{31000, 31100}};
    for (const auto& [volume, place] : one.places) {
      const Node* owner = exists() ? state::find_node(cluster(), place.first) : nullptr;
      const auto addition = one.additions.find(volume);
      reconcile::ReservedPart part{
          .cluster = kName, .node = place.first, .place = volume, .quantities = {}, .ports = {}, .has_volume = false};
      if (addition != one.additions.end()) part.quantities = addition->second;
      if (owner == nullptr || !alive_.contains(owner->task().task_id())) {
        part.has_volume = true;
        part.volume_mib = place.second.resources().disk_mib();
        reconcile::add(part.quantities, reconcile::to_quantities(place.second.resources()));
      } else if (addition == one.additions.end()) {
        continue;
      }
      offer.reserved.push_back(std::move(part));
    }
  }
  return made;
}

reconcile::Input World::input(const reconcile::OfferSet& made) const {
  return {.cluster = cluster(),
          .operation = state.find_operation(cluster().active_operation()),
          .observation = observation_ ? &*observation_ : nullptr,
          .offers = made,
          .settings = settings,
          .now = now,
          .next_seq = state.seq() + 1};
}

reconcile::Plan World::plan() const {
  const reconcile::OfferSet made(offers());
  return reconcile::reconcile(input(made));
}

void World::round() {
  now += std::chrono::seconds{1};
  if (!exists()) return;
  teach_quorum();
  observation_ = observe_now();
  append_all(reconcile::observe(cluster(), *observation_, now));
  for (int turn = 0; turn < 20 && exists(); ++turn) {
    const auto before = state.seq();
    plan_and_act();
    check();
    if (state.seq() == before) break;
  }
  if (exists()) move_shards();
}

void World::plan_and_act() {
  if (cluster().active_operation().empty() && !cluster().queued_operations().empty()) {
    const command::Context context{.now = now, .caller = {}, .next_seq = state.seq() + 1, .versions = nullptr};
    append_all(command::start_next_operation(state, cluster(), context));
  }
  const reconcile::Plan made = plan();
  check_kills(made);
  std::vector<event::Event> intents;
  for (const reconcile::Action& action : made.actions) {
    for (const event::Event& event : action.events) {
      intents.push_back(event);
      append(event);
    }
  }
  if (made.actions.empty()) {
    note_holds(made);
    intents = made.repeats;
  }
  for (const event::Event& intent : intents) perform(intent);
}

void World::note_holds(const reconcile::Plan& made) {
  std::vector<event::Event> changes;
  for (const state::Hold& known : cluster().holds()) {
    const bool still = std::ranges::any_of(
        made.holds, [&](const auto& hold) { return hold.rule == known.rule() && hold.node == known.node(); });
    if (still) continue;
    auto& ended = *changes.emplace_back().mutable_hold_ended();
    ended.set_rule(known.rule());
    ended.set_node(known.node());
  }
  for (const reconcile::Hold& hold : made.holds) {
    const bool known = std::ranges::any_of(cluster().holds(), [&](const auto& one) {
      return hold.rule == one.rule() && hold.node == one.node() && hold.why == one.why();
    });
    if (known) continue;
    auto& began = *changes.emplace_back().mutable_hold_began();
    began.set_rule(hold.rule);
    began.set_node(hold.node);
    began.set_why(hold.why);
  }
  append_all(std::move(changes));
}

void World::perform(const event::Event& intent) {
  event::Event outcome;
  if (intent.has_place_intended()) {
    const auto& payload = intent.place_intended();
    if (payload.place().transient()) return;  // it begins with its task
    WorldAgent& where = agent(payload.place().agent_id());
    where.places[payload.place().volume_id()] = {payload.node(), payload.place()};
    use(where, payload.place(), -1);
    outcome.mutable_place_reserved()->set_node(payload.node());
    outcome.mutable_place_reserved()->set_volume_id(payload.place().volume_id());
  } else if (intent.has_task_launch_intended()) {
    const auto& payload = intent.task_launch_intended();
    for (const std::string& task : alive_) {
      if (model::parse_id(task)->node == payload.node()) violations.push_back("two live tasks of " + payload.node());
    }
    alive_.insert(payload.task_id());
    const Node& launched = node(payload.node());
    if (launched.place_status() == state::PLACE_STATUS_TRANSIENT) {
      transient_[payload.task_id()] = launched.place();
      use(agent(payload.agent_id()), launched.place(), -1);
    }
    if (has_role(launched, model::NODE_ROLE_MASTER)) {
      known_quorum_[payload.node()] = quorum_in(payload.launch().command());
    }
    auto& status = *outcome.mutable_task_status_changed();
    status.set_node(payload.node());
    status.set_task_id(payload.task_id());
    status.set_state(model::TASK_STATE_RUNNING);
    for (const model::Plugin& plugin : payload.inputs().plugins()) {
      if (!lost_archives.contains(plugin.name())) continue;
      stop(payload.task_id());
      status.set_state(model::TASK_STATE_FAILED);
      status.set_reason("REASON_CONTAINER_LAUNCH_FAILED");
      status.set_message("Failed to launch container: Failed to fetch " + plugin.uri());
    }
  } else if (intent.has_task_kill_intended()) {
    const auto& payload = intent.task_kill_intended();
    check_kill(payload.node());
    const Node* target = state::find_node(cluster(), payload.node());
    const bool is_there = target != nullptr && (is_up(*target) || strangers.contains(target->name()));
    if (kills_are_lost || !is_there) return;
    stop(payload.task_id());
    auto& status = *outcome.mutable_task_status_changed();
    status.set_node(payload.node());
    status.set_task_id(payload.task_id());
    status.set_state(model::TASK_STATE_KILLED);
  } else if (intent.has_place_release_intended()) {
    const auto& payload = intent.place_release_intended();
    check_volume(payload.node());
    WorldAgent& where = agent(node(payload.node()).place().agent_id());
    use(where, where.places.at(payload.volume_id()).second, 1);
    where.places.erase(payload.volume_id());
    if (const auto addition = where.additions.find(payload.volume_id()); addition != where.additions.end()) {
      reconcile::add(where.free, addition->second);
      where.additions.erase(addition);
    }
    outcome.mutable_place_released()->set_node(payload.node());
    outcome.mutable_place_released()->set_volume_id(payload.volume_id());
  } else if (intent.has_exclusions_intended()) {
    if (elasticsearch_is_silent || joined().empty()) return;
    excluded.assign(intent.exclusions_intended().nodes().begin(), intent.exclusions_intended().nodes().end());
    observation_->excluded_nodes.reset();  // what it says of the setting is from before
    *outcome.mutable_exclusions_applied()->mutable_nodes() = intent.exclusions_intended().nodes();
  } else if (intent.has_minimum_master_nodes_intended()) {
    if (elasticsearch_is_silent || joined().empty()) return;
    minimum_master_nodes = intent.minimum_master_nodes_intended().value();
    teach_quorum();
    observation_->minimum_master_nodes.reset();
    outcome.mutable_minimum_master_nodes_applied()->set_value(minimum_master_nodes);
  } else if (intent.has_allocation_intended()) {
    if (elasticsearch_is_silent || joined().empty()) return;
    allocation_enable = intent.allocation_intended().enable();
    observation_->allocation_enable.reset();
    outcome.mutable_allocation_applied()->set_enable(allocation_enable);
  } else if (intent.has_elasticsearch_request_intended()) {
    return perform_request(intent);
  } else {
    return perform_growth(intent);
  }
  append(std::move(outcome));
}

/// The last text in the body is the value.
void World::put_index_settings(const std::set<std::string>& names, const std::string& body) {
  if (!body.starts_with(R"({"index":{"recovery":{"initial_shards":")")) return;
  const auto end = body.rfind('"');
  const auto begin = body.rfind('"', end - 1) + 1;
  for (const std::string& name : names) indices.at(name).initial_shards = body.substr(begin, end - begin);
}

/// A repeat has the seq of its intent, and what was just intended is the newest.
void World::perform_request(const event::Event& intent) {
  const auto& payload = intent.elasticsearch_request_intended();
  if (elasticsearch_is_silent || joined().empty()) return;
  if (payload.purpose() == "flush" && flushes_are_lost) return;
  const auto& requests = cluster().requests();
  const auto found = std::find_if(requests.rbegin(), requests.rend(), [&](const state::ElasticsearchRequest& one) {
    return one.purpose() == payload.purpose() && one.node() == payload.node() && one.subject() == payload.subject();
  });
  if (found == requests.rend() || found->answered()) return;
  if (payload.purpose() == "take_snapshot") snapshots.push_back(payload.subject());
  event::Event outcome;
  event::ElasticsearchRequestAnswered& answer = *outcome.mutable_elasticsearch_request_answered();
  answer.set_request_seq(found->seq());
  answer.set_purpose(payload.purpose());
  answer.set_status(200);
  answer.set_accepted(true);
  const auto ending = payload.path().find("/_settings");
  if (payload.method() == "PUT" && ending != std::string::npos && !payload.path().starts_with("/_")) {
    if (index_settings_are_lost) return;
    const std::set<std::string> names = split(payload.path().substr(1, ending - 1));
    const auto refuses = [&](const std::string& name) { return unchangeable.contains(name); };
    if (std::ranges::any_of(names, refuses)) {
      answer.set_status(403);
      answer.set_accepted(false);
      answer.set_why("blocked by: [FORBIDDEN/9/index metadata (api)];");
    } else {
      put_index_settings(names, payload.body());
    }
  }
  observation_->persistent_settings.reset();  // what it says of settings is from before
  append(std::move(outcome));
}

/// What was added is reserved beside the place until its volume, or else the place, has it.
void World::perform_growth(const event::Event& intent) {
  event::Event outcome;
  if (intent.has_place_growth_intended()) {
    const auto& payload = intent.place_growth_intended();
    WorldAgent& where = agent(node(payload.node()).place().agent_id());
    const reconcile::Quantities before = reconcile::to_quantities(payload.before());
    const reconcile::Quantities after = reconcile::to_quantities(payload.after());
    const reconcile::Quantities lack{.cpus_milli = after.cpus_milli - before.cpus_milli,
                                     .mem_mib = after.mem_mib - before.mem_mib,
                                     .disk_mib = std::max<std::int64_t>(after.disk_mib - before.disk_mib, 0)};
    where.additions[payload.volume_id()] = lack;
    where.free.cpus_milli -= lack.cpus_milli;
    where.free.mem_mib -= lack.mem_mib;
    where.free.disk_mib -= lack.disk_mib;
    if (where.free.cpus_milli < 0 || where.free.mem_mib < 0 || where.free.disk_mib < 0) {
      violations.push_back("overbooked " + where.id + " by a growth");
    }
    outcome.mutable_place_growth_reserved()->set_node(payload.node());
    outcome.mutable_place_growth_reserved()->set_volume_id(payload.volume_id());
  } else if (intent.has_volume_growth_intended()) {
    const auto& payload = intent.volume_growth_intended();
    const Node& growing = node(payload.node());
    if (alive_.contains(growing.task().task_id())) violations.push_back(payload.node() + " grows while it runs");
    auto& change = *outcome.mutable_mesos_operation_changed();
    change.set_node(payload.node());
    change.set_mesos_operation(payload.grow_operation());
    change.set_state(volumes_do_not_grow ? model::MESOS_OPERATION_STATE_ERROR : model::MESOS_OPERATION_STATE_FINISHED);
    if (volumes_do_not_grow) {
      change.set_message("the agent lacks RESIZE_VOLUME");
    } else {
      event::PlaceGrown grown;
      grown.set_node(payload.node());
      grown.set_volume_id(payload.volume_id());
      *grown.mutable_resources() = growing.growth().after();
      append(std::exchange(outcome, {}));
      *outcome.mutable_place_grown() = std::move(grown);
    }
  } else if (intent.has_place_growth_release_intended()) {
    const auto& payload = intent.place_growth_release_intended();
    const Node& growing = node(payload.node());
    WorldAgent& where = agent(growing.place().agent_id());
    reconcile::add(where.free, where.additions.at(payload.volume_id()));
    where.additions.erase(payload.volume_id());
    auto& failed = *outcome.mutable_place_growth_failed();
    failed.set_node(payload.node());
    failed.set_volume_id(payload.volume_id());
    *failed.mutable_after() = growing.growth().after();
    failed.set_why(growing.growth().why());
  } else {
    return;
  }
  append(std::move(outcome));
}

void World::merge_grown(const event::Event& event) {
  const auto& grown = event.place_grown();
  WorldAgent& where = agent(node(grown.node()).place().agent_id());
  where.places.at(grown.volume_id()).second = node(grown.node()).place();
  where.additions.erase(grown.volume_id());
}

void World::move_shards() {
  const std::set<std::string> members = joined();
  if (members.empty()) return;
  for (auto& [name, index] : indices) {
    for (auto& copies : index.shards) move_shard(copies, index.replicas, members);
  }
}

void World::move_shard(std::vector<WorldCopy>& copies, std::uint32_t replicas, const std::set<std::string>& members) {
  const auto is_active = [&](const WorldCopy& copy) { return members.contains(copy.node); };
  if (allocation_enable == "primaries") return;         // a copy waits on its disk for its node to come back
  if (std::ranges::none_of(copies, is_active)) return;  // red: waits for a node to come back
  std::erase_if(copies, [&](const WorldCopy& copy) { return !is_active(copy); });
  const auto free_node = [&]() -> std::string {
    for (const Node& one : cluster().nodes()) {
      const bool can = members.contains(one.name()) && has_role(one, model::NODE_ROLE_DATA) && !is_excluded(one.name());
      if (can && !holds_copy(copies, one.name())) return one.name();
    }
    return {};
  };
  for (WorldCopy& copy : copies) {
    if (!copy.target.empty()) {
      if (members.contains(copy.target)) copy.node = copy.target;
      copy.target.clear();
    } else if (is_excluded(copy.node)) {
      copy.target = free_node();
    }
  }
  while (copies.size() < replicas + 1) {
    const std::string where = free_node();
    if (where.empty()) break;
    copies.push_back({where, ""});
  }
}

void World::check_kill(const std::string& name) {
  if (cluster().phase() != state::CLUSTER_PHASE_RUNNING) return;
  if (cluster().has_full_restart()) return;
  // One that is to grow keeps its data, and nothing is kept off it: an index may be made on it while the kill is
  // repeated.
  const Node* killed = state::find_node(cluster(), name);
  const bool grows = killed != nullptr && killed->has_growth() && !killed->removing();
  if (grows && killed->task().kill_intended_at_us() != to_us(now)) return;
  const bool restarts = killed != nullptr && killed->has_restart() && !killed->removing();
  const std::set<std::string> members = joined();
  const auto data_members = std::ranges::count_if(cluster().nodes(), [&](const Node& one) {
    return members.contains(one.name()) && has_role(one, model::NODE_ROLE_DATA);
  });
  for (const auto& [index_name, index] : indices) {
    // What shall have one copy only is away for as long as its node is.
    if (restarts && (index.replicas == 0 || data_members <= 1)) continue;
    for (const auto& copies : index.shards) {
      const auto others = std::ranges::count_if(
          copies, [&](const WorldCopy& copy) { return copy.node != name && members.contains(copy.node); });
      const bool here = std::ranges::any_of(copies, [&](const WorldCopy& copy) { return copy.node == name; });
      if (here && others == 0) violations.push_back(name + " is killed with the last copy of " + index_name);
    }
  }
}

/// Of members, by one plan and by all that were told before: no two copies of a shard, and no quorum of masters that
/// there was. A cluster of two masters is the documented exception.
void World::check_kills(const reconcile::Plan& made) {
  if (cluster().phase() != state::CLUSTER_PHASE_RUNNING || cluster().has_full_restart()) return;
  const std::set<std::string> members = joined();
  std::set<std::string> going;
  for (const reconcile::Action& action : made.actions) {
    for (const event::Event& event : action.events) {
      if (event.has_task_kill_intended()) going.insert(event.task_kill_intended().node());
    }
  }
  if (going.empty()) return;
  std::uint32_t masters = 0;
  std::uint32_t staying = 0;
  std::uint32_t needed = 0;
  for (const Node& one : cluster().nodes()) {
    if (!members.contains(one.name())) {
      going.erase(one.name());
      continue;
    }
    if (one.task().kill_intended()) going.insert(one.name());
    if (!has_role(one, model::NODE_ROLE_MASTER)) continue;
    ++masters;
    if (!going.contains(one.name())) ++staying;
    needed = std::max(needed, known_quorum_.at(one.name()));
  }
  if (masters > 2 && masters >= needed && staying < needed) violations.push_back("a plan takes the quorum of masters");
  for (const auto& [index_name, index] : indices) {
    for (const auto& copies : index.shards) {
      const auto stopped = std::ranges::count_if(copies, [&](const auto& copy) { return going.contains(copy.node); });
      if (stopped > 1) violations.push_back("two copies of a shard of " + index_name + " are stopped at once");
    }
  }
}

void World::check_volume(const std::string& name) {
  if (cluster().phase() == state::CLUSTER_PHASE_DELETING) return;
  for (auto& [index_name, index] : indices) {
    for (auto& copies : index.shards) {
      std::erase_if(copies, [&](const WorldCopy& copy) { return copy.node == name; });
      if (copies.empty()) violations.push_back("the last copy of " + index_name + " is destroyed with " + name);
    }
  }
}

void World::check() {
  if (!exists()) return;
  std::set<std::string> used;
  for (const Node& one : cluster().nodes()) {
    const model::NodeGroup* group_of_it = state::find_group(cluster().spec(), one.group());
    if (group_of_it != nullptr && state::is_companion(*group_of_it)) continue;
    if (one.place_status() != state::PLACE_STATUS_NONE && !used.insert(one.place().agent_id()).second) {
      violations.push_back("two nodes on " + one.place().agent_id());
    }
  }
  const auto restarts =
      std::ranges::count_if(cluster().nodes(), [](const Node& one) { return one.restart().prepared(); });
  if (restarts > 1) violations.push_back("two nodes are restarted at once");
  check_quorum();
}

/// Could two halves of the masters that run both elect? Two nodes are the documented exception.
void World::check_quorum() {
  std::vector<std::uint32_t> values;
  for (const Node& one : cluster().nodes()) {
    if (alive_.contains(one.task().task_id()) && has_role(one, model::NODE_ROLE_MASTER))
      values.push_back(known_quorum_.at(one.name()));
  }
  std::ranges::sort(values);
  if (values.size() <= 2 || values[0] + values[1] > values.size()) return;
  violations.push_back("masters could split: " + std::to_string(values[0]) + " and " + std::to_string(values[1]) +
                       " of " + std::to_string(values.size()));
}

bool World::settle(int rounds_max) {
  for (int i = 0; i < rounds_max; ++i) {
    round();
    if (!exists()) return true;
    const bool idle = cluster().active_operation().empty() && cluster().queued_operations().empty();
    if (idle && cluster().allocation_intended().empty() != allocation_enable.empty()) continue;
    const reconcile::Plan made = plan();
    if (idle && made.actions.empty() && made.holds.empty() && made.repeats.empty() && !made.next_check) return true;
  }
  return false;
}

std::vector<event::Event> World::events_of(event::Event::PayloadCase kind) const {
  std::vector<event::Event> found;
  std::ranges::copy_if(log, std::back_inserter(found),
                       [&](const event::Event& event) { return event.payload_case() == kind; });
  return found;
}

std::string World::show() const {
  std::string text;
  if (!exists()) return "the cluster is gone";
  const reconcile::Plan made = plan();
  for (const auto& action : made.actions) text += action.name + " ";
  for (const auto& hold : made.holds) text += "[" + hold.rule + " " + hold.node + ": " + hold.why + "] ";
  text += std::to_string(made.repeats.size()) + " repeats\n";
  for (std::size_t i = log.size() < 40 ? 0 : log.size() - 40; i < log.size(); ++i)
    text += std::string(event::kind_of(log[i])) + " ";
  return text + "\n" + cluster().ShortDebugString();
}

}  // namespace esaas::test
