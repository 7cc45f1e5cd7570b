#pragma once
// Checkpoint: how far a log has been verified, so that the next time only what came since is read. It is a small file
// that whoever verifies keeps to themselves: beside the log it would be as easily changed as the log. Pure but for the
// file.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas::store {

struct Checkpoint {
  std::uint64_t seq = 0;  ///< of the last event that was verified
  std::string hash;       ///< of its record
  /// The newest digest by then: what is behind it is read again, for the next one's root is over it.
  std::uint64_t digest_seq = 0;
  std::uint64_t digest_through_seq = 0;
  std::string digest_chain_hash;                   ///< empty when there was none
  std::map<std::string, std::string> public_keys;  ///< that the log has told of, by id
};

/// What the file holds.
std::string to_text(const Checkpoint& checkpoint);
/// Nothing: it is no checkpoint, or none that a verification leaves.
std::optional<Checkpoint> checkpoint_from_text(std::string_view text);

/// Nothing when there is no such file. kInvalidArgument: it is no checkpoint.
Result<std::optional<Checkpoint>> load_checkpoint(const std::filesystem::path& file);
Result<void> save_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& file);

}  // namespace esaas::store
