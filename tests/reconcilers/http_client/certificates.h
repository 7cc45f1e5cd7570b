#pragma once
// Certificates made for one test, and TLS contexts that use them.

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

namespace esaas::testing {

struct Identity {
  std::string certificate;
  std::string key;
};

/// A self-signed certificate with this subject alternative name ("IP:127.0.0.1").
Identity make_identity(const std::string& alternative_name);

std::unique_ptr<boost::asio::ssl::context> server_context(const Identity& identity);

/// Trusts this identity and nothing else.
std::unique_ptr<boost::asio::ssl::context> client_context(const Identity& trusted);

}  // namespace esaas::testing
