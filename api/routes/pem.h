#pragma once
// Certificates that a request brings, in PEM. Pure.

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas::api {

/// The certificates in `text` and nothing else of it: neither comments nor keys. kInvalidArgument naming `field` when
/// one of them can not be read, or there is none.
Result<std::string> certificates_of(std::string_view text, const std::string& field);

}  // namespace esaas::api
