#pragma once
// What the log can keep: proto3 text must be UTF-8, or the event that was written could not be read again. Addresses,
// URLs and messages come from outside, so the sequencer makes every event storable before it is folded and encoded.

#include "core/events/event.pb.h"

namespace esaas::event {

/// Replaces what is not UTF-8 in any text field of `event` by U+FFFD. Pure; changes nothing in well-formed events.
void make_storable(Event& event);

}  // namespace esaas::event
