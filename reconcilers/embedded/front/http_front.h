#pragma once
// HttpFront: the scheduler API, the operator API and /health over HTTP/1.1 in front of an Engine.
//
// Single-threaded: construct it, stop it and run the io_context on one thread; the engine is only called from there.
// The io_context and the engine outlive it. Bodies, connections and waits are bounded (FrontOptions).

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "core/base/result.h"
#include "reconcilers/embedded/front/engine.h"

namespace esaas::embedded {

/// HTTP basic authentication: the user name is the principal.
struct FrontCredentials {
  std::string principal;
  std::string secret;
};

struct FrontOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                            ///< 0: any free one
  std::optional<FrontCredentials> credentials = {};  ///< none: everybody is served, without a principal
  std::size_t body_bytes_max = std::size_t{8} << 20U;
  std::size_t connections_max = 512;
  std::chrono::seconds read_timeout{120};  ///< for one whole request, the wait for its first byte included
  std::chrono::seconds write_timeout{30};
};

class HttpFront {
 public:
  HttpFront(boost::asio::io_context& io, Engine& engine, FrontOptions options);
  ~HttpFront();
  HttpFront(const HttpFront&) = delete;
  HttpFront& operator=(const HttpFront&) = delete;

  /// Binds and accepts from now on. Returns the port. kInvalidArgument for an address that is none, kUnavailable when
  /// the port cannot be had.
  Result<std::uint16_t> listen();
  /// Takes no more connections and closes those that are open.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace esaas::embedded
