#pragma once
// The bounds of the HTTP server. Plain values with their defaults; config/ fills them.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace esaas::api::http {

struct Limits {
  std::uint32_t header_bytes_max = 16 * 1024;
  std::uint64_t body_bytes_max = 1024 * 1024;            ///< of an ordinary request
  std::uint64_t batch_body_bytes_max = 8 * 1024 * 1024;  ///< of POST /v1/operations/batch
  std::size_t batch_operations_max = 4096;
  std::size_t connections_max = 1024;  ///< one more is answered 503
  std::size_t streams_max = 64;        ///< open event streams and exports
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds idle_timeout{60'000};    ///< between two requests of a connection
  std::chrono::milliseconds header_timeout{10'000};  ///< from a request's first byte to its last header
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds answer_timeout{30'000};  ///< for the controller's word; then 504
  std::chrono::milliseconds write_timeout{30'000};   ///< for each piece of an answer
  std::chrono::milliseconds shutdown_grace{5'000};
  std::chrono::milliseconds heartbeat_interval{15'000};  ///< of an event stream that has nothing to say
};

}  // namespace esaas::api::http
