#include "store/views/undo.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "core/commands/validate.h"
#include "core/model/request.h"
#include "core/state/fleet_state.h"
#include "store/views/index_walk.h"
#include "store/views/operation_view.h"
#include "store/views/operation_walk.h"
#include "store/views/touched.h"

namespace esaas::store {
namespace {

using model::Request;
using Changes = std::vector<Change>;

std::unexpected<Error> refuse(std::string why, std::string rule) {
  return fail(ErrorCode::kConflict, std::move(why), "", std::move(rule));
}

/// Why a kind has no inverse, or is its own opposite; empty when it has one.
std::string_view why_no_inverse(const Request& request) {
  switch (request.kind_case()) {
    case Request::kScale:
    case Request::kResize:
    case Request::kConfigure:
    case Request::kInstallPlugin:
    case Request::kRemovePlugin:
    case Request::kSettings:
    case Request::kReplicas:
    case Request::kPolicies:
    case Request::kProxies:
    case Request::kLabel: return {};
    case Request::kCreate: return "delete the cluster instead";
    case Request::kDelete: return "what is deleted is gone";
    case Request::kSuspend: return "resume the cluster instead";
    case Request::kResume: return "suspend the cluster instead";
    case Request::kOpenIndices: return "close the indices instead";
    case Request::kCloseIndices: return "open the indices instead";
    case Request::kRestart: return "a restart leaves nothing to take back";
    case Request::kUpgrade:
      return "no version leads back to an older one: restore a snapshot into a cluster of that version";
    case Request::kRegisterRepository: return "register it elsewhere instead";
    case Request::kTakeSnapshot: return "delete the snapshot instead";
    case Request::kDeleteSnapshot: return "what is deleted is gone";
    case Request::kRestoreSnapshot: return "delete or close the indices that were restored";
    case Request::kInstallKibana: return "remove Kibana instead";
    case Request::kRemoveKibana: return "install Kibana instead";
    case Request::KIND_NOT_SET: return "its kind is not known";
  }
  return "its kind is not known";
}

Result<void> check_status(const state::Operation& operation) {
  if (operation.status() == model::OPERATION_STATUS_QUEUED) {
    return refuse(operation.id() + " has not begun: cancel it instead", "operation_has_begun");
  }
  if (operation.status() == model::OPERATION_STATUS_RUNNING && model::runs_alongside(operation.request())) {
    return refuse(operation.id() + " is not over: undo it when it is", "operation_is_over");
  }
  return {};
}

/// The first that was before and the last that came after, thing by thing; what came to nothing is left out.
void merge(Changes& all, Change change) {
  const auto known = std::ranges::find(all, change.thing, &Change::thing);
  if (known == all.end()) {
    if (change.before != change.after) all.push_back(std::move(change));
    return;
  }
  known->after = change.after;
  if (known->before == known->after) all.erase(known);
}

/// 2.x answers 200 to settings of which it took only some: that is a refusal, and yet some are in force.
bool may_have_taken_part(const event::ElasticsearchRequestAnswered& answered) {
  return !answered.accepted() && answered.status() >= 200 && answered.status() < 300;
}

/// What the operation changed. A request that Elasticsearch has refused changed nothing, unless it took a part of it:
/// giving back what it did not take does no harm. One whose answer nobody waited for (the operation was cancelled) may
/// have been taken.
Result<Changes> changes_of_operation(const EventLog& log, std::string_view id) {
  Changes all;
  std::map<std::uint64_t, Changes> asked;
  OperationWalk walk(log, id);
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) break;
    if (event->has_elasticsearch_request_answered()) {
      const auto& answered = event->elasticsearch_request_answered();
      const auto found = asked.find(answered.request_seq());
      if (found == asked.end()) continue;
      if (!answered.accepted() && !may_have_taken_part(answered)) found->second.clear();
      for (Change& change : found->second) merge(all, std::move(change));
      asked.erase(found);
      continue;
    }
    Changes changes = changes_of(*event);
    if (event->has_elasticsearch_request_intended()) {
      asked.emplace(event->seq(), std::move(changes));
      continue;
    }
    for (Change& change : changes) merge(all, std::move(change));
  }
  for (auto& [seq, changes] : asked) {
    for (Change& change : changes) merge(all, std::move(change));
  }
  return all;
}

bool concerns(const Changes& all, std::string_view thing) {
  return std::ranges::any_of(all, [&](const Change& change) { return is_same_thing(change.thing, thing); });
}

std::string whose(const event::Event& event) {
  return event.operation_id().empty()
             ? "the controller itself, for a policy (event " + std::to_string(event.seq()) + ")"
             : event.operation_id();
}

std::unexpected<Error> touched(const state::Operation& operation, const std::string& thing, const std::string& by) {
  return refuse(
      operation.id() + " cannot be undone: the " + thing + " was changed later by " + by + "; undo that first",
      "touched_later");
}

