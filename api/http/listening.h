#pragma once
// Where a server may listen and how it comes to: the one place that knows the rule of plain HTTP and binds. Stateless.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas::api::http {

/// kInvalidArgument for what is no IP address.
Result<boost::asio::ip::address> parse_listen_address(const std::string& text);

/// Plain HTTP beyond loopback shows every token to the network.
inline bool shows_tokens(const boost::asio::ip::address& address, bool tls, bool allow_plain_remote) {
  return !address.is_loopback() && !tls && !allow_plain_remote;
}
inline constexpr std::string_view kShowsTokens =
    "is beyond loopback without TLS, which shows every token to the network; configure [http.tls], or set "
    "allow_plain_remote = true if TLS ends before this process";

/// Binds and listens. kUnavailable with the reason when the port is taken or the address is not of this machine.
Result<boost::asio::ip::tcp::acceptor> listen_on(boost::asio::io_context& context,
                                                 const boost::asio::ip::address& address, std::uint16_t port);

/// Whether a server could listen there: binds and lets go at once. Errors of both functions above. Asked before
/// anything is made or started that would outlive a start that fails.
Result<void> check_address_is_free(const std::string& address, std::uint16_t port);

}  // namespace esaas::api::http
