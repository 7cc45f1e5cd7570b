#pragma once
// RefusingBroker: a broker of Kafka on this machine that knows no user, and says so in words of its own.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace esaas::testing {

class RefusingBroker {
 public:
  /// `words`: what it answers to a password.
  explicit RefusingBroker(std::string words);
  ~RefusingBroker();
  RefusingBroker(const RefusingBroker&) = delete;
  RefusingBroker& operator=(const RefusingBroker&) = delete;

  [[nodiscard]] std::string address() const;

 private:
  using Socket = boost::asio::ip::tcp::socket;

  void run();
  void serve(Socket& socket) const;
  [[nodiscard]] std::string answer_to(std::int16_t question, std::int16_t version) const;

  const std::string words_;
  std::atomic<bool> is_ending_ = false;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;  // one connection after another
};

}  // namespace esaas::testing
