#include "api/cli/replay.h"

#include <boost/json/array.hpp>

#include <algorithm>

#include "core/base/time.h"
#include "core/events/event_kind.h"
#include "core/events/visit.h"
#include "store/views/sentence.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

/// A step back folds from a state this far before, so that the next steps back fold little.
constexpr std::uint64_t kStride = 500;
constexpr std::size_t kPlanMax = 200;

/// The part of the state that the event can change.
state::FleetState excerpt(const state::FleetState& state, const event::Event& event) {
  state::FleetState part;
  if (event.cluster().empty()) part.head = state.head;
  if (const state::Cluster* cluster = state.find_cluster(event.cluster())) {
    part.clusters.emplace(cluster->name(), *cluster);
  }
  if (const state::Operation* operation = state.find_operation(event.operation_id())) {
    part.operations.emplace(operation->id(), *operation);
  }
  return part;
}

bool is_of_one_plan(const event::Event& one, const event::Event& other) {
  return one.time_at_us() == other.time_at_us() && one.cluster() == other.cluster() &&
         one.actor().kind() == event::ACTOR_KIND_CONTROLLER;
}

}  // namespace

Result<std::uint64_t> Replay::neighbour(std::uint64_t seq, bool newer) const {
  if (!newer && seq <= 1) return 0;
  if (cluster_.empty()) {
    if (!newer) return seq - 1;
    return seq < log_.last_seq() ? seq + 1 : 0;
  }
  store::IndexQuery query{.kind = store::IndexKind::kCluster, .value = cluster_, .limit = 1};
  if (newer) {
    query.from_seq = seq + 1;
  } else {
    query.to_seq = seq - 1;
    query.newest_first = true;
  }
  ESAAS_TRY(const auto found, log_.read_index(query));
  return found.empty() ? 0 : found.front();
}

Result<void> Replay::take(std::uint64_t seq) {
  if (cursor_ == nullptr) {
    ESAAS_TRY(cursor_, log_.read(state_.seq() + 1));
  }
  while (state_.seq() < seq) {
    ESAAS_TRY(const event::Event* event, cursor_->next());
    if (event == nullptr) return fail(ErrorCode::kNotFound, "the log ends before event " + std::to_string(seq));
    if (event->seq() < seq) {
      state::evolve(state_, *event);
      continue;
    }
    event_ = *event;
    const state::FleetState before = excerpt(state_, event_);
    state::evolve(state_, event_);
    changes_ = store::diff(before, excerpt(state_, event_)).differences;
  }
  return {};
}

Result<void> Replay::rewind_to(std::uint64_t seq) {
  cursor_.reset();
  if (seq == 0) {
    state_ = {};
    return {};
  }
  if (seq > kStride) ESAAS_CHECK(states_.at(seq - seq % kStride));
  ESAAS_TRY(const auto state, states_.at(seq));
  state_ = *state;
  return {};
}

Result<bool> Replay::forward(std::uint64_t last) {
  ESAAS_TRY(const std::uint64_t next, neighbour(state_.seq(), true));
  if (next == 0 || next > last) return false;
  ESAAS_CHECK(take(next));
  return true;
}

Result<bool> Replay::back() {
  ESAAS_TRY(const std::uint64_t previous, neighbour(event_.seq(), false));
  if (previous == 0) return false;
  ESAAS_CHECK(rewind_to(previous - 1));
  ESAAS_CHECK(take(previous));
  return true;
}

Result<void> Replay::go_to(std::uint64_t seq) {
  ESAAS_TRY(std::uint64_t found, neighbour(std::min(seq, log_.last_seq()) + 1, false));
  if (found == 0) {
    ESAAS_TRY(found, neighbour(0, true));
  }
  if (found == 0) return fail(ErrorCode::kNotFound, "the log has no such event");
  ESAAS_CHECK(rewind_to(found - 1));
  return take(found);
}

Result<std::vector<event::Event>> Replay::recorded_plan() const {
  std::vector<event::Event> plan;
  if (event_.actor().kind() != event::ACTOR_KIND_CONTROLLER) return plan;
  std::uint64_t first = event_.seq();
  while (first > 1 && event_.seq() - first < kPlanMax) {
    ESAAS_TRY(const event::Event event, log_.read_one(first - 1));
    if (!is_of_one_plan(event, event_)) break;
    --first;
  }
  ESAAS_TRY(const auto cursor, log_.read(first));
  while (plan.size() < kPlanMax) {
    ESAAS_TRY(const event::Event* event, cursor->next());
    if (event == nullptr || !is_of_one_plan(*event, event_)) break;
    plan.push_back(*event);
  }
  return plan;
}

std::vector<std::string> basis_of(const event::Event& event) {
  std::vector<std::string> basis;
  event::visit(event, [&](const auto& payload) {
    if constexpr (requires { payload.basis().begin()->name(); }) {
      for (const model::Figure& figure : payload.basis()) basis.push_back(figure.name() + "=" + figure.value());
    }
  });
  return basis;
}

std::string to_text(const Replay& replay) {
  const event::Event& event = replay.event();
  std::string text = "#" + std::to_string(event.seq()) + "  " + to_rfc3339(from_us(event.time_at_us())) + "  ";
  if (!event.cluster().empty()) text += event.cluster() + ": ";
  text += store::sentence(event) + "\n";
  std::string basis;
  for (const std::string& figure : basis_of(event)) basis += (basis.empty() ? "" : ", ") + figure;
  if (!basis.empty()) text += "      because " + basis + "\n";
  for (const store::Difference& change : replay.changes()) text += "      " + store::to_text(change) + "\n";
  return text;
}

json::object to_json(const Replay& replay) {
  const event::Event& event = replay.event();
  json::object object{{"seq", event.seq()},
                      {"at", to_rfc3339(from_us(event.time_at_us()))},
                      {"kind", event::kind_of(event)},
                      {"tenant", event.tenant()},
                      {"cluster", event.cluster()},
                      {"operation_id", event.operation_id()},
                      {"sentence", store::sentence(event)}};
  const auto basis = basis_of(event);
  object["basis"] = json::array(basis.begin(), basis.end());
  auto& changes = object["changes"].emplace_array();
  for (const store::Difference& change : replay.changes()) {
    changes.push_back(json::object{{"object", change.object},
                                   {"name", change.name},
                                   {"path", change.path},
                                   {"change", store::name_of(change.kind)},
                                   {"before", change.before},
                                   {"after", change.after}});
  }
  return object;
}

}  // namespace esaas::api::cli
