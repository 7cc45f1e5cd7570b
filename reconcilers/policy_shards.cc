#include "reconcilers/policy_shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reconcilers/effects/elasticsearch/requests.h"
#include "reconcilers/index_replicas.h"
#include "reconcilers/policies.h"
#include "reconcilers/policy_requests.h"
#include "reconcilers/policy_runs.h"
#include "reconcilers/setting_defaults.h"

namespace esaas::reconcile {
namespace {

constexpr std::string_view kLimitPurpose = "policy_shards_per_node";
constexpr std::string_view kGiveBackPurpose = "policy_give_back_shards_per_node";
constexpr std::string_view kSetting = "cluster.routing.allocation.total_shards_per_node";

std::string value_seen(const Observation& seen) {
  const auto found = std::ranges::find(*seen.persistent_settings, kSetting, &model::Setting::key);
  return found == seen.persistent_settings->end() ? std::string{} : found->value();
}

/// An empty value is none.
WantedRequest request_to_set(std::string_view purpose, std::string subject, const std::string& before,
                             const std::string& after) {
  model::Setting setting;
  setting.set_key(std::string(kSetting));
  setting.set_value(after);
  setting.set_unset(after.empty());
  event::SettingChange change;
  change.set_scope("persistent");
  change.set_key(setting.key());
  change.set_before(before);
  change.set_unset_before(before.empty());
  change.set_after(after);
  change.set_unset_after(after.empty());
  return {.purpose = std::string(purpose),
          .subject = std::move(subject),
          .method = "PUT",
          .path = "/_cluster/settings?flat_settings=true&master_timeout=10s&timeout=10s",
          .body = es::settings_body({setting}, {}),
          .changes = {change}};
}

// ---- The run ----

/// The one that is under way; null: there is none.
const state::PolicyRun* run_of(const state::Cluster& cluster) {
  const state::PolicyRun* run = last_run(cluster, kPolicyShardsPerNodeMax);
  return run == nullptr || run->finished() ? nullptr : run;
}

std::string put_by(const state::PolicyRun& run) { return run.subject().substr(0, run.subject().find('/')); }
std::string before_of(const state::PolicyRun& run) { return run.subject().substr(run.subject().find('/') + 1); }

/// Written down before it is put, so that it can be given back whatever happens between.
void note_what_is_there(const View& view, Draft& draft, const std::string& value, const std::string& seen) {
  const state::PolicyRun* run = run_of(view.cluster());
  if (run != nullptr && put_by(*run) == value) return;
  // Another limit of ours is not what was there before us.
  const std::string before = run != nullptr && put_by(*run) == seen ? before_of(*run) : seen;
  event::Event event;
  auto& payload = *event.mutable_policy_run_began();
  payload.set_policy(std::string(kPolicyShardsPerNodeMax));
  payload.set_subject(value + "/" + before);
  draft.act("begin_policy_run", std::move(event));
}

void give_back(const View& view, Draft& draft, const state::PolicyRun& run) {
  const std::string seen = value_seen(*view.fresh());
  std::string before = before_of(run);
  if (before.empty() && !can_unset_settings(view.cluster().spec().version())) before = *default_of_2x(kSetting);
  if (seen != put_by(run)) {
    const bool is_given_back = seen == before || seen == before_of(run);
    return finish_run(draft, run,
                      is_given_back ? "" : fmt::format("Somebody else has set {} to {}: it stays.", kSetting, seen));
  }
  std::string why =
      fmt::format("No policy limits the shards on a node any more, and Elasticsearch still keeps {}.", seen);
  put_right(view, draft, request_to_set(kGiveBackPurpose, run.subject(), seen, before), why);
  draft.hold(kPolicyShardsPerNodeMax, "", {std::move(why), {figure("in_force", seen), figure("before", before)}});
}

// ---- The limit ----

void limit(const View& view, Draft& draft, const model::Policies& policies) {
  const std::uint32_t most_allowed = policies.shards_per_node_max();
  const std::string value = std::to_string(most_allowed);
  const std::string seen = value_seen(*view.fresh());
  std::string why;
  if (seen != value) {
    why = fmt::format("Elasticsearch does not keep a limit of {} shards on a node.", most_allowed);
    if (!policies.correct()) why += " The policies only show it.";
  }
  if (seen != value && policies.correct()) {
    note_what_is_there(view, draft, value, seen);
    put_right(view, draft, request_to_set(kLimitPurpose, value, seen, value), why);
  }
  std::map<std::string_view, std::uint32_t> copies;
  for (const ShardCopy& copy : view.fresh()->shards) {
    if (!copy.node.empty()) ++copies[copy.node];
  }
  std::vector<std::string> nodes;
  std::uint32_t most = 0;
  for (const auto& [node, count] : copies) {
    if (count <= most_allowed) continue;
    nodes.emplace_back(node);
    most = std::max(most, count);
  }
  if (!nodes.empty()) {
    why += (why.empty() ? "" : " ") + fmt::format("More than {} shards: {}.", most_allowed, listed(nodes));
  }
  if (why.empty()) return;
  draft.hold(kPolicyShardsPerNodeMax, "",
             {std::move(why),
              {figure("shards_per_node_max", most_allowed), figure("nodes", nodes.size()), figure("most", most)}});
}

}  // namespace

void keep_shards_per_node(const View& view, Draft& draft, const model::Policies* policies) {
  if (policies != nullptr && policies->has_shards_per_node_max()) return limit(view, draft, *policies);
  if (const state::PolicyRun* run = run_of(view.cluster())) give_back(view, draft, *run);
}

}  // namespace esaas::reconcile
