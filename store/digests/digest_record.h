#pragma once
// DigestRecord: a digest as it is kept elsewhere: with the event that told of it and the public half of its key. As
// JSON it is what GET /v1/digests/{seq} answers: every field of the event with bytes in hexadecimal, and `signed_at_us`
// besides `signed_at`, because that is what is signed. Pure.

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/events/event.pb.h"

namespace esaas::store {

struct DigestRecord {
  std::uint64_t seq = 0;  ///< of the event
  event::DigestSigned digest;
  std::string public_key;  ///< empty when the log does not have it
};

boost::json::object to_json(const DigestRecord& record);
/// kInvalidArgument naming the field.
Result<DigestRecord> digest_from_json(boost::json::object object);
/// Of one object, of a list of them, or of a page of {"items"}.
Result<std::vector<DigestRecord>> digests_from_json(const boost::json::value& value);

/// Hexadecimal to bytes; kInvalidArgument with the field's name.
Result<std::string> bytes_of_hex(std::string_view text, std::string_view field);

}  // namespace esaas::store
