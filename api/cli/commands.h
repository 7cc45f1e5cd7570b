#pragma once
// The commands, each group in a file of its own. Each adds its sub-commands to `app`; the one that is chosen leaves in
// `action` what is to be done once the whole line has been parsed.

#include <CLI/CLI.hpp>

#include <functional>

#include "api/cli/session.h"

namespace esaas::api::cli {

using Action = std::function<int()>;

void add_cluster_commands(CLI::App& app, Session& session, Action& action);
void add_operation_commands(CLI::App& app, Session& session, Action& action);
void add_report_commands(CLI::App& app, Session& session, Action& action);
void add_admin_commands(CLI::App& app, Session& session, Action& action);
void add_log_commands(CLI::App& app, const Session& session, Action& action);

}  // namespace esaas::api::cli
