#include "reconcilers/effects/http/byte_stream.h"

#include <sys/socket.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace esaas::http_client {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

struct ByteStream::Tls {
  asio::ssl::stream<Tcp::socket&> stream;
};

ByteStream::ByteStream(asio::io_context& io, asio::ssl::context* tls) : socket_(io) {
  if (tls != nullptr) tls_ = std::make_unique<Tls>(asio::ssl::stream<Tcp::socket&>(socket_, *tls));
}

ByteStream::~ByteStream() = default;

asio::awaitable<error_code> ByteStream::connect(Tcp::endpoint to) {
  error_code error;
  socket_.close(error);  // an earlier attempt's
  co_await socket_.async_connect(to, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return error;
  error_code ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  co_return error;
}

asio::awaitable<error_code> ByteStream::handshake(std::string host) {
  error_code error;
  // An address is no name that a server could choose a certificate by (RFC 6066); it is verified all the same.
  asio::ip::make_address(host, error);
  const bool is_name = static_cast<bool>(error);
  if (is_name && SSL_set_tlsext_host_name(tls_->stream.native_handle(), host.c_str()) != 1) {
    co_return error_code(asio::error::invalid_argument);
  }
  tls_->stream.set_verify_callback(asio::ssl::host_name_verification(host), error);
  if (error) co_return error;
  co_await tls_->stream.async_handshake(asio::ssl::stream_base::client,
                                        asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

std::string ByteStream::peer_certificate() const {
  X509* certificate = tls_ ? SSL_get0_peer_certificate(tls_->stream.native_handle()) : nullptr;
  if (certificate == nullptr) return {};
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* into = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(certificate, &into);
  return der;
}

asio::awaitable<ByteStream::Got> ByteStream::read_some(std::span<char> into) {
  Got got;
  const asio::mutable_buffer buffer(into.data(), into.size());
  if (tls_) {
    got.bytes = co_await tls_->stream.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, got.error));
  } else {
    got.bytes = co_await socket_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, got.error));
  }
  co_return got;
}

asio::awaitable<error_code> ByteStream::write(std::string bytes) {
  error_code error;
  std::string_view rest = bytes;
  while (!rest.empty() && !error) {
    const asio::const_buffer buffer(rest.data(), rest.size());
    if (tls_) {
      rest.remove_prefix(
          co_await tls_->stream.async_write_some(buffer, asio::redirect_error(asio::use_awaitable, error)));
    } else {
      rest.remove_prefix(co_await socket_.async_write_some(buffer, asio::redirect_error(asio::use_awaitable, error)));
    }
  }
  co_return error;
}

bool ByteStream::is_quiet() const {
  if (!socket_.is_open()) return false;
  char byte = 0;
  const auto got = ::recv(const_cast<Tcp::socket&>(socket_).native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void ByteStream::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace esaas::http_client
