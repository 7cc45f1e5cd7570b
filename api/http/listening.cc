#include "api/http/listening.h"

namespace esaas::api::http {

namespace asio = boost::asio;
using asio::ip::tcp;

Result<asio::ip::address> parse_listen_address(const std::string& text) {
  boost::system::error_code failed;
  auto address = asio::ip::make_address(text, failed);
  if (failed) return fail(ErrorCode::kInvalidArgument, "\"" + text + "\" is not an IP address", "http.listen");
  return address;
}

Result<tcp::acceptor> listen_on(asio::io_context& context, const asio::ip::address& address, std::uint16_t port) {
  boost::system::error_code failed;
  const tcp::endpoint endpoint(address, port);
  tcp::acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (!failed) return acceptor;
  return fail(ErrorCode::kUnavailable,
              "cannot listen on " + address.to_string() + ":" + std::to_string(port) + ": " + failed.message(),
              "http.listen");
}

Result<void> check_address_is_free(const std::string& address, std::uint16_t port) {
  asio::io_context context;
  ESAAS_TRY(const auto ip, parse_listen_address(address));
  ESAAS_CHECK(listen_on(context, ip, port));
  return {};
}

}  // namespace esaas::api::http
