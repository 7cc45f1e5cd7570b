#include "api/http/request_reader.h"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <utility>

#include "core/base/assert.h"

namespace esaas::api::http {
namespace beast_http = boost::beast::http;

struct RequestReader::Parser {
  beast_http::request_parser<beast_http::string_body> beast;
};

namespace {

using Message = beast_http::request<beast_http::string_body>;

Verb to_verb(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get: return Verb::kGet;
    case beast_http::verb::head: return Verb::kHead;
    case beast_http::verb::post: return Verb::kPost;
    case beast_http::verb::put: return Verb::kPut;
    case beast_http::verb::patch: return Verb::kPatch;
    case beast_http::verb::delete_: return Verb::kDelete;
    default: return Verb::kOther;
  }
}

bool same_name(std::string_view a, std::string_view b) {
  return boost::beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

/// Copies the headers that mean something here in one pass over all of them.
void take_headers(const Message& message, Request& request) {
  struct Wanted {
    std::string_view name;
    std::string Request::* value;
    bool seen = false;
  };
  Wanted wanted[] = {{"Authorization", &Request::authorization},     {"Content-Type", &Request::content_type},
                     {"Idempotency-Key", &Request::idempotency_key}, {"If-Match", &Request::if_match},
                     {"Last-Event-ID", &Request::last_event_id},     {"X-Reason", &Request::reason}};
  for (auto& header : wanted) (request.*header.value).clear();
  request.repeated_header.clear();
  for (const auto& field : message) {
    const std::string_view name{field.name_string().data(), field.name_string().size()};
    for (auto& header : wanted) {
      if (!same_name(name, header.name)) continue;
      if (header.seen) request.repeated_header = header.name;
      header.seen = true;
      (request.*header.value).assign(field.value().data(), field.value().size());
    }
  }
  request.has_idempotency_key = wanted[2].seen;
}

/// A body in chunks and in nothing else: Beast takes a request with any other coding as one without a body, and what is
/// left would be read as the next request.
bool is_only_chunked(const Message& message) {
  const auto coding = message[beast_http::field::transfer_encoding];
  return message.count(beast_http::field::transfer_encoding) == 1 && boost::beast::iequals(coding, "chunked");
}

/// The path and query of an absolute form ("http://host/path"); empty when the target is none.
std::string origin_of(std::string_view target) {
  const auto scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos) return {};
  const auto scheme = target.substr(0, scheme_end);
  if (!same_name(scheme, "http") && !same_name(scheme, "https")) return {};
  const auto rest = target.substr(scheme_end + 3);
  const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
  if (authority_end == 0) return {};
  const auto path = rest.substr(authority_end);
  return path.starts_with('/') ? std::string(path) : "/" + std::string(path);
}

}  // namespace

RequestReader::RequestReader(std::uint32_t header_bytes_max) : parser_(std::make_unique<Parser>()) {
  parser_->beast.header_limit(header_bytes_max);
  parser_->beast.body_limit(boost::none);  // the headers come first; `limit_body` names the limit of the route
}

RequestReader::~RequestReader() = default;

void RequestReader::refuse(unsigned status, std::string detail, std::string rule) {
  state_ = State::kRefused;
  refusal_ = {status, std::move(detail), std::move(rule)};
}

/// What the parser lets pass and a server must not (RFC 9112, 3.2 and 6.1).
void RequestReader::check_headers() {
  auto& message = parser_->beast.get();
  const bool old = message.version() < 11;
  const auto hosts = message.count(beast_http::field::host);
  if (hosts > 1 || (hosts == 0 && !old)) {
    refuse(400, hosts > 1 ? "the header Host is given twice" : "the header Host is missing", "one_host");
  } else if (message.count(beast_http::field::transfer_encoding) > 0) {
    if (old) {
      refuse(400, "HTTP/1.0 has no Transfer-Encoding", "transfer_coding");
    } else if (!is_only_chunked(message)) {
      refuse(501, "the only Transfer-Encoding that is understood is chunked", "transfer_coding");
    }
  }
  const auto origin = origin_of(target());
  if (!origin.empty()) message.target(origin);
}

std::size_t RequestReader::feed(std::string_view bytes) {
  ESAAS_ASSERT(state_ != State::kBody || body_bytes_max_, "a body is read before it has a limit");
  auto& beast = parser_->beast;
  std::size_t used = 0;
  while ((state_ == State::kHeaders || state_ == State::kBody) && used < bytes.size()) {
    boost::beast::error_code ec;
    const auto count = beast.put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), ec);
    used += count;
    if (ec == beast_http::error::need_more) break;
    if (ec == beast_http::error::header_limit) {
      refuse(431, "the headers are longer than the limit", "header_bytes_max");
    } else if (ec == beast_http::error::body_limit) {
      refuse(413, "the body is longer than " + std::to_string(body_bytes_max_.value_or(0)) + " bytes",
             "body_bytes_max");
    } else if (ec) {
      refuse(400, "this is not HTTP/1.1: " + ec.message(), "http_syntax");
    } else if (beast.is_header_done()) {
      const bool first = state_ == State::kHeaders;
      if (first) check_headers();
      if (state_ == State::kRefused) break;
      if (beast.is_done()) {
        state_ = State::kDone;
      } else if (first) {
        state_ = State::kBody;
        break;
      }
    }
  }
  return used;
}

std::string_view RequestReader::target() const {
  const auto target = parser_->beast.get().target();
  return {target.data(), target.size()};
}

Verb RequestReader::verb() const { return to_verb(parser_->beast.get().method()); }

void RequestReader::limit_body(std::uint64_t bytes_max) {
  body_bytes_max_ = bytes_max;
  const auto length = parser_->beast.content_length();
  if (length && *length > bytes_max) {
    refuse(413, "the body is longer than " + std::to_string(bytes_max) + " bytes", "body_bytes_max");
    return;
  }
  parser_->beast.body_limit(bytes_max);
}

bool RequestReader::expects_continue() const {
  const auto& message = parser_->beast.get();
  return message.version() >= 11 && boost::beast::iequals(message[beast_http::field::expect], "100-continue");
}

void RequestReader::take(Request& request) {
  auto& message = parser_->beast.get();
  request.verb = to_verb(message.method());
  const auto method = message.method_string();
  request.method.assign(method.data(), method.size());
  request.target.assign(message.target().data(), message.target().size());
  request.keep_alive = message.keep_alive();
  request.knows_chunks = message.version() >= 11;
  take_headers(message, request);
  request.body = std::move(message.body());
}

}  // namespace esaas::api::http
