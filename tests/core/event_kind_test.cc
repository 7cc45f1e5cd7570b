#include "core/events/event_kind.h"

#include <gtest/gtest.h>

#include "core/events/visit.h"

namespace esaas::event {
namespace {

TEST(EventKind, EveryPayloadHasItsNameAndIsVisited) {
  const auto* oneof = Event::descriptor()->FindOneofByName("payload");
  ASSERT_GT(oneof->field_count(), 40);
  for (int i = 0; i < oneof->field_count(); ++i) {
    Event event;
    event.GetReflection()->MutableMessage(&event, oneof->field(i));
    EXPECT_EQ(kind_of(event), oneof->field(i)->name());
    EXPECT_TRUE(is_kind(oneof->field(i)->name()));
    std::string visited;
    visit(event, [&](const auto& payload) { visited = payload.GetDescriptor()->name(); });
    EXPECT_EQ(visited, oneof->field(i)->message_type()->name());
  }
}

TEST(EventKind, EnvelopeFieldsAndUnknownWordsAreNoKinds) {
  EXPECT_EQ(kind_of(Event{}), "");
  for (const char* name : {"", "seq", "actor", "prev_hash", "NodeAdded", "node_eaten"})
    EXPECT_FALSE(is_kind(name)) << name;
}

}  // namespace
}  // namespace esaas::event
