// Elasticsearch: when it is asked, what is sent to it, and what its answers become.

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "reconcilers/loop/controller.h"
#include "reconcilers/loop/repeats.h"
#include "reconcilers/policies.h"
#include "reconcilers/questions.h"
#include "reconcilers/reconcile.h"
#include "reconcilers/recovery_guard.h"

namespace esaas::loop {
namespace {

/// A starting cluster is silent for a while; only then do polls that nobody answers, or that bring nothing, become
/// rarer. A long drain may go on for hours, and a cluster may be held for days.
constexpr std::uint32_t kPatientPolls = 180;
/// Each poll that is on its way makes the pauses of all longer by this much: a fleet that has lost a rack is asked by
/// its thousands, and the controller has other things to do.
constexpr Duration kPauseEach = std::chrono::milliseconds{5};
/// To an answer that changed something: what is asked after it shows that, and a step waits to see it.
constexpr Duration kMoment = std::chrono::milliseconds{1};

bool is_companion(const state::Cluster& cluster, const state::Node& node) {
  const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
  return group != nullptr && state::is_companion(*group);
}

/// What is in force when the intent came through.
event::Event applied(const event::Event& intent) {
  event::Event event;
  switch (intent.payload_case()) {
    case event::Event::kExclusionsIntended:
      *event.mutable_exclusions_applied()->mutable_nodes() = intent.exclusions_intended().nodes();
      break;
    case event::Event::kAllocationIntended:
      event.mutable_allocation_applied()->set_enable(intent.allocation_intended().enable());
      break;
    case event::Event::kVotingExclusionsIntended:
      *event.mutable_voting_exclusions_applied()->mutable_nodes() = intent.voting_exclusions_intended().nodes();
      break;
    default:
      event.mutable_minimum_master_nodes_applied()->set_value(intent.minimum_master_nodes_intended().value());
      break;
  }
  return event;
}

/// What an answer may have changed since the question was sent.
void forget_settings(reconcile::Observation& observation) {
  observation.excluded_nodes.reset();
  observation.minimum_master_nodes.reset();
  observation.allocation_enable.reset();
  observation.voting_exclusions.reset();
  observation.persistent_settings.reset();
  observation.transient_settings.reset();
}

/// The state says already that this setting is applied: a repeated PUT is no news.
bool is_known(const state::Cluster& cluster, const event::Event& applied) {
  switch (applied.payload_case()) {
    case event::Event::kExclusionsApplied:
      return std::ranges::equal(cluster.exclusions_applied(), applied.exclusions_applied().nodes());
    case event::Event::kAllocationApplied: return cluster.allocation_applied() == applied.allocation_applied().enable();
    case event::Event::kVotingExclusionsApplied:
      return std::ranges::equal(cluster.voting_exclusions_applied(), applied.voting_exclusions_applied().nodes());
    default: return cluster.minimum_master_nodes_applied() == applied.minimum_master_nodes_applied().value();
  }
}

}  // namespace

ClusterAddress Controller::address_of(const state::Cluster& cluster) {
  ClusterAddress address{.cluster = cluster.name(), .version = cluster.spec().version(), .nodes = {}};
  for (const bool joined : {true, false}) {  // members are likeliest to answer
    for (const state::Node& node : cluster.nodes()) {
      if (node.task().state() != model::TASK_STATE_RUNNING || node.task().joined() != joined) continue;
      if (is_companion(cluster, node)) continue;
      address.nodes.emplace_back(node.place().hostname(), node.place().http_port());
    }
  }
  return address;
}

void Controller::plan_poll(const std::string& name, Time now) {
  const state::Cluster* cluster = state().find_cluster(name);
  if (cluster == nullptr || schedule_.polls_under_way.contains(name)) return;
  if (address_of(*cluster).nodes.empty()) {
    schedule_.polls.clear(name);
    return;
  }
  const Time wanted = now + poll_interval(*cluster);
  const auto planned = schedule_.polls.of(name);
  if (!planned || wanted < *planned) schedule_.polls.set(name, wanted);
}

bool Controller::is_overtaken(const std::string& cluster, const reconcile::Observation& observation) const {
  const auto answered_at = answered_at_.find(cluster);
  return answered_at != answered_at_.end() && observation.observed_at <= answered_at->second;
}

Duration Controller::poll_interval(const state::Cluster& cluster) const {
  if (!reconcile::wants_observation(cluster)) return options_.poll_idle;
  const auto newest = observations_.find(cluster.name());
  if (newest != observations_.end() && is_overtaken(cluster.name(), newest->second)) return kMoment;
  const auto beyond_patience = [&](const std::map<std::string, std::uint32_t>& polls) {
    const auto found = polls.find(cluster.name());
    return found == polls.end() || found->second <= kPatientPolls ? 0U : found->second - kPatientPolls;
  };
  const Duration silent = options_.poll_fast * (1 << std::min(beyond_patience(schedule_.silent), 10U));
  const Duration unchanged = options_.poll_fast * (1 + beyond_patience(schedule_.unchanged));
  const Duration crowded = kPauseEach * static_cast<std::int64_t>(schedule_.polls_under_way.size());
  const auto took = schedule_.poll_took.find(cluster.name());
  const Duration restful = took == schedule_.poll_took.end() ? Duration{} : took->second;
  return std::min(std::max({silent, unchanged, restful, crowded}), options_.poll_idle);
}

void Controller::poll_due(Time now) {
  for (const std::string& name : schedule_.polls.take_due(now)) {
    const state::Cluster* cluster = state().find_cluster(name);
    if (cluster == nullptr) continue;
    ClusterAddress address = address_of(*cluster);
    if (address.nodes.empty()) continue;
    schedule_.polls_under_way.insert_or_assign(name, now);
    auto operations = side_operations_of(state(), *cluster);
    if (const auto* active = state().find_operation(cluster->active_operation())) operations.push_back(active);
    const auto known = observations_.find(name);
    const auto repositories = known == observations_.end() ? std::vector<std::string>{} : known->second.repositories;
    ports_.elasticsearch_observe(std::move(address), reconcile::questions_for(*cluster, operations, now, repositories));
  }
}

void Controller::observed(const std::string& cluster_name, reconcile::Observation observation, Time now) {
  const auto asked = schedule_.polls_under_way.extract(cluster_name);
  const state::Cluster* cluster = state().find_cluster(cluster_name);
  if (cluster == nullptr) return;
  if (!asked.empty()) schedule_.poll_took.insert_or_assign(cluster_name, now - asked.mapped());
  std::uint32_t& silent = schedule_.silent[cluster_name];
  silent = observation.health.status() == model::HEALTH_STATUS_UNKNOWN ? silent + 1 : 0;
  ++schedule_.unchanged[cluster_name];  // until something is appended, below or in a turn
  if (is_overtaken(cluster_name, observation)) forget_settings(observation);
  const bool shows_guard = reconcile::shows_guard(observation);
  auto facts = reconcile::observe(*cluster, observation, now);
  observations_.insert_or_assign(cluster_name, std::move(observation));
  append(cluster_name, std::move(facts), event::ACTOR_KIND_ELASTICSEARCH, cause_of(cluster_name), now);
  cluster = state().find_cluster(cluster_name);
  if (cluster == nullptr) return;
  const bool matters = shows_guard || !cluster->holds().empty() || reconcile::wants_observation(*cluster) ||
                       reconcile::has_policies(*cluster, state().find_tenant(cluster->tenant()));
  if (matters) schedule_.mark_dirty(cluster_name);
  plan_poll(cluster_name, now);
}

/// What the newest observation says of the settings is older than the answer that just came.
void Controller::forget_seen_settings(const std::string& cluster_name, Time now) {
  answered_at_.insert_or_assign(cluster_name, now);
  const auto observation = observations_.find(cluster_name);
  if (observation == observations_.end()) return;
  forget_settings(observation->second);
}

void Controller::setting_answered(const std::string& cluster_name, const event::Event& intent,
                                  const Result<void>& outcome, Time now) {
  if (!outcome) {
    ports_.note("elasticsearch_setting_failed", {{"cluster", cluster_name}, {"why", outcome.error().detail}});
    const bool is_refused = outcome.error().code == ErrorCode::kInvalidArgument;
    if (is_refused) note_setting(cluster_name, intent, to_valid_utf8(outcome.error().detail));
    return;  // the plan repeats it
  }
  note_setting(cluster_name, intent, {});
  forget_seen_settings(cluster_name, now);
  event::Event event = applied(intent);
  const state::Cluster* cluster = state().find_cluster(cluster_name);
  if (cluster == nullptr || is_known(*cluster, event)) return;
  append(cluster_name, {std::move(event)}, event::ACTOR_KIND_ELASTICSEARCH, cause_of(cluster_name), now);
}

void Controller::note_setting(const std::string& cluster_name, const event::Event& intent, std::string refusal) {
  if (state().find_cluster(cluster_name) == nullptr) return;
  auto& answers = setting_answers_[cluster_name];
  auto known = std::ranges::find(answers, intent.payload_case(), &reconcile::SettingAnswer::intent);
  if (known == answers.end()) known = answers.emplace(answers.end());
  const bool is_news = known->refusal != refusal;
  *known = {.intent = intent.payload_case(), .setting = reconcile::setting_of(intent), .refusal = std::move(refusal)};
  if (is_news) schedule_.mark_dirty(cluster_name);
}

void Controller::perform_request(const state::Cluster& cluster, const event::Event& intent) {
  switch (intent.payload_case()) {
    case event::Event::kExclusionsIntended:
    case event::Event::kMinimumMasterNodesIntended:
    case event::Event::kAllocationIntended:
    case event::Event::kVotingExclusionsIntended: return ports_.elasticsearch_put(address_of(cluster), intent);
    case event::Event::kElasticsearchRequestIntended:
      // One that is on its way already may take as long as a cluster needs to delete a snapshot.
      if (!requests_under_way_.insert(intent.seq()).second) return;
      return ports_.elasticsearch_request(address_of(cluster), intent);
    case event::Event::kServersIntended: return perform_servers(cluster, intent);
    default: return;
  }
}

void Controller::request_answered(const std::string& cluster_name, std::uint64_t seq,
                                  const Result<es::RequestAnswer>& answer, Time now) {
  requests_under_way_.erase(seq);
  const state::Cluster* cluster = state().find_cluster(cluster_name);
  if (cluster == nullptr) return;
  const auto request = std::ranges::find(cluster->requests(), seq, &state::ElasticsearchRequest::seq);
  if (request == cluster->requests().end() || request->answered()) return;
  const auto verdict = answer ? es::judge(*answer, *request) : std::nullopt;
  if (!verdict) {
    ports_.note("elasticsearch_request_unanswered",
                {{"cluster", cluster_name},
                 {"request", request->method() + " " + request->path()},
                 {"why", answer ? "status " + std::to_string(answer->status) : answer.error().detail}});
    return;  // the plan repeats it
  }
  forget_seen_settings(cluster_name, now);
  repeats_.forget(cluster_name + "/" + request_key(seq));
  event::Event event;
  event.set_operation_id(request->operation());
  event.set_cause_seq(seq);
  auto& payload = *event.mutable_elasticsearch_request_answered();
  payload.set_request_seq(seq);
  payload.set_purpose(request->purpose());
  payload.set_status(answer->status);
  payload.set_accepted(verdict->accepted);
  payload.set_why(to_valid_utf8(verdict->why));
  append(cluster_name, {std::move(event)}, event::ACTOR_KIND_ELASTICSEARCH, seq, now);
}

}  // namespace esaas::loop
