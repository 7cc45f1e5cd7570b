#pragma once
// POST /v1/operations/batch: many operations in one body, decided in order and made durable together; one answer per
// item, in order. Each stands alone: one refused does not refuse the others.

#include <boost/asio/awaitable.hpp>

#include "api/routes/call.h"

namespace esaas::api {

boost::asio::awaitable<Result<http::Response>> submit_batch(Call& call);

}  // namespace esaas::api
