#include "tests/simulation/simulation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/model/task_state.h"
#include "core/state/launch_inputs.h"
#include "reconcilers/effects/mesos/resources.h"
#include "reconcilers/loop/quota_work.h"
#include "reconcilers/node_facts.h"

namespace esaas::simulation {
namespace {

namespace wire = mesos::wire;

/// What happened last may look settled until somebody could have seen it. Part of the time to settle, not beside it.
constexpr Duration kSeenAfter = std::chrono::seconds{30};
using std::chrono::minutes;
using std::chrono::seconds;

embedded::DiskSpec make_disk(wire::Resource::DiskInfo::Source::Type type, const std::string& root, std::int64_t mib) {
  embedded::DiskSpec disk;
  disk.source.set_type(type);
  if (type == wire::Resource::DiskInfo::Source::MOUNT) {
    disk.source.mutable_mount()->set_root(root);
  } else {
    disk.source.mutable_path()->set_root(root);
  }
  disk.mib = mib;
  return disk;
}

/// In so many zones; none: without fault domains.
std::vector<embedded::AgentSpec> make_agents(std::uint64_t count, std::uint64_t zones) {
  using Source = wire::Resource::DiskInfo::Source;
  std::vector<embedded::AgentSpec> agents;
  for (std::uint64_t i = 1; i <= count; ++i) {
    embedded::AgentSpec spec;
    spec.name = "agent-" + std::to_string(i);
    spec.hostname = "127.0.0." + std::to_string(10 + i);
    spec.attributes = {{"rack", "r" + std::to_string(i % 2)}};
    if (zones != 0) {
      spec.region = "here";
      spec.zone = "z" + std::to_string(i % zones);
    }
    if (i % 2 == 0) spec.disks = {make_disk(Source::MOUNT, "/mnt/1", 2000), make_disk(Source::MOUNT, "/mnt/2", 9000)};
    if (i % 3 != 0) spec.disks.push_back(make_disk(Source::PATH, "/disk/1", 4000));
    spec.cpus_milli = 16'000;
    spec.mem_mib = 32'768;
    spec.disk_mib = 65'536;
    if (i % 2 == 1) spec.revocable_cpus_milli = 1'000;
    if (i % 4 == 1) spec.revocable_mem_mib = 2'048;
    spec.port_begin = 12'100;
    spec.port_end = 12'199;
    spec.resizes_volumes = i % 4 != 3;
    agents.push_back(std::move(spec));
  }
  return agents;
}

constexpr std::array kVersions{"2.3.3", "2.4.6", "5.6.16", "6.8.23", "7.0.1", "7.17.28"};

loop::ControllerOptions controller_options() {
  loop::ControllerOptions options;
  es::Artifact artifact;
  artifact.profile = es::Profile::kSmall;
  for (const char* version : kVersions) {
    artifact.uri = std::string("file:///cache/elasticsearch-") + version + ".tar.gz";
    options.settings.catalogue.artifacts[version] = artifact;
  }
  options.settings.haproxy.controller_certificate = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
  options.ledger_period = seconds{20};  // often enough to be in the way of everything
  return options;
}

/// What a cluster still lacks to be as it is wanted; empty when nothing.
std::string lack_of(const state::Cluster& cluster) {
  if (!cluster.active_operation().empty()) return "operation " + cluster.active_operation() + " is not finished";
  if (!cluster.queued_operations().empty()) return "operations wait";
  for (const auto& node : cluster.nodes()) {
    if (node.removing()) return node.name() + " is still leaving";
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    const bool is_transient =
        !state::is_master_eligible(*group) && !state::holds_data(*group) && !state::is_proxy(*group);
    const auto resting = is_transient ? state::PLACE_STATUS_NONE : state::PLACE_STATUS_RESERVED;
    const auto running = is_transient ? state::PLACE_STATUS_TRANSIENT : state::PLACE_STATUS_RESERVED;
    const bool runs = cluster.phase() == state::CLUSTER_PHASE_RUNNING;
    // Who lost its place while the cluster is suspended gets another one when it is resumed.
    const bool lost_it = !runs && node.place_status() == state::PLACE_STATUS_NONE;
    if (node.place_status() != (runs ? running : resting) && !lost_it) {
      return node.name() + " has another place than it should";
    }
    if (cluster.phase() == state::CLUSTER_PHASE_SUSPENDED && !reconcile::is_stopped(node)) {
      return node.name() + " still runs";
    }
    if (cluster.phase() == state::CLUSTER_PHASE_RUNNING && !node.task().joined()) return node.name() + " is not joined";
  }
  if (cluster.phase() != state::CLUSTER_PHASE_RUNNING) return {};
  if (cluster.has_full_restart()) return "all nodes are being restarted";
  if (!cluster.allocation_intended().empty() || !cluster.allocation_applied().empty()) return "allocation is held back";
  for (const auto& node : cluster.nodes()) {
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    if (node.has_growth()) return node.name() + " is between two sizes";
    if (node.has_restart()) return node.name() + " is being restarted";
    if (!state::runs_as_wanted(cluster, node)) return node.name() + " runs otherwise than it should";
    if (!reconcile::equal(node.resources(), group->resources()))
      return node.name() + " has another size than it should";
  }
  for (const auto& group : cluster.spec().node_groups()) {
    const auto nodes =
        std::ranges::count_if(cluster.nodes(), [&](const state::Node& node) { return node.group() == group.name(); });
    if (nodes != group.count()) return fmt::format("group {} has {} nodes, not {}", group.name(), nodes, group.count());
  }
  return {};
}

}  // namespace

Simulation::Simulation(SimulationOptions options)
    : options_(options),
      prng_(options.seed),
      elasticsearch_(clock_, prng_.fork()),
      proxies_(clock_, prng_.fork()),
      mesos_(clock_, prng_.fork(), elasticsearch_, proxies_, journal_,
             make_agents(prng_.between(5, 8), options.seed % 4)),
      append_fault_([](const store::Batch&) { return AppendFault::kNone; }),
      process_(clock_, log_, ledger_, journal_, controller_options(),
               {.append_fault = [this](const store::Batch& batch) { return append_fault_(batch); },
                .append_delay = [this] { return faults_.append_delay(); },
                .durable = [this](const event::Event& event) { effects_.check(event); }}),
      mesos_link_(clock_, prng_.fork(), mesos_, journal_,
                  {.to_controller = [this](const MesosLink::Input& input) { process_.input(input); },
                   .check_call = [this](const auto& call) { effects_.check(call); },
                   .seen = [this](const auto& event) { effects_.seen(event); }}),
      elasticsearch_link_(clock_, prng_.fork(), elasticsearch_, journal_,
                          [this](const ElasticsearchLink::Input& input) { process_.input(input); }),
      proxy_link_(clock_, prng_.fork(), proxies_, [this](const ProxyLink::Input& input) { process_.input(input); }),
      workload_(clock_, prng_.fork(), process_, ledger_, elasticsearch_, journal_),
      faults_(clock_, prng_.fork(), process_, mesos_, mesos_link_, elasticsearch_link_, proxy_link_, elasticsearch_,
              journal_),
      began_(clock_.now()) {
  journal_.set_verbose(options.verbose);
  process_.connect(mesos_link_, elasticsearch_link_, proxy_link_);
}

void Simulation::boot() {
  process_.start();
  watch();
}

void Simulation::pass(Duration duration) {
  const Time end = clock_.now() + duration;
  while (journal_.violations().empty() && clock_.run_one(end)) ++steps_;
  clock_.run_until(std::min(end, clock_.next_deadline().value_or(end)));
}

bool Simulation::until(const std::function<bool()>& is_so, Duration limit) {
  const Time end = clock_.now() + limit;
  while (!is_so()) {
    if (!journal_.violations().empty() || clock_.now() >= end) return false;
    pass(std::min<Duration>(seconds{1}, end - clock_.now()));
  }
  return true;
}

SimulationReport Simulation::run() {
  boot();
  append_fault_ = [this](const store::Batch&) { return faults_.at_append(); };
  workload_.start(prng_.between(1, 3));
  faults_.start();
  pass(options_.active);
  faults_.stop();
  workload_.stop();
  settling_since_ = clock_.now();
  pass(kSeenAfter);
  until([this] { return settled() || stands_still(); }, options_.settle_max - kSeenAfter);
  if (journal_.violations().empty()) check_settled();
  workload_.stop_documents();
  pass(minutes{2});
  if (journal_.violations().empty()) check_quotas();
  if (journal_.violations().empty()) check_proxies();
  if (journal_.violations().empty()) check_quiet();
  workload_.delete_all();
  settling_since_ = clock_.now();
  until([this] { return is_empty() || stands_still(); }, options_.settle_max);
  pass(minutes{2});
  if (journal_.violations().empty()) check_empty();
  return report();
}

/// What is looked at again and again, because no single step would show it.
void Simulation::watch() {
  clock_.after(seconds{1}, [this] {
    for (const auto& [name, cluster] : ledger_.state().clusters) {
      if (elasticsearch_.masters_of(name) > 1) journal_.violate("cluster " + name + " has two masters");
      known_clusters_.insert(name);
    }
    for (auto name = known_clusters_.begin(); name != known_clusters_.end();) {
      const state::Cluster* cluster = ledger_.state().find_cluster(*name);
      const bool owes = cluster != nullptr && cluster->phase() != state::CLUSTER_PHASE_DELETING;
      if (!owes) elasticsearch_.forget(*name);
      name = cluster == nullptr ? known_clusters_.erase(name) : std::next(name);
    }
    check_documents();
    check_restarts();
    if (++watched_ % 5 == 0) effects_.watch(clock_.now());
    watch();
  });
}

/// Members of a cluster go one at a time, except when all do.
void Simulation::check_restarts() {
  for (const auto& [name, cluster] : ledger_.state().clusters) {
    const auto restarts =
        std::ranges::count_if(cluster.nodes(), [](const auto& node) { return node.restart().prepared(); });
    if (restarts > 1) journal_.violate("two nodes of cluster " + name + " are restarted at once");
  }
}

/// What was set for a restart is gone with it: from Elasticsearch too.
void Simulation::check_allocation(const state::Cluster& cluster) {
  if (!cluster.allocation_intended().empty() || !cluster.allocation_applied().empty()) {
    journal_.violate("cluster " + cluster.name() + " is at rest and its allocation is held back");
  }
  const ElectedCluster* led = elasticsearch_.led_cluster(cluster.name());
  if (led == nullptr || led->allocation_enable().empty() || led->allocation_enable() == "all") return;
  journal_.violate("cluster " + cluster.name() + " is at rest and allocates " + led->allocation_enable());
}

/// Nobody is kept from voting at the end, and nobody's vote counts who is not there. Before 7.8 Elasticsearch excludes
/// only members, so the vote of one that was lost counts until another master takes its place.
void Simulation::check_votes(const state::Cluster& cluster) {
  const ElectedCluster* led = elasticsearch_.led_cluster(cluster.name());
  if (led == nullptr || !led->keeps_votes()) return;
  for (const auto& [id, name] : led->metadata().voting_exclusions) {
    journal_.violate("cluster " + cluster.name() + " is at rest and " + name + " is kept from voting");
  }
  if (led->oldest_version() < model::Version{.major = 7, .minor = 8, .patch = 0}) return;
  for (const std::string& id : led->metadata().voting) {
    if (led->members().contains(id)) continue;
    journal_.violate("cluster " + cluster.name() + " is at rest and counts the vote of " + id + ", which is not there");
  }
}

void Simulation::check_documents() {
  for (const LostDocuments& lost : elasticsearch_.lost_documents()) {
    journal_.violate(fmt::format("cluster {} has lost documents of {}/{}: {} acknowledged, {} held", lost.cluster,
                                 lost.shard.index, lost.shard.shard, lost.acknowledged, lost.held));
  }
}

bool Simulation::settled() const {
  if (!ledger_.state().operations.empty() || workload_.unanswered() > 0 || !process_.running()) return false;
  return std::ranges::all_of(ledger_.state().clusters, [](const auto& entry) { return lack_of(entry.second).empty(); });
}

/// Longer than anything waits by itself: every back-off, hold and period is over, and still nothing has come of it.
bool Simulation::stands_still() const {
  return clock_.now() - std::max(ledger_.newest_at(), settling_since_) > options_.stands_still_after;
}

bool Simulation::is_empty() const { return ledger_.state().clusters.empty() && workload_.unanswered() == 0; }

/// Every cluster is as wanted, or a rule says why it is not.
void Simulation::check_settled() {
  for (const auto& [name, cluster] : ledger_.state().clusters) {
    const std::string lack = lack_of(cluster);
    if (lack.empty()) {
      if (cluster.phase() == state::CLUSTER_PHASE_RUNNING) {
        check_allocation(cluster);
        check_votes(cluster);
      }
      continue;
    }
    if (cluster.holds().empty()) journal_.violate("cluster " + name + " stays unfinished and holds nothing: " + lack);
    for (const auto& hold : cluster.holds()) {
      journal_.note(fmt::format("HELD {} {} by {}: {}", name, hold.node(), hold.rule(), lack));
      ++holds_at_the_end_[hold.rule()];
    }
  }
  if (workload_.unanswered() > 0) journal_.violate("a request was never answered");
  check_same_state();
  check_places();
  check_ledger();
}

/// The master holds the quotas that the log says, whoever else set them meanwhile.
void Simulation::check_quotas() {
  const auto mesos = mesos_.model().state();
  for (const state::Tenant& tenant : ledger_.state().head.tenants()) {
    if (tenant.has_quota_intended()) journal_.violate("the quota of " + tenant.name() + " never came to be");
    if (!tenant.has_quota()) continue;
    const auto ours = loop::to_config(tenant.name(), tenant.quota());
    const auto found = std::ranges::find(mesos.quotas(), ours.role(), &wire::quota::QuotaConfig::role);
    const auto theirs = found == mesos.quotas().end() ? wire::quota::QuotaConfig{} : *found;
    if (loop::is_same_quota(ours, theirs) || !tenant.quota_refused().empty()) continue;
    journal_.violate(fmt::format("the master holds another quota for {} than the log: {}", tenant.name(),
                                 theirs.ShortDebugString()));
  }
}

/// The controller's own ledger finds what check_places finds.
void Simulation::check_ledger() {
  const auto answer = std::make_shared<std::optional<Result<reconcile::Ledger>>>();  // it may come after all
  for (int tries = 0; tries < 12 && (!*answer || !**answer); ++tries) {              // the master may be away
    process_.input([&](loop::Controller& controller) {
      controller.ask_ledger([answer](Result<reconcile::Ledger> ledger) { *answer = std::move(ledger); }, clock_.now());
    });
    pass(seconds{10});
  }
  if (!*answer || !**answer) return journal_.violate("the ledger was not answered");
  for (const auto& line : (**answer)->lines) {
    if (!is_imbalance(line.status)) continue;
    journal_.violate(fmt::format("the ledger says that {} is {}: {}", line.place, name_of(line.status), line.why));
  }
}

void Simulation::check_same_state() {
  if (!process_.running() || process_.controller()->durable_seq() != process_.controller()->state().seq()) return;
  if (state::encode(process_.controller()->state()) != state::encode(ledger_.state())) {
    journal_.violate("the controller's state is not the fold of the log");
  }
}

void Simulation::check_quiet() {
  const std::uint64_t before = log_.last_seq();
  pass(options_.quiet);
  if (log_.last_seq() != before) {
    journal_.violate(fmt::format("the log grew from {} to {} while nothing happened", before, log_.last_seq()));
  }
}

/// What is reserved is what the log says: nothing leaked, nothing lost.
void Simulation::check_places() {
  std::set<std::string> wanted;
  for (const auto& [name, cluster] : ledger_.state().clusters) {
    for (const auto& node : cluster.nodes()) {
      // What was on an agent that is gone for good is given up when the cluster can afford it.
      const bool is_reserved = node.place_status() != state::PLACE_STATUS_NONE &&
                               node.place_status() != state::PLACE_STATUS_TRANSIENT && !reconcile::lost_its_agent(node);
      if (is_reserved) wanted.insert(node.place().volume_id());
    }
  }
  std::set<std::string> reserved;
  for (const auto& agent : mesos_.model().agents()) {
    for (const auto& [key, item] : agent.total.items()) {
      if (item.is_reserved()) reserved.insert(mesos::reservation_label(*item.kind, "place"));
    }
  }
  for (const std::string& place : reserved) {
    if (!wanted.contains(place)) journal_.violate("the reservation " + place + " belongs to nobody");
  }
  for (const std::string& place : wanted) {
    if (!reserved.contains(place)) journal_.violate("the place " + place + " is not reserved");
  }
}

/// Each proxy of a cluster at rest sends requests to exactly the nodes that take them: coordinating ones where there
/// are some, else those that hold data.
void Simulation::check_proxies() {
  for (const auto& [id, process] : proxies_.processes()) {
    const state::Cluster* cluster = ledger_.state().find_cluster(process.launch.cluster);
    if (cluster == nullptr || cluster->phase() != state::CLUSTER_PHASE_RUNNING || !lack_of(*cluster).empty()) continue;
    std::set<std::string> coordinating;
    std::set<std::string> data;
    for (const state::Node& node : cluster->nodes()) {
      const model::NodeGroup* group = state::find_group(cluster->spec(), node.group());
      if (state::is_companion(*group)) continue;
      const std::string server =
          fmt::format("{} {}:{}", node.name(), node.place().hostname(), node.place().http_port());
      if (state::holds_data(*group)) {
        data.insert(server);
      } else if (!state::is_master_eligible(*group)) {
        coordinating.insert(server);
      }
    }
    std::set<std::string> used;
    for (const auto& [node, server] : process.servers) {
      if (!server.drained) used.insert(fmt::format("{} {}:{}", node, server.host, server.port));
    }
    const std::set<std::string>& wanted = coordinating.empty() ? data : coordinating;
    if (used == wanted) continue;
    journal_.violate(
        fmt::format("proxy {} sends to {} and not to {}", id, fmt::join(used, ", "), fmt::join(wanted, ", ")));
  }
}

void Simulation::check_empty() {
  for (const auto& [name, cluster] : ledger_.state().clusters) {
    std::string why;
    for (const auto& hold : cluster.holds()) why += " " + hold.rule();
    journal_.violate("cluster " + name + " is not deleted:" + why);
  }
  if (!ledger_.state().operations.empty()) journal_.violate("an operation is open though there is no cluster");
  for (const auto& task : mesos_.runner().live_tasks()) journal_.violate("task " + task + " is left over");
  for (const auto& [volume, directory] : elasticsearch_.directories()) {
    journal_.violate("the data of " + volume + " is left over");
  }
  check_places();
  check_same_state();
}

SimulationReport Simulation::report() const {
  SimulationReport report;
  report.violations = journal_.violations();
  report.events = log_.last_seq();
  report.documents = workload_.documents_written();
  report.operations = workload_.accepted();
  report.steps = steps_;
  report.virtual_time = clock_.now() - began_;
  report.faults = faults_.counts();
  report.event_counts = ledger_.counts();
  report.holds_at_the_end = holds_at_the_end_;
  report.notes.assign(journal_.notes().begin(), journal_.notes().end());
  return report;
}

}  // namespace esaas::simulation
