// esaas log ...: the event log of a data directory, read without a server. The server must not run: it holds the log.

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <filesystem>
#include <iostream>
#include <memory>

#include "api/cli/commands.h"
#include "api/config/layout.h"
#include "core/base/hash.h"
#include "store/log/rocksdb_event_log.h"
#include "store/snapshots/recovery.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

std::string state_hash(const state::FleetState& fleet) { return to_hex(to_bytes(blake2b_256(state::encode(fleet)))); }

struct Folded {
  std::uint64_t seq = 0;
  std::string full;            ///< hash of the state by a fold of every event
  std::string from_snapshot;   ///< by the newest snapshot and the events after it
  store::RecoveryStats stats;  ///< of the second
};

Result<Folded> fold(const std::filesystem::path& data_dir) {
  ESAAS_TRY(const auto log,
            store::open_rocksdb_log(
                {.directory = config::log_directory(data_dir), .create_if_missing = false, .env = nullptr}));
  ESAAS_TRY(const auto full, store::recover(*log, nullptr));
  ESAAS_TRY(const auto snapshots, store::SnapshotStore::open(config::snapshot_directory(data_dir)));
  ESAAS_TRY(const auto quick, store::recover(*log, &snapshots));
  for (const auto& warning : quick.warnings) std::cerr << "esaas: " << warning << "\n";
  return Folded{full.fleet.seq(), state_hash(full.fleet), state_hash(quick.fleet), quick.stats};
}

int run_fold(const std::string& data_dir, bool as_json) {
  const auto folded = fold(data_dir);
  if (!folded) return print_error(folded.error());
  const bool equal = folded->full == folded->from_snapshot;
  if (as_json) {
    std::cout << json::serialize(json::object{{"seq", folded->seq},
                                              {"state_hash", folded->full},
                                              {"snapshot_seq", folded->stats.snapshot_seq},
                                              {"state_hash_from_snapshot", folded->from_snapshot},
                                              {"equal", equal}})
              << "\n";
  } else {
    std::cout << "events                 " << folded->seq << "\nfull replay            " << folded->full
              << "\nsnapshot " << folded->stats.snapshot_seq << " and the rest  " << folded->from_snapshot << "\n"
              << (equal ? "equal\n" : "NOT EQUAL\n");
  }
  return equal ? kSuccess : kOperationFailed;
}

}  // namespace

void add_log_commands(CLI::App& app, const Session& session, Action& action) {
  auto* log = app.add_subcommand("log", "Read the event log of a data directory while no server runs on it");
  log->require_subcommand(1);
  auto data_dir = std::make_shared<std::string>();
  auto* folded =
      log->add_subcommand("fold", "Fold every event, and the newest snapshot with its tail: the states must be equal");
  folded->add_option("--data-dir", *data_dir, "data_dir of the configuration")->required();
  folded->callback(
      [data_dir, &session, &action] { action = [data_dir, &session] { return run_fold(*data_dir, session.json); }; });
  add_verify_command(*log, session, action);
  add_log_file_commands(*log, session, action);
}

}  // namespace esaas::api::cli
