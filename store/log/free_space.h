#pragma once
// The reserve of free space (law 2): below it mutations are refused beforehand, so that what is running can still be
// recorded. Thread-safe if the probe is.

#include <cstdint>
#include <filesystem>
#include <functional>

#include "core/base/result.h"

namespace esaas::store {

/// Answers the bytes that may still be written.
using SpaceProbe = std::function<Result<std::uint64_t>()>;

/// Of the file system that holds `directory`, by statvfs, as seen by a user that is not root.
SpaceProbe probe_file_system(std::filesystem::path directory);

/// kResourceExhausted, with both figures and the rule "free_space_reserve", when less than `reserve_bytes` is free; the
/// probe's own error when it cannot tell.
Result<void> check_reserve(const SpaceProbe& probe, std::uint64_t reserve_bytes);

}  // namespace esaas::store
