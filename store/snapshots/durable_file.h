#pragma once
// Small files that are there as a whole or not at all. Thread-safe for different paths.

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas::store {

/// Writes to `path`.tmp, syncs it, renames it over `path` and syncs the directory. kInternal when any of that fails;
/// `path` is then as it was.
Result<void> write_durably(const std::filesystem::path& path, std::string_view bytes);

/// Makes durable what was renamed in or out of a directory. kInternal.
Result<void> sync_directory(const std::filesystem::path& path);

/// All bytes of a file. kInternal when it cannot be read.
Result<std::string> read_whole(const std::filesystem::path& path);

}  // namespace esaas::store
