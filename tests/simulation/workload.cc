#include "tests/simulation/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace esaas::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kClustersMax = 4;
constexpr Duration kPatience = seconds{8};

model::NodeGroup* add_group(model::ClusterSpec& spec, const std::string& name, std::uint32_t count,
                            std::initializer_list<model::NodeRole> roles) {
  model::NodeGroup* group = spec.add_node_groups();
  group->set_name(name);
  group->set_count(count);
  for (const model::NodeRole role : roles) group->add_roles(role);
  group->mutable_resources()->set_cpus_milli(500);
  group->mutable_resources()->set_mem_mib(512);
  group->mutable_resources()->set_disk_mib(1024);
  return group;
}

}  // namespace

Workload::Workload(test::SimulationClock& clock, test::Prng prng, ControllerProcess& process, const Ledger& ledger,
                   ModelElasticsearch& elasticsearch, Journal& journal)
    : clock_(clock),
      prng_(prng),
      process_(process),
      ledger_(ledger),
      elasticsearch_(elasticsearch),
      journal_(journal) {}

void Workload::start(std::uint64_t tenants) {
  for (std::uint64_t i = 0; i < tenants; ++i) {
    tenants_.push_back("team" + std::to_string(i));
    ask(command::CreateTenant{tenants_.back()});
  }
  acting_ = true;
  act_later();
  write_later();
}

// ---- Asking ----

std::string Workload::ask(command::Command command) {
  const std::string key = "key-" + std::to_string(++keys_made_);
  Request& request = requests_[key];
  request.submission.command = std::move(command);
  if (auto* operation = std::get_if<command::SubmitOperation>(&request.submission.command)) operation->reason = key;
  request.submission.caller.token_id = "tester";
  request.submission.caller.role = model::TOKEN_ROLE_ADMIN;
  request.submission.idempotency_key = key;
  request.submission.body_hash = "hash of " + key;
  send(key);
  return key;
}

std::string Workload::ask(const std::string& cluster, model::Request request) {
  journal_.note("ask " + cluster + ": " + request.ShortDebugString());
  command::SubmitOperation operation;
  operation.cluster = cluster;
  operation.request = std::move(request);
  operation.method = "POST";
  operation.url = "/v1/operations";
  return ask(command::Command(std::move(operation)));
}

void Workload::send(const std::string& key) {
  process_.input([&](loop::Controller& controller) {
    controller.submit(
        {requests_.at(key).submission},
        [this, key](const std::vector<Result<loop::Accepted>>& answers) { take_answer(key, answers.at(0)); },
        clock_.now());
  });
  // Whoever hears nothing asks again with the same key.
  clock_.after(kPatience, [this, key] {
    if (!requests_.at(key).answered) send(key);
  });
}

void Workload::ask_again(const std::string& key) { send(key); }

void Workload::take_answer(const std::string& key, const Result<loop::Accepted>& answer) {
  Request& request = requests_.at(key);
  if (!answer) {
    const bool is_busy = answer.error().code == ErrorCode::kResourceExhausted && answer.error().rule != "tenant_quota";
    if (is_busy || answer.error().code == ErrorCode::kUnavailable) return;  // asked again later
    if (request.answered && request.refusal.empty()) {
      journal_.violate(key + " was accepted and is refused now: " + answer.error().detail);
    }
    request.answered = true;
    request.refusal = std::string(name_of(answer.error().code));
    return;
  }
  if (answer->seq > ledger_.state().seq()) journal_.violate(key + " is answered before it is durable");
  if (request.answered && request.refusal.empty() && request.operation != answer->operation_id) {
    journal_.violate(fmt::format("{} led to {} and to {}", key, request.operation, answer->operation_id));
  }
  if (!answer->operation_id.empty() && std::holds_alternative<command::SubmitOperation>(request.submission.command) &&
      ledger_.requests_with_reason(key) != 1) {
    journal_.violate(fmt::format("{} is in the log {} times", key, ledger_.requests_with_reason(key)));
  }
  if (!request.answered) ++accepted_;
  request.answered = true;
  request.operation = answer->operation_id;
  if (prng_.chance(1, 10)) clock_.after(prng_.between(milliseconds{1}, seconds{20}), [this, key] { send(key); });
}

std::string Workload::operation_of(const std::string& key) const { return requests_.at(key).operation; }

std::string Workload::refusal_of(const std::string& key) const { return requests_.at(key).refusal; }

std::size_t Workload::unanswered() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(requests_, [](const auto& request) { return !request.second.answered; }));
}

