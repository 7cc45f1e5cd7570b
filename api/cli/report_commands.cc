// esaas audit, usage, events, nodes, ledger

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>
#include <memory>

#include "api/cli/commands.h"
#include "api/cli/event_reader.h"

namespace esaas::api::cli {
namespace {

struct ReportOptions {
  std::string user, action, cluster, tenant, outcome, from, to, text, order, operation, group = "cluster", format, kind,
                                                                                        agent;
  std::size_t limit = 50;
  bool count = false;
  bool snapshot = false;
  std::uint64_t from_seq = 0;
};
using Options = std::shared_ptr<ReportOptions>;

int print_count(const Session& session, const std::string& target) {
  const auto page = session.get(target + (target.find('?') == std::string::npos ? "?limit=1" : "&limit=1"));
  if (!page) return print_error(page.error());
  const auto& count = page->at("count");
  const auto& exact = page->at("count_is_exact");
  if (session.json) {
    std::cout << boost::json::serialize(boost::json::object{{"count", count}, {"count_is_exact", exact}}) << "\n";
  } else {
    std::cout << (exact.as_bool() ? "" : "at least ") << boost::json::serialize(count) << "\n";
  }
  return kSuccess;
}

void add_audit(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<ReportOptions>();
  auto* command = app.add_subcommand("audit", "Who did what, when, to what, and what came of it");
  command->add_option("--user", options->user, "The token's id");
  command->add_option("--action", options->action, "create, scale, delete, issue_token, ...");
  command->add_option("--cluster", options->cluster, "Only on this cluster");
  command->add_option("--tenant", options->tenant, "Only this tenant's");
  command->add_option("--outcome", options->outcome, "queued, running, succeeded, failed, cancelled or done");
  command->add_option("--from", options->from, "A date or an RFC 3339 time; inclusive");
  command->add_option("--to", options->to, "Exclusive");
  command->add_option("--text", options->text, "All of these words are in an entry; Chinese by each two characters");
  command->add_option("--order", options->order, "newest (first) or oldest");
  command->add_flag("--count", options->count, "Only how many match: exact to 1,000, then at least so many");
  add_limit(*command, options->limit);
  command->callback([options, &session, &action] {
    action = [options, &session] {
      const auto target = with_query("/v1/audit", {{"user", options->user},
                                                   {"action", options->action},
                                                   {"cluster", options->cluster},
                                                   {"tenant", options->tenant},
                                                   {"outcome", options->outcome},
                                                   {"from", options->from},
                                                   {"to", options->to},
                                                   {"text", options->text},
                                                   {"order", options->order}});
      if (options->count) return print_count(session, target);
      return session.print_list(target, options->limit,
                                {{"SEQ", "seq"},
                                 {"TIME", "at"},
                                 {"USER", "user"},
                                 {"ACTION", "action"},
                                 {"CLUSTER", "cluster"},
                                 {"OPERATION", "operation_id"},
                                 {"OUTCOME", "outcome"},
                                 {"REASON", "reason"}});
    };
  });
}

void add_usage(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<ReportOptions>();
  auto* command = app.add_subcommand("usage", "Core, memory, disk and node hours");
  command->add_option("--from", options->from, "A date or an RFC 3339 time; 30 days before --to when absent");
  command->add_option("--to", options->to, "Exclusive; now when absent");
  command->add_option("--tenant", options->tenant, "Only this tenant's");
  command->add_option("--cluster", options->cluster, "Only this cluster's");
  command->add_option("--group", options->group, "cluster, tenant or interval")->capture_default_str();
  command->add_option("--format", options->format, "csv or jsonl instead of a table");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      const bool lines = options->format.empty() && options->group == "interval";
      const auto format = lines ? std::string("csv") : options->format;
      const auto target = with_query("/v1/usage", {{"from", options->from},
                                                   {"to", options->to},
                                                   {"tenant", options->tenant},
                                                   {"cluster", options->cluster},
                                                   {"group", options->group},
                                                   {"format", format}});
      if (session.json || !format.empty()) return print_stream(session, target);
      const auto report = session.get(target);
      if (!report) return print_error(report.error());
      std::cout << table(report->at("items").as_array(), {{"TENANT", "tenant"},
                                                          {"CLUSTER", "cluster"},
                                                          {"CPU H", "cpu_hours"},
                                                          {"MEM GIB H", "mem_gib_hours"},
                                                          {"DISK GIB H", "disk_gib_hours"},
                                                          {"NODE H", "node_hours"}});
      return static_cast<int>(kSuccess);
    };
  });
}

