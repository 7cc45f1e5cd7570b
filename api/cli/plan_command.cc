// esaas plan --since ...: what this program would do with the clusters of an older program's log, read without a
// server.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>
#include <memory>

#include "api/cli/commands.h"
#include "api/config/layout.h"
#include "reconcilers/plan_since.h"
#include "store/log/rocksdb_event_log.h"
#include "store/views/sentence.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;
using reconcile::PlanSince;

json::object to_json(const PlanSince::Finding& finding) {
  json::array events;
  for (const event::Event& event : finding.action.events) events.emplace_back(store::sentence(event));
  return {{"seq", finding.seq},
          {"cluster", finding.cluster},
          {"action", finding.action.name},
          {"events", std::move(events)}};
}

void print(const PlanSince::Finding& finding) {
  std::cout << "after event " << finding.seq << ", cluster " << finding.cluster << ": " << finding.action.name << "\n";
  for (const event::Event& event : finding.action.events) std::cout << "    " << store::sentence(event) << "\n";
}

Result<void> read_log(const std::string& data_dir, PlanSince& plan) {
  ESAAS_TRY(const auto log,
            store::open_rocksdb_log(
                {.directory = config::log_directory(data_dir), .create_if_missing = false, .env = nullptr}));
  ESAAS_TRY(const auto cursor, log->read(1));
  while (true) {
    ESAAS_TRY(const auto* event, cursor->next());
    if (event == nullptr) return {};
    plan.take(*event);
  }
}

int run_plan(const std::string& data_dir, std::uint64_t since, bool as_json) {
  const reconcile::Settings settings;
  json::array findings;
  PlanSince plan(settings, since, [&](const PlanSince::Finding& finding) {
    if (as_json) {
      findings.push_back(to_json(finding));
    } else {
      print(finding);
    }
  });
  const auto read = read_log(data_dir, plan);
  if (!read) return print_error(read.error());
  plan.finish();
  if (as_json) {
    std::cout << json::serialize(json::object{{"since", since},
                                              {"last_seq", plan.state().seq()},
                                              {"moments_at_rest", plan.moments()},
                                              {"actions", std::move(findings)}})
              << "\n";
  } else {
    std::cout << plan.state().seq() << " events, " << plan.moments() << " moments at rest since event " << since << ": "
              << plan.findings() << " actions\n";
  }
  return plan.findings() == 0 ? kSuccess : kOperationFailed;
}

}  // namespace

void add_plan_command(CLI::App& app, const Session& session, Action& action) {
  auto* command = app.add_subcommand(
      "plan", "What this program would do to clusters at rest in a log, of a data directory that no server holds");
  auto data_dir = std::make_shared<std::string>();
  auto since = std::make_shared<std::uint64_t>(1);
  command->add_option("--data-dir", *data_dir, "data_dir of the configuration, or a copy of it")->required();
  command->add_option("--since", *since, "Look at what happened from this event on")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->callback([data_dir, since, &session, &action] {
    action = [data_dir, since, &session] { return run_plan(*data_dir, *since, session.json); };
  });
}

}  // namespace esaas::api::cli
