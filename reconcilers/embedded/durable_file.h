#pragma once
// Small files that are replaced as a whole: read, and write by temporary file, fsync and rename. Thread-safe for
// different paths.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas::embedded {

/// Nothing when there is no such file. kInternal for other errors, and for files over 256 MiB.
Result<std::optional<std::string>> read_file(const std::filesystem::path& path);

/// Durable when it returns. kInternal with the path and the reason.
Result<void> replace_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace esaas::embedded
