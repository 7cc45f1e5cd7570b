#pragma once
// A request and an answer of HTTP/1.1 as plain values.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace esaas::http_client {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Who is asked.
struct Peer {
  std::string host;  ///< a name or an address; an IPv6 address without its brackets
  std::uint16_t port = 0;

  /// `host:port`, with brackets where the host is an IPv6 address.
  std::string to_string() const;
};

struct Request {
  std::string method = "GET";  ///< any but HEAD and CONNECT
  std::string target = "/";
  Headers headers = {};  ///< Host, User-Agent and Content-Length come by themselves
  std::string body = {};
};

struct Head {
  int status = 0;
  Headers headers;

  /// The first header of this name, in any case; empty if there is none.
  std::string_view header(std::string_view name) const;
};

struct Answer {
  Head head;
  std::string body;
};

/// How far it came.
enum class Step : std::uint8_t { kResolve, kConnect, kHandshake, kSend, kHead, kBody };

/// Why there is no answer. The words around `why` are the caller's: it knows who was asked for what.
struct Failure {
  Step step = Step::kConnect;
  bool is_late = false;  ///< the deadline ended it
  std::string why;

  /// kDeadlineExceeded or kUnavailable.
  ErrorCode code() const { return is_late ? ErrorCode::kDeadlineExceeded : ErrorCode::kUnavailable; }
};

template <typename T>
using Outcome = std::expected<T, Failure>;

/// The bytes of a request, or why it must not be sent: something in its head that would begin another line or word.
std::expected<std::string, std::string> to_bytes(const Request& request, const Peer& to);

}  // namespace esaas::http_client
