#pragma once
// A blocking GET from this machine into a file, with deadlines and a bound on the size.

#include <filesystem>
#include <string>

#include "core/base/result.h"

namespace esaas::embedded {

/// `url` is http://HOST[:PORT]/PATH with a HOST in 127.0.0.0/8 or `localhost`. Redirects are not followed.
Result<void> download_from_loopback(const std::string& url, const std::filesystem::path& target);

}  // namespace esaas::embedded
