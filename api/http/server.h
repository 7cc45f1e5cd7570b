#pragma once
// Server: listens, spreads connections over its shards (one thread each), and stops politely. `start` and `stop` are
// called from one thread; the rest is thread-safe. It must outlive whatever may still answer its exchanges: stop the
// server, then the controller, then destroy the server.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/limits.h"
#include "api/http/service.h"
#include "core/base/result.h"

namespace esaas::api::http {

struct ServerSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one
  std::size_t threads = 1;
  std::string certificate_file;  ///< PEM; with key_file: TLS
  std::string key_file;
  bool allow_plain_remote = false;  ///< listen beyond loopback without TLS
  Limits limits;
  std::function<void(std::string_view what)> on_exception;
};

class Server {
 public:
  /// `service` outlives the server.
  Server(ServerSettings settings, Service& service);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and begins to serve. kInvalidArgument: the address, TLS files, or a plain listener beyond loopback;
  /// kUnavailable: the port is taken.
  Result<void> start();

  /// Takes no more connections, lets the requests at work finish within the grace, and returns when all threads ended.
  void stop();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t streams() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace esaas::api::http
