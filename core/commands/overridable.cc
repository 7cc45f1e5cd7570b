#include "core/commands/overridable.h"

#include <algorithm>
#include <array>

namespace esaas::command {
namespace {

struct Binding {
  std::string_view rule;
  std::string_view why;
};

// An override may accept a loss: the last copy of a shard, the quorum for a while, even what nobody can tell because
// the cluster is silent (design law 10; without it a cluster that a wrong setting made silent could never be mended).
// It can not make Mesos give what it has not given, or let two masters be elected, which corrupts without a word.
constexpr std::string_view kMesos =
    "it waits for something that only Mesos can give: without it there is nothing to do";
constexpr std::string_view kCatalogue = "what the catalogue does not have can not be started";
constexpr std::string_view kTwoMasters = "two masters at once would each take writes, and those of one are lost unseen";
constexpr std::string_view kVersions = "nodes of the two versions do not work together";
constexpr std::string_view kPaused = "somebody paused the operation: continue it instead";
constexpr std::string_view kRefused =
    "Elasticsearch refuses it whoever asks: change what its words name, and it is taken when it is asked for again";
constexpr std::string_view kBeside =
    "it only tells what an operation beside the others waits for: cancel the operation if that is not to be waited for";
constexpr std::string_view kNoRule = "it only tells what is waited for: there is nothing to do before it is there";

constexpr std::array kBinding{
    Binding{"operation_paused", kPaused},
    Binding{"side_operation_paused", kPaused},
    Binding{"side_operation_waits_for_health", kBeside},
    Binding{"side_operation_waits_for_resume", kBeside},
    Binding{"side_operation_waits_for_shards", kBeside},
    Binding{"side_operation_waits_for_snapshot", kBeside},
    Binding{"elasticsearch_does_not_answer", kBeside},
    Binding{"elasticsearch_refuses_setting", kRefused},
    Binding{"waits_for_offer", kMesos},
    Binding{"waits_for_own_agent", kMesos},
    Binding{"waits_for_unreachable_task", kMesos},
    Binding{"waits_for_mesos_answer", kMesos},
    Binding{"waits_for_room_to_grow", kMesos},
    Binding{"growth_is_not_on_offer", kMesos},
    Binding{"release_is_refused", kMesos},
    Binding{"version_in_the_catalogue", kCatalogue},
    Binding{"version_can_be_launched", kCatalogue},
    Binding{"versions_work_together", kVersions},
    Binding{"all_nodes_stop_first", kVersions},
    Binding{"all_masters_placed_first", kTwoMasters},
    Binding{"one_new_master_at_a_time", kTwoMasters},
    Binding{"minimum_master_nodes_first", kTwoMasters},
};

// Each protects from a loss that an administrator may know not to be one, or accept.
constexpr std::array<std::string_view, 23> kOverridable{
    "another_proxy_serves",
    "closed_indices_do_not_move",
    "cluster_is_not_red",
    "data_nodes_before_masters",
    "drain_waits_for_shards",
    "health_unknown",
    "keeps_last_started_copy",
    "keeps_quorum_of_masters",
    "left_node_may_come_back",
    "masters_have_joined_first",
    "no_primary_is_starting",
    "no_snapshot_in_progress",
    "nodes_that_keep_data_first",
    "one_companion_at_a_time",
    "one_master_at_a_time",
    "one_node_at_a_time",
    "restarted_nodes_have_joined",
    "restarted_nodes_have_their_plugins",
    "shards_are_assigned_again",
    "too_few_nodes_for_replicas",
    "too_little_disk_for_shards",
    "vote_is_handed_over",
    "waits_after_failure",
};

}  // namespace

std::string_view why_never_overridden(std::string_view rule) {
  if (std::ranges::find(kOverridable, rule) != kOverridable.end()) return {};
  const auto found = std::ranges::find(kBinding, rule, &Binding::rule);
  return found == kBinding.end() ? kNoRule : found->why;
}

}  // namespace esaas::command