// ---- Wishes ----

void Workload::act_later() {
  clock_.after(prng_.between(seconds{1}, seconds{25}), [this] {
    if (!acting_) return;
    act();
    act_later();
  });
}

void Workload::act() {
  const auto& clusters = ledger_.state().clusters;
  if (clusters.size() < kClustersMax && (clusters.empty() || prng_.chance(1, 4))) return create_cluster();
  if (prng_.chance(1, 5)) return control_operation();
  if (prng_.chance(1, 15)) return set_quota();
  if (clusters.empty()) return;
  auto chosen = clusters.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(prng_.below(clusters.size())));
  change_cluster(chosen->second);
}

void Workload::create_cluster() {
  // Names are used again now and then.
  const std::uint64_t number = prng_.chance(1, 3) ? prng_.below(clusters_made_ + 1) : clusters_made_++;
  const std::string name = "c" + std::to_string(number);
  model::Request request;
  model::CreateCluster& create = *request.mutable_create();
  create.set_name(name);
  create.set_tenant(prng_.pick(tenants_));
  model::ClusterSpec& spec = *create.mutable_spec();
  constexpr const char* kVersions[] = {"2.3.3",  "2.3.3",  "2.3.3", "2.3.3",   "2.4.6",
                                       "6.8.23", "6.8.23", "7.0.1", "7.17.28", "7.17.28"};
  spec.set_version(kVersions[prng_.below(std::size(kVersions))]);
  constexpr auto kMaster = model::NODE_ROLE_MASTER;
  constexpr auto kData = model::NODE_ROLE_DATA;
  switch (prng_.below(4)) {
    case 0: add_group(spec, "node", 1, {kMaster, kData}); break;
    case 1: add_group(spec, "node", 3, {kMaster, kData}); break;
    case 2: add_group(spec, "node", 2, {kMaster, kData}); break;
    default:
      add_group(spec, "master", 3, {kMaster});
      add_group(spec, "data", static_cast<std::uint32_t>(prng_.between(1, 2)), {kData});
  }
  if (prng_.chance(1, 2)) {
    for (model::NodeGroup& group : *spec.mutable_node_groups()) say_where(group);
  }
  if (prng_.chance(1, 3)) {
    add_group(spec, "front", 1, {model::NODE_ROLE_COORDINATING})->set_preemptible(prng_.chance(2, 3));
  }
  ask(name, std::move(request));
}

/// A constraint or a kind of disk that some agents have, perhaps too few of them: then a hold says so.
void Workload::say_where(model::NodeGroup& group) {
  struct Wish {
    const char* attribute;
    model::ConstraintOperator how;
    const char* value;
  };
  constexpr Wish kWishes[] = {
      {"@zone", model::CONSTRAINT_OPERATOR_GROUP_BY, ""},  {"@zone", model::CONSTRAINT_OPERATOR_GROUP_BY, "2"},
      {"@zone", model::CONSTRAINT_OPERATOR_UNIQUE, ""},    {"rack", model::CONSTRAINT_OPERATOR_GROUP_BY, ""},
      {"rack", model::CONSTRAINT_OPERATOR_MAX_PER, "2"},   {"rack", model::CONSTRAINT_OPERATOR_CLUSTER, ""},
      {"rack", model::CONSTRAINT_OPERATOR_LIKE, "r[01]"},  {"rack", model::CONSTRAINT_OPERATOR_UNLIKE, "r1"},
      {"@hostname", model::CONSTRAINT_OPERATOR_UNIQUE, ""}};
  const Wish& wish = kWishes[prng_.below(std::size(kWishes))];
  model::Constraint& constraint = *group.add_constraints();
  constraint.set_attribute(wish.attribute);
  constraint.set_operator_(wish.how);
  constraint.set_value(wish.value);
  if (prng_.chance(1, 3)) group.set_disk_type(prng_.chance(1, 2) ? "mount" : "path");
}

void Workload::change_cluster(const state::Cluster& cluster) {
  model::Request request;
  switch (prng_.below(18)) {
    case 16:
    case 17: return set_proxies(cluster);
    case 0: request.mutable_delete_()->set_confirm(cluster.name()); break;
    case 1: request.mutable_suspend(); break;
    case 2:
    case 3: request.mutable_resume(); break;
    case 4: return label(cluster);
    case 5:
    case 6: return resize(cluster);
    case 7:
    case 8: return change_indices(cluster);
    case 9:
    case 10:
    case 11:
    case 12: return roll_out(cluster);
    default: return scale(cluster);
  }
  ask(cluster.name(), std::move(request));
}

