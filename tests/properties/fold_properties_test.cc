// Law 1 and law 4: state is a fold of the log, the fold is total and deterministic, and a snapshot changes nothing.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/events/codec.h"
#include "tests/properties/any_message.h"
#include "tests/properties/command_script.h"

namespace esaas {
namespace {

RC_GTEST_PROP(Fold, TwiceGivesTheSameBytes, ()) {
  const auto events = test::live(test::any_between(0, 60), test::Reports::kAny);
  RC_ASSERT(state::encode(test::fold({}, events)) == state::encode(test::fold({}, events)));
}

RC_GTEST_PROP(Fold, OfWhatWasStoredAndReadBackGivesTheSameBytes, ()) {
  const auto events = test::live(test::any_between(0, 60), test::Reports::kAny);
  std::vector<event::Event> stored;
  for (const event::Event& event : events) {
    const auto read = event::decode(event::encode(event));
    RC_ASSERT(read.has_value());
    stored.push_back(*read);
  }
  RC_ASSERT(state::encode(test::fold({}, events)) == state::encode(test::fold({}, stored)));
}

RC_GTEST_PROP(Fold, ASnapshotAndTheRestGiveTheSameBytesAsAll, ()) {
  const auto events = test::live(test::any_between(1, 60), test::Reports::kAny);
  const std::span<const event::Event> all(events);
  const auto k = test::any_between<std::size_t>(0, events.size() + 1);
  const auto snapshot = state::decode_fleet(state::encode(test::fold({}, all.first(k))));
  RC_ASSERT(snapshot.has_value());
  RC_ASSERT(state::encode(test::fold(*snapshot, all.subspan(k))) == state::encode(test::fold({}, all)));
}

RC_GTEST_PROP(Fold, TakesAnyEventOnAnyState, ()) {
  state::FleetState state = test::fold({}, test::live(test::any_between(0, 20), test::Reports::kAny));
  for (int i = 0; i < 20; ++i) {
    event::Event event = test::any_event();
    event.set_seq(state.seq() + 1);
    state::evolve(state, event);
    RC_ASSERT(state.seq() == event.seq());
  }
}

RC_GTEST_PROP(Fold, KeepsKeysRevisionsAndTheOrderOfHolds, ()) {
  const auto events = test::live(test::any_between(0, 60), test::Reports::kAny);
  state::FleetState state;
  for (const event::Event& event : events) {
    state::evolve(state, event);
    for (const auto& [name, cluster] : state.clusters) {
      RC_ASSERT(cluster.name() == name);
      RC_ASSERT(cluster.revision() <= state.seq());
      for (int i = 1; i < cluster.holds_size(); ++i) {
        RC_ASSERT(std::pair(cluster.holds(i - 1).rule(), cluster.holds(i - 1).node()) <
                  std::pair(cluster.holds(i).rule(), cluster.holds(i).node()));
      }
    }
  }
}

}  // namespace
}  // namespace esaas
