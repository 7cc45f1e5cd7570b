#pragma once
// StateFile: the durable state as one file, replaced as a whole (temporary file, fsync, rename, fsync of the folder),
// so that a crash leaves the old or the new state and never half of one. Not thread-safe.
//
// Format: the line "esaas-embedded 1\n", BLAKE2b-256 of the rest (32 bytes), the State as protobuf.

#include <filesystem>
#include <optional>

#include "core/base/result.h"
#include "reconcilers/embedded/model/embedded.pb.h"

namespace esaas::embedded {

class StateFile {
 public:
  /// Locks `folder`, which has to exist. kConflict when another process has it; kInternal for I/O errors.
  static Result<StateFile> open(const std::filesystem::path& folder);
  StateFile(StateFile&& other) noexcept;
  StateFile& operator=(StateFile&& other) noexcept;
  ~StateFile();

  /// Nothing when nothing was ever saved. kDataLoss when the file is not what was written.
  [[nodiscard]] Result<std::optional<State>> load() const;
  /// Durable when it returns. kInternal with the reason; then the old state is still there.
  Result<void> save(const State& state);

 private:
  StateFile(std::filesystem::path folder, int lock) : folder_(std::move(folder)), lock_(lock) {}

  std::filesystem::path folder_;
  int lock_ = -1;
};

}  // namespace esaas::embedded
