// Fuzzes everything that reads an answer of Elasticsearch. Each input goes to every parser, so the corpus is the answers
// that were recorded for the tests of the parsers.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/assert.h"
#include "reconcilers/effects/elasticsearch/observation_parser.h"
#include "reconcilers/effects/elasticsearch/questions_parser.h"
#include "reconcilers/effects/elasticsearch/request_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  esaas::reconcile::Observation observation;
  if (esaas::es::parse_cluster_state(body, "search", observation)) {
    ESAAS_ASSERT(!observation.master.empty() && !observation.nodes.empty(), "a state without a master was taken");
    for (const auto& copy : observation.shards) {
      const bool is_unassigned = copy.state == esaas::reconcile::ShardState::kUnassigned;
      ESAAS_ASSERT(copy.node.empty() == is_unassigned, "a copy's node and state disagree");
    }
  }
  if (const auto health = esaas::es::parse_health(body, "search")) {
    ESAAS_ASSERT(health->status() >= esaas::model::HEALTH_STATUS_RED, "a health without a status was taken");
  }
  if (esaas::es::parse_settings(body, observation)) {
    ESAAS_ASSERT(observation.excluded_nodes && observation.minimum_master_nodes && observation.allocation_enable &&
                     observation.persistent_settings && observation.transient_settings,
                 "settings were read by half");
  }
  if (auto nodes = esaas::es::parse_node_infos(body, "search")) {
    for (const auto& node : *nodes) ESAAS_ASSERT(!node.name.empty() && !node.version.empty(), "a node is nobody");
    static_cast<void>(esaas::es::parse_disks(body, "search", *nodes).has_value());
  }
  static_cast<void>(esaas::es::parse_stores(body, "search").has_value());
  if (const auto snapshots = esaas::es::parse_snapshots(body, "backup")) {
    for (const auto& snapshot : *snapshots) {
      ESAAS_ASSERT(!snapshot.state.empty() && snapshot.started_at_us >= 0, "a snapshot has no state or moment");
    }
  }
  if (const auto explained = esaas::es::parse_explanation(body)) {
    ESAAS_ASSERT(!explained->empty() && explained->size() <= 600, "an explanation is no sentence");
  }
  static_cast<void>(esaas::es::says_snapshot_is_missing(body));
  static_cast<void>(esaas::es::check_cluster_name(body, "search").has_value());
  for (const unsigned status : {200U, 400U, 500U}) {
    esaas::state::ElasticsearchRequest request;
    request.set_path("/_cluster/settings");
    request.set_body(std::string(body));
    const auto verdict = esaas::es::judge({status, std::string(body)}, request);
    ESAAS_ASSERT(!verdict || status != 400U || !verdict->accepted, "a refusal was taken for an acceptance");
  }
  static_cast<void>(esaas::es::reason_of_error(body).size());
  return 0;
}
