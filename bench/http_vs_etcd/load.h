#pragma once
// A closed-loop HTTP/1.1 load: N connections, each sends its next request when the last answer is read, until the time
// is up. One thread. Latencies are kept whole, so percentiles are exact.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace esaas::bench {

struct Load {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::size_t connections = 1;
  std::chrono::milliseconds warm_up{500};
  std::chrono::milliseconds duration{5000};
  /// The bytes of the nth request: head and body, ready to send. Called on the load's thread.
  std::function<std::string(std::uint64_t n)> request;
  std::uint64_t operations_per_request = 1;  ///< a batch counts as that many
};

struct Figures {
  double operations_per_second = 0;
  std::chrono::microseconds p50{0};
  std::chrono::microseconds p99{0};
  std::uint64_t requests = 0;
};

/// Runs the load. An answer that is not 2xx, a lost connection or 10 s without an answer ends it with an error that
/// quotes the answer: figures of refused requests are none.
Result<Figures> run_load(const Load& load);

/// `METHOD target HTTP/1.1` with a JSON body and `extra` header lines (each ended by CRLF).
std::string http_request(const std::string& method, const std::string& target, const std::string& body,
                         const std::string& extra = "");

/// One request on a connection of its own; the body of a 2xx answer.
Result<std::string> ask_once(std::uint16_t port, const std::string& request);

}  // namespace esaas::bench
