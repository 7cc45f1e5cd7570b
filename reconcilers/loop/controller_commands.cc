// Commands from outside: decided in order, answered when durable.

#include <algorithm>
#include <memory>
#include <utility>

#include "core/model/ids.h"
#include "reconcilers/loop/controller.h"
#include "reconcilers/reconcile.h"

namespace esaas::loop {
namespace {

/// Commands beyond this many sequenced events that are not on disk are refused: the client backs off.
constexpr std::size_t kCommandBacklogMax = 16'384;

std::string scoped_key(const Submission& submission) {
  return submission.caller.tenant + "/" + submission.idempotency_key;
}

Error another_body() {
  return {ErrorCode::kConflict, "this Idempotency-Key was used with another request", "Idempotency-Key",
          "same_key_same_request"};
}

}  // namespace

void Controller::submit(std::vector<Submission> submissions, Front::Answers answers, Time now) {
  std::vector<Result<Accepted>> results;
  results.reserve(submissions.size());
  for (Submission& submission : submissions) results.push_back(accept(submission, now));
  // A refusal too: it may rest upon what is not on disk yet.
  sequencer_.when_durable(
      [answers = std::move(answers), results = std::move(results)]() mutable { answers(std::move(results)); });
}

std::optional<Result<Accepted>> Controller::seen_before(const Submission& submission, const std::string& key) {
  if (const auto found = keys_under_way_.find(key); found != keys_under_way_.end()) {
    if (found->second.body_hash != submission.body_hash) return std::unexpected(another_body());
    Accepted again = found->second.accepted;
    again.replayed = true;
    return again;
  }
  auto stored = log_.find_idempotency(key);
  if (!stored) return std::unexpected(stored.error());
  if (!stored->has_value()) return std::nullopt;
  const store::IdempotencyEntry& entry = **stored;
  if (entry.body_hash != submission.body_hash) return std::unexpected(another_body());
  return Accepted{.operation_id = entry.operation_id, .seq = entry.seq, .revision = entry.revision, .replayed = true};
}

Result<Accepted> Controller::accept(Submission& submission, Time now) {
  const std::string key = submission.idempotency_key.empty() ? std::string{} : scoped_key(submission);
  if (!key.empty()) {
    if (auto before = seen_before(submission, key)) return std::move(*before);
  }
  if (!writable_) {
    return fail(ErrorCode::kUnavailable,
                "the log is below its reserve of free space: nothing is accepted until there is room", "",
                "free_space_reserve");
  }
  if (sequencer_.backlog() >= kCommandBacklogMax) {
    return fail(ErrorCode::kResourceExhausted, "too many commands wait for the disk", "", "command_backlog_max");
  }
  const command::Context context{.now = now,
                                 .caller = submission.caller,
                                 .next_seq = sequencer_.next_seq(),
                                 .versions = &versions_,
                                 .plugins = &plugins_,
                                 .kibanas = &kibanas_};
  ESAAS_TRY(auto events, command::decide(state(), submission.command, context));

  Accepted accepted{.operation_id = events.front().operation_id(), .seq = context.next_seq, .revision = 0};
  const std::string cluster_name = events.front().cluster();
  bool tenants_changed = false;
  for (event::Event& event : events) {
    tenants_changed = tenants_changed || event.has_tenant_created();
    sequencer_.sequence(std::move(event), now);
  }
  if (const state::Cluster* cluster = state().find_cluster(cluster_name)) accepted.revision = cluster->revision();
  if (!key.empty()) remember(key, submission.body_hash, accepted, now);
  if (!cluster_name.empty()) start_next(cluster_name, now);
  if (tenants_changed) {
    sequencer_.when_durable([this, now] { take_roles(now); });
  }
  return accepted;
}

void Controller::remember(const std::string& key, const std::string& body_hash, const Accepted& accepted, Time now) {
  sequencer_.remember({.key = key,
                       .body_hash = body_hash,
                       .operation_id = accepted.operation_id,
                       .seq = accepted.seq,
                       .revision = accepted.revision,
                       .at_us = to_us(now)});
  keys_under_way_.insert_or_assign(key, KeyUnderWay{body_hash, accepted});
  sequencer_.when_durable([this, key] { keys_under_way_.erase(key); });
}

void Controller::preview(const Submission& submission, std::function<void(Result<Preview>)> answer, Time now) {
  const command::Context context{.now = now,
                                 .caller = submission.caller,
                                 .next_seq = sequencer_.next_seq(),
                                 .versions = &versions_,
                                 .plugins = &plugins_,
                                 .kibanas = &kibanas_};
  auto events = command::decide(state(), submission.command, context);
  Result<Preview> preview = std::unexpected(Error{});
  if (events) {
    preview = imagine(std::move(*events), now);
  } else {
    preview = std::unexpected(std::move(events).error());
  }
  // It shows, and rests upon, what may not be on disk yet.
  sequencer_.when_durable(
      [answer = std::move(answer), preview = std::move(preview)]() mutable { answer(std::move(preview)); });
}

/// What the events would do to a copy of what a decision on one cluster reads: the head, that cluster, its operations.
Preview Controller::imagine(std::vector<event::Event> events, Time now) const {
  Preview preview;
  const std::string name = events.front().cluster();
  state::FleetState imagined;
  imagined.head = state().head;
  if (const state::Cluster* cluster = state().find_cluster(name)) {
    imagined.clusters.emplace(name, *cluster);
    const auto keep = [&](const std::string& id) {
      if (const state::Operation* operation = state().find_operation(id)) imagined.operations.emplace(id, *operation);
    };
    keep(cluster->active_operation());
    for (const std::string& id : cluster->queued_operations()) keep(id);
    for (const std::string& id : cluster->side_operations()) keep(id);
  }
  for (event::Event& event : events) {
    event.set_seq(imagined.seq() + 1);
    event.set_time_at_us(std::max(to_us(now), imagined.head.time_at_us()));
    state::evolve(imagined, event);
    preview.events.push_back(std::move(event));
  }
  if (const state::Cluster* cluster = imagined.find_cluster(name)) {
    const auto observation = observations_.find(name);
    const reconcile::OfferSet& offers = offers_.of_role(model::role_of_tenant(cluster->tenant()));
    const reconcile::Plan plan =
        reconcile::reconcile({.cluster = *cluster,
                              .operation = imagined.find_operation(cluster->active_operation()),
                              .side_operations = side_operations_of(imagined, *cluster),
                              .tenant = imagined.find_tenant(cluster->tenant()),
                              .observation = observation == observations_.end() ? nullptr : &observation->second,
                              .offers = offers,
                              .settings = options_.settings,
                              .now = now,
                              .next_seq = imagined.seq() + 1,
                              .incarnation = options_.incarnation});
    for (const auto& action : plan.actions) {
      for (event::Event event : action.events) {
        attribute(event, *cluster, event::ACTOR_KIND_CONTROLLER, 0);
        preview.next.push_back(std::move(event));
      }
    }
    for (const auto& hold : plan.holds) {
      state::Hold shown;
      shown.set_rule(hold.rule);
      shown.set_node(hold.node);
      shown.set_why(hold.why);
      for (const auto& figure : hold.basis) *shown.add_basis() = figure;
      preview.holds.push_back(std::move(shown));
    }
  }
  return preview;
}

}  // namespace esaas::loop
