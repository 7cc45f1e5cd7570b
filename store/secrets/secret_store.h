#pragma once
// SecretStore: what events may only refer to (design law 12). A secret has an id, which is given to it and is no
// secret, and versions 1, 2, ...; what is kept is encrypted with a key that is a file of its own, and can be erased.
//
// On disk it is a RocksDB database beside the log, never within it: a copy of the log holds no secret, and erasing one
// changes nothing that is hashed. Thread-safe; one process at a time.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace esaas::store {

class SecretStore {
 public:
  virtual ~SecretStore() = default;

  /// Keeps the value under the next version of this id, and answers the version once it is on disk. Errors: kInternal.
  virtual Result<std::uint32_t> put(std::string_view id, std::string_view value) = 0;
  /// Errors: kNotFound (never kept, or erased), kDataLoss (not what was kept, or under another key).
  [[nodiscard]] virtual Result<std::string> get(std::string_view id, std::uint32_t version) const = 0;
  /// Every version that `is_needed` answers false for is erased: from the files too, when this returns. Answers how
  /// many there were.
  virtual Result<std::size_t> erase_unless(
      const std::function<bool(std::string_view id, std::uint32_t version)>& is_needed) = 0;
  /// While what this gives lives, erase_unless erases nothing and answers 0: somebody copies what refers to secrets.
  [[nodiscard]] virtual std::shared_ptr<void> hold_erasures() = 0;
  /// All of it, and the key, as a store of its own in `directory`, which is not there; readable by this user only.
  [[nodiscard]] virtual Result<void> copy_to(const std::filesystem::path& directory) const = 0;
};

/// Opens or creates `directory`/db and `directory`/key, readable by this user only.
/// Errors: kUnavailable (another process holds it), kDataLoss (the key is missing while there are secrets), kInternal.
Result<std::unique_ptr<SecretStore>> open_secret_store(const std::filesystem::path& directory);

}  // namespace esaas::store
