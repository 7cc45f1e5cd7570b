#pragma once
// A complete HTTP request as the routes see it: the few headers that mean something here, by name, and nothing of
// Beast. A plain value; one per connection is reused, so that its strings keep their memory.

#include <cstdint>
#include <string>
#include <string_view>

namespace esaas::api::http {

enum class Verb : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOther };

/// "GET" and so on; "OTHER" for a verb that no route can have.
std::string_view name_of(Verb verb);

struct Request {
  Verb verb = Verb::kOther;
  std::string method;  ///< as it came
  std::string target;  ///< path and query as they came, without the scheme and host of an absolute form
  std::string body;
  std::string authorization;
  std::string content_type;
  std::string idempotency_key;
  std::string if_match;
  std::string last_event_id;
  std::string reason;           ///< X-Reason
  std::string repeated_header;  ///< the name of a header above that came twice; empty in a good request
  bool has_idempotency_key = false;
  bool keep_alive = true;
  bool knows_chunks = true;  ///< false for HTTP/1.0: a streamed answer ends with its connection
};

}  // namespace esaas::api::http
