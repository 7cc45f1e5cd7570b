#pragma once
// Client: tells proxies by their control ports what is wanted of them, and asks what they have under way. Every
// conversation has a deadline and every answer a bound; those with one proxy follow one another, so that what was asked
// later is answered later.
//
// Threads: made for one io_context that one thread runs; call it there, callbacks come there. Lifetime: the client and
// the TLS context outlive the conversations, and the io_context outlives both.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "core/base/result.h"
#include "core/base/time.h"
#include "reconcilers/effects/haproxy/runtime.h"

namespace boost::asio::ssl {
class context;
}

namespace esaas::haproxy {

/// Requests under way, by node.
using Sessions = std::map<std::string, std::uint32_t, std::less<>>;

/// One conversation.
struct Question {
  std::string host = {};
  std::uint32_t port = 0;
  /// With the servers' hosts as addresses or names: names are resolved here.
  Orders orders = {};
  bool only_asks = false;  ///< nothing is changed
};

class Client {
 public:
  /// `tls`: client_context of identity.h.
  Client(boost::asio::io_context& context, boost::asio::ssl::context& tls);

  /// What is under way to each server of the orders, once the proxy was seen to be as they say; or why not:
  /// kUnavailable, kDeadlineExceeded, kResourceExhausted (too many servers, or too many conversations with this proxy
  /// wait already). The callback always comes, once, and never from within this call.
  void follow(Question question, Duration timeout, std::function<void(Result<Sessions>)> callback);

 private:
  struct Waiting {
    Question question;
    Duration timeout;
    std::function<void(Result<Sessions>)> callback;
  };
  boost::asio::awaitable<void> talk(std::string proxy);

  boost::asio::io_context& context_;
  boost::asio::ssl::context& tls_;
  std::map<std::string, std::deque<Waiting>, std::less<>> waiting_;  // by proxy; the first is under way
};

}  // namespace esaas::haproxy
