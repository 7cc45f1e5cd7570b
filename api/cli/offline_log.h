#pragma once
// The log of a data directory that no server holds, and the states of the past beside it, read only.

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "api/config/layout.h"
#include "core/base/result.h"
#include "store/log/rocksdb_event_log.h"
#include "store/snapshots/past_states.h"
#include "store/views/moment.h"

namespace esaas::api::cli {

struct OfflineLog {
  std::unique_ptr<store::EventLog> log;
  std::unique_ptr<store::PastStates> states;
};

inline Result<OfflineLog> open_offline(const std::filesystem::path& data_dir) {
  OfflineLog offline;
  ESAAS_TRY(offline.log,
            store::open_rocksdb_log(
                {.directory = config::log_directory(data_dir), .create_if_missing = false, .env = nullptr}));
  store::PastStatesOptions options;
  options.directory = config::past_directory(data_dir);
  options.read_only = true;
  ESAAS_TRY(offline.states, store::PastStates::open(*offline.log, options));
  return offline;
}

/// The seq of a moment that an option names; `otherwise` when it is empty. A time after the newest event is the end.
inline Result<std::uint64_t> seq_of_moment(const store::EventLog& log, const std::string& text, std::string_view option,
                                           std::uint64_t otherwise) {
  if (text.empty()) return otherwise;
  ESAAS_TRY(const store::Moment moment, store::find_moment(log, text, option, Time::max()));
  return moment.seq;
}

}  // namespace esaas::api::cli
