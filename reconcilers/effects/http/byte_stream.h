#pragma once
// ByteStream: a TCP connection, with TLS on it or not. Both behind one type, so that what reads and writes is compiled
// once. No deadlines: close() ends every wait. One operation at a time; it must outlive the operation. Of use to
// this folder, and to effects/haproxy, whose peer speaks no HTTP.

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context_base.hpp>
#include <boost/system/error_code.hpp>

namespace boost::asio::ssl {
class context;
}

namespace esaas::http_client {

class ByteStream {
 public:
  /// `tls` null: plain.
  ByteStream(boost::asio::io_context& io, boost::asio::ssl::context* tls);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  boost::asio::awaitable<boost::system::error_code> connect(boost::asio::ip::tcp::endpoint to);
  /// Only with TLS. `host` is sent as the server's name, and has to be in its certificate if the context verifies.
  boost::asio::awaitable<boost::system::error_code> handshake(std::string host);

  /// The one that the peer showed when hands were shaken, in DER; empty without TLS, or before.
  [[nodiscard]] std::string peer_certificate() const;

  struct Got {
    std::size_t bytes = 0;
    boost::system::error_code error;
  };
  boost::asio::awaitable<Got> read_some(std::span<char> into);
  boost::asio::awaitable<boost::system::error_code> write(std::string bytes);

  /// Open, and the peer has neither closed it nor sent anything.
  bool is_quiet() const;
  void close();

 private:
  struct Tls;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace esaas::http_client
