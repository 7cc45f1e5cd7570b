#include "tests/reconcilers/elasticsearch/fake_node.h"

#include <fmt/format.h>

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

namespace esaas::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;

struct FakeNode::Connection {
  explicit Connection(asio::ip::tcp::socket accepted) : socket(std::move(accepted)) {}
  asio::ip::tcp::socket socket;
  boost::beast::flat_buffer buffer;
  http::request<http::string_body> request;
  std::string to_send;
};

FakeNode::FakeNode(asio::io_context& context, Answer answer)
    : acceptor_(context, {asio::ip::make_address("127.0.0.1"), 0}), answer_(std::move(answer)) {
  accept();
}

es::Endpoint FakeNode::endpoint() const { return {"127.0.0.1", acceptor_.local_endpoint().port()}; }

std::string FakeNode::http(unsigned status, const std::string& body) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status,
                     body.size(), body);
}

void FakeNode::accept() {
  acceptor_.async_accept([this](boost::system::error_code code, asio::ip::tcp::socket socket) {
    if (code) return;
    read(std::make_shared<Connection>(std::move(socket)));
    accept();
  });
}

void FakeNode::read(const std::shared_ptr<Connection>& connection) {
  connection->request = {};
  http::async_read(connection->socket, connection->buffer, connection->request,
                   [this, connection](boost::system::error_code code, std::size_t) {
                     if (!code) answer(connection);
                   });
}

void FakeNode::answer(const std::shared_ptr<Connection>& connection) {
  const auto& request = connection->request;
  requests_.push_back(std::string(request.method_string()) + " " + std::string(request.target()));
  connection->to_send = answer_(requests_.back(), request.body());
  if (connection->to_send.empty()) return read(connection);
  asio::async_write(connection->socket, asio::buffer(connection->to_send),
                    [this, connection](boost::system::error_code code, std::size_t) {
                      if (!code) read(connection);
                    });
}

}  // namespace esaas::test
