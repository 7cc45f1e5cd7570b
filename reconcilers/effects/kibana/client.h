#pragma once
// Asks one Kibana whether it serves. Made for one io_context that one thread runs; the callback comes there, once, and
// never from within the call.

#include <cstdint>
#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "core/base/result.h"
#include "core/base/time.h"

namespace esaas::kibana {

/// GET /api/status. Good when Kibana says that it is green; otherwise why not: kUnavailable, kDeadlineExceeded.
void ask_status(boost::asio::io_context& context, std::string host, std::uint32_t port, Duration timeout,
                std::function<void(Result<void>)> callback);

}  // namespace esaas::kibana