/// What has come since: the things that an earlier undo of the same operation gave back, by its id.
Result<std::map<std::string, std::string>> given_back_since(const EventLog& log, const state::Operation& operation,
                                                            const Changes& all) {
  std::map<std::string, std::string> given_back;
  std::set<std::string> undoers;
  IndexWalk walk(log,
                 {.kind = IndexKind::kCluster, .value = operation.cluster(), .from_seq = operation.requested_seq()});
  for (std::size_t scanned = 0;; ++scanned) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) return given_back;
    if (scanned == kViewScanMax) {
      return refuse(operation.id() + " is too long ago: more than " + std::to_string(kViewScanMax) +
                        " events of the cluster came since",
                    "recent_enough");
    }
    if (event->operation_id() == operation.id()) continue;
    if (event->has_operation_requested() && event->operation_requested().request().undoes() == operation.id()) {
      undoers.insert(event->operation_id());
    }
    const bool is_undoer = undoers.contains(event->operation_id());
    if (is_undoer && event->has_operation_finished() &&
        event->operation_finished().status() != model::OPERATION_STATUS_SUCCEEDED) {
      std::erase_if(given_back, [&](const auto& item) { return item.second == event->operation_id(); });
    }
    for (const Change& change : changes_of(*event)) {
      if (!concerns(all, change.thing)) continue;
      if (!is_undoer) return touched(operation, change.thing, whose(*event));
      given_back[change.thing] = event->operation_id();
    }
  }
}

Result<void> check_open(const state::Operation& operation, const Changes& all, const OpenOperations& open) {
  for (const auto& other : open) {
    if (other->cluster() != operation.cluster() || other->id() == operation.id()) continue;
    if (other->requested_seq() < operation.requested_seq() && other->status() != model::OPERATION_STATUS_QUEUED)
      continue;
    for (const std::string& thing : things_of(other->request())) {
      if (!concerns(all, thing)) continue;
      if (other->undoes() == operation.id()) {
        return refuse(operation.id() + " is being taken back already by " + other->id(), "taken_back_once");
      }
      return touched(operation, thing, other->id());
    }
  }
  return {};
}

// ---- The requests ----

Request inverse_of_nodes(const Changes& all) {
  Request request;
  const Change* count = nullptr;
  const Change* size = nullptr;
  for (const Change& change : all) (change.size_before ? size : count) = &change;
  if (size == nullptr) {
    request.mutable_scale()->set_group(count->group);
    request.mutable_scale()->set_count(count->count_before);
    return request;
  }
  request.mutable_resize()->set_group(size->group);
  *request.mutable_resize()->mutable_resources() = *size->size_before;
  if (count != nullptr) request.mutable_resize()->set_count(count->count_before);
  return request;
}

Request inverse_of_configuration(const Changes& all) {
  Request request;
  request.mutable_configure()->set_group(all.front().group);
  for (const Change& change : all) {
    model::Setting& setting = *request.mutable_configure()->add_settings();
    setting.set_key(change.key);
    setting.set_unset(!change.value_before);
    setting.set_value(change.value_before.value_or(""));
  }
  return request;
}

Request inverse_of_plugin(const Change& change) {
  Request request;
  if (change.plugin_before) {
    *request.mutable_install_plugin()->mutable_plugin() = *change.plugin_before;
  } else {
    request.mutable_remove_plugin()->set_name(change.key);
  }
  return request;
}

Request inverse_of_settings(const Changes& all) {
  Request request;
  for (const Change& change : all) {
    auto& settings = *request.mutable_settings();
    model::Setting& setting = change.scope == "persistent" ? *settings.add_persistent() : *settings.add_transient();
    setting.set_key(change.key);
    setting.set_unset(!change.value_before);
    setting.set_value(change.value_before.value_or(""));
  }
  return request;
}

/// One request for each number of replicas that there was, and for each so many indices as one may name.
Result<std::vector<Request>> inverse_of_replicas(const Changes& all, const std::string& confirm) {
  std::map<std::uint32_t, std::vector<Request>> by_number;
  for (const Change& change : all) {
    const std::string text = change.value_before.value_or("");
    std::uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end) {
      return refuse("the log does not tell how many replicas index " + change.scope + " had", "has_an_inverse");
    }
    std::vector<Request>& parts = by_number[number];
    if (parts.empty() || parts.back().replicas().indices_size() == command::kIndicesMax) parts.emplace_back();
    auto& replicas = *parts.back().mutable_replicas();
    replicas.set_replicas(number);
    replicas.add_indices(change.scope);
    if (number < 1) replicas.set_confirm(confirm);
  }
  std::vector<Request> requests;
  for (auto& [number, parts] : by_number) {
    for (Request& request : parts) requests.push_back(std::move(request));
  }
  return requests;
}

/// Who was let in before. Passwords stay as they are now: what was replaced is erased.
Result<model::ProxyAccess> access_before(const model::ProxyAccess& before, const model::ProxyAccess& now) {
  model::ProxyAccess access = before;
  for (model::ProxyUser& user : *access.mutable_users()) {
    const auto known = std::ranges::find(now.users(), user.name(), &model::ProxyUser::name);
    if (known == now.users().end()) {
      return refuse("the password of " + user.name() + " was erased when the user was taken away: add the user again",
                    "has_an_inverse");
    }
    user = *known;
  }
  return access;
}