void Workload::scale(const state::Cluster& cluster) {
  const auto& groups = cluster.spec().node_groups();
  const auto& group = groups[static_cast<int>(prng_.below(static_cast<std::uint64_t>(groups.size())))];
  model::Request request;
  request.mutable_scale()->set_group(group.name());
  request.mutable_scale()->set_count(static_cast<std::uint32_t>(prng_.between(1, group.name() == "front" ? 2 : 4)));
  ask(cluster.name(), std::move(request));
}

void Workload::resize(const state::Cluster& cluster) {
  model::Request request;
  const auto& groups = cluster.spec().node_groups();
  const model::NodeGroup& group = groups[prng_.chance(1, 2) ? 0 : groups.size() - 1];
  request.mutable_resize()->set_group(group.name());
  model::Resources& wanted = *request.mutable_resize()->mutable_resources();
  if (prng_.chance(2, 3)) {  // larger, so that places grow where they are
    wanted.set_mem_mib(std::min(group.resources().mem_mib() + 128, 1024U));
    if (prng_.chance(1, 2)) wanted.set_disk_mib(std::min(group.resources().disk_mib() + 512, 4096U));
  } else {
    wanted.set_mem_mib(static_cast<std::uint32_t>(512 + 128 * prng_.below(3)));
  }
  ask(cluster.name(), std::move(request));
  if (!prng_.chance(1, 4)) return;
  clock_.after(prng_.between(milliseconds{100}, seconds{8}),
               [this, name = cluster.name()] { think_better_of_it(name); });
}

void Workload::set_proxies(const state::Cluster& cluster) {
  model::Request request;
  request.mutable_proxies()->set_count(static_cast<std::uint32_t>(prng_.chance(1, 6) ? 0 : prng_.between(1, 2)));
  ask(cluster.name(), std::move(request));
}

/// Where an upgrade leads; of the newest it is refused, and now and then of others.
std::string Workload::next_version(const std::string& version) {
  if (version == "2.3.3" && prng_.chance(1, 4)) return "5.6.16";
  const std::map<std::string, std::string> next = {
      {"2.3.3", "2.4.6"}, {"2.4.6", "5.6.16"}, {"5.6.16", "6.8.23"}, {"6.8.23", "7.17.28"}, {"7.0.1", "7.17.28"}};
  const auto found = next.find(version);
  return found == next.end() || prng_.chance(1, 12) ? "2.4.6" : found->second;
}

/// What nodes are launched with changes: a restart of some or of all, a setting, a version.
void Workload::roll_out(const state::Cluster& cluster) {
  const auto& groups = cluster.spec().node_groups();
  const model::NodeGroup& group = groups[static_cast<int>(prng_.below(static_cast<std::uint64_t>(groups.size())))];
  model::Request request;
  switch (prng_.below(7)) {
    case 0: request.mutable_restart(); break;
    case 1: request.mutable_restart()->set_group(group.name()); break;
    case 2:
      request.mutable_restart()->set_full(true);
      request.mutable_restart()->set_confirm(cluster.name());
      break;
    case 3:
    case 4: {
      request.mutable_upgrade()->set_version(next_version(cluster.spec().version()));
      ElectedCluster* led = elasticsearch_.led_cluster(cluster.name());
      const bool saves = led != nullptr && prng_.chance(1, 3) && led->register_repository("nas");
      if (saves) request.mutable_upgrade()->set_repository("nas");
      break;
    }
    default: {
      request.mutable_configure()->set_group(group.name());
      model::Setting& setting = *request.mutable_configure()->add_settings();
      setting.set_key("indices.fielddata.cache.size");
      setting.set_value(std::to_string(10 * prng_.between(1, 6)) + "%");
    }
  }
  ask(cluster.name(), std::move(request));
}

/// A resize that has just begun is cancelled, and another size is asked for.
void Workload::think_better_of_it(const std::string& name) {
  const state::Cluster* cluster = ledger_.state().find_cluster(name);
  if (!acting_ || cluster == nullptr) return;
  const state::Operation* operation = ledger_.state().find_operation(cluster->active_operation());
  if (operation == nullptr || !operation->request().has_resize()) return;
  model::Request request;
  request.mutable_resize()->set_group(operation->request().resize().group());
  request.mutable_resize()->mutable_resources()->set_mem_mib(static_cast<std::uint32_t>(512 + 128 * prng_.below(4)));
  ask(command::ControlOperation{operation->id(), command::OperationVerb::kCancel});
  ask(name, std::move(request));
}

