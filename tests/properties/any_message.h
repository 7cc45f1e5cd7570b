#pragma once
// A rapidcheck generator of any protobuf message of ours, by reflection: every field may be set or not, text comes from
// a small vocabulary (so that events are about the same few clusters and nodes) with some of everything in between.

#include <google/protobuf/message.h>
#include <rapidcheck.h>

#include "core/events/event.pb.h"

namespace esaas::test {

/// At least `least` and below `beyond`, evenly: unlike rapidcheck's own range it does not begin with the smallest ones,
/// so that every kind of command comes up in every case.
template <typename Integer>
Integer any_between(Integer least, Integer beyond) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<Integer>(least, beyond));
}

/// Fills the empty `message` with something, inside a rapidcheck property. Moments stay within the years that RFC 3339
/// can show; enumerators within those that exist; bytes fields are filled only when `with_bytes`.
void fill(google::protobuf::Message& message, bool with_bytes);

/// Any event of any kind, with an envelope that `evolve` accepts once seq is stamped.
event::Event any_event();

}  // namespace esaas::test
