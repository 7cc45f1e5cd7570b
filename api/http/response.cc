#include "api/http/response.h"

#include <boost/beast/http/status.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <charconv>

namespace esaas::api::http {
namespace {

void append_number(std::string& out, std::uint64_t number, int base = 10) {
  std::array<char, 24> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, base).ptr;
  out.append(buffer.data(), end);
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
  const auto phrase = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {phrase.data(), phrase.size()};
}

Response json_response(const boost::json::value& value, unsigned status) {
  Response response;
  response.status = status;
  response.body = boost::json::serialize(value);
  return response;
}

void serialize(const Response& response, bool keep_alive, bool head_only, std::string& out) {
  out += "HTTP/1.1 ";
  append_number(out, response.status);
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  for (const auto& [name, value] : response.headers) {
    out.append(name).append(": ").append(value).append("\r\n");
  }
  if (!response.content_type.empty()) {
    out.append("Content-Type: ").append(response.content_type).append("\r\n");
  }
  if (!keep_alive || response.close) out += "Connection: close\r\n";
  if (response.stream) {
    out += response.chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n";
    return;
  }
  if (response.status != 204 && response.status != 304) {
    out += "Content-Length: ";
    append_number(out, response.body.size());
    out += "\r\n";
  }
  out += "\r\n";
  if (!head_only) out += response.body;
}

void serialize_chunk(std::string_view piece, std::string& out) {
  append_number(out, piece.size(), 16);
  out += "\r\n";
  out += piece;
  out += "\r\n";
}

}  // namespace esaas::api::http
