#include "api/serve/address_check.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace esaas::api {

Result<void> check_address_is_free(const std::string& address, std::uint16_t port) {
  using Tcp = boost::asio::ip::tcp;
  boost::system::error_code failed;
  const auto ip = boost::asio::ip::make_address(address, failed);
  if (failed) return fail(ErrorCode::kInvalidArgument, address + " is no IP address", "http.listen");
  boost::asio::io_context context;
  Tcp::acceptor acceptor(context);
  acceptor.open(ip.is_v6() ? Tcp::v6() : Tcp::v4(), failed);
  if (!failed) acceptor.set_option(Tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind({ip, port}, failed);
  if (!failed) acceptor.listen(1, failed);
  if (!failed) return {};
  return fail(ErrorCode::kUnavailable,
              "cannot listen on " + address + ":" + std::to_string(port) + ": " + failed.message(), "http.listen");
}

}  // namespace esaas::api
