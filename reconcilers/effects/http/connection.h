#pragma once
// Connection: one HTTP/1.1 connection, plain or TLS, as coroutines that answer an Outcome instead of throwing.
//
// Single-threaded, on the thread of its io_context; one operation at a time. The deadline is the connection's, or the
// owner's: close() ends every wait. It may be closed or destroyed while an operation is under way, which then ends with
// a Failure; the io_context and the TLS context outlive that.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "reconcilers/effects/http/message.h"

namespace boost::asio::ssl {
class context;
}

namespace esaas::http_client {

class Connection {
 public:
  /// `tls` null speaks plain HTTP; not owned. With TLS the peer's host is sent as its name, and has to be in its
  /// certificate if the context verifies.
  explicit Connection(boost::asio::io_context& io, boost::asio::ssl::context* tls = nullptr);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Whatever waits now or later ends at this moment, with `is_late`; a later call moves it. Without one there is none.
  void set_deadline(std::chrono::steady_clock::time_point when);

  /// Resolves, connects and shakes hands. An earlier connection is closed.
  boost::asio::awaitable<Outcome<void>> open(Peer to);

  /// Whether it can take another request: open, its last answer read, and the peer has neither closed it nor sent
  /// anything unasked.
  bool reusable() const;

  /// One request, one whole answer with a body of at most `bytes_max`. Any status is an answer.
  boost::asio::awaitable<Outcome<Answer>> exchange(Request request, std::uint64_t bytes_max);

  /// One request, the head of its answer. The body comes piece by piece; without `bytes_max` it may have no end.
  boost::asio::awaitable<Outcome<Head>> ask(Request request, std::optional<std::uint64_t> bytes_max);
  /// The next piece of the body after ask(), at most 64 KiB; empty when the answer is complete.
  boost::asio::awaitable<Outcome<std::string>> next_piece();

  void close();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with what is under way
};

}  // namespace esaas::http_client
