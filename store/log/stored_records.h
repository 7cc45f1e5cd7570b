#pragma once
// StoredRecords: the bytes of a log's records as they lie on disk, for who checks them: nothing of the log's own checks
// stands between. Opened for reading alone: looking at a log changes nothing of it, and takes it from nobody.
// Thread-safe.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/hash.h"
#include "core/base/result.h"

namespace esaas::store {

/// No log gets that far, and a few more can be counted without an overflow.
inline constexpr std::uint64_t kSeqMax = std::uint64_t{1} << 62U;

class StoredRecords {
 public:
  virtual ~StoredRecords() = default;

  /// The largest seq that something is stored under; 0: nothing is there. It is not beyond kSeqMax: what lies under a
  /// larger number, or under any other key, lies there under a key that is no seq.
  [[nodiscard]] virtual std::uint64_t last_seq() const = 0;
  /// The smallest such seq from `seq` on; 0: there is none. Errors: as of `read`.
  [[nodiscard]] virtual Result<std::uint64_t> first_seq_from(std::uint64_t seq) const = 0;
  /// The newest event whose append was acknowledged, and the hash of its record, as the log keeps them beside it; why
  /// that cannot be read.
  [[nodiscard]] virtual const Result<std::pair<std::uint64_t, Hash>>& acknowledged() const = 0;

  /// Everything that is stored under the keys from `from_seq` up to, and with, `to_seq`, in order of the keys, and also
  /// what lies between them under keys that are no seq. Errors: kDataLoss, kInternal (RocksDB's own).
  using Take = std::function<void(std::string_view key, std::string_view record)>;
  [[nodiscard]] virtual Result<void> read(std::uint64_t from_seq, std::uint64_t to_seq, const Take& take) const = 0;
  /// Nothing when nothing is stored for this seq.
  [[nodiscard]] virtual Result<std::optional<std::string>> find(std::uint64_t seq) const = 0;
};

/// `directory` is the log's. Errors: those of open_rocksdb_log, but nobody has to let go of it: what a program that
/// runs appends later is not seen.
Result<std::unique_ptr<StoredRecords>> open_stored_records(const std::filesystem::path& directory);

}  // namespace esaas::store
