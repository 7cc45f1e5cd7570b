#pragma once
// Reads one HTTP/1.1 request from bytes that arrive in any pieces. Sans-I/O: the session feeds it, tests and the fuzzer
// feed it too. One object per request; not thread-safe.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/request.h"

namespace esaas::api::http {

class RequestReader {
 public:
  enum class State : std::uint8_t { kHeaders, kBody, kDone, kRefused };

  /// Why a request was refused, as the answer needs it. The connection cannot be used after it.
  struct Refusal {
    unsigned status = 400;
    std::string detail;
    std::string rule;
  };

  explicit RequestReader(std::uint32_t header_bytes_max);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Takes bytes and answers how many were used. What is left over belongs to the next request once the state is
  /// kDone. Stops at the end of the headers, so that the caller can look at the target and set a limit: a body is not
  /// read before `limit_body`.
  std::size_t feed(std::string_view bytes);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

  /// Once the state is kBody: the verb and target (in origin form), and the limit for this request's body.
  [[nodiscard]] std::string_view target() const;
  [[nodiscard]] Verb verb() const;
  void limit_body(std::uint64_t bytes_max);
  /// The client waits for "100 Continue" before it sends the body.
  [[nodiscard]] bool expects_continue() const;

  /// Once the state is kDone: moves the request out.
  void take(Request& request);

 private:
  struct Parser;
  void refuse(unsigned status, std::string detail, std::string rule);
  void check_headers();

  std::unique_ptr<Parser> parser_;
  State state_ = State::kHeaders;
  std::optional<std::uint64_t> body_bytes_max_;
  Refusal refusal_;
};

}  // namespace esaas::api::http