void Workload::label(const state::Cluster& cluster) {
  model::Request request;
  model::Label& added = *request.mutable_label()->add_labels();
  added.set_key("owner");
  added.set_value("team-" + std::to_string(prng_.below(3)));
  ask(cluster.name(), std::move(request));
}

void Workload::control_operation() {
  const auto& operations = ledger_.state().operations;
  if (operations.empty()) return;
  auto chosen = operations.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(prng_.below(operations.size())));
  using command::OperationVerb;
  constexpr OperationVerb kVerbs[] = {OperationVerb::kCancel, OperationVerb::kPause, OperationVerb::kContinue,
                                      OperationVerb::kContinue};
  const OperationVerb verb = kVerbs[prng_.below(4)];
  journal_.note(fmt::format("ask {}: verb {}", chosen->first, static_cast<int>(verb)));
  ask(command::ControlOperation{chosen->first, verb});
}

/// From none to one that is too small for what is asked for.
void Workload::set_quota() {
  command::SetTenantQuota command{
      .tenant = prng_.pick(tenants_), .quota = {}, .method = "PUT", .url = "/v1/tenants/t/quota", .reason = "budget"};
  if (prng_.chance(3, 4)) {
    command.quota.mutable_limit()->set_mem_mib(prng_.between(2, 24) * 512);
    if (prng_.chance(1, 2)) command.quota.mutable_limit()->set_cpus_milli(prng_.between(4, 24) * 500);
    if (prng_.chance(1, 2)) command.quota.mutable_guarantee()->set_mem_mib(prng_.between(1, 2) * 512);
  }
  journal_.note(fmt::format("ask quota of {}: {}", command.tenant, command.quota.ShortDebugString()));
  ask(command::Command(std::move(command)));
}

// ---- Documents ----

void Workload::write_later() {
  clock_.after(prng_.between(milliseconds{300}, seconds{2}), [this] {
    if (!documents_) return;
    write_documents();
    write_later();
  });
}

void Workload::write_documents() {
  for (const auto& [name, cluster] : ledger_.state().clusters) {
    ElectedCluster* led = elasticsearch_.led_cluster(name);
    if (led == nullptr) continue;
    if (led->metadata().indices.empty() && led->state_recovered()) {
      IndexMetadata settings;
      settings.shards = static_cast<std::uint32_t>(prng_.between(1, 3));
      settings.replicas = prng_.chance(1, 5) ? 0 : 1;
      led->create_index("books", settings);
    }
    for (const char* index : {"books", "more"}) {
      if (elasticsearch_.write_document(name, index)) ++documents_written_;
    }
  }
}

void Workload::change_indices(const state::Cluster& cluster) {
  ElectedCluster* led = elasticsearch_.led_cluster(cluster.name());
  if (led == nullptr) return;
  switch (prng_.below(4)) {
    case 3: {
      const auto replicas = static_cast<std::uint32_t>(prng_.between(0, 2));
      if (led->set_replicas("more", replicas)) {
        journal_.note("more of " + cluster.name() + " has " + std::to_string(replicas) + " replicas");
      }
      break;
    }
    case 0:
      if (led->close_index("books")) journal_.note("close books of " + cluster.name());
      break;
    case 1:
      if (led->open_index("books")) journal_.note("open books of " + cluster.name());
      break;
    default: {
      IndexMetadata settings;
      settings.shards = 2;
      settings.replicas = static_cast<std::uint32_t>(prng_.between(0, 1));
      led->create_index("more", settings);
    }
  }
}

// ---- The end ----

/// Also what a pause that was asked for before stops later.
void Workload::continue_paused() {
  for (const auto& [id, operation] : ledger_.state().operations) {
    if (operation.paused()) ask(command::ControlOperation{id, command::OperationVerb::kContinue});
  }
  clock_.after(kPatience, [this] { continue_paused(); });
}

void Workload::stop() {
  acting_ = false;
  continue_paused();
  for (const auto& [name, cluster] : ledger_.state().clusters) {
    ElectedCluster* led = elasticsearch_.led_cluster(name);
    if (led == nullptr) continue;
    for (const char* index : {"books", "more"}) led->open_index(index);
  }
}

void Workload::delete_all() {
  for (const auto& [name, cluster] : ledger_.state().clusters) {
    if (cluster.phase() == state::CLUSTER_PHASE_DELETING) continue;
    model::Request request;
    request.mutable_delete_()->set_confirm(name);
    ask(name, std::move(request));
  }
}

}  // namespace esaas::simulation
