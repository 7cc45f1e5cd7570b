#pragma once
// The controller's own key and certificate, by which its proxies know it. Made once for an installation; the key is a
// secret, the certificate goes into every proxy's launch.

#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/ssl/context.hpp>

#include "core/base/result.h"

namespace esaas::haproxy {

struct Identity {
  std::string certificate;  ///< PEM
  std::string key;          ///< PEM; a secret
};

/// A new one, on the curve P-256, for 30 years.
Result<Identity> make_identity();

/// SHA-256 of a certificate in DER, in hexadecimal.
std::string fingerprint_of(std::string_view certificate);

/// For connections to proxies: shows the identity. No authority signs a proxy's certificate, which it makes where it
/// runs: whether it is the right one is looked at when hands are shaken (Question::admit).
Result<std::unique_ptr<boost::asio::ssl::context>> client_context(const Identity& identity);

}  // namespace esaas::haproxy
