// esaas backup ..., esaas restore, esaas log export and import

#include <pwd.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "api/cli/commands.h"
#include "api/config/layout.h"
#include "core/base/text.h"
#include "store/backup/backups.h"
#include "store/backup/log_export.h"
#include "store/backup/restore.h"
#include "store/log/stored_records.h"

namespace esaas::api::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct BackupOptions {
  std::string name, folder, data_dir, until, output, idempotency_key;
  std::vector<std::string> files;
  std::uint64_t from_seq = 1;
  std::uint64_t to_seq = UINT64_MAX;
  bool secrets = false;
  bool wait = false;
};
using Options = std::shared_ptr<BackupOptions>;

Time now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

/// Who restores, for the log.
std::string user_name() {
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : "uid-" + std::to_string(::geteuid());
}

// ---- Of a server ----

constexpr std::chrono::hours kBackupTimeout{24};

/// What the list says of it, once it is there.
Result<std::optional<json::value>> find_taken(const Session& session, const std::string& name) {
  ESAAS_TRY(auto backups, session.list("/v1/backups", 0));
  for (json::value& item : backups) {
    if (item.at("name").as_string() == name) return std::optional(std::move(item));
  }
  return std::optional<json::value>();
}

/// Whether it is still being taken; an error: it came to nothing.
Result<bool> is_under_way(const Session& session, const std::string& name) {
  ESAAS_TRY(const auto answer, session.get("/v1/backups"));
  const json::value* under_way = answer.if_contains("under_way");
  if (under_way != nullptr && under_way->at("name").as_string() == name) return true;
  const json::value* failed = answer.if_contains("failed");
  if (failed == nullptr || failed->at("name").as_string() != name) return false;
  return fail(ErrorCode::kInternal, "backup " + name + " failed: " + std::string(failed->at("why").as_string()));
}

