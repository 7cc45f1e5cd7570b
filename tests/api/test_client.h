#pragma once
// TestClient: one HTTP connection of a test, on plain blocking sockets with a deadline, so that tests can also send
// what no proper client would.

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace esaas::api {

struct TestResponse {
  unsigned status = 0;                         ///< 0: the connection ended instead
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  [[nodiscard]] boost::json::object json() const;
  [[nodiscard]] std::string problem_rule() const;
  [[nodiscard]] std::string problem_field() const;
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  using Headers = std::vector<std::pair<std::string, std::string>>;
  TestResponse request(std::string_view method, std::string_view target, std::string_view body = {},
                       const Headers& headers = {});

  void send(std::string_view bytes);
  /// The next answer; its body is taken by Content-Length, or chunked.
  TestResponse read_response(bool head = false);
  /// Only status line and headers: what follows is read by `read_until`.
  TestResponse read_head();
  /// Reads until `text` has come (and takes it), or the deadline is over: then what came is the answer.
  std::string read_until(std::string_view text);
  /// True when the server closes within the deadline.
  bool closed_by_server();
  void close();

  std::string token;  ///< sent with `request` when not empty

 private:
  bool fill();
  std::string take(std::size_t count);
  std::string read_chunks();

  int socket_ = -1;
  std::string buffer_;
};

}  // namespace esaas::api
