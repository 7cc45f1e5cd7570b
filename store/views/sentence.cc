#include "store/views/sentence.h"

#include "core/events/visit.h"
#include "core/model/task_state.h"
#include "store/views/operation_view.h"

namespace esaas::store {
namespace {

using std::to_string;

std::string because(const std::string& why) { return why.empty() ? "." : ": " + why; }

/// "MESOS_OPERATION_STATE_FINISHED" -> "finished".
template <typename Name>
std::string lower_name(const Name& name, std::string_view prefix) {
  std::string text(name);
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string size_of(const model::Resources& resources) {
  return to_string(resources.cpus_milli()) + " milli-cpus, " + to_string(resources.mem_mib()) + " MiB of memory and " +
         to_string(resources.disk_mib()) + " MiB of disk";
}

template <typename Names>
std::string list(const Names& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string count(std::uint32_t number, std::string_view thing) {
  return to_string(number) + " " + std::string(thing) + (number == 1 ? "" : "s");
}

// The fleet.
std::string say(const event::ControllerStarted& e) {
  return "The controller started: version " + e.version() + ", term " + to_string(e.term()) + ".";
}
std::string say(const event::FrameworkRegistered& e) {
  return "Mesos registered the framework as " + e.framework_id() + ".";
}
std::string say(const event::FrameworkStopped& e) { return "The framework may not act any more" + because(e.reason()); }
std::string say(const event::TenantCreated& e) { return "Tenant " + e.name() + " was created."; }
std::string amounts_of(const model::Quantities& quantities) {
  std::string text;
  const auto add = [&](bool given, std::uint64_t amount, std::string_view unit) {
    if (given) text += (text.empty() ? "" : ", ") + to_string(amount) + std::string(unit);
  };
  add(quantities.has_cpus_milli(), quantities.cpus_milli(), " milli-cpus");
  add(quantities.has_mem_mib(), quantities.mem_mib(), " MiB of memory");
  add(quantities.has_disk_mib(), quantities.disk_mib(), " MiB of disk");
  return text.empty() ? "nothing" : text;
}
std::string quota_of(const model::Quota& quota) {
  return "guaranteed " + amounts_of(quota.guarantee()) + "; limited " + amounts_of(quota.limit());
}
std::string say(const event::TenantQuotaIntended& e) {
  return "The quota of tenant " + e.name() + " shall be: " + quota_of(e.after()) + because(e.reason());
}
std::string say(const event::TenantQuotaApplied& e) {
  return "The master holds the quota of tenant " + e.name() + ": " + quota_of(e.quota()) + ".";
}
std::string say(const event::TenantQuotaRefused& e) {
  return "The master did not take the quota of tenant " + e.name() + because(e.why());
}
std::string say(const event::TenantQuotaFound& e) {
  const std::string expected = quota_of(e.expected());
  const std::string found = quota_of(e.found());
  if (found == expected) return "The master holds the quota of tenant " + e.name() + " again as it was given.";
  return "The master holds another quota for tenant " + e.name() + " than it was given: " + found + " instead of " +
         expected + ".";
}
std::string say(const event::MaintenanceAnswered& e) {
  return "Maintenance of agent " + e.agent_id() + " (" + e.hostname() + ") from " +
         to_rfc3339(from_us(e.begins_at_us())) + " was " + (e.accepted() ? "accepted" : "declined") + because(e.why());
}
std::string say(const event::TokenIssued& e) {
  return "Token " + e.token_id() + " was issued with the role " +
         lower_name(model::TokenRole_Name(e.role()), "TOKEN_ROLE_") + ".";
}
std::string say(const event::TokenRevoked& e) { return "Token " + e.token_id() + " was revoked."; }

// Operations.
std::string say(const event::OperationRequested& e) {
  const auto* kind = model::Request::descriptor()->FindFieldByNumber(static_cast<int>(e.request().kind_case()));
  return "Operation " + e.id() + (kind == nullptr ? "" : " (" + kind->name() + ")") + " was asked for" +
         (e.has_fulfilment() ? " and fulfilled at once" : "") + because(e.reason());
}
std::string say(const event::OperationStarted& e) { return "Operation " + e.id() + " started."; }
std::string say(const event::OperationStepChanged& e) {
  return "Step " + e.step() + ": " + to_string(e.done()) + " of " + to_string(e.total()) + " done.";
}
std::string say(const event::OperationFinished& e) {
  return "Operation " + e.id() + " ended: " + std::string(name_of(e.status())) +
         (e.detail().empty() ? "." : ", " + e.detail());
}
std::string say(const event::OperationPaused& e) { return "Operation " + e.id() + " was paused."; }
std::string say(const event::OperationContinued& e) { return "Operation " + e.id() + " goes on."; }

// Clusters.
std::string say(const event::ClusterCreated& e) {
  return "Cluster " + e.name() + " was created with Elasticsearch " + e.spec().version() + ".";
}
std::string say(const event::NodeGroupScaled& e) {
  return "Group " + e.group() + " shall have " + count(e.count_after(), "node") + " instead of " +
         to_string(e.count_before()) + ".";
}
std::string say(const event::NodeGroupResized& e) {
  return "Nodes of group " + e.group() + " shall have " + size_of(e.after()) + ".";
}
std::string say(const event::ClusterSuspended&) {
  return "The cluster was suspended: its tasks shall stop, its data stays.";
}
std::string say(const event::ClusterResumed&) { return "The cluster was resumed."; }
std::string say(const event::ClusterDeletionBegan&) { return "The deletion of the cluster began."; }
std::string say(const event::ClusterDeleted&) { return "The cluster is deleted: nothing of it is left."; }
std::string say(const event::ClusterHealthChanged& e) {
  return "Elasticsearch says " + lower_name(model::HealthStatus_Name(e.after().status()), "HEALTH_STATUS_") + " with " +
         count(e.after().nodes(), "node") + " and " + count(e.after().unassigned_shards(), "unassigned shard") + ".";
}
std::string say(const event::ClusterBootstrapped&) {
  return "The cluster is up with all its nodes for the first time.";
}
std::string say(const event::ExclusionsIntended& e) {
  return e.nodes().empty() ? "Shards may be allocated to every node again (intended)."
                           : "Shards shall leave " + list(e.nodes()) + ".";
}
std::string say(const event::ExclusionsApplied& e) {
  return e.nodes().empty() ? "Elasticsearch excludes no node from allocation."
                           : "Elasticsearch excludes " + list(e.nodes()) + " from allocation.";
}
std::string say(const event::MinimumMasterNodesIntended& e) {
  return "minimum_master_nodes shall be " + to_string(e.value()) + ".";
}
std::string say(const event::MinimumMasterNodesApplied& e) {
  return "minimum_master_nodes is " + to_string(e.value()) + ".";
}
std::string say(const event::HoldBegan& e) {
  return "Held back by " + e.rule() + (e.node().empty() ? "" : " at node " + e.node()) + because(e.why());
}
std::string say(const event::HoldEnded& e) {
  return "No longer held back by " + e.rule() + (e.node().empty() ? "." : " at node " + e.node() + ".");
}

// Nodes.
std::string say(const event::NodeAdded& e) {
  return "Node " + e.node() + " was added to group " + e.group() +
         (e.replaces().empty() ? "." : " to replace " + e.replaces() + ".");
}
std::string say(const event::NodeRemovalBegan& e) { return "Node " + e.node() + " shall leave" + because(e.why()); }
std::string say(const event::NodeRemoved& e) { return "Node " + e.node() + " is gone."; }
std::string say(const event::PlaceIntended& e) {
  return "An offer on " + e.place().hostname() + " was chosen for node " + e.node() + ": " +
         size_of(e.place().resources()) +
         (e.place().transient() ? " for as long as its task runs." : " are to be reserved.");
}
std::string say(const event::PlaceReserved& e) {
  return "The place of node " + e.node() + " is reserved; its volume is " + e.volume_id() + ".";
}
std::string say(const event::PlaceFailed& e) {
  return "The place of node " + e.node() + " came to nothing" + because(e.why()) +
         (e.data_lost() ? " Its data is lost." : "");
}
std::string say(const event::PlaceReleaseIntended& e) {
  return "The place of node " + e.node() + " is to be given back.";
}
std::string say(const event::PlaceReleased& e) { return "The place of node " + e.node() + " was given back."; }
std::string say(const event::PlaceReleaseFailed& e) {
  return "The place of node " + e.node() + " could not be given back" + because(e.why());
}
std::string say(const event::PlaceMoved& e) {
  return "The place of node " + e.node() + " is on agent " + e.agent_id() + " now, which was " + e.agent_id_before() +
         ".";
}
std::string say(const event::PlaceGrowthIntended& e) {
  return "The place of node " + e.node() + " is to grow where it is: from " + size_of(e.before()) + " to " +
         size_of(e.after()) + ".";
}
std::string say(const event::PlaceGrowthReserved& e) {
  return "What the place of node " + e.node() + " lacked is reserved beside it.";
}
std::string say(const event::VolumeGrowthIntended& e) {
  return "Volume " + e.volume_id() + " of node " + e.node() + " is to grow.";
}
std::string say(const event::PlaceGrown& e) {
  return "The place of node " + e.node() + " has grown to " + size_of(e.resources()) + ".";
}
std::string say(const event::PlaceGrowthFailed& e) {
  return "The place of node " + e.node() + " could not grow where it is" + because(e.why());
}
std::string say(const event::PlaceGrowthReleaseIntended& e) {
  return "What was added to the place of node " + e.node() + " is to be given back" + because(e.why());
}
std::string say(const event::PlaceAdopted& e) {
  return "Volume " + e.place().volume_id() + " on agent " + e.place().agent_id() + " is the place of node " + e.node() +
         " again" + because(e.why());
}
std::string say(const event::TaskLaunchIntended& e) {
  return "Task " + e.task_id() + " of node " + e.node() + " is to be launched.";
}
std::string say(const event::TaskStatusChanged& e) {
  return "Task " + e.task_id() + (e.node().empty() ? "" : " of node " + e.node()) + " is " +
         std::string(model::name_of(e.state())) + because(e.message());
}
std::string say(const event::TaskKillIntended& e) {
  return "Task " + e.task_id() + " of node " + e.node() + " is to be stopped" + because(e.why());
}
std::string say(const event::NodeJoined& e) { return "Node " + e.node() + " joined the cluster."; }
std::string say(const event::NodeLeft& e) { return "Node " + e.node() + " left the cluster."; }
std::string say(const event::DrainBegan& e) {
  return "Node " + e.node() + " is being drained of " + count(e.shards(), "shard") + ".";
}
std::string say(const event::DrainFinished& e) { return "Node " + e.node() + " holds no shard any more."; }
std::string say(const event::MesosOperationChanged& e) {
  return "Mesos says that " + e.mesos_operation() + " is " +
         lower_name(model::MesosOperationState_Name(e.state()), "MESOS_OPERATION_STATE_") + because(e.message());
}
std::string say(const event::OrphanReleaseIntended& e) {
  return "A reservation that nobody owns any more (" + e.volume_id() + ") is to be given back.";
}
std::string say(const event::UnknownTaskObserved& e) {
  return "Mesos reports task " + e.task_id() + ", which the log does not know.";
}
std::string say(const event::TaskAdopted& e) {
  return "Task " + e.task_id() + " on agent " + e.agent_id() + ", which the log did not know, is that of node " +
         e.node() + ".";
}
std::string say(const event::UnknownTaskKillIntended& e) {
  return "Task " + e.task_id() + ", which the log does not know, is to be killed" + because(e.why());
}

// What is asked of Elasticsearch, and of the proxies.
std::string say(const event::RuleOverridden& e) {
  return "Rule " + e.rule() + (e.node().empty() ? "" : " at node " + e.node()) + " is out of force for " + e.id() +
         because(e.why());
}
std::string say(const event::TenantPoliciesSet& e) {
  return "The policies of tenant " + e.name() + " were changed" + because(e.reason());
}
// The books.
std::string say(const event::TokenUsed& e) { return "Token " + e.token_id() + " was used from " + e.address() + "."; }
std::string say(const event::SigningKeyCreated& e) { return "Key " + e.key_id() + " signs digests from now on."; }
std::string say(const event::DigestSigned& e) {
  return "The log up to event " + std::to_string(e.through_seq()) + " was signed with key " + e.key_id() + ".";
}
std::string say(const event::LogRestored& e) {
  return "This log goes on from " + e.source() + ", which reaches to event " + std::to_string(e.through_seq()) + ".";
}
std::string say(const event::BackupIntended& e) {
  return "Backup " + e.name() + " of the log is to be taken" + (e.with_secrets() ? ", with the secrets." : ".");
}
std::string say(const event::BackupFailed& e) { return "Backup " + e.name() + " was not taken" + because(e.why()); }
std::string say(const event::BackupTaken& e) {
  return "Backup " + e.name() + " of the log up to event " + std::to_string(e.through_seq()) + " was taken.";
}
std::string say(const event::SinkConfigured& e) {
  return "Events are sent on to sink " + e.after().name() + (e.has_before() ? " as configured anew" : "") +
         because(e.reason());
}
std::string say(const event::SinkRemoved& e) {
  return "Sink " + e.name() + " gets no more events" + because(e.reason());
}
std::string say(const event::SinkAdvanced& e) {
  return "Sink " + e.name() + " has taken all up to event " + std::to_string(e.through_seq()) + ".";
}
std::string say(const event::SinkStalled& e) { return "Sink " + e.name() + " does not go on" + because(e.why()); }
std::string say(const event::PriceListPublished& e) {
  const model::PriceList& list = e.price_list();
  return "Price list " + list.id() + " in " + list.currency() + " was published for " +
         (list.tenant().empty() ? "all tenants" : "tenant " + list.tenant()) + because(e.reason());
}
std::string say(const event::InvoiceClosed& e) {
  const model::Invoice& invoice = e.invoice();
  const std::string what = invoice.month() + " of tenant " + invoice.tenant();
  return invoice.corrects().empty() ? "Invoice " + invoice.id() + " closes " + what + "."
                                    : "Invoice " + invoice.id() + " corrects " + invoice.corrects() + " for " + what +
                                          because(invoice.reason());
}
std::string say(const event::BudgetSet& e) {
  return "The budget of tenant " + e.tenant() + (e.has_after() ? " was set" : " was taken away") + because(e.reason());
}
std::string say(const event::BudgetAlerted& e) {
  return "Tenant " + e.tenant() + (e.projected() ? " is on its way to " : " has spent ") + std::to_string(e.percent()) +
         " % of its budget for " + e.month() + ".";
}

template <typename Settings>
std::string settings_of(const Settings& settings) {
  std::string text;
  for (const auto& one : settings) text += (text.empty() ? "" : ", ") + one.key() + "=" + one.value();
  return text.empty() ? "none" : text;
}
template <typename Plugins>
std::string names_of(const Plugins& plugins) {
  std::string text;
  for (const auto& one : plugins) text += (text.empty() ? "" : ", ") + one.name();
  return text.empty() ? "none" : text;
}
std::string say(const event::NodeGroupConfigured& e) {
  return "Nodes of group " + e.group() + " shall have the settings " + settings_of(e.after()) + " beside our own.";
}
std::string say(const event::NodeGroupAdded& e) { return "Group " + e.group().name() + " was added."; }
std::string say(const event::RestartRequested& e) { return "Nodes of " + list(e.groups()) + " shall be restarted."; }
std::string say(const event::FullRestartBegan& e) { return "All nodes are to be restarted at once" + because(e.why()); }
std::string say(const event::FullRestartPrepared&) { return "The cluster is ready to be stopped."; }
std::string say(const event::FullRestartStopped&) { return "Every node has stopped; they start again."; }
std::string say(const event::FullRestartEnded& e) { return "The restart of all nodes is over" + because(e.why()); }
std::string say(const event::ClusterVersionChanged& e) {
  return "The cluster shall run Elasticsearch " + e.after() + " instead of " + e.before() +
         (e.full_restart() ? ", by a restart of all nodes at once." : ", one node after the other.");
}
std::string say(const event::PluginsChanged& e) {
  return "The plugins shall be " + names_of(e.after()) + " instead of " + names_of(e.before()) + because(e.why());
}
std::string say(const event::PoliciesChanged&) { return "The policies of the cluster were changed."; }
std::string say(const event::NodeRestartBegan& e) {
  return "Node " + e.node() + " is to be restarted" + because(e.why());
}
std::string say(const event::NodeRestartPrepared& e) { return "Node " + e.node() + " is ready to be stopped."; }
std::string say(const event::NodeRestartEnded& e) {
  return "The restart of node " + e.node() + " is over" + because(e.why());
}
std::string say(const event::NodeShielded& e) { return "The proxies shall send node " + e.node() + " nothing new."; }
std::string say(const event::NodeUnshielded& e) { return "The proxies may use node " + e.node() + " again."; }
std::string allocation(const std::string& enable) {
  return enable.empty() ? "of every shard" : "of " + enable + " only";
}
std::string say(const event::AllocationIntended& e) {
  return "Elasticsearch shall allow the allocation " + allocation(e.enable()) + ".";
}
std::string say(const event::AllocationApplied& e) {
  return "Elasticsearch allows the allocation " + allocation(e.enable()) + ".";
}
std::string say(const event::VotingExclusionsIntended& e) {
  return e.nodes().empty() ? "Every master may vote again (intended)." : list(e.nodes()) + " shall not vote any more.";
}
std::string say(const event::VotingExclusionsApplied& e) {
  return e.nodes().empty() ? "No master is kept from voting." : list(e.nodes()) + " does not vote any more.";
}
std::string say(const event::ElasticsearchRequestIntended& e) {
  return "Elasticsearch is to be asked: " + e.method() + " " + e.path() + " (" + e.purpose() + ").";
}
std::string say(const event::ElasticsearchRequestAnswered& e) {
  return "Elasticsearch " + std::string(e.accepted() ? "did" : "refused") + " what was asked (" + e.purpose() + ")" +
         because(e.why());
}
std::string say(const event::ProxyAccessChanged&) { return "Who may use the cluster through its proxies was changed."; }
std::string say(const event::ServersIntended& e) {
  return "The proxies shall send requests to " + count(static_cast<std::uint32_t>(e.servers_size()), "server") + ".";
}
std::string say(const event::ServersApplied& e) {
  return "Proxy " + e.node() + " follows the list of servers of event " + to_string(e.servers_seq()) + ".";
}
std::string say(const event::PolicyRunBegan& e) { return "Policy " + e.policy() + " began " + e.subject() + "."; }
std::string say(const event::PolicyRunFinished& e) {
  return "Policy " + e.policy() + (e.failure().empty() ? " is done with " : " failed at ") + e.subject() +
         because(e.failure());
}

}  // namespace

std::string sentence(const event::Event& event) {
  std::string text;
  event::visit(event, [&](const auto& payload) { text = say(payload); });
  return text;
}

}  // namespace esaas::store
