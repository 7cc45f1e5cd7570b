#include "reconcilers/loop/sequencer.h"

#include <algorithm>
#include <utility>

#include "core/events/codec.h"
#include "core/events/storable.h"

namespace esaas::loop {
namespace {

template <typename Map>
auto copy_of(const Map& map, const std::string& key) -> std::shared_ptr<const typename Map::mapped_type> {
  const auto found = map.find(key);
  if (found == map.end()) return nullptr;
  return std::make_shared<const typename Map::mapped_type>(found->second);
}

}  // namespace

Sequencer::Sequencer(state::FleetState state, store::LogWriter& writer, PublishedState& published, Ports& ports)
    : state_(std::move(state)),
      writer_(writer),
      published_(published),
      ports_(ports),
      durable_seq_(state_.seq()),
      self_(std::make_shared<Sequencer*>(this)) {
  published_.reset(state_);
}

Sequencer::~Sequencer() { *self_ = nullptr; }

const event::Event& Sequencer::sequence(event::Event event, Time now) {
  event.set_seq(next_seq());
  event.set_wall_at_us(to_us(now));
  event.set_time_at_us(std::max(to_us(now), state_.head.time_at_us()));
  event.set_leader_term(event.has_controller_started() ? event.controller_started().term() : state_.head.leader_term());
  event.set_schema_version(event::kSchemaVersion);
  event.set_min_reader_version(event::kSchemaVersion);
  event::make_storable(event);
  state::evolve(state_, event);
  note_change(event);
  pending_.batch.events.push_back(std::move(event));
  return pending_.batch.events.back();
}

void Sequencer::note_change(const event::Event& event) {
  if (!event.cluster().empty()) pending_.clusters.insert(event.cluster());
  if (!event.operation_id().empty()) pending_.operations.insert(event.operation_id());
  if (event.cluster().empty() || event.has_orphan_release_intended()) pending_.head_changed = true;
}

void Sequencer::remember(store::IdempotencyEntry entry) { pending_.batch.idempotency.push_back(std::move(entry)); }

void Sequencer::when_durable(std::function<void()> function) {
  if (!pending_.batch.events.empty()) {
    pending_.waiting.push_back(std::move(function));
  } else if (in_flight_) {
    in_flight_waiting_.push_back(std::move(function));
  } else {
    function();
  }
}

PublishedState::Change Sequencer::snapshot_of_changes() const {
  PublishedState::Change change;
  change.seq = state_.seq();
  for (const std::string& name : pending_.clusters) change.clusters.emplace_back(name, copy_of(state_.clusters, name));
  for (const std::string& id : pending_.operations) {
    change.operations.emplace_back(id, copy_of(state_.operations, id));
  }
  if (pending_.head_changed) change.head = std::make_shared<const state::Fleet>(state_.head);
  return change;
}

void Sequencer::flush() {
  if (in_flight_ || pending_.batch.events.empty()) return;
  in_flight_ = true;
  in_flight_change_ = snapshot_of_changes();
  Part part = std::exchange(pending_, {});
  in_flight_waiting_ = std::move(part.waiting);
  auto done = [self = self_, &ports = ports_](Result<std::uint64_t> last_seq) {
    ports.post([self, last_seq = std::move(last_seq)] {
      if (*self != nullptr) (*self)->durable(last_seq);
    });
  };
  if (auto submitted = writer_.submit(std::move(part.batch), std::move(done)); !submitted) {
    ports_.fatal(submitted.error());
  }
}

void Sequencer::durable(const Result<std::uint64_t>& last_seq) {
  if (!last_seq) {
    ports_.fatal(last_seq.error());
    return;
  }
  durable_seq_ = *last_seq;
  in_flight_ = false;
  published_.publish(std::exchange(in_flight_change_, {}));
  // Whatever waits may sequence more, but nothing that it sequences can become durable before this loop is over.
  for (auto& function : std::exchange(in_flight_waiting_, {})) function();
}

}  // namespace esaas::loop
