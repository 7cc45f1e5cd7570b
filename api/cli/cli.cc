#include "api/cli/cli.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "api/cli/commands.h"
#include "api/cli/output.h"
#include "api/cli/session.h"
#include "api/config/suggestion.h"

namespace esaas::api::cli {
namespace {

void add_session_options(CLI::App& app, Session& session) {
  app.add_option("--server", session.server, "Where the API is")
      ->envname("ESAAS_SERVER")
      ->capture_default_str()
      ->take_last();
  app.add_option("--token-file", session.token_file, "A file with the token as its first line")
      ->envname("ESAAS_TOKEN_FILE")
      ->take_last();
  app.add_option("--ca-file", session.ca_file, "Certificates to trust for https, instead of the system's")
      ->envname("ESAAS_CA_FILE")
      ->take_last();
  app.add_flag("--json", session.json, "JSON for machines instead of tables");
  app.add_option("--at", session.at, "Read as it was then: the seq of an event, or an RFC 3339 time")->take_last();
}

void add_serve(CLI::App& app, const Programs& programs, std::string& config_file, bool& check_only, Action& action) {
  auto* serve = app.add_subcommand("serve", "Run the controller and its API");
  serve->add_option("--config,-c", config_file, "The TOML file; api/config/esaas.example.toml explains every key")
      ->envname("ESAAS_CONFIG")
      ->required();
  serve->add_flag("--check-config", check_only, "Only say whether the file is right, with every mistake and its line");
  serve->callback([&] { action = [&] { return programs.serve(config_file, check_only); }; });
}

/// The words that could have been meant where parsing stopped: sub-commands and options of the last command reached.
std::vector<std::string> known_words(const CLI::App& app) {
  const CLI::App* last = &app;
  while (!last->get_subcommands().empty()) last = last->get_subcommands().front();
  std::vector<std::string> words;
  for (const auto* command : last->get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) words.push_back(command->get_name());
  }
  for (const auto* level : {last, &app}) {
    for (const auto* option : level->get_options()) {
      for (const auto& name : option->get_lnames()) words.push_back("--" + name);
    }
  }
  return words;
}

int report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);  // help, version
  std::cerr << "esaas: " << error.what();
  for (const auto& wrong : app.remaining(true)) std::cerr << config::suggestion(wrong, known_words(app));
  const CLI::App* last = &app;
  std::string path = "esaas";
  while (!last->get_subcommands().empty()) {
    last = last->get_subcommands().front();
    path += " " + last->get_name();
  }
  std::cerr << "\nHelp: " << path << " --help\n";
  return kUsage;
}

}  // namespace

void add_change_options(CLI::App& command, ChangeOptions& change) {
  command.add_option("--reason", change.reason, "Why; kept in the audit");
  command.add_option("--idempotency-key", change.idempotency_key, "The same key gives the same answer for 7 days");
  command.add_option("--if-match", change.if_match, "Only if the cluster is at this revision");
  command.add_option("--timeout", change.timeout_s, "Seconds that --wait waits")->capture_default_str();
  command.add_flag("--wait,-w", change.wait, "Show progress until the operation is over; the exit code tells how");
  command.add_flag("--dry-run,-n", change.dry_run, "Show what would happen, change nothing");
}

void add_limit(CLI::App& command, std::size_t& limit) {
  // Signed, so that -1 is below the range instead of the largest number there is.
  command.add_option("--limit", limit, "At most so many, over as many pages as it takes; 0: all")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{10'000}))
      ->capture_default_str();
}

int run(int argc, char** argv, const Programs& programs) {
  // The helpers of the embedded Mesos parse their own arguments, and must not meet ours.
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "task-supervisor") return programs.task_supervisor(argc - 1, argv + 1);
  if (first == "embedded-mesos") return programs.embedded_mesos({argv + 2, argv + argc});

  CLI::App app("Elasticsearch as a service, on Mesos");
  app.name("esaas");
  app.footer(
      "Exit codes: 0 done, 1 the operation that was waited for failed or was cancelled, 2 wrong command line,\n"
      "3 the server refused, 4 no server or it failed, 5 --timeout was over before the operation.");
  app.set_version_flag("--version", programs.version, "Print the version");
  app.require_subcommand(1);
  app.fallthrough();
  Session session;
  Action action;
  std::string config_file;
  bool check_only = false;
  add_session_options(app, session);
  add_serve(app, programs, config_file, check_only, action);
  add_cluster_commands(app, session, action);
  add_operation_commands(app, session, action);
  add_report_commands(app, session, action);
  add_billing_commands(app, session, action);
  add_export_commands(app, session, action);
  add_sink_commands(app, session, action);
  add_why_commands(app, session, action);
  add_admin_commands(app, session, action);
  add_backup_commands(app, session, action);
  add_digest_commands(app, session, action);
  add_log_commands(app, session, action);
  add_plan_command(app, session, action);
  add_past_commands(app, session, action);
  add_replay_command(app, session, action);
  add_what_if_command(app, session, action);
  app.add_subcommand("version", "Print the version")->callback([&] {
    action = [&] {
      std::cout << programs.version << "\n";
      return static_cast<int>(kSuccess);
    };
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report(app, error);
  }
  return action();
}

}  // namespace esaas::api::cli
