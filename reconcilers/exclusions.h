#pragma once
// Which nodes Elasticsearch allocates no shards to: the data nodes that leave and still run, or may
// be started again. The setting is transient and always holds the full list, so that putting it
// twice does no harm and lifting it leaves nothing behind. A list that Elasticsearch does not show
// in force (a full restart forgets transient settings) is put again.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

void reconcile_exclusions(const View& view, Draft& draft);

}  // namespace esaas::reconcile