void add_events(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<ReportOptions>();
  auto* command = app.add_subcommand(
      "events", "Follow the event log; goes on after the server restarts. With --at: up to that moment");
  auto* from = command->add_option("--from", options->from_seq,
                                   "The first seq; what happens next when absent, with --at the first of all");
  command->add_flag("--snapshot", options->snapshot, "The fleet as it is first, then what happens next")
      ->excludes(from);
  command->add_option("--tenant", options->tenant, "Only this tenant's");
  command->add_option("--cluster", options->cluster, "Only this cluster's");
  command->add_option("--kind", options->kind, "Only this kind, such as node_joined");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      return follow_events(
          session,
          {.target = with_query("/v1/events",
                                {{"tenant", options->tenant}, {"cluster", options->cluster}, {"kind", options->kind}}),
           .from_seq = options->from_seq,
           .snapshot = options->snapshot});
    };
  });
}

void add_ledger(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<ReportOptions>();
  auto* command = app.add_subcommand("ledger", "Every reservation as the log has it, beside the master's books");
  command->add_option("--tenant", options->tenant, "Only this tenant's");
  command->add_option("--cluster", options->cluster, "Only of this cluster");
  command->add_option("--status", options->kind,
                      "balanced, under_way, agent_away, missing, volume_missing, differs or without_owner");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      const auto target = with_query(
          "/v1/ledger", {{"tenant", options->tenant}, {"cluster", options->cluster}, {"status", options->kind}});
      return session.print_list(target, 0,
                                {{"CLUSTER", "cluster"},
                                 {"NODE", "node"},
                                 {"PLACE", "place"},
                                 {"AGENT", "agent_id"},
                                 {"STATUS", "status"},
                                 {"MEM", "ours.mem_mib"},
                                 {"MEM (MESOS)", "theirs.mem_mib"},
                                 {"DISK", "ours.disk_mib"},
                                 {"DISK (MESOS)", "theirs.disk_mib"},
                                 {"WHY", "why"}});
    };
  });
}

void add_nodes(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<ReportOptions>();
  auto* command = app.add_subcommand("nodes", "List the nodes of all clusters");
  command->add_option("--tenant", options->tenant, "Only this tenant's");
  command->add_option("--agent", options->agent, "Only on this agent (its id, or its address)");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      return session.print_list(with_query("/v1/nodes", {{"tenant", options->tenant}, {"agent", options->agent}}), 0,
                                {{"CLUSTER", "cluster"},
                                 {"NODE", "name"},
                                 {"STATE", "task.state"},
                                 {"JOINED", "task.joined"},
                                 {"ADDRESS", "place.hostname"},
                                 {"HTTP", "place.http_port"},
                                 {"AGENT", "place.agent_id"}});
    };
  });
}

}  // namespace

int print_stream(const Session& session, const std::string& target) {
  const auto client = session.connect();
  if (!client) return print_error(client.error());
  auto reply = (*client)->stream(
      {.target = session.as_of(target)}, [](std::string_view piece) { return static_cast<bool>(std::cout << piece); },
      std::chrono::seconds(120));
  if (!reply) return print_error(reply.error());
  const auto good = expect_success(std::move(*reply));
  return good ? kSuccess : print_error(good.error());
}

void add_report_commands(CLI::App& app, Session& session, Action& action) {
  add_nodes(app, session, action);
  add_ledger(app, session, action);
  add_audit(app, session, action);
  add_usage(app, session, action);
  add_events(app, session, action);
}

}  // namespace esaas::api::cli
