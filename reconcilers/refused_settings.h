#pragma once
// Settings that follow from the nodes (exclusions, allocation, minimum_master_nodes, votes) and that Elasticsearch
// refuses. They are asked for again all the time, for what stands in the way may go; until then whoever waits for them
// reads which setting it is and what Elasticsearch says.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

inline constexpr std::string_view kElasticsearchRefusesSetting = "elasticsearch_refuses_setting";
inline constexpr std::string_view kElasticsearchRefusesSettingWhy =
    "What the nodes need of Elasticsearch has to be in force before they go on.";

/// Holds for each setting that the plan repeats and that was refused when it was asked for last. Call it when all else
/// is planned.
void hold_refused_settings(const View& view, Draft& draft);

}  // namespace esaas::reconcile
