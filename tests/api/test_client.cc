#include "tests/api/test_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>

namespace esaas::api {
namespace {

constexpr time_t kDeadlineSeconds = 20;

}  // namespace

boost::json::object TestResponse::json() const {
  boost::system::error_code ec;
  auto value = boost::json::parse(body, ec);
  if (ec || !value.is_object()) {
    ADD_FAILURE() << "no JSON object: " << body;
    return {};
  }
  return value.as_object();
}

std::string TestResponse::problem_rule() const {
  const auto problem = json();
  const auto* rule = problem.if_contains("rule");
  return rule == nullptr ? "" : std::string(rule->as_string());
}

std::string TestResponse::problem_field() const {
  const auto problem = json();
  const auto* field = problem.if_contains("field");
  return field == nullptr ? "" : std::string(field->as_string());
}

TestClient::TestClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval deadline{kDeadlineSeconds, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

TestClient::~TestClient() { close(); }

void TestClient::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server has closed; its answer, if any, can still be read
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool TestClient::fill() {
  std::array<char, 65536> bytes{};
  const auto count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string TestClient::read_until(std::string_view text) {
  std::size_t found = std::string::npos;
  while ((found = buffer_.find(text)) == std::string::npos) {
    if (!fill()) return take(buffer_.size());
  }
  return take(found + text.size());
}

std::string TestClient::take(std::size_t count) {
  while (buffer_.size() < count && fill()) {
  }
  const auto taken = buffer_.substr(0, count);
  buffer_.erase(0, taken.size());
  return taken;
}

bool TestClient::closed_by_server() {
  while (fill()) {
  }
  return errno != EAGAIN && errno != EWOULDBLOCK;
}

TestResponse TestClient::read_head() {
  TestResponse response;
  const auto head = read_until("\r\n\r\n");
  if (!head.starts_with("HTTP/1.1 ")) return response;
  response.status = static_cast<unsigned>(std::stoul(head.substr(9, 3)));
  for (std::size_t begin = head.find("\r\n") + 2; begin < head.size();) {
    const auto end = head.find("\r\n", begin);
    const auto line = head.substr(begin, end - begin);
    begin = end + 2;
    const auto colon = line.find(": ");
    if (colon == std::string::npos) continue;
    auto name = line.substr(0, colon);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    response.headers[name] = line.substr(colon + 2);
  }
  return response;
}

std::string TestClient::read_chunks() {
  std::string body;
  while (true) {
    const auto size = std::stoul("0" + read_until("\r\n"), nullptr, 16);
    body += take(size);
    take(2);
    if (size == 0) return body;
  }
}

TestResponse TestClient::read_response(bool head) {
  auto response = read_head();
  if (head) return response;
  if (response.headers.contains("transfer-encoding")) {
    response.body = read_chunks();
  } else if (response.headers.contains("content-length")) {
    response.body = take(std::stoul(response.headers["content-length"]));
  }
  return response;
}

TestResponse TestClient::request(std::string_view method, std::string_view target, std::string_view body,
                                 const Headers& headers) {
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\n");
  if (!token.empty()) text.append("Authorization: Bearer ").append(token).append("\r\n");
  bool typed = false;
  for (const auto& [name, value] : headers) {
    text.append(name).append(": ").append(value).append("\r\n");
    typed = typed || name == "Content-Type";
  }
  if (!body.empty()) {
    if (!typed) text.append("Content-Type: application/json\r\n");
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  send(text.append("\r\n").append(body));
  return read_response(method == "HEAD");
}

}  // namespace esaas::api
