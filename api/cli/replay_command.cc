// esaas replay: a stored log in the terminal, event by event, read without a server.

#include <unistd.h>

#include <boost/json/serialize.hpp>

#include <iostream>
#include <memory>
#include <sstream>

#include "api/cli/commands.h"
#include "api/cli/offline_log.h"
#include "api/cli/replay.h"
#include "core/base/proto_json.h"
#include "reconcilers/standing_plan.h"
#include "store/views/sentence.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

struct ReplayOptions {
  std::string data_dir, cluster, from, until;
  bool interactive = false;
};

constexpr std::string_view kKeys =
    "n next, b back, g SEQ go to an event, s state, p plan with its basis, q quit; RETURN repeats\n";

void print_decided(const event::Event& event) {
  std::cout << "    " << store::sentence(event) << "\n";
  for (const std::string& figure : basis_of(event)) std::cout << "        " << figure << "\n";
}

/// What was decided, by which figures; and of a cluster at rest, what this program would do.
Result<void> print_plan(const Replay& replay) {
  ESAAS_TRY(const auto recorded, replay.recorded_plan());
  std::cout << (recorded.empty() ? "  The controller decided nothing at this event.\n" : "  decided at this moment:\n");
  for (const event::Event& event : recorded) print_decided(event);
  const state::Cluster* cluster = replay.state().find_cluster(replay.event().cluster());
  if (cluster == nullptr || !reconcile::is_at_rest(*cluster)) return {};
  const reconcile::Settings settings;
  const auto plan = reconcile::plan_at_rest(*cluster, replay.state().find_tenant(cluster->tenant()), settings,
                                            from_us(replay.event().time_at_us()));
  std::cout << "  " << cluster->name() << " is at rest; this program would do "
            << (plan.actions.empty() ? "nothing\n" : "this:\n");
  for (const reconcile::Action& action : plan.actions) {
    for (const event::Event& event : action.events) print_decided(event);
  }
  return {};
}

/// Of the event's cluster, or of all by name.
void print_state(const Replay& replay, const std::string& cluster_name) {
  const std::string& name = cluster_name.empty() ? replay.event().cluster() : cluster_name;
  if (const state::Cluster* cluster = replay.state().find_cluster(name)) {
    std::cout << json::serialize(esaas::to_json(*cluster)) << "\n";
    return;
  }
  std::cout << "  event " << replay.state().seq() << ", " << replay.state().clusters.size() << " clusters, "
            << replay.state().operations.size() << " open operations\n";
  for (const auto& [known, cluster] : replay.state().clusters) {
    std::cout << "    " << known << ": " << cluster.nodes_size() << " nodes, " << cluster.holds_size() << " holds\n";
  }
}

Result<void> obey(Replay& replay, const std::string& line, std::uint64_t last, const std::string& cluster) {
  std::istringstream words(line);
  std::string key;
  words >> key;
  if (key == "n" || key == "b") {
    ESAAS_TRY(const bool moved, key == "n" ? replay.forward(last) : replay.back());
    std::cout << (moved ? to_text(replay) : key == "n" ? "  the end\n" : "  the beginning\n");
    return {};
  }
  std::uint64_t seq = 0;
  if (key == "g" && words >> seq && seq > 0 && seq <= last) {
    ESAAS_CHECK(replay.go_to(seq));
    std::cout << to_text(replay);
    return {};
  }
  if (key == "s") {
    print_state(replay, cluster);
    return {};
  }
  if (key == "p") return print_plan(replay);
  std::cout << (key == "g" ? "  g SEQ, from 1 to " + std::to_string(last) + "\n" : std::string(kKeys));
  return {};
}

Result<void> step_through(Replay& replay, std::uint64_t first, std::uint64_t last, const std::string& cluster) {
  ESAAS_CHECK(replay.go_to(first));
  std::cout << kKeys << to_text(replay);
  std::string before = "n";
  for (std::string line; std::cout << "> " << std::flush, std::getline(std::cin, line);) {
    if (line.empty()) line = before;
    if (line == "q") return {};
    before = line.starts_with("g") ? "n" : line;
    if (const auto obeyed = obey(replay, line, last, cluster); !obeyed) {
      if (obeyed.error().code != ErrorCode::kNotFound) return obeyed;
      std::cout << "  " << obeyed.error().detail << "\n";
    }
  }
  return {};
}

Result<void> print_all(Replay& replay, std::uint64_t first, std::uint64_t last, bool as_json) {
  ESAAS_CHECK(replay.go_to(first));
  // What comes before the beginning was only gone to because the log has nothing else.
  bool is_there = replay.event().seq() >= first && replay.event().seq() <= last;
  if (!is_there && replay.event().seq() < first) {
    ESAAS_TRY(is_there, replay.forward(last));
  }
  while (is_there && std::cout) {
    if (as_json) {
      std::cout << json::serialize(to_json(replay)) << "\n";
    } else {
      std::cout << to_text(replay);
    }
    ESAAS_TRY(is_there, replay.forward(last));
  }
  return {};
}

Result<void> replay_log(const ReplayOptions& options, bool as_json) {
  ESAAS_TRY(const OfflineLog offline, open_offline(options.data_dir));
  const std::uint64_t end = offline.log->last_seq();
  if (end == 0) return fail(ErrorCode::kNotFound, "the log has no event");
  ESAAS_TRY(const std::uint64_t first, seq_of_moment(*offline.log, options.from, "from", 1));
  ESAAS_TRY(const std::uint64_t last, seq_of_moment(*offline.log, options.until, "until", end));
  if (first > last) return fail(ErrorCode::kInvalidArgument, "from: is after until", "from", "from_before_until");
  Replay replay(*offline.log, *offline.states, options.cluster);
  const bool is_person = options.interactive || (::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1);
  if (is_person && !as_json) return step_through(replay, first, last, options.cluster);
  return print_all(replay, first, last, as_json);
}

}  // namespace

void add_replay_command(CLI::App& app, const Session& session, Action& action) {
  auto* command = app.add_subcommand(
      "replay", "Step through a stored log, forward and back, with the state and the plan's basis at each event");
  auto options = std::make_shared<ReplayOptions>();
  command->add_option("--data-dir", options->data_dir, "data_dir of the configuration, or a copy of it")->required();
  command->add_option("--cluster", options->cluster, "Only events of this cluster");
  command->add_option("--from", options->from, "The seq of an event, or an RFC 3339 time");
  command->add_option("--until", options->until, "The same");
  command->add_flag("--interactive", options->interactive,
                    "Take keys from standard input even if it is no terminal; else every event is printed then");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      const auto done = replay_log(*options, session.json);
      return done ? static_cast<int>(kSuccess) : print_error(done.error());
    };
  });
}

}  // namespace esaas::api::cli
