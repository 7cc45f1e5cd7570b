#pragma once
// A session: one connection from its handshake to its close, as one coroutine on its shard. It reads a request, asks
// the service, writes the answer, and goes on with what the client has sent meanwhile (pipelined requests are answered
// in their order). Beast and Asio's sockets stay within session.cc.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <functional>

#include "api/http/limits.h"
#include "api/http/service.h"
#include "api/http/shard.h"

namespace esaas::api::http {

/// What all sessions of a server share. Outlives them.
struct SessionContext {
  Service& service;
  const Limits& limits;
  std::atomic<std::size_t>& connections;
  std::atomic<std::size_t>& streams;
  boost::asio::ssl::context* tls = nullptr;                 ///< null: plain HTTP
  std::function<void(std::string_view what)> on_exception;  ///< for the log
};

/// Starts a session on the shard (on its thread). It has counted itself in `connections` and counts itself out.
void start_session(Shard& shard, SessionContext& context, boost::asio::ip::tcp::socket socket);

}  // namespace esaas::api::http
