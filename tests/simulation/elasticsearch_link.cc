#include "tests/simulation/elasticsearch_link.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reconcilers/effects/elasticsearch/observation_parser.h"
#include "reconcilers/effects/elasticsearch/requests.h"

namespace esaas::simulation {
namespace {

using reconcile::Observation;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Equal text for equal observations. The order of shards is no part of it.
std::string text_of(const Observation& observation) {
  std::string text = observation.health.ShortDebugString() + "|" + observation.master;
  for (const std::string& node : observation.nodes) text += "," + node;
  std::set<std::string> shards;
  for (const auto& copy : observation.shards) {
    shards.insert(fmt::format("{}/{}/{}/{}/{}/{}", copy.index, copy.shard, copy.primary, static_cast<int>(copy.state),
                              copy.node, copy.relocating_to));
  }
  for (const std::string& shard : shards) text += "|" + shard;
  for (const std::string& index : observation.closed_indices) text += "|closed " + index;
  for (const std::string& node : observation.excluded_nodes.value_or(std::vector<std::string>{}))
    text += "|not " + node;
  for (const auto& index : observation.indices)
    text += fmt::format("|{} by {}, {}", index.name, index.created_version, index.initial_shards);
  if (observation.voting_configuration)
    text += fmt::format("|votes {}", fmt::join(*observation.voting_configuration, ","));
  if (observation.voting_exclusions)
    text += fmt::format("|votes not {}", fmt::join(*observation.voting_exclusions, ","));
  for (const auto* settings : {&observation.persistent_settings, &observation.transient_settings}) {
    for (const auto& one : settings->value_or(std::vector<model::Setting>{}))
      text += fmt::format("|{}={}", one.key(), one.value());
  }
  for (const std::string& repository : observation.repositories) text += "|repository " + repository;
  text += "|allocates " + observation.allocation_enable.value_or("");
  return text + "|" + std::to_string(observation.minimum_master_nodes.value_or(0));
}

constexpr Duration kTimeout = seconds{5};

}  // namespace

ElasticsearchLink::ElasticsearchLink(test::SimulationClock& clock, test::Prng prng, ModelElasticsearch& elasticsearch,
                                     Journal& journal, std::function<void(Input)> to_controller)
    : clock_(clock),
      prng_(prng),
      elasticsearch_(elasticsearch),
      journal_(journal),
      to_controller_(std::move(to_controller)) {}

Duration ElasticsearchLink::latency() {
  if (rough_ && prng_.chance(1, 10)) return prng_.between(milliseconds{500}, seconds{12});
  return prng_.between(milliseconds{1}, milliseconds{30});
}

void ElasticsearchLink::answer(Input input, Duration delay) {
  clock_.after(delay, [this, process = process_, input = std::move(input)] {
    if (process == process_) to_controller_(input);
  });
}

void ElasticsearchLink::observe(loop::ClusterAddress address, reconcile::Questions questions) {
  const Time asked_at = clock_.now();
  clock_.after(latency(),
               [this, process = process_, address = std::move(address), questions = std::move(questions), asked_at] {
                 if (process == process_) ask(address, questions, asked_at);
               });
}

/// Of what is asked besides, the model tells of its nodes and snapshots, and nothing of why shards are not assigned.
void ElasticsearchLink::ask(const loop::ClusterAddress& address, const reconcile::Questions& questions, Time asked_at) {
  Observation observation = ask_nodes(address);
  if (observation.health.status() != model::HEALTH_STATUS_UNKNOWN) observation.asked = questions;
  if (!questions.nodes) observation.node_infos.clear();
  if (observation.health.status() != model::HEALTH_STATUS_UNKNOWN) {
    for (const auto& [repository, name] : questions.snapshots) {
      for (auto& one : elasticsearch_.snapshots(address.cluster, repository, name)) {
        observation.snapshots.push_back(std::move(one));
      }
    }
  }
  observation.observed_at = asked_at;
  const bool unanswered = observation.health.status() == model::HEALTH_STATUS_UNKNOWN;
  const Duration delay = unanswered && prng_.chance(1, 2) ? kTimeout : latency();
  answer([this, cluster = address.cluster, observation = std::move(observation)](
             loop::Controller& controller) { controller.observed(cluster, observation, clock_.now()); },
         delay);
}

Observation ElasticsearchLink::ask_nodes(const loop::ClusterAddress& address) {
  const bool lost = rough_ && prng_.chance(1, 20);
  for (const auto& [host, port] : address.nodes) {
    if (lost) break;
    auto direct = elasticsearch_.observe(host, port, address.cluster);
    if (prng_.chance(1, 8)) check_agreement(direct, ask_by_json(host, port, address.cluster), address.cluster);
    if (direct) return std::move(*direct);
  }
  Observation unknown;
  unknown.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  return unknown;
}

std::optional<Observation> ElasticsearchLink::ask_by_json(const std::string& host, std::uint32_t port,
                                                          const std::string& cluster) {
  const auto ask = [&](std::string_view path) -> std::optional<std::string> {
    auto answered = elasticsearch_.request(host, port, {"GET", path, {}});
    if (!answered || answered->status != 200) return std::nullopt;
    return std::move(answered->body);
  };
  Observation observation;
  const auto health = ask(es::kHealthPath);
  const auto state = ask(es::kStatePath);
  const auto settings = ask(es::kSettingsPath);
  if (!health || !state || !settings) return std::nullopt;
  auto parsed = es::parse_health(*health, cluster);
  if (!parsed) return std::nullopt;
  observation.health = *parsed;
  if (!es::parse_cluster_state(*state, cluster, observation)) return std::nullopt;
  if (!es::parse_settings(*settings, observation)) return std::nullopt;
  return observation;
}

void ElasticsearchLink::check_agreement(const std::optional<Observation>& direct,
                                        const std::optional<Observation>& parsed, const std::string& cluster) {
  const std::string left = direct ? text_of(*direct) : "unknown";
  const std::string right = parsed ? text_of(*parsed) : "unknown";
  if (left != right) journal_.violate("the parser reads of " + cluster + " " + right + " and not " + left);
}

void ElasticsearchLink::put(loop::ClusterAddress address, event::Event intent) {
  es::SettingRequest request = es::setting_request(intent, address.version);
  send(address, std::move(request),
       [this, cluster = address.cluster, intent](loop::Controller& controller, const auto& answer) {
         const Result<void> outcome = answer ? es::check_put(*answer) : std::unexpected(answer.error());
         controller.setting_answered(cluster, intent, outcome, clock_.now());
       });
}

void ElasticsearchLink::request(loop::ClusterAddress address, event::Event intent) {
  const auto& payload = intent.elasticsearch_request_intended();
  es::SettingRequest request{payload.method(), payload.path(), payload.body()};
  send(address, std::move(request),
       [this, cluster = address.cluster, seq = intent.seq()](loop::Controller& controller, const auto& answer) {
         controller.request_answered(cluster, seq, answer, clock_.now());
       });
}

void ElasticsearchLink::send(loop::ClusterAddress address, es::SettingRequest request,
                             std::function<void(loop::Controller&, const Result<es::RequestAnswer>&)> tell) {
  clock_.after(latency(), [this, process = process_, address = std::move(address), request = std::move(request),
                           tell = std::move(tell)] {
    const bool lost = rough_ && prng_.chance(1, 12);
    // A request that is on its way arrives, even if the process that sent it is gone.
    Result<es::RequestAnswer> outcome = fail(ErrorCode::kDeadlineExceeded, "nobody answered in time");
    if (!lost) outcome = send_to_nodes(address, request);
    if (process != process_) return;
    if (rough_ && prng_.chance(1, 12)) outcome = fail(ErrorCode::kDeadlineExceeded, "the answer was lost");
    answer([tell, outcome](loop::Controller& controller) { tell(controller, outcome); },
           outcome ? latency() : kTimeout);
  });
}

Result<es::RequestAnswer> ElasticsearchLink::send_to_nodes(const loop::ClusterAddress& address,
                                                           const es::SettingRequest& request) {
  Result<es::RequestAnswer> outcome = fail(ErrorCode::kUnavailable, "the cluster has no node to ask");
  for (const auto& [host, port] : address.nodes) {
    const auto root = elasticsearch_.request(host, port, {"GET", es::kRootPath, {}});
    if (!root || !es::check_cluster_name(root->body, address.cluster)) continue;
    const auto answered = elasticsearch_.request(host, port, {request.method, request.path, request.body});
    if (!answered) continue;
    outcome = es::RequestAnswer{.status = static_cast<unsigned>(answered->status), .body = answered->body};
    if (answered->status < 500) break;
  }
  return outcome;
}

}  // namespace esaas::simulation
