#pragma once
// Taking values out of an answer of Elasticsearch. Used by the parsers beside it alone. Bytes from outside: nothing in
// here crashes on any input.

#include <boost/json/value.hpp>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas::es {

/// kDataLoss: what of the answer is wrong.
std::unexpected<Error> bad(std::string_view what);

/// The whole answer, which is a JSON object; kDataLoss otherwise.
Result<boost::json::value> parse_object(std::string_view body);

/// The object under this key, or null.
const boost::json::object* object_in(const boost::json::object& object, std::string_view key);

/// The list under this key, or null.
const boost::json::array* array_in(const boost::json::object& object, std::string_view key);

/// The string under this key; empty when there is none. Valid as long as the object.
std::string_view string_in(const boost::json::object& object, std::string_view key);

/// The number of zero or more under this key; kDataLoss when there is none.
Result<std::uint32_t> number_in(const boost::json::object& object, std::string_view key);

/// The same of 63 bits; `otherwise` when there is none.
std::int64_t large_number_in(const boost::json::object& object, std::string_view key, std::int64_t otherwise);

/// That `cluster` answered, by "cluster_name": kNotFound when another one did.
Result<void> check_name(const boost::json::object& answer, std::string_view cluster);

}  // namespace esaas::es
