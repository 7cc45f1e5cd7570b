// Codecs: what is written is read back, byte for byte, for any message.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json/serialize.hpp>

#include "core/base/proto_json.h"
#include "core/base/text.h"
#include "core/events/codec.h"
#include "tests/properties/any_message.h"
#include "tests/properties/command_script.h"

namespace esaas {
namespace {

template <typename Message>
void check_json_round_trip() {
  Message message;
  test::fill(message, false);
  const std::string text = boost::json::serialize(to_json(message));
  const auto value = parse_json(text);
  RC_ASSERT(value.has_value());
  Message back;
  const auto read = from_json(*value, back);
  if (!read) RC_FAIL(read.error().detail + " in " + text);
  RC_ASSERT(back.SerializeAsString() == message.SerializeAsString());
}

RC_GTEST_PROP(Json, RequestsReadBackAsTheyWereShown, ()) { check_json_round_trip<model::Request>(); }
RC_GTEST_PROP(Json, EventsReadBackAsTheyWereShown, ()) { check_json_round_trip<event::Event>(); }
RC_GTEST_PROP(Json, ClustersReadBackAsTheyWereShown, ()) { check_json_round_trip<state::Cluster>(); }
RC_GTEST_PROP(Json, OperationsReadBackAsTheyWereShown, ()) { check_json_round_trip<state::Operation>(); }

RC_GTEST_PROP(EventCodec, WritesTheSameBytesAgain, ()) {
  const std::string bytes = event::encode(test::any_event());
  const auto event = event::decode(bytes);
  RC_ASSERT(event.has_value());
  RC_ASSERT(event::encode(*event) == bytes);
}

RC_GTEST_PROP(FleetCodec, WritesTheSameBytesAgain, ()) {
  const std::string bytes = state::encode(test::fold({}, test::live(test::any_between(0, 60), test::Reports::kAny)));
  const auto state = state::decode_fleet(bytes);
  RC_ASSERT(state.has_value());
  RC_ASSERT(state::encode(*state) == bytes);
}

RC_GTEST_PROP(FleetCodec, CutBytesAreRefused, ()) {
  const std::string bytes = state::encode(test::fold({}, test::live(test::any_between(0, 60), test::Reports::kAny)));
  const auto size = test::any_between<std::size_t>(0, bytes.size());
  RC_ASSERT(!state::decode_fleet(std::string_view(bytes).substr(0, size)).has_value());
}

RC_GTEST_PROP(Text, AnyBytesAreMendedOnceAndForAll, (const std::string& bytes)) {
  const std::string valid = to_valid_utf8(bytes);
  RC_ASSERT(is_valid_utf8(valid));
  RC_ASSERT(to_valid_utf8(valid) == valid);
}

}  // namespace
}  // namespace esaas