Result<Request> inverse_of_proxies(const Changes& all, const state::Cluster& cluster) {
  Request request;
  auto& proxies = *request.mutable_proxies();
  if (const auto* group = state::find_group(cluster.spec(), "proxy")) proxies.set_count(group->count());
  for (const Change& change : all) {
    if (change.size_before) {
      *proxies.mutable_resources() = *change.size_before;
    } else if (!change.access_before) {
      proxies.set_count(change.count_before);
    } else {
      ESAAS_TRY(*proxies.mutable_access(), access_before(*change.access_before, cluster.spec().access()));
      const bool same = proxies.access().SerializeAsString() == cluster.spec().access().SerializeAsString();
      if (same && all.size() == 1)
        return refuse("only passwords were changed, and those before are erased", "has_an_inverse");
    }
  }
  return request;
}

Request inverse_of_labels(const Changes& all) {
  Request request;
  for (const Change& change : all) {
    model::Label& label = *request.mutable_label()->add_labels();
    label.set_key(change.key);
    label.set_value(change.value_before.value_or(""));
  }
  return request;
}

Result<std::vector<Request>> inverse_of(const state::Operation& operation, const Changes& all,
                                        const state::Cluster& cluster, const std::string& confirm) {
  switch (operation.request().kind_case()) {
    case Request::kScale:
    case Request::kResize: return std::vector{inverse_of_nodes(all)};
    case Request::kConfigure: return std::vector{inverse_of_configuration(all)};
    case Request::kInstallPlugin:
    case Request::kRemovePlugin: return std::vector{inverse_of_plugin(all.front())};
    case Request::kSettings: return std::vector{inverse_of_settings(all)};
    case Request::kReplicas: return inverse_of_replicas(all, confirm);
    case Request::kProxies: {
      ESAAS_TRY(Request request, inverse_of_proxies(all, cluster));
      return std::vector{std::move(request)};
    }
    case Request::kLabel: return std::vector{inverse_of_labels(all)};
    case Request::kPolicies: {
      Request request;
      request.mutable_policies();  // without any it has none of its own, and its tenant's count again
      if (all.front().had_policies) *request.mutable_policies()->mutable_policies() = *all.front().policies_before;
      return std::vector{std::move(request)};
    }
    default: return refuse("there is no inverse", "has_an_inverse");
  }
}

std::string told(const Change& change) {
  std::string text = "The " + change.thing;
  if (change.size_before) {
    return text + " becomes cpus_milli " + std::to_string(change.size_before->cpus_milli()) + ", mem_mib " +
           std::to_string(change.size_before->mem_mib()) + ", disk_mib " +
           std::to_string(change.size_before->disk_mib()) + " again.";
  }
  if (change.policies_before || change.access_before) return text + " becomes what it was before.";
  if (change.thing.starts_with("plugin ")) {
    return text + (change.plugin_before ? " is installed as it was before." : " is removed again.");
  }
  if (change.thing.starts_with("count ")) return text + " becomes " + std::to_string(change.count_before) + " again.";
  return text + (change.value_before ? " becomes \"" + *change.value_before + "\" again." : " is taken away again.");
}

}  // namespace

Result<Undo> UndoView::undo(std::string_view operation_id, const state::Cluster& cluster, const OpenOperations& open,
                            const std::string& confirm) const {
  ESAAS_TRY(const state::Operation operation, OperationView(log_).find(operation_id));
  if (operation.cluster() != cluster.name()) {
    return fail(ErrorCode::kNotFound, operation.id() + " is not on cluster " + cluster.name());
  }
  if (const std::string_view why = why_no_inverse(operation.request()); !why.empty()) {
    return refuse(operation.id() + " cannot be undone: " + std::string(model::kind_of(operation.request())) +
                      " has no inverse; " + std::string(why),
                  "has_an_inverse");
  }
  ESAAS_CHECK(check_status(operation));
  ESAAS_TRY(Changes all, changes_of_operation(log_, operation.id()));
  if (all.empty()) return refuse(operation.id() + " has changed nothing", "changed_something");
  // A cluster of the same name that was made since is another one.
  if (cluster.created_seq() > operation.requested_seq()) {
    return fail(ErrorCode::kNotFound, "the cluster of " + operation.id() + " is gone");
  }
  ESAAS_CHECK(check_open(operation, all, open));
  ESAAS_TRY(const auto given_back, given_back_since(log_, operation, all));
  std::erase_if(all, [&](const Change& change) { return given_back.contains(change.thing); });
  if (all.empty()) {
    return refuse(operation.id() + " was taken back already by " + given_back.begin()->second, "taken_back_once");
  }
  Undo undo;
  for (const Change& change : all) undo.changes.push_back(told(change));
  ESAAS_TRY(undo.requests, inverse_of(operation, all, cluster, confirm));
  for (Request& request : undo.requests) request.set_undoes(operation.id());
  return undo;
}

}  // namespace esaas::store
