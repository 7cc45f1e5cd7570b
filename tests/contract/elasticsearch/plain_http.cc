#include "tests/contract/elasticsearch/plain_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "core/base/assert.h"

namespace esaas::contract {
namespace {

/// Closes its file descriptor.
class Socket {
 public:
  Socket() : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) { ESAAS_ASSERT(descriptor_ >= 0, "a socket can be made"); }
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

sockaddr_in address_of(const std::string& host, std::uint32_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  ESAAS_ASSERT(::inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1, "the host is an address");
  return address;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

LabAnswer plain_http(const std::string& host, std::uint32_t port, std::string_view method, std::string_view target,
                     std::string_view body, Duration timeout) {
  const Socket socket;
  timeval wait{};
  wait.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(timeout).count();
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  const sockaddr_in address = address_of(host, port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  std::string request(method);
  request.append(" ").append(target).append(" HTTP/1.0\r\nHost: ").append(host);
  request.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n");
  if (!body.empty()) request.append("Content-Type: application/json\r\n");
  request.append("\r\n").append(body);
  if (!send_all(socket.get(), request)) return {};
  std::string answer;
  std::array<char, 65536> buffer{};
  while (true) {
    const auto size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) return {};
    if (size == 0) break;
    answer.append(buffer.data(), static_cast<std::size_t>(size));
  }
  const auto header_end = answer.find("\r\n\r\n");
  const auto space = answer.find(' ');
  if (header_end == std::string::npos || space == std::string::npos) return {};
  LabAnswer result;
  std::from_chars(answer.data() + space + 1, answer.data() + answer.size(), result.status);
  result.body = answer.substr(header_end + 4);
  return result;
}

std::uint32_t free_port(const std::string& host) {
  const Socket socket;
  sockaddr_in address = address_of(host, 0);
  socklen_t size = sizeof address;
  ESAAS_ASSERT(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0, "the host is loopback");
  ESAAS_ASSERT(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0, "it is bound");
  return ntohs(address.sin_port);
}

}  // namespace esaas::contract
