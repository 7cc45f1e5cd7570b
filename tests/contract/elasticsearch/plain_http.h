#pragma once
// One HTTP request over a blocking socket: enough to look at a node in a test, and independent of the client under
// test.

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/contract/elasticsearch/lab.h"

namespace esaas::contract {

/// Status 0 when nobody answered within `timeout`.
LabAnswer plain_http(const std::string& host, std::uint32_t port, std::string_view method, std::string_view target,
                     std::string_view body, Duration timeout);

/// A port of `host` that nobody uses now.
std::uint32_t free_port(const std::string& host);

}  // namespace esaas::contract