/// Until it is among those that were taken, or has failed.
int wait_for(const Session& session, const std::string& name) {
  const auto deadline = std::chrono::steady_clock::now() + kBackupTimeout;
  for (bool was_under_way = true; std::chrono::steady_clock::now() < deadline;) {
    const auto taken = find_taken(session, name);
    if (!taken) return print_error(taken.error());
    if (*taken) {
      if (session.json) {
        std::cout << json::serialize(**taken) << "\n";
      } else {
        std::cout << "backup " << name << " has all events up to " << json::serialize((*taken)->at("through_seq"))
                  << "\n";
      }
      return kSuccess;
    }
    if (!was_under_way) break;  // and it did not end in the list
    const auto goes_on = is_under_way(session, name);
    if (!goes_on) {
      print_error(goes_on.error());
      return kOperationFailed;
    }
    was_under_way = *goes_on;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  std::cerr << "esaas: backup " << name << " was not taken\n";
  return kOperationFailed;
}

int take_backup(const Session& session, const BackupOptions& options) {
  json::object body{{"secrets", options.secrets}};
  if (!options.name.empty()) body["name"] = options.name;
  ChangeOptions change;
  change.idempotency_key = options.idempotency_key;
  const auto answer = send_change(session, change, "POST", "/v1/backups", body);
  if (!answer) return print_error(answer.error());
  const std::string name(answer->at("name").as_string());
  if (options.wait) return wait_for(session, name);
  if (session.json) {
    std::cout << json::serialize(*answer) << "\n";
  } else {
    std::cout << "backup " << name << " is being taken: esaas backup list\n";
  }
  return kSuccess;
}

/// One that is being taken, and the newest that came to nothing, below the list.
void print_news(const json::object& answer) {
  if (const json::value* under_way = answer.if_contains("under_way")) {
    std::cout << "backup " << cell(under_way->as_object(), "name") << " is being taken since "
              << cell(under_way->as_object(), "since") << "\n";
  }
  if (const json::value* failed = answer.if_contains("failed")) {
    std::cout << "backup " << cell(failed->as_object(), "name")
              << " was not taken: " << cell(failed->as_object(), "why") << "\n";
  }
}

int list_backups(const Session& session) {
  const int listed = session.print_list("/v1/backups", 0,
                                        {{"NAME", "name"},
                                         {"TAKEN", "taken_at"},
                                         {"UP TO", "through_seq"},
                                         {"BYTES", "bytes"},
                                         {"SECRETS", "has_secrets"}});
  if (listed != kSuccess || session.json) return listed;
  const auto answer = session.get("/v1/backups?limit=1");
  if (!answer) return print_error(answer.error());
  print_news(*answer);
  return kSuccess;
}

// ---- Of a folder ----

/// What is none is left alone.
Result<store::Backups> open_folder(const std::string& folder) {
  if (fs::is_directory(fs::path(folder) / "log" / "meta")) return store::Backups::open(folder);
  return fail(ErrorCode::kInvalidArgument, folder + " is no folder of backups", "backups", "directory");
}

/// The newest when none is named.
Result<store::Backup> find_backup(const store::Backups& backups, const std::string& name) {
  if (!name.empty()) return backups.find(name);
  ESAAS_TRY(const auto all, backups.list());
  if (all.empty()) return fail(ErrorCode::kNotFound, "there is no backup in that folder");
  return all.back();
}

int verify_backup(const Session& session, const BackupOptions& options) {
  const auto backups = open_folder(options.folder);
  if (!backups) return print_error(backups.error());
  const auto backup = find_backup(*backups, options.name);
  if (!backup) return print_error(backup.error());
  const auto verified = backups->verify(backup->name);
  if (!verified) {
    print_error(verified.error());
    return kOperationFailed;
  }
  if (session.json) {
    std::cout << json::serialize(json::object{{"name", backup->name}, {"bytes", backup->bytes}, {"intact", true}})
              << "\n";
  } else {
    std::cout << "backup " << backup->name << " is intact: " << backup->bytes << " bytes, all events up to "
              << backup->through_seq << "\n";
  }
  return kSuccess;
}

/// A server would not start on a log beside the snapshots of another.
Result<void> check_unused(const std::string& data_dir) {
  for (const fs::path& made_of_a_log : {config::snapshot_directory(data_dir), config::past_directory(data_dir)}) {
    std::error_code error;
    if (!fs::exists(made_of_a_log, error) || fs::is_empty(made_of_a_log, error)) continue;
    return fail(ErrorCode::kConflict,
                made_of_a_log.string() + " is of another log: remove it, or name another data directory", "data-dir");
  }
  return {};
}

Result<store::RestoreLimit> limit_of(const std::string& until) {
  store::RestoreLimit limit;
  if (until.empty()) return limit;
  if (until.find_first_not_of("0123456789") == std::string::npos && until.size() <= 19) {
    limit.seq = std::stoull(until);
    return limit;
  }
  const auto time = parse_rfc3339(until);
  if (!time) {
    return fail(ErrorCode::kInvalidArgument, "--until: is neither a seq nor an RFC 3339 time", "until", "moment");
  }
  limit.time = *time;
  return limit;
}

int print_restored(const Session& session, const Result<store::Restored>& restored, const std::string& data_dir) {
  if (!restored) return print_error(restored.error());
  if (session.json) {
    std::cout << json::serialize(json::object{{"through_seq", restored->through_seq}, {"seq", restored->seq}}) << "\n";
  } else {
    std::cout << data_dir << " has all events up to " << restored->through_seq << ". A server on it adopts the tasks "
              << "that run and are not in this log, and kills none.\n";
  }
  return kSuccess;
}

Result<store::Restored> restore(const BackupOptions& options) {
  ESAAS_TRY(const store::RestoreLimit limit, limit_of(options.until));
  ESAAS_TRY(const auto backups, open_folder(options.folder));
  ESAAS_TRY(const store::Backup backup, find_backup(backups, options.name));
  std::error_code error;
  fs::create_directories(options.data_dir, error);
  ESAAS_CHECK(check_unused(options.data_dir));
  const store::RestoreTarget target{.log_directory = config::log_directory(options.data_dir),
                                    .secret_directory = config::secret_directory(options.data_dir)};
  return store::restore(backups, backup, limit, target, user_name(), now());
}

// ---- Files ----

Result<store::ExportedLog> export_to(const BackupOptions& options) {
  ESAAS_TRY(const auto records, store::open_stored_records(config::log_directory(options.data_dir)));
  const std::string partial = options.output + ".partial";
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  const auto failed = [&] { return fail(ErrorCode::kInternal, "cannot write " + partial, "output"); };
  if (!file) return failed();
  ESAAS_TRY(const auto exported,
            store::export_log(*records, options.from_seq, options.to_seq, [&](std::string_view piece) -> Result<void> {
              if (file.write(piece.data(), static_cast<std::streamsize>(piece.size()))) return {};
              return failed();
            }));
  file.close();
  std::error_code error;
  if (file) fs::rename(partial, options.output, error);
  if (!file || error) return failed();
  return exported;
}

int export_log(const Session& session, const BackupOptions& options) {
  const auto exported = export_to(options);
  if (!exported) return print_error(exported.error());
  const std::string hash = to_hex(to_bytes(exported->chain_hash));
  if (session.json) {
    std::cout << json::serialize(json::object{
                     {"first_seq", exported->first_seq}, {"last_seq", exported->last_seq}, {"chain_hash", hash}})
              << "\n";
  } else {
    std::cout << "events " << exported->first_seq << " to " << exported->last_seq << " are in " << options.output
              << "; the hash of the last is " << hash << "\n";
  }
  return kSuccess;
}

Result<store::Restored> import_files(const BackupOptions& options) {
  std::error_code error;
  fs::create_directories(options.data_dir, error);
  ESAAS_CHECK(check_unused(options.data_dir));
  const std::vector<fs::path> files(options.files.begin(), options.files.end());
  return store::import_log(files, config::log_directory(options.data_dir), user_name(), now());
}

CLI::Option* add_data_dir(CLI::App& command, const Options& options) {
  return command.add_option("--data-dir", options->data_dir, "data_dir of the configuration")->required();
}

}  // namespace

