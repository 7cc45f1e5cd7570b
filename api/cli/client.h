#pragma once
// The HTTP client of the command line. Blocking, with a deadline on every wait; one request at a time. Not thread-safe.

#include <boost/json/value.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace esaas::api::cli {

struct ServerAddress {
  bool tls = false;
  std::string host;
  std::string port;
};

/// "http://127.0.0.1:9080" or "https://api.example"; nothing may follow the port but a slash.
Result<ServerAddress> parse_server(std::string_view url);

struct Reply {
  unsigned status = 0;
  std::string content_type;
  std::string body;
  std::string etag;
  std::string cursor;  ///< ESaaS-Cursor: where an export begins
};

struct Query {
  std::string_view method = "GET";
  std::string target;
  std::string body = {};  ///< JSON
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// Of a stream: called with what the answer begins with, before its first piece.
  std::function<void(const Reply& head)> on_head = nullptr;
};

class Client {
 public:
  /// `ca_file` empty: the system's certificates. `token` is sent with every request.
  Client(ServerAddress address, std::string token, std::string ca_file);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// kUnavailable: no connection, or it was cut; kDeadlineExceeded. A status of 400 and above is a Reply.
  Result<Reply> send(const Query& query, std::chrono::seconds deadline = std::chrono::seconds(60));

  /// Hands the body of an answer on piece by piece until it ends or `take` answers false. A status other than 200 is
  /// given back as a Reply without a piece. `silence` is the longest wait for a piece.
  Result<Reply> stream(const Query& query, const std::function<bool(std::string_view piece)>& take,
                       std::chrono::seconds silence);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A Reply of 400 and above as the error that its problem tells; `Reply` as it is otherwise.
Result<Reply> expect_success(Reply reply);

}  // namespace esaas::api::cli
