#pragma once
// An HTTP answer, and how it becomes bytes. A plain value. A long answer (an export, an event stream) carries a
// BodyStream that the session asks for one piece after the other, each only when the one before has been written: a
// slow reader holds one piece in memory and no more.

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace esaas::api::http {

/// The body of a long answer. Lives on its session's thread.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  /// Appends the next piece to `piece` (empty before). False when there is no more. An error cuts the connection, so
  /// that the reader cannot take what it has for the whole.
  virtual boost::asio::awaitable<Result<bool>> next(std::string& piece) = 0;
};

struct Response {
  unsigned status = 200;
  std::string_view content_type = "application/json";             ///< of static storage
  std::vector<std::pair<std::string_view, std::string>> headers;  ///< names of static storage
  std::string body;
  std::unique_ptr<BodyStream> stream;  ///< instead of `body`
  bool chunked = true;                 ///< how `stream` is sent: in chunks, or as it is until the connection ends
  bool close = false;                  ///< end the connection after it
};

/// "Not Found": the phrase of a status, also the title of its problem.
std::string_view reason_phrase(unsigned status);

/// A 200 (or `status`) with this JSON.
Response json_response(const boost::json::value& value, unsigned status = 200);

/// Appends status line, headers and body to `out` (a streamed answer: its head alone). `head_only` is the answer to
/// HEAD: the length of the body is told and the body left out.
void serialize(const Response& response, bool keep_alive, bool head_only, std::string& out);

/// Appends one chunk of chunked transfer coding; the empty piece is the last chunk.
void serialize_chunk(std::string_view piece, std::string& out);

}  // namespace esaas::api::http
