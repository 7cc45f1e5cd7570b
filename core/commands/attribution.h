#pragma once
// Whose an event is, when a user asked for it. Pure.

#include "core/commands/decide.h"

namespace esaas::command {

/// Of what is asked by a request whose payload says the request's method and URL.
void attribute(event::Event& event, const Context& context);

/// With the method and the URL, because the payload has no place for them; a URL of more than 2,000 bytes is cut.
void attribute_with_request(event::Event& event, const Context& context);

}  // namespace esaas::command
