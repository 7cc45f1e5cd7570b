#pragma once
// The controller's own key and certificate, by which its proxies know it. Made once for an installation; the key is a
// secret, the certificate goes into every proxy's launch.

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "core/base/result.h"

namespace esaas::haproxy {

struct Identity {
  std::string certificate;  ///< PEM
  std::string key;          ///< PEM; a secret
};

/// A new one, on the curve P-256, for 30 years.
Result<Identity> make_identity();

/// For connections to proxies: shows the identity, and takes whatever certificate the proxy has. (A proxy makes its own
/// where it runs; what is told it is no secret, and whoever stood between could do nothing with the identity.)
Result<std::unique_ptr<boost::asio::ssl::context>> client_context(const Identity& identity);

}  // namespace esaas::haproxy