void add_backup_commands(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<BackupOptions>();
  const auto run = [&action, &session, options](CLI::App* command, auto what) {
    command->callback(
        [&action, &session, options, what] { action = [&session, options, what] { return what(session, *options); }; });
  };
  auto* backup = app.add_subcommand("backup", "Backups of the log");
  backup->require_subcommand(1);
  auto* take = backup->add_subcommand("take", "Let the server take one into its folder, while everything goes on");
  take->add_option("--name", options->name, "Lower-case letters, digits and \"-\"; made of the time when absent");
  take->add_flag("--secrets", options->secrets, "Keys and passwords' digests too: keep such a backup safe");
  take->add_flag("--wait", options->wait, "Until it is taken");
  take->add_option("--idempotency-key", options->idempotency_key, "The same key gives the same answer for 7 days");
  run(take, &take_backup);
  auto* list =
      backup->add_subcommand("list", "Those in the server's folder, the oldest first, and what came of the last one");
  list->callback([&session, &action] { action = [&session] { return list_backups(session); }; });
  auto* verify = backup->add_subcommand("verify", "Read all of one in a folder; no server");
  verify->add_option("--backups", options->folder, "The folder")->required();
  verify->add_option("--name", options->name, "The newest when absent");
  run(verify, &verify_backup);

  auto* back = app.add_subcommand("restore", "Make a backup the log of a data directory; no server");
  back->add_option("--backups", options->folder, "The folder")->required();
  back->add_option("--name", options->name, "The newest when absent");
  add_data_dir(*back, options);
  back->add_option("--until", options->until, "Up to this seq, or this RFC 3339 time; all of it when absent");
  run(back,
      [](const Session& given, const BackupOptions& one) { return print_restored(given, restore(one), one.data_dir); });
}

void add_log_file_commands(CLI::App& log, const Session& session, Action& action) {
  auto options = std::make_shared<BackupOptions>();
  auto* out = log.add_subcommand("export", "Write events to a file, byte for byte; a server may run");
  add_data_dir(*out, options);
  out->add_option("--output", options->output, "The file")->required();
  out->add_option("--from", options->from_seq, "The first seq")->capture_default_str();
  out->add_option("--to", options->to_seq, "The last seq; what is there when absent");
  out->callback(
      [options, &session, &action] { action = [options, &session] { return export_log(session, *options); }; });
  auto* in = log.add_subcommand("import", "Make a log of exported files that follow each other");
  in->add_option("files", options->files, "The files, in order")->required();
  add_data_dir(*in, options);
  in->callback([options, &session, &action] {
    action = [options, &session] { return print_restored(session, import_files(*options), options->data_dir); };
  });
}

}  // namespace esaas::api::cli
