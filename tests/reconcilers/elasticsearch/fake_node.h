#pragma once
// FakeNode: a TCP server on loopback that answers like one Elasticsearch node, or misbehaves: what
// the client has to survive. Runs on the test's io_context; answers one connection after another.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reconcilers/effects/elasticsearch/client.h"

namespace esaas::test {

class FakeNode {
 public:
  /// The raw bytes to answer to a request ("GET /path", body); empty: no answer, and the connection
  /// stays open.
  using Answer = std::function<std::string(const std::string& request, const std::string& body)>;

  FakeNode(boost::asio::io_context& context, Answer answer);

  [[nodiscard]] es::Endpoint endpoint() const;
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }

  /// An HTTP answer.
  static std::string http(unsigned status, const std::string& body);

 private:
  struct Connection;
  void accept();
  void read(const std::shared_ptr<Connection>& connection);
  void answer(const std::shared_ptr<Connection>& connection);

  boost::asio::ip::tcp::acceptor acceptor_;
  Answer answer_;
  std::vector<std::string> requests_;
};

}  // namespace esaas::test
