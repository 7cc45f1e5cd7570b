#pragma once
// The commands, each group in a file of its own. Each adds its sub-commands to `app`; the one that is chosen leaves in
// `action` what is to be done once the whole line has been parsed.

#include <CLI/CLI.hpp>

#include <functional>

#include "api/cli/change.h"
#include "api/cli/session.h"

namespace esaas::api::cli {

using Action = std::function<int()>;

void add_cluster_commands(CLI::App& app, Session& session, Action& action);
void add_operation_commands(CLI::App& app, Session& session, Action& action);
void add_report_commands(CLI::App& app, Session& session, Action& action);
void add_admin_commands(CLI::App& app, Session& session, Action& action);
/// Below `esaas cluster`.
void add_companion_commands(CLI::App& cluster, Session& session, Action& action);
/// Below `esaas cluster` too.
void add_rollout_commands(CLI::App& cluster, Session& session, Action& action);
void add_elasticsearch_commands(CLI::App& cluster, Session& session, Action& action);
void add_why_commands(CLI::App& app, Session& session, Action& action);
/// Below `esaas tenant`.
void add_tenant_policies(CLI::App& tenant, Session& session, Action& action);
void add_quota_commands(CLI::App& tenant, Session& session, Action& action);
void add_tenant_budget(CLI::App& tenant, Session& session, Action& action);
void add_billing_commands(CLI::App& app, Session& session, Action& action);
void add_sink_commands(CLI::App& app, Session& session, Action& action);
void add_backup_commands(CLI::App& app, Session& session, Action& action);
/// esaas log export and import, below `log`.
void add_log_file_commands(CLI::App& log, const Session& session, Action& action);
void add_digest_commands(CLI::App& app, Session& session, Action& action);
/// Below `esaas bill`.
void add_bill_verify(CLI::App& bill, const Session& session, Action& action);
void add_export_commands(CLI::App& app, const Session& session, Action& action);
void add_log_commands(CLI::App& app, const Session& session, Action& action);
/// Below `esaas log`.
void add_verify_command(CLI::App& log, const Session& session, Action& action);
void add_plan_command(CLI::App& app, const Session& session, Action& action);
void add_past_commands(CLI::App& app, const Session& session, Action& action);
void add_replay_command(CLI::App& app, const Session& session, Action& action);
void add_what_if_command(CLI::App& app, const Session& session, Action& action);

/// --reason, --if-match, --dry-run, --wait and so on.
void add_change_options(CLI::App& command, ChangeOptions& change);

/// Prints the answer to a GET as it comes, as of the session's `at`. The exit code.
int print_stream(const Session& session, const std::string& target);

/// --limit of a list, which counts over all its pages: 0 (all) to 10000.
void add_limit(CLI::App& command, std::size_t& limit);

}  // namespace esaas::api::cli
