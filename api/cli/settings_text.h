#pragma once
// "KEY=VALUE" and "KEY=" as settings for a body. Pure.

#include <boost/json/array.hpp>

#include <string>
#include <vector>

#include "core/base/result.h"

namespace esaas::api::cli {

/// [{"key":..., "value":...}, {"key":..., "unset":true}]. kInvalidArgument for a text without "=" or without a key.
Result<boost::json::array> settings_of(const std::vector<std::string>& texts);

}  // namespace esaas::api::cli
