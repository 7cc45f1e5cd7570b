#pragma once
// ScriptedPeer: listens on loopback, answers each request of a connection with the next of its fixed answers, plain or
// over TLS. On a thread of its own, which ends when it has said all or its connection is closed; the destructor waits
// for that.

#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "reconcilers/effects/http/message.h"

namespace esaas::testing {

class ScriptedPeer {
 public:
  /// What to do after the last answer: close, or stay until the client closes.
  enum class Then { kClose, kStay };

  /// An answer is sent in these pieces.
  using Answer = std::vector<std::string>;

  ScriptedPeer(std::vector<Answer> answers, Then then, boost::asio::ssl::context* tls = nullptr);
  ~ScriptedPeer();

  http_client::Peer peer() const { return {"127.0.0.1", acceptor_.local_endpoint().port()}; }
  /// The requests so far, up to the end of their heads.
  std::vector<std::string> requests() const;
  /// The name that the client sent in its TLS hello.
  std::string server_name() const;

 private:
  void run();
  template <typename Stream>
  void serve(Stream& stream);

  std::vector<Answer> answers_;
  Then then_;
  boost::asio::ssl::context* tls_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::string server_name_;
  std::thread thread_;
};

}  // namespace esaas::testing
