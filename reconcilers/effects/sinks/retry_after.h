#pragma once
// Retry-After of HTTP (RFC 9110, 10.2.3): how long a server asks to be left alone. Pure.

#include <string_view>

#include "core/base/time.h"

namespace esaas::sinks {

/// `value` is of the header Retry-After: seconds, or a date in any of the three forms that HTTP has. A date counts from
/// `date`, the header Date of the same answer, so that nobody's clock has to be right. Zero when it says nothing, what
/// it says can not be read, or the date is over; at most ten years.
Duration retry_after(std::string_view value, std::string_view date);

}  // namespace esaas::sinks
