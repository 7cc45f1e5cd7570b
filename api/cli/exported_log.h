#pragma once
// ExportedLog: a log read from its exports alone: unpacked into a folder of its own, which goes with it.

#include <filesystem>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "store/log/rocksdb_event_log.h"

namespace esaas::api::cli {

class ExportedLog {
 public:
  /// The files follow each other and begin with the first event. Errors: kDataLoss (a file is broken, ends early or
  /// does not follow; its name is in the detail), kInvalidArgument (it is no export), kInternal.
  static Result<ExportedLog> open(const std::vector<std::filesystem::path>& files);

  [[nodiscard]] const store::EventLog& log() const { return *log_; }

 private:
  struct Folder;
  std::shared_ptr<const Folder> folder_;  // outlives the log in it
  std::unique_ptr<store::DurableLog> log_;
};

}  // namespace esaas::api::cli
