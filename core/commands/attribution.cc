#include "core/commands/attribution.h"

#include "core/base/text.h"

namespace esaas::command {
namespace {

constexpr std::size_t kUrlBytesMax = 2'000;

}  // namespace

void attribute(event::Event& event, const Context& context) {
  event::Actor& actor = *event.mutable_actor();
  actor.set_kind(event::ACTOR_KIND_USER);
  actor.set_name(context.caller.token_id);
  actor.set_address(context.caller.address);
}

void attribute_with_request(event::Event& event, const Context& context) {
  attribute(event, context);
  event.mutable_actor()->set_method(to_valid_utf8(context.caller.method));
  event.mutable_actor()->set_url(to_valid_utf8(context.caller.url.substr(0, kUrlBytesMax)));
}

}  // namespace esaas::command
